"""How a job speaks and how others listen: JSON objects, one a line, in files that only grow.

The decision to know: a line is written by one call to the system and counts once its newline is there. A writer that
finds a torn last line, left by a killed job, cuts it off before it goes on; a reader leaves it alone.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from runners.errors import RunDirError

# What each type of event carries beside attempt, seq, at and type; the public interface of docs/run-directory.md.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "started": ("pid", "host", "python", "versions", "device", "task"),
        "model": ("id", "revision", "family", "layout", "attention", "block_tokens", "objective"),
        "phase": ("phase", "total"),
        "progress": ("phase", "done", "total"),
        "metric": ("step", "values"),
        "validation": ("step", "values", "draws", "pairs", "pair_losses", "seconds"),
        "pairs": ("used", "skipped", "cut"),
        "checkpoint": ("step", "path"),
        "best": ("step", "path", "val_loss"),
        "pruned": ("step", "path"),
        "early": ("step", "reason"),
        "shortage": ("step", "pairs", "tokens", "used_bytes", "usable_bytes", "alternatives"),
        "samples": ("of", "step", "count"),
        "answer": ("request", "kind", "samples", "seconds"),
        "heartbeat": (),
        "warning": ("message",),
        "error": ("message", "kind", "detail"),
        "stopped": ("reason",),
        "finished": ("seconds",),
    }
)


def utc_now() -> str:
    """Return the time as it is written everywhere: UTC, ISO 8601, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LineWriter:
    """Appends JSON objects to a file, one a line; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending, and cut off a last line that was never finished."""
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("a+b", buffering=0)
        size = self._file.seek(0, os.SEEK_END)
        whole = end_of_last_line(path)
        if whole < size:
            self._file.truncate(whole)

    def write(self, row: Mapping[str, Any]) -> None:
        """Append one object.

        Raises:
            ValueError: a number in it is not finite; JSON has no word for that.
            OSError: the disk did not take it, in which case no part of it stays.
        """
        # A lone surrogate, as in a file name that is not UTF-8, must not cost the job its life.
        line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace") + b"\n"
        with self._lock:
            written = self._file.write(line) or 0
            if written < len(line):
                self._file.truncate(self._file.seek(0, os.SEEK_END) - written)
                raise OSError(errno.ENOSPC, "No space left for the whole line", str(self.path))

    def close(self) -> None:
        """Close the file; writing afterwards is an error."""
        self._file.close()


class EventWriter:
    """Writes the events of one attempt, each with `attempt`, `seq`, `at` and `type`.

    Counting goes on where the file ends, so that an engine may start the same attempt twice.
    """

    def __init__(self, path: Path, attempt: int) -> None:
        self._lines = LineWriter(path)
        self._attempt = attempt
        standing, _ = read_lines(path, 0)
        self._seq = int(standing[-1]["seq"]) if standing else 0
        self._lock = threading.Lock()

    def emit(self, type: str, fields: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Write one event.

        Raises:
            ValueError: an unknown type, or fields other than its documented ones.
        """
        if type not in FIELDS:
            raise ValueError(f"{type!r} is no type of event. Known: {', '.join(FIELDS)}.")
        if set(fields) != set(FIELDS[type]):
            raise ValueError(f"event {type!r}: found the fields {sorted(fields)}, expected {sorted(FIELDS[type])}.")
        with self._lock:
            row = {"attempt": self._attempt, "seq": self._seq + 1, "at": utc_now(), "type": type, **fields}
            self._lines.write(row)
            self._seq += 1

    def close(self) -> None:
        """Close the file; emitting afterwards is an error."""
        self._lines.close()


def read_lines(path: Path, offset: int) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines from byte `offset` on; return them and the offset after the last of them.

    A file that is not there yet has no lines, and a torn last line waits for its end. A broken line hides nothing that
    stands before it: those lines are returned first, and the next call, starting at the broken one, raises.

    Raises:
        RunDirError: the line at `offset` is no JSON object, or the file is shorter than `offset`.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size < offset:
                raise RunDirError(
                    f"{path}: {offset} bytes of it were read before, now it has {size}. Something cut it; what was "
                    "read stands. Put the whole file back, or leave the run as it is."
                )
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    rows: list[dict[str, Any]] = []
    for line in data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]:
        try:
            row = json.loads(line, parse_constant=_refuse)
            if not isinstance(row, dict):
                raise ValueError(f"found {type(row).__name__}, expected an object")
        except ValueError as error:
            if rows:
                break
            raise RunDirError(
                f"{path}: the line at byte {offset} is broken ({error}). What stands before it was read; delete the "
                "line to read on."
            ) from error
        rows.append(row)
        offset += len(line) + 1
    return rows, offset


def read_last_lines(path: Path, within: int = 65536) -> list[dict[str, Any]]:
    """Read the whole lines that begin in the last bytes of a file, however long it is.

    Args:
        path: the file; one that is not there yet has no lines.
        within: so many bytes.

    Raises:
        RunDirError: the first of them is no JSON object.
    """
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - within)
            if start > 0:
                # The line that goes across the first of these bytes is left out.
                file.seek(start - 1)
                start += len(file.readline()) - 1
    except FileNotFoundError:
        return []
    return read_lines(path, start)[0]


def end_of_last_line(path: Path) -> int:
    """Return the size of a file without its unfinished last line, reading backwards."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
