"""Means and shares with their 95 % intervals, and whether a difference is more than noise; torch-free.

The decision to know: two validations of one holdout are compared pair by pair. Both were measured on the same masks, so
the differences of the pairs are free of the spread between pairs, which is what makes the plain intervals wide.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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

    @property
    def half(self) -> float | None:
        """Return half the interval's width, which is the smallest difference from a fixed value that it could show."""
        return None if self.high is None else self.high - self.mean


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of independent values and its 95 % interval by Student's t."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None)
    half = student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def paired(now: Sequence[float], before: Sequence[float]) -> Interval:
    """Return the mean difference now - before of values measured on the same things, with its interval."""
    return interval([a - b for a, b in zip(now, before, strict=True)])


def apart(now: Sequence[float], before: Sequence[float]) -> Interval:
    """Return the difference of the means of two samples, now - before, with its interval by their pooled spread.

    One side may hold a single value, which is then taken to spread as the other side does. With one value on each side
    nothing is known of the spread, and there is no interval.
    """
    difference = statistics.fmean(now) - statistics.fmean(before)
    freedom = len(now) + len(before) - 2
    if freedom < 1:
        return Interval(difference, None, None)
    half = student(freedom) * pooled(now, before) * math.sqrt(1 / len(now) + 1 / len(before))
    return Interval(difference, difference - half, difference + half)


def pooled(*groups: Sequence[float]) -> float:
    """Return the standard deviation within groups of values, pooled; at least one has to hold two values."""
    squares = sum((value - statistics.fmean(group)) ** 2 for group in groups for value in group)
    return math.sqrt(squares / sum(len(group) - 1 for group in groups))


def share(count: int, of: int) -> Interval:
    """Return a share of independent yes-or-no answers with its exact interval (Clopper and Pearson 1934).

    Exact: it holds the true share in at least 95 of 100 cases, however few the answers are.

    Args:
        count: answers that were yes.
        of: all answers, 1 or more.
    """
    low = 0.0 if count == 0 else _root(lambda p: 1 - _at_most(count - 1, of, p) - 0.025)
    high = 1.0 if count == of else _root(lambda p: 0.025 - _at_most(count, of, p))
    return Interval(count / of, low, high)


def _at_most(count: int, of: int, p: float) -> float:
    """Return the probability of at most so many successes in independent trials; by logarithms, lest many overflow."""
    whole, yes, no = math.lgamma(of + 1), math.log(p), math.log1p(-p)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * yes + (of - k) * no)
        for k in range(count + 1)
    )


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function of [0, 1] crosses zero, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t; Abramowitz and Stegun 26.7.5 beyond 30 degrees of freedom."""
    if freedom <= 30:
        return _STUDENT[(freedom - 1) // 10][(freedom - 1) % 10]
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def least_above_half(of: int) -> int | None:
    """Return how many right answers put the interval of their share above one half; None where not even all do."""
    total, tail, count, least = 2**of, 0, 1, None
    for right in range(of, of // 2, -1):
        tail += count
        if 40 * tail > total:
            break
        least = right
        count = count * right // (of - right + 1)
    return least


def answers_needed(rate: float, *, power: float = 0.8, most: int = 400) -> int | None:
    """Return how many answers tell a true share of right ones from guessing, with this probability.

    Args:
        rate: the true share, 0 to 1; below one half, that of wrong answers counts.
        power: how often so many answers are enough.
        most: None is returned where more are needed.
    """
    rate = min(max(rate, 1 - rate), 1 - 1e-9)
    for of in range(1, most + 1):
        least = least_above_half(of)
        if least is not None and 1 - _at_most(least - 1, of, rate) >= power:
            return of
    return None
