"""Where an export goes, and that it replaces nothing of the author's own without her word: one way for all exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workbench.screens.base import ProjectScreen
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from workbench.operations.errors import WouldReplaceError

T = TypeVar("T")


def ask_where(screen: ProjectScreen, title: str, words: str, value: str, then: Callable[[Path], None]) -> None:
    """Ask for a file or folder, and give it to `then`, whole; `value` is what stands there at first."""
    from workbench.widgets.path_dialog import PathDialog

    root = screen.project.root

    def chosen(given: str | None) -> None:
        if given and given.strip():
            then(root / Path(given.strip()).expanduser())

    screen.app.push_screen(PathDialog(title, words, root=root, value=value), chosen)


def export_beside(
    screen: ProjectScreen,
    write: Callable[[bool, ProgressCall, CancelledCall], T],
    done: Callable[[T], None],
    *,
    force: bool = False,
) -> None:
    """Write an export beside everything else; where files of somebody's own stand in the way, ask first.

    Args:
        screen: what the author stands on.
        write: gets whether to replace whatever stands there, a progress call, and one that says whether to stop.
        done: takes what was written, on the event loop.
        force: replace whatever stands there.
    """

    def operate(progress: ProgressCall, cancelled: CancelledCall) -> T | WouldReplaceError:
        from workbench.operations.errors import WouldReplaceError

        try:
            return write(force, progress, cancelled)
        except WouldReplaceError as error:
            return error

    def over(result: T | WouldReplaceError) -> None:
        from workbench.operations.errors import WouldReplaceError

        if isinstance(result, WouldReplaceError):
            _ask_force(screen, result, lambda: export_beside(screen, write, done, force=True))
        else:
            done(result)

    screen.app.background("Export", operate, over, about="datasets")


def _ask_force(screen: ProjectScreen, standing: WouldReplaceError, replace: Callable[[], None]) -> None:
    from workbench.widgets.dialogs import ConfirmDialog

    def answered(yes: bool | None) -> None:
        if yes:
            replace()
        else:
            screen.app.say("Nothing was written.")

    listed = "\n".join(map(str, standing.paths))
    one = len(standing.paths) == 1
    words = f"left {'it' if one else 'them'} like this. What {'it says' if one else 'they say'} now would be lost."
    screen.app.push_screen(
        ConfirmDialog("Replace what stands there?", f"{listed}\n\nNo export of this project {words}"), answered
    )
