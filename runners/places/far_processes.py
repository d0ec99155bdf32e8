"""A job's process on a far host, found again by its number and its start: without any package, on Linux and macOS.

The decision to know: `/proc` is read where there is one, since slim containers have no `ps`; elsewhere `ps` is asked.
A start is a text that two looks at the same process agree on: on Linux the boot and the ticks since then, elsewhere the
second by the clock.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys" / "kernel" / "random" / "boot_id"
_ZOMBIE = ("Z", "X")


def start_of(pid: int) -> str | None:
    """Return when a process started; None where there is none, or only its zombie."""
    if _has_proc():
        return _start_by_proc(pid)
    said = _ps("-p", str(pid), "-o", "stat=,lstart=").split(None, 1)
    return said[1].strip() if len(said) == 2 and not said[0].startswith(_ZOMBIE) else None


def is_alive(pid: int, start: str | None, run_dir: str) -> bool:
    """Say whether the supervisor of a job lives, or without it the job in its session.

    Args:
        pid: of the supervisor.
        start: its own, since numbers are used again; None where nobody could write it down.
        run_dir: the job's; the session's number alone might be another's by now.
    """
    if start is not None and (found := start_of(pid)) is not None:
        return found == start
    return any(_session(other) == pid and run_dir in words for other, words in _commands())


def kill_group(pid: int) -> None:
    """Send KILL to a process group; one that is over meanwhile is left alone."""
    # macOS denies permission where Linux finds no process.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _start_by_proc(pid: int) -> str | None:
    try:
        said = (_PROC / str(pid) / "stat").read_bytes()
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return None
    # The name stands in brackets and may hold anything: what counts comes after the last of them.
    state, *rest = said[said.rindex(b")") + 2 :].split()
    return None if state.decode() in _ZOMBIE else f"{boot}/{rest[18].decode()}"


def _commands() -> Iterator[tuple[int, str]]:
    """Yield every living process with its command line."""
    if not _has_proc():
        for line in _ps("-axwwo", "pid=,stat=,command=").splitlines():
            pid, state, words = [*line.split(None, 2), "", ""][:3]
            if not state.startswith(_ZOMBIE):
                yield int(pid), words
        return
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and _start_by_proc(int(entry.name)) is not None:
            with contextlib.suppress(OSError):
                yield int(entry.name), os.fsdecode((entry / "cmdline").read_bytes().replace(b"\0", b" "))


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _ps(*arguments: str) -> str:
    # In another zone or language the same start would be another text, and a width cuts commands off.
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {"LC_ALL": "C", "TZ": "UTC0"}
    return subprocess.run(
        ["ps", *arguments], env=environment, capture_output=True, text=True, errors="replace", check=False
    ).stdout
