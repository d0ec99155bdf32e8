"""Whether a difference of validation losses is more than noise: over held-out pairs, and over replicates.

The decision to know: there are two sorts of noise, and a difference has to stand out from both. Another choice of
held-out pairs would give another difference; how much, the pairs tell when they are compared one by one. Another seed
would train another model; how much that changes, only replicates tell. Without one it is said not to be known.
`docs/decisions/` has the page on it.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from runners.intervals import Interval, apart, paired, pooled
from store.runs import COVERING_DRAWS
from workbench.operations.experiment_records import Records

Finding = Literal["lower", "higher", "within the noise", "not known", "a replicate", "not comparable"]

NO_PAIRS_IN_COMMON = "they have no two held-out pairs in common"

# How many validations and differences are kept: each by what it was made of, so none is ever out of date.
_KEPT = 512


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """The last validation of a run; the same text gives the same one, so it is known by itself.

    Attributes:
        run: whose.
        seed: of its training.
        step: after which optimizer step.
        loss: nats a token; NaN where it was no number.
        low: lower end of its 95 % interval over pairs; None where there is none.
        high: upper end.
        draws: masks each pair was measured on; None where the run did not say.
        pairs: the loss of each held-out pair by its id; none where the run did not keep them.
    """

    run: str
    seed: int | None
    step: int
    loss: float
    low: float | None
    high: float | None
    draws: int | None
    pairs: Mapping[str, float]

    @property
    def half(self) -> float | None:
        """Half the width of its interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


@dataclass(frozen=True, kw_only=True)
class LossDifference:
    """How the validation loss of a run, or the mean of its replicates, differs from another's.

    Attributes:
        now: the run first, then its replicates.
        before: what it is compared with, likewise.
        value: the difference, now - before, nats a token; None where they cannot be compared.
        over_pairs: that difference with its interval over held-out pairs; None where there is none.
        one_by_one: whether the pairs were compared one by one; else the interval is put together from both runs'
            own, which is wider than it need be.
        pairs: how many pairs were compared.
        over_seeds: the difference with its interval by the spread among replicates; None without any.
        spread: standard deviation among replicates, pooled over both sides; None without any.
        scored: the score runs that measured both sides on the same pairs, where their own validations did not.
        finding: what can be said.
        why_not: why they cannot be compared; empty where they can.
        left_out: replicates that could not be counted in, each with why.
    """

    now: tuple[Measurement, ...] = ()
    before: tuple[Measurement, ...] = ()
    value: float | None = None
    over_pairs: Interval | None = None
    one_by_one: bool = False
    pairs: int = 0
    over_seeds: Interval | None = None
    spread: float | None = None
    scored: tuple[str, ...] = ()
    finding: Finding = "not comparable"
    why_not: str = ""
    left_out: tuple[str, ...] = ()


def measurement(records: Records, run: str) -> Measurement | None:
    """Return the last validation of a run, or None."""
    said = records.validations.get(run)
    if said is None:
        return None
    train = records.specs[run].train if run in records.specs else None
    return _measurement(run, train.seed if train is not None else None, said)


@lru_cache(maxsize=_KEPT)
def _measurement(run: str, seed: int | None, said: str) -> Measurement:
    data: dict[str, Any] = json.loads(said)
    values: dict[str, Any] = data.get("values") or {}
    draws = data.get("draws")
    return Measurement(
        run=run,
        seed=seed,
        step=int(data.get("step", 0)),
        loss=_number(values.get("val_loss")),
        low=values.get("val_loss_low"),
        high=values.get("val_loss_high"),
        draws=int(draws) if isinstance(draws, int) else None,
        pairs={str(item["id"]): float(item["loss"]) for item in data.get("pair_losses") or ()},
    )


def measured(records: Records, run: str) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return the last validation of a run and those of its replicates, and which of them are left out and why.

    The run itself comes first. A replicate counts where it was measured as the run was: on as many masks, and with the
    losses of the pairs kept where the run kept them.
    """
    own = measurement(records, run)
    if own is None:
        return (), ()
    used, left_out = [own], []
    for name in records.replicates(run):
        if name == run:
            continue
        other = measurement(records, name)
        if other is None or not math.isfinite(other.loss):
            left_out.append(f"{name} has no validation loss" if other is None else f"{name} diverged")
        elif other.draws != own.draws or (own.pairs and not other.pairs):
            left_out.append(f"{name} was measured otherwise")
        else:
            used.append(other)
    return tuple(used), tuple(left_out)


def spread_of(found: Sequence[Measurement]) -> float | None:
    """Return the standard deviation of the losses of replicates; None without two of them."""
    return pooled([item.loss for item in found]) if len(found) > 1 and math.isfinite(found[0].loss) else None


def loss_difference(records: Records, run: str, other: str) -> LossDifference:
    """Compare the last validations of two runs, each with its replicates.

    Args:
        records: all runs.
        run: the one that is asked about.
        other: what it is compared with, such as its parent.
    """
    (now, missing), (before, also_missing) = measured(records, run), measured(records, other)
    why_not = _why_not(records, run, other, now, before)
    if why_not:
        return _by_scores(records, run, other) or LossDifference(now=now[:1], before=before[:1], why_not=why_not)
    alike, left_out = records.alike(run, other), (*missing, *also_missing)
    if alike:
        # Both belong to the same replicates: their difference is the noise itself.
        now, before, left_out = now[:1], before[:1], ()
    return _difference(now, before, alike, left_out)


def _by_scores(records: Records, run: str, other: str) -> LossDifference | None:
    """Compare two runs by what was measured of their last adapters on the same pairs, newest scores first."""
    mine, theirs = _all_of(records, run), _all_of(records, other)
    for now in mine:
        for before in theirs:
            if (now, before) == (mine[0], theirs[0]) or _why_not(records, now.run, before.run, (now,), (before,)):
                continue
            scored = tuple(item.run for item in (now, before) if records.sort(item.run) == "scoring")
            return replace(_difference((now,), (before,), False, ()), scored=scored)
    return None


def _all_of(records: Records, run: str) -> tuple[Measurement, ...]:
    """Return what was measured of a run as it ended: its own last validation first, then by score runs."""
    own = measurement(records, run)
    if own is None or records.sort(run) != "training":
        return () if own is None else (own,)
    scores = (measurement(records, name) for name in records.scores(run))
    return (own, *(item for item in scores if item is not None and item.step == own.step))


@lru_cache(maxsize=_KEPT)
def _difference(
    now: tuple[Measurement, ...], before: tuple[Measurement, ...], alike: bool, left_out: tuple[str, ...]
) -> LossDifference:
    shared = sorted(set.intersection(*(set(item.pairs) for item in (*now, *before))))
    one_by_one = len(shared) > 1
    losses = [[_on(item, shared) for item in side] for side in (now, before)]
    seeds = apart(*losses)
    over_seeds = seeds if seeds.low is not None else None
    if one_by_one:
        over_pairs: Interval | None = paired(_means(now, shared), _means(before, shared))
    else:
        over_pairs = None if shared else _from_intervals(seeds.mean, now[0], before[0])
    return LossDifference(
        now=now,
        before=before,
        value=seeds.mean,
        over_pairs=over_pairs,
        one_by_one=one_by_one,
        pairs=len(shared),
        over_seeds=over_seeds,
        spread=pooled(*losses) if over_seeds is not None else None,
        finding="a replicate" if alike else _finding(seeds.mean, over_pairs, over_seeds),
        left_out=left_out,
    )


def _means(side: Sequence[Measurement], shared: Sequence[str]) -> list[float]:
    """Return the loss of each pair, the mean over the replicates of a side."""
    losses = zip(*([item.pairs[key] for key in shared] for item in side), strict=True)
    return [sum(each) / len(side) for each in losses]


def _on(item: Measurement, shared: Sequence[str]) -> float:
    """Return a run's loss on the pairs that are compared."""
    return statistics.fmean(item.pairs[key] for key in shared) if len(shared) > 1 else item.loss


def _finding(value: float, over_pairs: Interval | None, over_seeds: Interval | None) -> Finding:
    if any(item is not None and not _beyond(item) for item in (over_pairs, over_seeds)):
        return "within the noise"
    if over_pairs is None or over_seeds is None:
        return "not known"
    return "lower" if value < 0 else "higher"


def _beyond(found: Interval) -> bool:
    """Say whether an interval lies on one side of zero as a whole."""
    return found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)


def _from_intervals(value: float, now: Measurement, before: Measurement) -> Interval | None:
    """Return a difference with an interval as if other pairs had been measured in each run."""
    if now.half is None or before.half is None:
        return None
    half = math.hypot(now.half, before.half)
    return Interval(value, value - half, value + half)


def _why_not(records: Records, run: str, other: str, now: Sequence[Measurement], before: Sequence[Measurement]) -> str:
    """Say why two runs' losses are not to be laid beside each other; empty where they are."""
    for name, side in ((run, now), (other, before)):
        if records.sort(name) == "sampling":
            return f"{name} only draws samples, it trains nothing"
        if not side:
            return f"{name} has no validation loss"
        if (status := records.rows[name].status) != "finished":
            return f"{name} has not finished ({status}): its last validation is that of step {side[0].step}"
        if not math.isfinite(side[0].loss):
            return f"the loss of {name} is no number: it diverged"
        if side[0].draws is not None and side[0].draws < COVERING_DRAWS and _hides(records, name):
            return f"{name} was measured on {side[0].draws} masks a pair, which do not cover every mask ratio"
    mine, theirs = records.specs.get(run), records.specs.get(other)
    recipes = [spec.train or spec.score if spec is not None else None for spec in (mine, theirs)]
    if mine is None or theirs is None or None in recipes:
        return "how one of them was measured is not known"
    lengths = {recipe.max_length for recipe in recipes if recipe is not None}
    if mine.model.id != theirs.model.id:
        return "they are of different models, whose tokens are not the same"
    if mine.objective != theirs.objective:
        return f"they minimise different things: {mine.objective} and {theirs.objective}"
    if now[0].draws != before[0].draws:
        return f"they were measured on different masks: {now[0].draws} and {before[0].draws} a pair"
    if "cut" in (recipe.over_long for recipe in recipes if recipe is not None) and len(lengths) > 1:
        return "one of them was measured on pairs that were cut to another length"
    shared = set(now[0].pairs) & set(before[0].pairs)
    same = mine.dataset_hash == theirs.dataset_hash and len(lengths) == 1
    if now[0].pairs and before[0].pairs:
        return "" if len(shared) > 1 or (same and shared) else NO_PAIRS_IN_COMMON
    return "" if same else "they may have been measured on different pairs, and the losses of each pair were not kept"


def _hides(records: Records, run: str) -> bool:
    spec = records.specs.get(run)
    return spec is None or spec.objective != "causal"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan
