"""The author's own editor: the program steps aside, and comes back when the editor is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from workbench.operations.errors import WorkbenchError
from workbench.operations.outside import run_editor


def edit_file(app: App[Any], path: Path, *, line: int | None = None) -> None:
    """Open a file in `$VISUAL` or `$EDITOR` (else vi), and wait until it is closed.

    Raises:
        WorkbenchError: there is no such editor, or it failed.
    """
    try:
        with app.suspend():
            run_editor(path, line=line)
    except SuspendNotSupported as error:
        raise WorkbenchError("This terminal cannot be handed to an editor. Edit here with e.") from error
