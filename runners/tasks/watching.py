"""Which validation was the best, and whether to end early: on a difference beyond the noise, never on the noise.

Two validations of one run were measured on the same pairs and masks, so they are compared pair by pair. A validation is
worse when the 95 % interval of the mean difference lies above zero as a whole. The run ends once `patience` validations
in a row are worse than the best; one that is not resets the count. A plateau never ends a run: nothing shows that it
harms. With a single pair there is no interval, so no run ends early on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from runners.intervals import Interval, interval, paired


class WatchState(TypedDict):
    """What a checkpoint keeps of a `Watch`."""

    seen_step: int
    best_step: int
    best: list[float]
    worse_in_a_row: int
    reason: str | None


@dataclass
class Watch:
    """The validations of a run so far.

    Attributes:
        patience: worse validations in a row that end the run; 0 for never.
        reason: why the run should end; None while it should not.
        best_step: the step of the lowest mean; -1 before the first.
        best: the pair means there.
    """

    patience: int = 0
    reason: str | None = None
    best_step: int = -1
    best: tuple[float, ...] = ()
    _seen_step: int = -1
    _worse_in_a_row: int = 0

    def observe(self, step: int, pair_means: Sequence[float]) -> bool:
        """Take a validation in and say whether it is the best so far; one that was seen before counts no second time.

        A resumed run repeats the validation of its checkpoint's step, hence the last rule.
        """
        if step <= self._seen_step:
            return step == self.best_step
        self._seen_step = step
        if self.best_step < 0 or interval(pair_means).mean < interval(self.best).mean:
            self.best_step, self.best, self._worse_in_a_row = step, tuple(pair_means), 0
            return True
        change = paired(pair_means, self.best)
        worse = change.low is not None and change.low > 0
        self._worse_in_a_row = self._worse_in_a_row + 1 if worse else 0
        if self.patience and self._worse_in_a_row >= self.patience:
            self.reason = self._why(step, change)
        return False

    def _why(self, step: int, change: Interval) -> str:
        times = "validation was" if self.patience == 1 else f"{self.patience} validations in a row were"
        return (
            f"The last {times} worse than the best, that of step {self.best_step}, beyond the noise: at step {step} by "
            f"{change.mean:.3f} (95 % interval {change.low:.3f} to {change.high:.3f}, {len(self.best)} pairs compared "
            "one by one)."
        )

    def state(self) -> WatchState:
        """Return what `restore` needs."""
        return {
            "seen_step": self._seen_step,
            "best_step": self.best_step,
            "best": list(self.best),
            "worse_in_a_row": self._worse_in_a_row,
            "reason": self.reason,
        }

    def restore(self, state: WatchState) -> None:
        """Go on from a state that `state` returned."""
        self._seen_step, self.best_step = state["seen_step"], state["best_step"]
        self.best, self._worse_in_a_row = tuple(state["best"]), state["worse_in_a_row"]
        self.reason = state["reason"]
