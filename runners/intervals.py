"""Means with their 95 % intervals, and whether a difference is more than noise; torch-free, so both processes agree.

The decision to know: two validations of one holdout are compared pair by pair. Both were measured on the same masks, so
the differences of the pairs are free of the spread between pairs, which is what makes the plain intervals wide.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
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


def student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t; Abramowitz and Stegun 26.7.5 beyond 30 degrees of freedom."""
    if freedom <= 30:
        return _STUDENT[(freedom - 1) // 10][(freedom - 1) % 10]
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
