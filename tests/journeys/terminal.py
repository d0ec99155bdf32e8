"""The program in a terminal of its own: what only a terminal shows, such as who reads its keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*(\x07|\x1b\\))")
_DEADLINE_S = 60.0


class Terminal:
    """A pseudo-terminal with the program in it."""

    def __init__(self, folder: Path, *arguments: str, size: tuple[int, int] = (120, 40), **env: str) -> None:
        """Start the program on a project.

        Args:
            folder: of the project.
            arguments: of the command.
            size: columns and lines.
            env: set in its environment, beside what is set here.
        """
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        inherited = {name: value for name, value in os.environ.items() if name not in ("VISUAL", "COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "-p", str(folder), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **env},
        )
        os.close(theirs)
        self._written = ""

    def close(self) -> None:
        """End the program, if it still is, and the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def press(self, keys: str) -> None:
        """Press keys; what was written until now is forgotten."""
        self._written = ""
        os.write(self._ours, keys.encode())

    def read_until(self, words: str) -> None:
        """Read what the program writes until it wrote words, wherever they are broken into lines."""
        end = time.monotonic() + _DEADLINE_S
        while _plain(words) not in _plain(self._written):
            assert time.monotonic() < end, f"{words!r} was never written, but: {_plain(self._written)[-2000:]}"
            self._read()

    def ended_with(self) -> int:
        """Return the exit code, reading on: a program that writes into a full terminal never ends."""
        end = time.monotonic() + _DEADLINE_S
        while (code := self.process.poll()) is None:
            assert time.monotonic() < end, "the program did not end"
            self._read()
        return code

    @property
    def echoes(self) -> bool:
        """Whether the terminal itself shows what is typed, as a shell has it and the program never does."""
        flags: int = termios.tcgetattr(self._ours)[3]
        return bool(flags & termios.ECHO)

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.1)[0]:
            try:
                self._written += os.read(self._ours, 65536).decode("utf-8", "replace")
            except OSError:
                # Linux says so of a terminal that nobody has open any more.
                time.sleep(0.05)


def _plain(written: str) -> str:
    return re.sub(r"\s+", "", _ESCAPES.sub("", written))


@contextmanager
def in_terminal(folder: Path, *arguments: str, **env: str) -> Iterator[Terminal]:
    """Have the program in a terminal, and end it with the test."""
    terminal = Terminal(folder, *arguments, **env)
    try:
        yield terminal
    finally:
        terminal.close()
