"""Fold what a job wrote into the tables: one transaction a call, and folding the same lines again changes nothing.

Lines are known by their own keys (attempt and seq; prompt, index and attempt), never by when they arrive, so any
overlap, in any grouping and order, gives the same tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from store.database import Database
from store.errors import BadLine, NotFound
from store.values import storable, to_json

_LARGEST = 2**63 - 1


def fold_events(db: Database, run: str, file: str, events: Sequence[Mapping[str, Any]], offset: int) -> None:
    """Fold lines of an `events.jsonl`, and with them metrics, validation values and checkpoints.

    Args:
        db: the store.
        run: name of the run.
        file: the file they came from, relative to the run directory.
        events: whole lines, parsed.
        offset: bytes of the file read so far; a smaller one than is known is ignored.

    Raises:
        BadLine: one of them is no event; none is folded.
        NotFound: there is no such run.
    """
    with db.transaction() as connection:
        _need_run(connection, run)
        for event in events:
            line = _Line(run, file, event)
            attempt, seq = line.integer("attempt"), line.integer("seq")
            at, kind = line.text("at"), line.text("type")
            data = {key: value for key, value in event.items() if key not in ("attempt", "seq", "at", "type")}
            connection.execute(
                "INSERT OR IGNORE INTO event (run, attempt, seq, at, type, data_json) VALUES (?, ?, ?, ?, ?, ?)",
                (run, attempt, seq, at, kind, to_json(data)),
            )
            if kind in ("metric", "validation"):
                _fold_values(connection, run, attempt, seq, line)
            elif kind == "checkpoint":
                connection.execute(
                    "INSERT INTO checkpoint (run, step, attempt, seq, path) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET seq = excluded.seq, path = excluded.path WHERE excluded.seq > seq",
                    (run, line.integer("step"), attempt, seq, line.text("path")),
                )
        _collected(connection, run, file, offset)


def fold_samples(
    db: Database, run: str, rows: Sequence[Mapping[str, Any]], offset: int, *, file: str = "samples.jsonl"
) -> None:
    """Fold lines of a `samples.jsonl`; arguments as for `fold_events`.

    Raises:
        BadLine: one of them is no sample, or of a prompt that is not in the run's canary set; none is folded.
        NotFound: there is no such run.
    """
    with db.transaction() as connection:
        _need_run(connection, run)
        prompts = dict(
            connection.execute(
                "SELECT p.slug, p.id FROM run JOIN canary_prompt p ON p.set_id = run.canary_set_id WHERE run.name = ?",
                (run,),
            ).fetchall()
        )
        for row in rows:
            line = _Line(run, file, row)
            slug, of = line.text("prompt"), line.text("of")
            if slug not in prompts:
                raise line.bad("prompt", "a prompt of the run's canary set")
            if of not in ("base", "adapter"):
                raise line.bad("of", "base or adapter")
            token_ids = row.get("token_ids")
            if not isinstance(token_ids, list):
                raise line.bad("token_ids", "a list")
            connection.execute(
                "INSERT OR IGNORE INTO sample (run, attempt, of, step, canary_prompt_id, idx, seed, text, "
                "token_ids_json, tokens, seconds, trace_path, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    line.integer("attempt"),
                    of,
                    line.integer("step"),
                    prompts[slug],
                    line.integer("index"),
                    line.integer("seed"),
                    line.text("text"),
                    to_json(token_ids),
                    line.integer("tokens"),
                    line.number("seconds"),
                    None if row.get("trace") is None else line.text("trace"),
                    line.text("at"),
                ),
            )
        _collected(connection, run, file, offset)


class _Line:
    """One parsed line, asked for its fields with the error that names what is wrong with it."""

    def __init__(self, run: str, file: str, data: Mapping[str, Any]) -> None:
        self._run, self._file, self._data = run, file, data

    def integer(self, key: str) -> int:
        value = self._data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            raise self.bad(key, "a whole number")
        return value

    def number(self, key: str) -> float:
        value = self._data.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value != value:
            raise self.bad(key, "a number")
        return float(value)

    def text(self, key: str) -> str:
        value = self._data.get(key)
        if not isinstance(value, str):
            raise self.bad(key, "a text")
        return storable(value)

    def values(self) -> dict[str, float | None]:
        """Return the numbers of a metric by name; None for one that is not a number."""
        found = self._data.get("values")
        if not isinstance(found, dict) or not all(
            value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
            for value in found.values()
        ):
            raise self.bad("values", "an object of numbers")
        # SQLite stores NaN as NULL: said here, not left to it.
        return {
            storable(name): None if value is None or value != value else float(value) for name, value in found.items()
        }

    def bad(self, key: str, expected: str) -> BadLine:
        keys = ("attempt", "seq", "type") if "type" in self._data else ("of", "step", "prompt", "index", "attempt")
        which = ", ".join(f"{name} {self._data.get(name)!r}" for name in keys)
        return BadLine(
            f"{self._run}/{self._file}: the line with {which} has {key} {self._data.get(key)!r}, expected {expected}. "
            "Nothing of these lines was taken in. Mend or delete that line."
        )


def _fold_values(connection: sqlite3.Connection, run: str, attempt: int, seq: int, line: _Line) -> None:
    step = line.integer("step")
    connection.executemany(
        "INSERT INTO metric (run, name, step, attempt, seq, value) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seq = excluded.seq, value = excluded.value WHERE excluded.seq > seq",
        [(run, name, step, attempt, seq, value) for name, value in line.values().items()],
    )


def _need_run(connection: sqlite3.Connection, run: str) -> None:
    if connection.execute("SELECT 1 FROM run WHERE name = ?", (run,)).fetchone() is None:
        raise NotFound(f"There is no run named {run!r}. Look at the list of runs for those there are.")


def _collected(connection: sqlite3.Connection, run: str, file: str, offset: int) -> None:
    connection.execute(
        "INSERT INTO collected (run, file, offset_bytes) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET offset_bytes = max(offset_bytes, excluded.offset_bytes)",
        (run, storable(file), offset),
    )
