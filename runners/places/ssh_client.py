"""One command on a far host, through the author's own OpenSSH client: her keys, agents, jump hosts and settings.

The decision to know: a marker is printed there before anything else. Before it may stand whatever a login shell prints;
a connection without it never came about, so that the client's own 255 and the command's are told apart.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import select
import shlex
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol, Self

from runners.errors import PlaceError, UnreachableError
from runners.places.ssh_errors import ssh_error

_OPTIONS: Final = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "ControlMaster": "auto",
    "ControlPersist": "60",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "ConnectTimeout": "5",
    "ClearAllForwardings": "yes",
    "RequestTTY": "no",
}
# A command that says nothing for so long is given up, in seconds; a host that is frozen is noticed by the client.
_SILENCE_S: Final = 150.0
_LOOK_S: Final = 0.25
# How long a client may take to end once it has nothing more to say, in seconds.
_ENDS_S: Final = 10.0
_BLOCK_BYTES: Final = 1 << 18
# A login shell that prints more than this before the command begins is no login shell.
_NOISE_BYTES: Final = 1 << 20
# An answer without what stands behind it: the files of all checkpoints by name are far less.
_LINE_BYTES: Final = 32 << 20


class CancelledError(PlaceError):
    """A question that was given up by who asked it."""


class Reach(Protocol):
    """How a command comes to where it is carried out."""

    @property
    def host(self) -> str:
        """The place as errors name it."""

    def arguments(self) -> list[str]:
        """Return what is given to `ssh` for it; nothing where that is not asked."""

    def command(self, script: str) -> list[str]:
        """Return what is started here for a script of `/bin/sh` there."""

    def error(self, said: str, status: int) -> PlaceError:
        """Return the error for a connection that did not come about; `status` is that of what was started here."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A host as the author's OpenSSH client finds it.

    Attributes:
        host: a name of ~/.ssh/config, or `user@host`, either with `:port`.
        config: an ssh_config to use in place of ~/.ssh/config and the system's; None for those.
    """

    host: str
    config: Path | None = None

    def arguments(self) -> list[str]:
        """Return what is given to `ssh` for it."""
        name, colon, port = self.host.rpartition(":")
        found = ["-F", str(self.config)] if self.config else []
        if colon and port.isdecimal() and not name.endswith(":"):
            return [*found, "-p", port, name.strip("[]")]
        return [*found, self.host]

    def command(self, script: str) -> list[str]:
        """Return the call of `ssh` for a script there."""
        return ["ssh", *_options(self), *self.arguments(), f"exec /bin/sh -c {shlex.quote(script)}"]

    def error(self, said: str, status: int) -> PlaceError:
        """Return what the client said, as what happened and what to do."""
        return ssh_error(self.host, self.arguments(), said, status)


class Conversation:
    """One command there: what it says is read through this; a context manager that leaves nothing running here."""

    def __init__(self, destination: Reach, script: str, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Begin it.

        Args:
            destination: the host.
            script: for `/bin/sh` there, in one line.
            cancelled: asked a few times a second; the command is given up then.

        Raises:
            PlaceError: there is no OpenSSH client here.
        """
        self._destination = destination
        self._cancelled = cancelled
        marker = f"=workbench-{secrets.token_hex(8)}="
        self._marker = f"{marker}\n".encode("ascii")
        self._rest = b""
        self.began = False
        # The client's master process outlives it and may keep a pipe open: a file is over when it is read.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the conversation
        try:
            self._process = subprocess.Popen(
                destination.command(f"echo {marker}; {script}"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                # Without a terminal nobody is ever asked for a password, and ctrl+c here is not ctrl+c there.
                start_new_session=True,
            )
        except OSError as error:
            self._said.close()
            if isinstance(error, FileNotFoundError):
                raise PlaceError("ssh is not installed on this machine. Install the OpenSSH client.") from error
            raise PlaceError(f"ssh cannot be started on this machine ({error.strerror}). Try again.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._said.close()

    def send(self, blocks: Iterable[bytes]) -> None:
        """Send all there is to send; a command that ended early has the reason in what it says."""
        assert self._process.stdin is not None
        try:
            for block in blocks:
                self._look_up()
                self._process.stdin.write(block)
            self._process.stdin.close()
        except BrokenPipeError:
            return

    def line(self) -> bytes:
        """Read the first line after the marker.

        Raises:
            PlaceError: the host could not be reached, and why; or the command ended without one, or it has no end.
        """
        while self._marker not in self._rest:
            if not self._fill() or len(self._rest) > _NOISE_BYTES:
                raise self._broken()
        self._rest = self._rest.partition(self._marker)[2]
        self.began = True
        while b"\n" not in self._rest:
            if len(self._rest) > _LINE_BYTES:
                raise PlaceError(
                    f"{self._destination.host}: what it answers has no end. Look at `python` of this place."
                )
            if not self._fill():
                raise self._broken()
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def read(self, size: int) -> Iterator[bytes]:
        """Yield `size` bytes as they come.

        Raises:
            UnreachableError: the connection broke off before.
        """
        while size:
            if not self._rest and not self._fill():
                raise self._broken()
            block, self._rest = self._rest[:size], self._rest[size:]
            size -= len(block)
            yield block

    def said(self) -> str:
        """Return what was written to standard error up to now."""
        self._said.seek(0)
        return self._said.read().decode("utf-8", errors="replace")

    def _fill(self) -> bool:
        """Take in what there is to read; return False at the end."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        until = time.monotonic() + _SILENCE_S
        # Not `select`, which takes no descriptor above 1023.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not poll.poll(_LOOK_S * 1000):
            self._look_up()
            if time.monotonic() > until:
                raise UnreachableError(
                    f"{self._destination.host}: no answer within {_SILENCE_S:.0f} s. Look whether it is overloaded."
                )
        self._look_up()
        block = os.read(descriptor, _BLOCK_BYTES)
        self._rest += block
        return bool(block)

    def _look_up(self) -> None:
        if self._cancelled():
            raise CancelledError(f"{self._destination.host}: given up, as you asked.")

    def _broken(self) -> PlaceError:
        try:
            status = self._process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            status = 255
        return FarError(self.said(), status) if self.began and status != 255 else self._unreachable(status)

    def _unreachable(self, status: int) -> PlaceError:
        if self.began:
            return UnreachableError(f"{self._destination.host}: the connection broke off.")
        # A shell that may not be used, such as nologin, ends without the marker and with a status of its own.
        return self._destination.error(self.said(), status)


class FarError(PlaceError):
    """A command that was begun there and ended without an answer."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said.strip() or f"exit status {status}")
        self.said = said
        self.status = status


def _options(destination: Destination) -> list[str]:
    wanted = dict(_OPTIONS)
    folder = _control_folder()
    if folder is None:
        wanted["ControlMaster"] = "no"
    else:
        # A socket's whole path has 104 bytes at most: %C has 40, and the client adds 17. Another config is another way.
        way = hashlib.sha256(str(destination.config or "").encode()).hexdigest()[:6]
        wanted["ControlPath"] = f"{folder}/{way}%C"
    return [word for name, value in wanted.items() for word in ("-o", f"{name}={value}")]


def _control_folder() -> Path | None:
    """Return the folder of the connections that are kept open; None where it cannot be this user's alone."""
    folder = Path(f"/tmp/workbench-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if own else None


def sh_path(path: str) -> str:
    """Quote a path for `/bin/sh`; one that begins with `~/` lies in the home folder there."""
    return f'"$HOME"/{shlex.quote(path[2:])}' if path.startswith("~/") else shlex.quote(path)


def sh_words(words: Sequence[str]) -> str:
    """Quote words for `/bin/sh`."""
    return " ".join(map(shlex.quote, words))
