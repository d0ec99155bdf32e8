"""Do something to a run at its place: on this machine at once, on a far host beside everything else.

A host may take seconds to answer, or not answer at all: what is done there shows its progress and is cancelled by esc,
and no key waits behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from workbench.screens.base import ProjectScreen

T = TypeVar("T")


def is_far(place: str) -> bool:
    """Say whether the runs of a place are on a far host."""
    from workbench.operations.places import is_remote

    return is_remote(place)


def work_on_run(
    screen: ProjectScreen,
    place: str,
    title: str,
    operation: Callable[..., T],
    then: Callable[[T], None],
    *,
    failed: Callable[[str], None] | None = None,
) -> bool:
    """Do it; return whether it was begun.

    Args:
        screen: which asks for it, and may be left meanwhile.
        place: of the run.
        title: one word for what is done.
        operation: gets as `cancelled` a call that says whether to give up.
        then: takes its result, on the event loop.
        failed: takes the sentence of an error on this machine; the status line shows it.
    """
    if not is_far(place):
        screen.act(lambda: operation(cancelled=lambda: False), then, failed=failed)
        return True
    app = screen.app

    def work(progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]) -> T:
        progress(0, 0, f"at {place}")
        return operation(cancelled=cancelled)

    def done(result: T) -> None:
        app.far_runs_changed()
        then(result)

    return app.background(title, work, done, about="runs")
