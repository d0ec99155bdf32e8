"""The author's own editor: the program steps aside, and comes back when the editor is closed."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from workbench.operations.errors import WorkbenchError


def edit_file(app: App[Any], path: Path, *, line: int | None = None) -> None:
    """Open a file in `$VISUAL` or `$EDITOR` (else vi), and wait until it is closed.

    Raises:
        WorkbenchError: there is no such editor, or it failed.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    words = shlex.split(command)
    if line is not None and Path(words[0]).name in ("vi", "vim", "nvim", "nano", "emacs", "kak", "micro"):
        words.append(f"+{line}")
    try:
        with app.suspend():
            done = subprocess.run([*words, str(path)], check=False)
    except SuspendNotSupported as error:
        raise WorkbenchError("This terminal cannot be handed to an editor. Edit here with e.") from error
    except OSError as error:
        raise WorkbenchError(
            f"The editor {command!r} cannot be started ({error.strerror}). Set EDITOR to one that is installed."
        ) from error
    if done.returncode != 0:
        raise WorkbenchError(f"The editor {command!r} ended with {done.returncode}: nothing was taken over.")
