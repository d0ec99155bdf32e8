"""Where masks come from: stratified mask ratios for training, and a fixed grid for validation.

A single card trains with a batch of one, where independent t over the accumulated passes is the largest noise. So t is
stratified over the whole accumulated batch: t_i = (i + u_i) / n, dealt out in random order. The state can be kept and
put back, so that a resumed run draws what the unbroken one would have drawn. Several processes draw the same and each
takes its part, so their number changes nothing.
"""

from __future__ import annotations

import hashlib
from typing import TypedDict

import torch
from torch import Tensor

from runners.sequences import LARGEST_DRAW

RATIO_BINS = 5


class MaskState(TypedDict):
    """What a checkpoint keeps of a `MaskSource`."""

    generator: Tensor
    waiting: Tensor


class MaskSource:
    """Deals out mask ratios and the draws that decide which token is hidden; on the CPU, whatever the device."""

    def __init__(
        self, *, seed: int, rows: int, t_min: float = 0.0, t_max: float = 1.0, complementary: bool = False
    ) -> None:
        """Start from a seed.

        Args:
            seed: of all draws.
            rows: rows of the whole accumulated batch, n; even for complementary masks.
            t_min: lower end of t.
            t_max: upper end of t.
            complementary: whether rows come in twos, the second with the ratio 1 - t and the opposite draws. Each of
                the two is hidden as the published process does it, so nothing is biased; together they hide every
                token once, but for the thousandth that is hidden even at t = 0.
        """
        self._strata = rows // 2 if complementary else rows
        self._t_min, self._t_max = t_min, t_max
        self._complementary = complementary
        self._generator = torch.Generator().manual_seed(seed)
        self._waiting = torch.empty(0)
        self._twin: Tensor | None = None

    def ratios(self, rows: int) -> Tensor:
        """Return the next t, float32 `[rows]`; every n in a row cover t_min to t_max evenly."""
        while len(self._waiting) < rows:
            drawn = torch.rand(self._strata, generator=self._generator)
            strata = (torch.arange(self._strata) + drawn) / self._strata
            dealt = strata[torch.randperm(self._strata, generator=self._generator)]
            t = self._t_min + (self._t_max - self._t_min) * dealt
            if self._complementary:
                t = torch.stack([t, 1 - t], dim=1).flatten()
            self._waiting = torch.cat([self._waiting, t])
        t, self._waiting = self._waiting[:rows], self._waiting[rows:]
        return t

    def uniform(self, rows: int, length: int) -> Tensor:
        """Return draws from [0, 1), float32 `[rows, length]`.

        Complementary rows are two of one micro-batch, or those of two micro-batches of one row and one length.
        """
        if not self._complementary:
            return torch.rand(rows, length, generator=self._generator)
        if self._twin is not None:
            twin, self._twin = self._twin, None
            return _opposite(twin)
        drawn = torch.rand(max(1, rows // 2), length, generator=self._generator)
        if rows == 1:
            self._twin = drawn
            return drawn
        return torch.stack([drawn, _opposite(drawn)], dim=1).flatten(0, 1)

    def state(self) -> MaskState:
        """Return what `restore` needs, between two optimizer steps."""
        return {"generator": self._generator.get_state(), "waiting": self._waiting.clone()}

    def restore(self, state: MaskState) -> None:
        """Go on from a state that `state` returned."""
        self._generator.set_state(state["generator"])
        self._waiting = state["waiting"].clone()
        self._twin = None


def _opposite(uniform: Tensor) -> Tensor:
    """Mirror draws within [0, 1): what was hidden below a ratio p is now hidden above it."""
    return (1 - uniform).clamp(max=LARGEST_DRAW)


def validation_draws(pair_id: str, length: int, draws: int) -> tuple[Tensor, Tensor]:
    """Return one pair's fixed masks: t, float32 `[draws]`, and draws from [0, 1), float32 `[draws, length]`.

    They depend on the pair's id alone, neither on the run's seed nor on other pairs: two runs are measured on the same
    masks, so their difference is not the noise of masking. The t are the middles of equal strata of [0, 1].
    """
    seed = int.from_bytes(hashlib.sha256(pair_id.encode()).digest()[:7], "big")
    generator = torch.Generator().manual_seed(seed)
    t = (torch.arange(draws) + 0.5) / draws
    return t, torch.rand(draws, length, generator=generator)


def ratio_bin(t: float) -> str:
    """Return the middle of the fifth of [0, 1] that holds a mask ratio: `0.1`, `0.3`, `0.5`, `0.7` or `0.9`."""
    number = min(RATIO_BINS - 1, int(t * RATIO_BINS))
    return f"{(number + 0.5) / RATIO_BINS:.1f}"
