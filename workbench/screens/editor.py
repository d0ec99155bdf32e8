"""The author's own editor: the program steps aside, and comes back when the editor is closed, however it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from workbench.operations.errors import WorkbenchError
from workbench.operations.outside import run_editor

# What is so of a file that an editor failed on.
STANDS = "the file stands as it left it"


def edit_file(app: App[Any], path: Path, *, line: int | None = None, stands: str = "") -> None:
    """Open a file in `$VISUAL` or `$EDITOR` (else vi), and wait until it is closed.

    Args:
        app: steps aside meanwhile.
        path: of the file.
        line: to begin at, in an editor that can.
        stands: what is so where the editor fails, for the sentence.

    Raises:
        WorkbenchError: there is no such editor, or it failed.
    """
    failed: Exception | None = None
    try:
        with app.suspend():
            # Textual 8.2 does not come back from what is raised in here: keys and screen would stay the shell's.
            try:
                run_editor(path, line=line, stands=stands)
            except Exception as error:  # noqa: BLE001 - raised again once the screen is the program's
                failed = error
    except SuspendNotSupported as error:
        raise WorkbenchError("This terminal cannot be handed to an editor. Edit here with e.") from error
    if failed is not None:
        raise failed
