"""Where masks come from: stratified mask ratios for training, and a fixed grid for validation.

A single card trains with a batch of one, where independent t over the accumulated passes is the largest noise. So t is
stratified over the whole accumulated batch: t_i = (i + u_i) / n, dealt out in random order. The state can be kept and
put back, so that a resumed run draws what the unbroken one would have drawn.
"""

from __future__ import annotations

import hashlib
from typing import TypedDict

import torch
from torch import Tensor


class MaskState(TypedDict):
    """What a checkpoint keeps of a `MaskSource`."""

    generator: Tensor
    waiting: Tensor


class MaskSource:
    """Deals out mask ratios and the draws that decide which token is hidden; on the CPU, whatever the device."""

    def __init__(self, *, seed: int, rows: int, t_min: float = 0.0) -> None:
        """Start from a seed.

        Args:
            seed: of all draws.
            rows: rows of the whole accumulated batch, n.
            t_min: lower end of t; the upper end is 1.
        """
        self._rows = rows
        self._t_min = t_min
        self._generator = torch.Generator().manual_seed(seed)
        self._waiting = torch.empty(0)

    def ratios(self, rows: int) -> Tensor:
        """Return the next t, float32 `[rows]`; every n in a row cover [t_min, 1) evenly."""
        while len(self._waiting) < rows:
            drawn = torch.rand(self._rows, generator=self._generator)
            strata = (torch.arange(self._rows) + drawn) / self._rows
            dealt = strata[torch.randperm(self._rows, generator=self._generator)]
            self._waiting = torch.cat([self._waiting, self._t_min + (1 - self._t_min) * dealt])
        t, self._waiting = self._waiting[:rows], self._waiting[rows:]
        return t

    def uniform(self, rows: int, length: int) -> Tensor:
        """Return draws from [0, 1), float32 `[rows, length]`."""
        return torch.rand(rows, length, generator=self._generator)

    def state(self) -> MaskState:
        """Return what `restore` needs."""
        return {"generator": self._generator.get_state(), "waiting": self._waiting.clone()}

    def restore(self, state: MaskState) -> None:
        """Go on from a state that `state` returned."""
        self._generator.set_state(state["generator"])
        self._waiting = state["waiting"].clone()


def validation_draws(pair_id: str, length: int, draws: int) -> tuple[Tensor, Tensor]:
    """Return one pair's fixed masks: t, float32 `[draws]`, and draws from [0, 1), float32 `[draws, length]`.

    They depend on the pair's id alone, neither on the run's seed nor on other pairs: two runs are measured on the same
    masks, so their difference is not the noise of masking. The t are the middles of equal strata of [0, 1].
    """
    seed = int.from_bytes(hashlib.sha256(pair_id.encode()).digest()[:7], "big")
    generator = torch.Generator().manual_seed(seed)
    t = (torch.arange(draws) + 0.5) / draws
    return t, torch.rand(draws, length, generator=generator)
