"""How fast the author decides, from the times of her last decisions: pauses are not counted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

# A longer gap between two decisions is a pause, not a slow pair.
_PAUSE_S = 90.0
_LEAST_GAPS = 4


def per_minute(times: Sequence[float]) -> float | None:
    """Return decisions a minute, or None where there are too few to say.

    Args:
        times: when each was made, in seconds, rising.
    """
    gaps = [after - before for before, after in itertools.pairwise(times) if after - before <= _PAUSE_S]
    total = sum(gaps)
    return 60.0 * len(gaps) / total if len(gaps) >= _LEAST_GAPS and total > 0 else None


def minutes_left(count: int, rate: float | None) -> int | None:
    """Return how many minutes so many decisions take at a rate a minute, at least 1; None where there is no rate."""
    return None if rate is None or count <= 0 else max(1, round(count / rate))
