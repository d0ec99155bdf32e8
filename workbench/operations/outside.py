"""The author's own editor: how it is called, on the screen and on the command line."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.textfile import decode
from workbench.operations.errors import WorkbenchError

# They take `+LINE` in front of the file.
_TAKE_A_LINE = ("vi", "vim", "nvim", "nano", "emacs", "kak", "micro")


def run_editor(path: Path, *, line: int | None = None, stands: str = "") -> None:
    """Open a file in `$VISUAL` or `$EDITOR` (else vi), and wait until it is closed.

    Args:
        path: of the file.
        line: to begin at, in an editor that can.
        stands: what is so where the editor fails, for the sentence; empty for "nothing was taken over".

    Raises:
        WorkbenchError: there is no such editor, or it failed.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise WorkbenchError(
            f"The editor {command!r} cannot be started: it has a quotation mark without its other. Set EDITOR to one "
            "that is installed."
        ) from error
    if not words:
        raise WorkbenchError("EDITOR is blank. Set it to an editor that is installed.")
    if line is not None and Path(words[0]).name in _TAKE_A_LINE:
        words.append(f"+{line}")
    try:
        with _interrupts_left_to_it():
            done = subprocess.run([*words, str(path)], check=False)
    except OSError as error:
        raise WorkbenchError(
            f"The editor {command!r} cannot be started ({error.strerror}). Set EDITOR to one that is installed."
        ) from error
    if done.returncode != 0:
        what = stands or "nothing was taken over"
        raise WorkbenchError(f"The editor {command!r} ended with {done.returncode}: {what}.")


@contextmanager
def _interrupts_left_to_it() -> Iterator[None]:
    """Leave interrupts by key to the editor: the terminal sends them to the program as well, which is to outlive it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler of ours does not reach the editor, as being ignored would.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def text_from_editor(name: str, text: str, open_file: Callable[[Path], None]) -> str:
    """Let the author edit a text that has no file, in one that is there only meanwhile; return what she wrote.

    Args:
        name: of the file, which her editor shows.
        text: to the letter, with its own line ends.
        open_file: opens the file, and comes back when it is closed.

    Raises:
        WorkbenchError: the editor failed, or took the file away.
        EssayError: what it saved is no UTF-8.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode())
        open_file(path)
        try:
            written = path.read_bytes()
        except OSError as error:
            raise WorkbenchError(
                f"{name} cannot be read after the editor closed it ({error.strerror}): nothing was taken over. Save it "
                "under the name it was opened by."
            ) from error
        return decode(path, written)
