"""Every edit of the author, before and after: that is undo, and the audit.

An edit is one transaction over any number of rows of the editable tables. Of a changed row only the changed columns are
kept, so that undo gives back what the edit changed and leaves alone what came meanwhile from elsewhere (an import of
the same essay, say). States: `done` can be undone, `undone` redone, `dropped` neither, and stays for the audit. How an
edit is undone stands in `store.reversing`.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from store import edit_rows
from store.database import Database
from store.edit_rows import EDITABLE, check_table
from store.edit_states import ASIDE, STATE, State, forget_part
from store.errors import Conflict, NotFound
from store.reversing import redo as redo
from store.reversing import undo as undo
from store.values import now, storable, to_json

_STAMPED = frozenset({"pair", "canary", "verdict", "notebook", "blind_answer"})  # those with a column updated_at


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One edit as the history lists it: its number, its time (UTC) and how many changes of rows it holds."""

    edit: int
    label: str
    at: str
    state: State
    rows: int


@dataclass(frozen=True, slots=True)
class RowChange:
    """What an edit did to one row: the changed columns before and after; None before: made, None after: removed."""

    table: str
    key: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(slots=True)
class Span:
    """An edit over many transactions; get one from `spanning`. Its label may be given when all is known."""

    label: str
    number: int | None = None


class Edit:
    """An edit under way; get one from `edit`."""

    def __init__(self, connection: sqlite3.Connection, label: str, number: int | None = None) -> None:
        self._connection = connection
        self._label = storable(label)
        self._number = number

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, within the edit's transaction."""
        return self._connection

    def update(self, table: str, key: int, changes: Mapping[str, Any], *, stamp: bool = True) -> bool:
        """Change columns of a row; return whether anything differs from before.

        A change to what stands already is no change, and is not recorded. Without a stamp `updated_at` stays: the row
        only follows what the author did elsewhere.

        Raises:
            NotFound: there is no such row any more.
        """
        check_table(table)
        wanted = {column: _storable(value) for column, value in changes.items()}
        before = edit_rows.read(self._connection, table, key, list(wanted))
        if before is None:
            raise NotFound(_gone(table, key))
        differing = [column for column, value in wanted.items() if before[column] != value]
        if not differing:
            return False
        after = {column: wanted[column] for column in differing}
        if stamp and table in _STAMPED:
            stood = edit_rows.read(self._connection, table, key, ["updated_at"])
            assert stood is not None
            before |= stood
            after["updated_at"] = now()
            differing.append("updated_at")
        edit_rows.write(self._connection, table, key, after)
        self._record(table, key, {column: before[column] for column in differing}, after)
        return True

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Add a row and return its id, which is never given to another row, even after undo."""
        check_table(table)
        row = {column: _storable(value) for column, value in values.items()}
        if table in _STAMPED:
            row.setdefault("updated_at", now())
        key = edit_rows.add(self._connection, table, row)
        # Read back: columns that took their default belong to the row that redo must bring back.
        after = edit_rows.read(self._connection, table, key)
        assert after is not None
        self._record(table, key, None, after)
        return key

    def delete(self, table: str, key: int) -> None:
        """Remove a row.

        Raises:
            NotFound: there is no such row any more.
        """
        check_table(table)
        before = edit_rows.read(self._connection, table, key)
        if before is None:
            raise NotFound(_gone(table, key))
        self._connection.execute(f"DELETE FROM {table} WHERE id = ?", (key,))
        self._record(table, key, before, None)

    def _record(self, table: str, key: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        if self._number is None:
            self._connection.execute("UPDATE edit SET state = 'dropped' WHERE state = 'undone'")
            cursor = self._connection.execute("INSERT INTO edit (label, at) VALUES (?, ?)", (self._label, now()))
            self._number = cursor.lastrowid
        self._connection.execute(
            "INSERT INTO edit_row (edit_id, row_table, row_key, before_json, after_json) VALUES (?, ?, ?, ?, ?)",
            (self._number, table, key, before and to_json(before), after and to_json(after)),
        )


@contextmanager
def edit(db: Database, label: str) -> Iterator[Edit]:
    """Make one edit of everything done inside the block; an error inside leaves no trace of it.

    The first change drops what was undone before; an edit that changes nothing is not recorded and drops nothing. An
    edit inside another one, or inside `spanning`, belongs to it.

    Args:
        db: the store.
        label: what is done, in the words that undo will show ("accept 3 pairs").

    Raises:
        Conflict: what spans this one was undone meanwhile.
    """
    span = db.edit_spanning if isinstance(db.edit_spanning, Span) else None
    with db.transaction() as connection:
        if isinstance(db.edit_under_way, Edit):
            yield from _joined(db.edit_under_way)
            return
        if span is not None:
            _check_standing(connection, span)
        under_way = Edit(connection, span.label, span.number) if span else Edit(connection, label)
        db.edit_under_way = under_way
        try:
            yield under_way
        finally:
            db.edit_under_way = None
    # Only now: where the transaction failed, the row of a new edit is gone with it.
    if span is not None:
        span.number = under_way._number


@contextmanager
def spanning(db: Database, label: str) -> Iterator[Span]:
    """Make one edit of all edits inside the block, each in a transaction of its own: other programs can write between.

    What was done stays when the block is left by an error, or when the program ends in it, and one undo takes it back.
    Inside another such block, or an edit, everything belongs to that one.

    Args:
        db: the store.
        label: what is begun; the label that the span has at the end is kept.
    """
    if recording(db):
        yield db.edit_spanning if isinstance(db.edit_spanning, Span) else Span(label)
        return
    span = Span(label)
    db.edit_spanning = span
    try:
        yield span
    finally:
        db.edit_spanning = None
        if span.number is not None and span.label != label:
            with db.transaction() as connection:
                connection.execute("UPDATE edit SET label = ? WHERE id = ?", (storable(span.label), span.number))


def recording(db: Database) -> bool:
    """Say whether what is done here and now belongs to an edit."""
    return db.edit_under_way is not None or db.edit_spanning is not None


@contextmanager
def joining(db: Database) -> Iterator[tuple[sqlite3.Connection, Edit | None]]:
    """Write in one transaction, as a part of the edit that this belongs to; without one it is no edit at all."""
    if recording(db):
        # No transaction within that of the edit: the index of words is written out at each.
        with edit(db, "") as change:
            yield change.connection, change
    else:
        with db.transaction() as connection:
            yield connection, None


def _check_standing(connection: sqlite3.Connection, span: Span) -> None:
    if span.number is None:
        return
    found = connection.execute(f"SELECT {STATE} FROM edit e WHERE e.id = ?", (span.number,)).fetchone()
    if found != ("done",):
        raise Conflict(
            f"Edit {span.number} ({span.label}) was undone or set aside while it went on: the rest was left out. "
            "Begin again to have it all."
        )


def _joined(outer: Edit) -> Iterator[Edit]:
    begun = outer._number
    try:
        yield outer
    except BaseException:
        # Its transaction takes the edit's own row back with the rest: a caller that goes on needs a new one.
        outer._number = begun
        raise


def set_aside(db: Database, number: int) -> State:
    """Drop an edit from undo and redo without touching what it did; it stays in the history.

    Of one that is undone in part, the rest stays as well.

    Returns:
        What it is now: `set aside`, or `dropped` where it was undone, so that nothing of it stands.

    Raises:
        NotFound: there is no such edit.
        Conflict: it is out of undo already: it was set aside, or undone and dropped.
    """
    with db.transaction() as connection:
        found = connection.execute(f"SELECT {STATE} FROM edit e WHERE e.id = ?", (number,)).fetchone()
        if found is None:
            raise _no_edit(number)
        if found[0] == "set aside":
            raise Conflict(f"Edit {number} is set aside already: what it did stays, and undo passes it over.")
        if found[0] == "dropped":
            raise Conflict(
                f"Edit {number} was undone, and dropped when something else was edited: redo passes it over."
            )
        connection.execute("UPDATE edit SET state = 'dropped' WHERE id = ?", (number,))
        if found[0] == "undone in part":
            forget_part(connection)
        if found[0] == "undone":
            return "dropped"
        connection.execute(
            "INSERT INTO place_in_program (key, value_json) VALUES (?1, json_array(?2)) "
            "ON CONFLICT (key) DO UPDATE SET value_json = json_insert(value_json, '$[#]', ?2)",
            (ASIDE, number),
        )
    return "set aside"


def recent(db: Database, limit: int = 100) -> list[HistoryRow]:
    """Return the latest edits, newest first."""
    rows = db.all(
        f"SELECT e.id, e.label, e.at, {STATE}, (SELECT count(*) FROM edit_row WHERE edit_id = e.id) "
        "FROM edit e ORDER BY e.id DESC LIMIT ?",
        (limit,),
    )
    return [HistoryRow(*row) for row in rows]


def ids(db: Database) -> array[int]:
    """Return the numbers of all edits, newest first."""
    return array("q", [number for (number,) in db.all("SELECT id FROM edit ORDER BY id DESC")])


def rows(db: Database, numbers: Sequence[int]) -> list[HistoryRow]:
    """Return some edits, in the order asked; those that are not there are left out."""
    found = db.all(
        f"SELECT e.id, e.label, e.at, {STATE}, (SELECT count(*) FROM edit_row WHERE edit_id = e.id) "
        "FROM json_each(?) wanted JOIN edit e ON e.id = wanted.value ORDER BY wanted.key",
        (json.dumps(list(numbers)),),
    )
    return [HistoryRow(*row) for row in found]


def changes(db: Database, number: int, limit: int = 200) -> list[RowChange]:
    """Return what an edit changed, row by row, as it was done; at most `limit` rows.

    Raises:
        NotFound: there is no such edit.
    """
    need(db, number)
    found = db.all(
        "SELECT row_table, row_key, before_json, after_json FROM edit_row WHERE edit_id = ? ORDER BY id LIMIT ?",
        (number, limit),
    )
    return [
        RowChange(table, key, *(None if text is None else json.loads(text) for text in (before, after)))
        for table, key, before, after in found
    ]


def need(db: Database, number: int) -> None:
    """Make sure that an edit is in the history.

    Raises:
        NotFound: it is not.
    """
    if db.one("SELECT 1 FROM edit WHERE id = ?", (number,)) is None:
        raise _no_edit(number)


def standing(db: Database, number: int) -> int:
    """Return how many edits undo would take back to reach this one, it included; 0 where it cannot be undone."""
    found = db.one(
        "SELECT count(*) FROM edit WHERE state = 'done' AND id >= ?1 "
        "AND EXISTS (SELECT 1 FROM edit WHERE id = ?1 AND state = 'done')",
        (number,),
    )
    return int(found[0]) if found else 0


def _no_edit(number: int) -> NotFound:
    return NotFound(f"There is no edit {number} in the history. Look at the list again.")


def _gone(table: str, key: int) -> str:
    return f"There is no {EDITABLE[table]} {key}, or no more. Look at the list again."


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    return int(value) if isinstance(value, bool) else value
