"""What the tests of screens share: waiting for workers, and reading what is shown."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.pilot import Pilot


async def settle(pilot: Pilot[int], until: Callable[[], object], *, timeout_s: float = 20.0) -> None:
    """Let the program go on until something is so."""
    end = time.monotonic() + timeout_s
    while not until():
        assert time.monotonic() < end, "waited too long"
        await pilot.pause(0.02)


def shown(pilot: Pilot[int], selector: str) -> str:
    """Return the plain text of a widget as it would be drawn."""
    return str(pilot.app.screen.query_one(selector).render())
