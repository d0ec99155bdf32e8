"""Undo and redo for the screens: at once, and what takes longer than a moment beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from workbench.operations.edits import Direction, Reversal


def reverse(
    screen: ProjectScreen,
    direction: Direction,
    then: Callable[[Reversal | None], None],
    *,
    down_to: int | None = None,
    failed: Callable[[str], None] | None = None,
) -> None:
    """Undo or redo, after all that was asked for before.

    Args:
        screen: what the author stands on, or what lies under the list of edits.
        direction: which of both.
        then: takes what was done, on the event loop; None where there was nothing.
        down_to: undo down to the edit of this number, and it too.
        failed: takes the sentence of an error after the status line showed it, where it was done at once.
    """
    project, app = screen.project, screen.app

    def at_once() -> tuple[bool, Reversal | None]:
        from workbench.operations import edits

        if edits.is_large(project, direction, down_to):
            return False, None
        return True, edits.reverse(project, direction) if down_to is None else edits.undo_to(project, down_to)

    def aside(progress: ProgressCall, cancelled: CancelledCall) -> Reversal | None:
        from workbench.operations.reversing_job import reverse_aside

        return reverse_aside(project, direction, down_to=down_to, progress=progress, cancelled=cancelled)

    def go_on(found: tuple[bool, Reversal | None]) -> None:
        done, reversal = found
        if done:
            then(reversal)
        else:
            app.background(direction.capitalize(), aside, then)

    screen.act(at_once, go_on, failed=failed)
