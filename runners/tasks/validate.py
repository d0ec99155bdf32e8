"""Validation on fixed masks: the holdout, and a probe of the training pairs beside it, so that memorising shows.

The masks come from each pair's id, so two runs on one holdout are measured on the same ones. The interval is over
pairs, each counted once with the mean of its draws: draws of one pair are not independent of one another.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from runners.intervals import Interval, interval
from runners.tasks.batches import Batch, Example
from runners.tasks.losses.base import Objective
from runners.tasks.losses.masked_diffusion import OBJECTIVE as MASKED_DIFFUSION
from runners.tasks.masks import ratio_bin, validation_draws
from runners.tasks.models.base import Model
from runners.tasks.models.registry import Loaded
from runners.tasks.reporter import Reporter


@dataclass(frozen=True)
class Measured:
    """The loss of some pairs at each of their draws.

    Attributes:
        ratios: t of each draw, the same for every pair; none for an objective that hides nothing.
        losses: of each pair, in the order of the pairs, at each draw.
    """

    ratios: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]

    @property
    def pair_means(self) -> tuple[float, ...]:
        """Return each pair's mean over its draws: what is compared pair by pair."""
        return tuple(statistics.fmean(each) for each in self.losses)

    @property
    def overall(self) -> Interval:
        """Return the mean loss with its interval over pairs; over the draws where there is one pair only."""
        return interval(self.pair_means if len(self.losses) > 1 else self.losses[0])

    def by_ratio(self) -> dict[str, Interval]:
        """Return the loss in each fifth of the mask ratio that has draws, by the fifth's middle: `0.1` to `0.9`."""
        bins = [ratio_bin(t) for t in self.ratios]
        return {
            name: interval([statistics.fmean(_of(each, bins, name)) for each in self.losses])
            for name in dict.fromkeys(bins)
        }


def _of(losses: Sequence[float], bins: Sequence[str], name: str) -> list[float]:
    return [loss for loss, bin_name in zip(losses, bins, strict=True) if bin_name == name]


def values_of(measured: Measured, name: str) -> dict[str, float]:
    """Return what an event says of a measurement: `NAME`, `NAME_low`, `NAME_high`, and the same `@` each mask ratio."""
    found = {"": measured.overall} | {f"@{ratio}": each for ratio, each in measured.by_ratio().items()}
    values: dict[str, float | None] = {}
    for at, each in found.items():
        values |= {f"{name}{at}": each.mean, f"{name}_low{at}": each.low, f"{name}_high{at}": each.high}
    return {key: value for key, value in values.items() if value is not None}


def measure(
    model: Model,
    examples: Sequence[Example],
    objective: Objective = MASKED_DIFFUSION,
    *,
    draws: int,
    after_pair: Callable[[int], bool] | None = None,
) -> Measured | None:
    """Measure the loss on pairs, or return None when `after_pair` said to end.

    Args:
        model: put into evaluation mode by this.
        examples: one or more, laid out.
        objective: what is measured.
        draws: fixed (t, mask) draws for each.
        after_pair: told how many pairs are done; returns whether to end.
    """
    model.net.eval()
    losses = []
    for done, example in enumerate(examples, start=1):
        losses.append(tuple(losses_of(model, example, objective, draws=draws)))
        if after_pair is not None and after_pair(done):
            return None
    ratios, _ = validation_draws(examples[0].id, 1, draws)
    return Measured(tuple(ratios.tolist()) if objective.hides else (), tuple(losses))


def measure_reported(
    loaded: Loaded, examples: Sequence[Example], phase: str, *, draws: int, reporter: Reporter
) -> Measured | None:
    """Measure the loss on pairs and report the progress, or return None when the job was asked to end meanwhile."""
    total = len(examples)
    reporter.phase(phase, total)

    def after_pair(done: int) -> bool:
        reporter.progress(phase, done, total)
        return reporter.stop_requested()

    return measure(loaded.model, examples, loaded.objective, draws=draws, after_pair=after_pair)


def probe_of(examples: Sequence[Example], count: int) -> tuple[Example, ...]:
    """Choose the training pairs that are measured like the holdout: by their ids alone, so the same in every run."""
    return tuple(sorted(examples, key=lambda example: hashlib.sha256(f"probe {example.id}".encode()).digest())[:count])


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
