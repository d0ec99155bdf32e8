"""What every objective is given and gives back; adding one means adding one file with an `OBJECTIVE`.

An objective hides tokens as the draws say, asks the model for the states that predict them, and returns the cross
entropy of each counted position with the probability that it was hidden. So whoever trains or validates sums, averages
or sorts by mask ratio without asking which objective it was.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor

from runners.spec import Objective as ObjectiveName
from runners.tasks.batches import Batch
from runners.tasks.head_losses import token_losses
from runners.tasks.models.base import Model
from runners.tasks.objectives import row_losses


@dataclass(frozen=True)
class Losses:
    """What a batch costs, position by position; n positions are counted, in row order.

    Attributes:
        each: float32 `[n]`, the cross entropy of each counted position.
        rows: int64 `[n]`, the row it stands in.
        p_mask: float32 `[n]`, the probability with which it was hidden; 1 where nothing is left to chance.
        lengths: int64 `[b]`, the positions that count in each row, hidden or not.
    """

    each: Tensor
    rows: Tensor
    p_mask: Tensor
    lengths: Tensor

    def of_rows(self, *, max_weight: float = 0.0) -> Tensor:
        """Return each row's loss, float32 `[b]`: the sum of cross entropy / p, divided by the row's length.

        Args:
            max_weight: highest 1 / p, 1 or more; 0 for none, which alone is unbiased.
        """
        p_mask = self.p_mask if max_weight == 0 else self.p_mask.clamp_min(1 / max_weight)
        return row_losses(self.each, self.rows, p_mask, self.lengths)


class LossFunction(Protocol):
    """Computes what a batch costs; batch and draws may lie on another device than the model."""

    def __call__(self, model: Model, batch: Batch, t: Tensor, uniform: Tensor) -> Losses:
        """Return the losses of a batch.

        Args:
            model: one whose attention fits.
            batch: b rows of l tokens.
            t: float32 `[b]`, the mask ratio of each row.
            uniform: float32 `[b, l]`, the draws from [0, 1) that decide what is hidden.
        """
        ...


@dataclass(frozen=True)
class Objective:
    """What training minimises.

    Attributes:
        name: as in a spec.
        losses: computes it.
        hides: whether mask ratio and draws matter; a pair is measured once where they do not.
    """

    name: ObjectiveName
    losses: LossFunction
    hides: bool


def load_objective(name: ObjectiveName) -> Objective:
    """Return an objective by its name in a spec."""
    package = __name__.rpartition(".")[0]
    return cast(Objective, importlib.import_module(f"{package}.{name.replace('-', '_')}").OBJECTIVE)


def count(model: Model, states: Tensor, targets: Tensor, spots: Tensor, p_mask: Tensor, lengths: Tensor) -> Losses:
    """Return the losses at some positions; the head sees no others.

    Args:
        model: whose head.
        states: `[b, l, d]`, what predicts each position.
        targets: int64 `[b, l]`.
        spots: bool `[b, l]`, the positions that count.
        p_mask: float32 `[b, l]`, or what broadcasts to it: the probability with which each was hidden.
        lengths: int64 `[b]`.
    """
    device = states.device
    spots = spots.to(device)
    each = token_losses(states[spots], model.head.weight, targets.to(device)[spots])
    p_mask = p_mask.to(device).expand(spots.shape)
    return Losses(each, spots.nonzero()[:, 0], p_mask[spots], lengths.to(device))


def padding_of(batch: Batch, device: torch.device) -> Tensor | None:
    """Return the batch's attention mask on a device."""
    return None if batch.attention_mask is None else batch.attention_mask.to(device)
