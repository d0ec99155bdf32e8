"""Undo and redo: an edit's rows are turned into what stood before it, or back into what it left, one after the other.

A small edit is turned in one transaction. A large one, an import of thousands of essays, takes many seconds, and nobody
else could write meanwhile: it is turned in steps, each a transaction, and between two of them it is *undone in part*.
From which of its rows on is noted with each step (`store.edit_states`), so a program that is killed leaves nothing
unknown: undo and redo go on there, in their direction, before anything else. Where a row stands against it, the steps
before are taken back. An edit that comes between two steps counts as made right after: what is undone then cannot be
redone.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from store import edit_rows
from store.database import Database
from store.edit_states import STATE, Part, forget_part, keep_part, part
from store.errors import Conflict, DatabaseBusy

# About how many characters are turned in 1 s: 3 million. A source is weighed with the text that is indexed anew.
_WEIGHT = (
    "ifnull(length(before_json), 0) + ifnull(length(after_json), 0) "
    "+ iif(row_table = 'source' AND instr(ifnull(after_json, before_json), '\"text_hash\"'), 4000, 0)"
)
# From this weight on an edit is turned in steps, and so much is one step.
_LARGE, _STEP = 400_000, 150_000
# So many rows are large, whatever they weigh.
_MANY_ROWS = 4_000
# How long the others have between two steps, in seconds: one that waits to write tries again after a few milliseconds.
_PAUSE_S = 0.02
# How things stand after a conflict.
_UNCHANGED, _IN_PART = "Nothing was changed", "It is undone only in part now"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Undone:
    """An edit that was just undone or redone, and the (table, id) of each row it touched, once each.

    Attributes:
        label: of the edit.
        touched: its rows.
        edit: its number.
        whole: False where it was stopped, and the edit is undone in part.
    """

    label: str
    touched: tuple[tuple[str, int], ...]
    edit: int
    whole: bool = True


class _OpposedError(Exception):
    """A row of an edit stands against it, as `trouble` says; the step it is in is taken back."""

    def __init__(self, number: int, label: str, trouble: str) -> None:
        super().__init__(trouble)
        self.number = number
        self.label = label
        self.trouble = trouble

    def refusal(self, back: bool, stands: str) -> Conflict:
        """Return what to tell the author, with how things stand now."""
        return Conflict(
            f"Edit {self.number} ({self.label}) cannot be {_word(back, 'redone')}: {self.trouble}. {stands}. Set that "
            f"edit aside in the history, with L and x or with `workbench history set-aside {self.number}`, and change "
            "the row by hand."
        )


def undo(
    db: Database,
    *,
    down_to: int = 0,
    progress: Progress = lambda done, total, label: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Undone | None:
    """Take the latest edit back, whichever program made it; return it, or None when none is left.

    One that is undone in part comes first.

    Args:
        db: the store.
        down_to: the number of the earliest edit that is taken back; one that is undone in part is, whichever it is.
        progress: called after each step with rows undone, rows in all, and the edit's label.
        cancelled: asked after each step.

    Raises:
        Conflict: a row is not as the edit left it, and taking the edit back would lose what was written since. Nothing
            is changed; `history.set_aside` lets the edits before it be undone all the same.
        DatabaseBusy: another program wrote for too long; what was undone before stands, and is said.
    """
    return _replay(db, back=True, least=down_to, progress=progress, cancelled=cancelled)


def redo(
    db: Database,
    *,
    progress: Progress = lambda done, total, label: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Undone | None:
    """Do again the edit that was undone last, or what is undone of one; return it, or None when there is none.

    Args:
        db: the store.
        progress: called after each step with rows done, rows in all, and the edit's label.
        cancelled: asked after each step.

    Raises:
        Conflict: a row is not as undoing left it. Nothing is changed.
        DatabaseBusy: another program wrote for too long; what was redone before stands, and is said.
    """
    return _replay(db, back=False, least=0, progress=progress, cancelled=cancelled)


def is_large(db: Database, *, back: bool, edits: int = 1) -> bool:
    """Say whether undoing or redoing the next so many edits takes longer than a moment."""
    return part(db) is not None or _weight(db.one(*_weighing(back, edits))) > _LARGE


def _replay(
    db: Database, *, back: bool, least: int, progress: Progress, cancelled: Callable[[], bool]
) -> Undone | None:
    try:
        at = _step(db, back, least=least)
    except _OpposedError as error:
        raise error.refusal(back, _IN_PART if part(db) else _UNCHANGED) from None
    if at is None:
        return None
    try:
        whole = _go_on(db, at, back, progress, cancelled)
    except DatabaseBusy as error:
        if (left := part(db)) is None:
            raise
        raise DatabaseBusy(
            f"{db.path}: another program has been writing to it for so long that edit {left.edit} ({left.label}) is "
            "undone only in part now. Undo again for the rest, or redo it."
        ) from error
    return Undone(at.label, _touched(db, at.edit, back) if whole else (), at.edit, whole)


def _go_on(db: Database, begun: _Step, back: bool, progress: Progress, cancelled: Callable[[], bool]) -> bool:
    """Take the steps after the first; return whether they were all taken, or it was stopped before.

    Raises:
        Conflict: a row stands against one of them, or another program did otherwise meanwhile.
    """
    against: _OpposedError | None = None
    at: _Step | None = begun
    while at is not None and at.more:
        progress(at.turned, at.total, at.label)
        if cancelled() and not against:
            return False
        time.sleep(_PAUSE_S)
        try:
            at = _step(db, back, going=begun.edit)
        except _OpposedError as error:
            if against:
                against.trouble += (
                    f"; and what was {_word(not back, 'redone')} cannot be {_word(back, 'redone')}: {error}"
                )
                raise against.refusal(not back, _IN_PART) from None
            against, back = error, not back
            _turn(db, begun.edit, back)
    if at is None:
        _require_ended(db, begun, back)
    if against:
        raise against.refusal(not back, _UNCHANGED)
    return True


def _require_ended(db: Database, begun: _Step, back: bool) -> None:
    """Make sure that another program, which took the last steps, took them in this direction.

    Raises:
        Conflict: it did not.
    """
    (state,) = db.one(f"SELECT {STATE} FROM edit e WHERE e.id = ?", (begun.edit,)) or ("gone",)
    if state == "set aside":
        done = _word(back, "redone")
        raise Conflict(
            f"Edit {begun.edit} ({begun.label}) was set aside by another program while it was {done}: a part of it is "
            "undone, and stays so. Look at what it left, and change the rest by hand."
        )
    if state not in (("undone", "dropped") if back else ("done",)):
        raise _opposite(begun.edit, back)


def _touched(db: Database, number: int, back: bool) -> tuple[tuple[str, int], ...]:
    order = "DESC" if back else "ASC"
    rows = db.all(f"SELECT row_table, row_key FROM edit_row WHERE edit_id = ? ORDER BY id {order}", (number,))
    return tuple(dict.fromkeys((table, key) for table, key in rows))


def _opposite(number: int, back: bool) -> Conflict:
    return Conflict(
        f"Edit {number} is not {_word(back, 'redone')} further: another program does the opposite. Look at the "
        "history to see how it stands."
    )


def _turn(db: Database, number: int, back: bool) -> None:
    """Go the other way from here on."""
    with db.transaction() as connection:
        left = part(db)
        if left is not None and left.edit == number:
            keep_part(connection, number, left.row, back)


def _weighing(back: bool, edits: int) -> tuple[str, tuple[str, int]]:
    state, order = ("done", "DESC") if back else ("undone", "ASC")
    query = (
        f"SELECT count(*), sum(weight) FROM (SELECT {_WEIGHT} AS weight FROM edit_row WHERE edit_id IN "
        f"(SELECT id FROM edit WHERE state = ? ORDER BY id {order} LIMIT ?) LIMIT {_MANY_ROWS})"
    )
    return query, (state, edits)


def _weight(found: tuple[Any, ...] | None) -> int:
    rows, weight = found or (0, 0)
    return _LARGE + 1 if rows == _MANY_ROWS else int(weight or 0)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one transaction did: of which edit, how many rows are turned of how many, and whether there are more."""

    edit: int
    label: str
    turned: int = 0
    total: int = 0
    more: bool = False


def _step(db: Database, back: bool, *, least: int = 0, going: int | None = None) -> _Step | None:
    """Turn the next rows, or all where they are few; return None when there is nothing to turn.

    Args:
        db: the store.
        back: undo.
        least: of the first step, the number of the earliest edit to begin with.
        going: the edit whose rows were turned in the steps before; None for the first step.

    Raises:
        _OpposedError: a row stands against it.
        Conflict: another program goes the other way by now.
    """
    with db.transaction() as connection:
        left = part(db)
        if going is not None:
            if left is None or left.edit != going:
                return None
            if left.back != back:
                raise _opposite(going, back)
        elif left is None:
            found = _next(connection, back)
            if found is None or found[0] < least:
                return None
            query, parameters = _weighing(back, 1)
            if _weight(connection.execute(query, parameters).fetchone()) <= _LARGE:
                return _at_once(connection, *found, back)
            left = _begin(connection, *found, back)
        rows, weight = [], 0
        for *row, one in connection.execute(
            f"SELECT id, row_table, row_key, before_json, after_json, {_WEIGHT} FROM edit_row "
            f"WHERE edit_id = ? AND id {'<' if back else '>='} ? ORDER BY id {'DESC' if back else 'ASC'}",
            (left.edit, left.row),
        ):
            rows.append(row)
            weight += one
            if weight >= _STEP:
                break
        _move(connection, left.edit, left.label, rows, back)
        row = left.row if not rows else rows[-1][0] if back else rows[-1][0] + 1
        undone, total = connection.execute(
            "SELECT count(CASE WHEN id >= ?2 THEN 1 END), count(*) FROM edit_row WHERE edit_id = ?1", (left.edit, row)
        ).fetchone()
        turned = undone if back else total - undone
        if turned < total:
            keep_part(connection, left.edit, row, back)
        else:
            _end(connection, left.edit, back)
    return _Step(left.edit, left.label, turned, total, turned < total)


def _next(connection: sqlite3.Connection, back: bool) -> tuple[int, str] | None:
    state, order = ("done", "DESC") if back else ("undone", "ASC")
    found: tuple[int, str] | None = connection.execute(
        f"SELECT id, label FROM edit WHERE state = ? ORDER BY id {order} LIMIT 1", (state,)
    ).fetchone()
    return found


def _at_once(connection: sqlite3.Connection, number: int, label: str, back: bool) -> _Step:
    rows = connection.execute(
        "SELECT id, row_table, row_key, before_json, after_json FROM edit_row "
        f"WHERE edit_id = ? ORDER BY id {'DESC' if back else 'ASC'}",
        (number,),
    ).fetchall()
    _move(connection, number, label, rows, back)
    connection.execute("UPDATE edit SET state = ? WHERE id = ?", (_word(back), number))
    return _Step(number, label)


def _begin(connection: sqlite3.Connection, number: int, label: str, back: bool) -> Part:
    first, last = connection.execute("SELECT min(id), max(id) FROM edit_row WHERE edit_id = ?", (number,)).fetchone()
    connection.execute("UPDATE edit SET state = 'done' WHERE id = ?", (number,))
    return Part(number, label, last + 1 if back else first, back)


def _end(connection: sqlite3.Connection, number: int, back: bool) -> None:
    forget_part(connection)
    # What was edited meanwhile counts as edited after the undo, and then there is nothing to redo.
    connection.execute(
        "UPDATE edit SET state = CASE WHEN NOT ?2 THEN 'done' "
        "WHEN EXISTS (SELECT 1 FROM edit WHERE id > ?1 AND state = 'done') THEN 'dropped' ELSE 'undone' END "
        "WHERE id = ?1",
        (number, back),
    )


def _move(connection: sqlite3.Connection, number: int, label: str, rows: Sequence[Sequence[Any]], back: bool) -> None:
    for edit_row, table, key, before_json, after_json in rows:
        before, after = (None if text is None else json.loads(text) for text in (before_json, after_json))
        source, target = (after, before) if back else (before, after)
        trouble, removed = edit_rows.move(connection, table, key, source, target)
        if removed is not None and removed != source:
            edit_rows.remember(connection, edit_row, removed, back=back)
        if trouble:
            raise _OpposedError(number, label, trouble)


def _word(back: bool, forward: str = "done") -> str:
    return "undone" if back else forward
