"""Drive the program in tests: open it on a project, wait until it has come to rest, read what it shows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from workbench.app import WorkbenchApp

# Workers that come and go by themselves and are never waited for.
_ENDLESS = ("collect",)


async def settle(pilot: Pilot[Any], *, timeout_s: float = 20.0) -> None:
    """Wait until every key has taken effect and no worker is at work, three looks in a row."""
    end = time.monotonic() + timeout_s
    quiet = 0
    while quiet < 3:
        assert time.monotonic() < end, "the program did not come to rest"
        await pilot.pause(0.02)
        busy = [worker for worker in pilot.app.workers if worker.group not in _ENDLESS and not worker.is_finished]
        # A test's own small app takes its keys as Textual sends them.
        order = getattr(pilot.app, "keys_in_order", None)
        quiet = 0 if busy or (order is not None and not order.at_rest) else quiet + 1


@asynccontextmanager
async def opened(
    folder: Path, screen: str | None = None, *, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[Any]]]:
    """Open the program on a folder, and let its writes finish at the end."""
    app = WorkbenchApp(None, folder, screen=screen)
    async with app.run_test(size=size) as pilot:
        end = time.monotonic() + 20.0
        while app.screen.id == "opening" and time.monotonic() < end:
            await pilot.pause(0.02)
        await settle(pilot)
        yield app, pilot
        await settle(pilot)
    app.finish_writes()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, each after the one before has had its effect."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def shown(screen: Screen[Any]) -> str:
    """Return what the screen shows, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in _lines(screen))


def _lines(screen: Screen[Any]) -> list[Any]:
    width, height = screen.size
    return list(screen._compositor.render_strips())[:height] if width else []
