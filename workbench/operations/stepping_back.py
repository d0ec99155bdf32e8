"""Let a child process step back for the program whose keys must answer."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

# How far: behind the program, and well before a training run, which steps back by 15.
NICE = 10

_SESSION_NICE = Path("/proc/self/autogroup")


def step_back() -> None:
    """Step back, with the whole session where this process leads one; called first thing in a child.

    Linux as most desktops set it up shares the processors out among sessions first, and heeds niceness only within one:
    a child in the program's session takes from the program's own share however nice it is, and one in a session of its
    own takes as much as the program. So a child gets its own session, and that is made as nice as the child. Elsewhere
    there is no such file, and niceness is all it takes.
    """
    os.nice(NICE)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _SESSION_NICE.write_text(str(NICE), encoding="ascii")
