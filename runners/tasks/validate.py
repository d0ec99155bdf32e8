"""Validation on held-out pairs: fixed masks, and an interval with every value.

The masks come from each pair's id, so two runs on one holdout are measured on the same ones. The interval is over
pairs, each counted once with the mean of its draws: draws of one pair are not independent of one another.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from runners.tasks.batches import Batch, Example
from runners.tasks.losses.base import Objective
from runners.tasks.losses.masked_diffusion import OBJECTIVE as MASKED_DIFFUSION
from runners.tasks.masks import validation_draws
from runners.tasks.models.base import Model

# 97.5 % points of Student's t for 1 to 30 degrees of freedom; beyond, a series is exact to three decimals.
_STUDENT = (
    (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    (2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    (2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval; None where one value alone gives no interval."""

    mean: float
    low: float | None
    high: float | None


def validate(
    model: Model,
    examples: Sequence[Example],
    objective: Objective = MASKED_DIFFUSION,
    *,
    draws: int,
    after_pair: Callable[[int], bool] | None = None,
) -> Interval | None:
    """Return the loss on held-out pairs, or None when `after_pair` said to end.

    Args:
        model: put into evaluation mode by this.
        examples: one or more, laid out.
        objective: what is measured.
        draws: fixed (t, mask) draws for each.
        after_pair: told how many pairs are done; returns whether to end.
    """
    model.net.eval()
    means: list[float] = []
    single: list[float] = []
    for done, example in enumerate(examples, start=1):
        single = losses_of(model, example, objective, draws=draws)
        means.append(statistics.fmean(single))
        if after_pair is not None and after_pair(done):
            return None
    return interval(means if len(means) > 1 else single)


@torch.no_grad()
def losses_of(model: Model, example: Example, objective: Objective = MASKED_DIFFUSION, *, draws: int) -> list[float]:
    """Return one pair's loss at each of its fixed draws; they share one forward pass and need no padding.

    An objective that hides nothing has the same loss at every draw, so there is one.
    """
    draws = draws if objective.hides else 1
    length = len(example.input_ids)
    input_ids = torch.tensor(example.input_ids).repeat(draws, 1)
    response = torch.zeros(draws, length, dtype=torch.bool)
    response[:, example.prompt_length :] = True
    t, uniform = validation_draws(example.id, length, draws)
    found = objective.losses(model, Batch(input_ids, response, None), t, uniform)
    rows: list[float] = found.of_rows().tolist()
    return rows


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of independent values and its 95 % interval by Student's t."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None)
    half = student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t; Abramowitz and Stegun 26.7.5 beyond 30 degrees of freedom."""
    if freedom <= 30:
        return _STUDENT[(freedom - 1) // 10][(freedom - 1) % 10]
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
