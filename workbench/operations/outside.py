"""The author's own editor: how it is called, on the screen and on the command line."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from curation.textfile import decode
from workbench.operations.errors import WorkbenchError

# They take `+LINE` in front of the file.
_TAKE_A_LINE = ("vi", "vim", "nvim", "nano", "emacs", "kak", "micro")


def run_editor(path: Path, *, line: int | None = None) -> None:
    """Open a file in `$VISUAL` or `$EDITOR` (else vi), and wait until it is closed.

    Raises:
        WorkbenchError: there is no such editor, or it failed.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    words = shlex.split(command)
    if line is not None and Path(words[0]).name in _TAKE_A_LINE:
        words.append(f"+{line}")
    try:
        done = subprocess.run([*words, str(path)], check=False)
    except OSError as error:
        raise WorkbenchError(
            f"The editor {command!r} cannot be started ({error.strerror}). Set EDITOR to one that is installed."
        ) from error
    if done.returncode != 0:
        raise WorkbenchError(f"The editor {command!r} ended with {done.returncode}: nothing was taken over.")


def text_from_editor(name: str, text: str, open_file: Callable[[Path], None]) -> str:
    """Let the author edit a text that has no file, in one that is there only meanwhile; return what she wrote.

    Args:
        name: of the file, which her editor shows.
        text: to the letter, with its own line ends.
        open_file: opens the file, and comes back when it is closed.

    Raises:
        WorkbenchError: the editor failed.
        EssayError: what it saved is no UTF-8.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode())
        open_file(path)
        return decode(path, path.read_bytes())
