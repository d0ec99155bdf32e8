"""What the program does while the author pauses, so that no key waits for it: collecting garbage, importing ahead.

A full collection of Python's walks every object of the program, which takes 60 to 170 ms, and starts whenever enough
was allocated: in the middle of a key as likely as not. So full collections are left to pauses, and what survives one is
set aside (`gc.freeze`), which makes the next ones short. The young generations, a few milliseconds each, are left to
Python. The modules of screens not yet visited are imported in the first pauses, one at a time.
"""

from __future__ import annotations

import gc
import importlib
import time
from collections import deque
from collections.abc import Callable, Iterable

# Collections of the middle generation before a full one, where Python has 10: only a flood without pause gets there.
_FULL_AFTER = 500
# Collections of the middle generation that make a full one worth its while.
_WORTH = 5
# A hand that rests between two keys, and a thought between two pairs.
_REST_S = 0.3
_PAUSE_S = 0.8
# What was set aside may have died since, a closed screen say: looked at again this seldom, in a long pause.
_THAW_EVERY_S = 600.0
_LONG_PAUSE_S = 30.0


class Pauses:
    """Uses the author's pauses; `key` says that there is none, `tick` is called a few times a second."""

    def __init__(self, ahead: Iterable[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a key just pressed.

        Args:
            ahead: names of modules to import ahead, in order.
            clock: seconds that only go on.
        """
        self._clock = clock
        self._ahead = deque(ahead)
        self._last_key = self._thawed = clock()
        self._before: tuple[int, int, int] | None = None

    def start(self) -> None:
        """Take full collections away from Python."""
        self._before = young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _FULL_AFTER)

    def stop(self) -> None:
        """Give them back, with what was set aside: a process may go on when the program has ended."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            gc.unfreeze()
            self._before = None

    def key(self) -> None:
        """Note that the author does something."""
        self._last_key = self._clock()

    def tick(self) -> None:
        """Do one thing if this is a pause: import a module, or collect garbage when there is enough of it."""
        pause = self._clock() - self._last_key
        if self._ahead:
            if pause >= _REST_S:
                importlib.import_module(self._ahead.popleft())
        elif pause >= _LONG_PAUSE_S and self._clock() - self._thawed >= _THAW_EVERY_S:
            self._thawed = self._clock()
            gc.unfreeze()
            _collect()
        elif pause >= _PAUSE_S and gc.get_count()[2] >= _WORTH:
            _collect()


def _collect() -> None:
    gc.collect()
    gc.freeze()
