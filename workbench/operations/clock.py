"""Times of the store as a clock on the wall shows them."""

from __future__ import annotations

from datetime import datetime


def clock(at: str) -> str:
    """Return a UTC time as the hour and minute here, with its day where that is not today."""
    then = datetime.fromisoformat(at).astimezone()
    today = then.date() == datetime.now().astimezone().date()
    return f"{then:%H:%M}" if today else f"{then:%d %b %H:%M}"
