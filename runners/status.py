"""The status of a run, computed from what the job said and what the place says; nobody writes it.

The decision to know: the job's last word counts for more than its exit status, and a process that ended without a last
word was killed, unless its exit status tells of a failure of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from runners.places.base import Poll

Status = Literal["submitted", "starting", "running", "stopping", "finished", "stopped", "failed", "killed"]

OVER: Final[tuple[Status, ...]] = ("finished", "stopped", "failed", "killed")
"""What a run is once nothing more is to be expected of it, until it is resumed."""

# HUP, INT, KILL and TERM come from outside; a signal such as SEGV is the job's own failure.
_ENDED_FROM_OUTSIDE: Final = frozenset({128 + 1, 128 + 2, 128 + 9, 128 + 15})


def status_of(*, types: Collection[str], stop_requested: bool, poll: Poll | None) -> Status:
    """Return the status of a run.

    Args:
        types: the types of event that the latest attempt wrote, in any order.
        stop_requested: whether the stop file stands.
        poll: what the place says of the latest attempt's process; None before the first attempt.
    """
    if "finished" in types:
        return "finished"
    # Whatever its last word was: an engine that made it give way starts it again.
    if poll is not None and poll.state == "waiting":
        return "stopping" if stop_requested else "submitted"
    if "error" in types:
        return "failed"
    if "stopped" in types:
        return "stopped"
    if poll is not None and poll.state == "gone":
        # Taken back before it was ever started: nothing was cut off.
        return "stopped" if stop_requested and not types else "killed"
    if poll is not None and poll.state == "ended":
        own_failure = bool(poll.exit_code) and poll.exit_code not in _ENDED_FROM_OUTSIDE
        return "failed" if own_failure else "killed"
    if not types and (poll is None or poll.state == "unknown"):
        return "submitted"
    if stop_requested:
        return "stopping"
    return "running" if "phase" in types else "starting"
