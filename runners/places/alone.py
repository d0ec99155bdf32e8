"""Keep two programs, or two threads of one, from doing the same to a run at the same time.

The decision to know: the lock is the system's own, so a program that was killed holds none.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from runners.rundir import RunDir


@contextmanager
def alone(
    run_dir: RunDir, what: Literal["start", "lines", "checkpoints", "contact"], *, wait: bool = True
) -> Iterator[bool]:
    """Do one thing to a run alone; gives False where another does it and waiting is not wanted.

    Args:
        run_dir: the run.
        what: is done.
        wait: for the other.
    """
    with (run_dir.path / f".{what}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
