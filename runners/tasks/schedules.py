"""The learning rate at each step, as a pure function of the step, so that resuming needs no state of it."""

from __future__ import annotations

import math

from runners.spec import Schedule


def learning_rate_at(step: int, *, peak: float, warmup_steps: int, max_steps: int, shape: Schedule) -> float:
    """Return the rate of one optimizer step: linear warm-up to the peak, then the shape.

    Args:
        step: from 0; the first step of a warm-up has `peak / warmup_steps`, never 0.
        peak: the highest rate.
        warmup_steps: steps until the peak.
        max_steps: steps of the whole run; a cosine ends at 0 just after the last of them.
        shape: `cosine` or `constant`.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if shape == "constant":
        return peak
    done = (step - warmup_steps) / max(1, max_steps - warmup_steps)
    return peak * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
