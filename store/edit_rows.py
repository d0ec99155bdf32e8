"""The rows that edits touch: read, written, and moved back and forth by undo and redo.

What the disk does to a source and its pairs is no edit, and stands in nobody's way: those columns are written by undo
and redo, and not compared before. A source whose text has gone on since is left with the newer one. The paragraphs of a
text that does not stand are kept beside, so that undo and redo read no Markdown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from store.values import to_json

# The tables whose rows may be edited, and what a row of each is called in a sentence.
EDITABLE = {
    "source": "essay",
    "pair": "pair",
    "canary": "canary prompt",
    "verdict": "verdict",
    "annotation": "annotation",
    "waiver": "waiver",
    "notebook": "notebook note",
    "blind_answer": "answer in a blind test",
}
Row = dict[str, Any]

# Columns that follow an essay's text, or what is computed from it: never compared.
_FOLLOWING: Mapping[str, frozenset[str]] = {
    "pair": frozenset({"text_hash", "start", "end", "position", "changed", "doubt"}),
    "source": frozenset(
        {
            "path",
            "origin",
            "earlier_path",
            "file_bytes",
            "file_mtime_ns",
            "missing_at",
            "changed_at",
            "news",
            "text_hash",
            "title",
            "words",
            "front_matter_json",
            "edited_from",
            "followed_hash",
            "proposed_hash",
        }
    ),
}
_SHOWN_CHARACTERS = 40
_OUTSIDE = "changed outside of the history"
_PARAGRAPH = 'position, kind, start, "end", words, fresh'


def check_table(table: str) -> None:
    """Make sure that a table is editable.

    Raises:
        ValueError: it is not.
    """
    if table not in EDITABLE:
        raise ValueError(f"{table!r} is not an editable table; those are {', '.join(EDITABLE)}")


def read(connection: sqlite3.Connection, table: str, key: int, columns: Collection[str] | None = None) -> Row | None:
    """Return some columns of a row, or all of them; None where there is no such row."""
    listed = ", ".join(f'"{column}"' for column in columns) if columns else "*"
    cursor = connection.execute(f"SELECT {listed} FROM {table} WHERE id = ?", (key,))
    row = cursor.fetchone()
    return None if row is None else dict(zip((item[0] for item in cursor.description), row, strict=True))


def add(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    """Add a row and return its id, which no row ever had before unless `row` gives it."""
    if table == "source" and "id" not in row:
        # The other tables count by themselves; of this one undo may have taken the latest away.
        found = connection.execute(
            "SELECT max(ifnull((SELECT max(id) FROM source), 0), "
            "ifnull((SELECT max(row_key) FROM edit_row WHERE row_table = 'source'), 0)) + 1"
        )
        row = {"id": found.fetchone()[0], **row}
    listed = ", ".join(f'"{column}"' for column in row)
    marks = ", ".join("?" * len(row))
    key = connection.execute(f"INSERT INTO {table} ({listed}) VALUES ({marks})", tuple(row.values())).lastrowid
    assert key is not None
    return key


def write(connection: sqlite3.Connection, table: str, key: int, changes: Mapping[str, Any]) -> None:
    """Change columns of a row."""
    listed = ", ".join(f'"{column}" = ?' for column in changes)
    connection.execute(f"UPDATE {table} SET {listed} WHERE id = ?", (*changes.values(), key))


def put_away(connection: sqlite3.Connection, source_id: int, digest: str) -> None:
    """Take the paragraphs of a source away, and keep them as those of this text of it."""
    _forget(connection, source_id, digest)
    connection.execute(
        f"INSERT INTO kept_paragraph (source_id, text_hash, {_PARAGRAPH}) "
        f"SELECT source_id, ?, {_PARAGRAPH} FROM paragraph WHERE source_id = ?",
        (digest, source_id),
    )
    connection.execute("DELETE FROM paragraph WHERE source_id = ?", (source_id,))


def _bring_back(connection: sqlite3.Connection, source_id: int, digest: str) -> None:
    connection.execute(
        f"INSERT INTO paragraph (source_id, {_PARAGRAPH}) "
        f"SELECT source_id, {_PARAGRAPH} FROM kept_paragraph WHERE source_id = ? AND text_hash = ?",
        (source_id, digest),
    )
    _forget(connection, source_id, digest)


def _forget(connection: sqlite3.Connection, source_id: int, digest: str) -> None:
    connection.execute("DELETE FROM kept_paragraph WHERE source_id = ? AND text_hash = ?", (source_id, digest))


def move(
    connection: sqlite3.Connection, table: str, key: int, source: Row | None, target: Row | None
) -> tuple[str, Row | None]:
    """Turn a row from what an edit left into what stood before it, or the other way.

    Args:
        connection: within a transaction.
        table: of the row.
        key: the row's id.
        source: what should stand there now; None where nothing should.
        target: what is to stand there; None where nothing is.

    Returns:
        What stands against it, or nothing; and the row as it stood, where it was removed.
    """
    check_table(table)
    name = f"{EDITABLE[table]} {key}"
    if source is None:
        assert target is not None
        return _put_back(connection, table, name, key, target), None
    current = read(connection, table, key, None if target is None else source)
    following = _FOLLOWING.get(table, frozenset[str]())
    if current is None:
        if target is not None and source.keys() <= following:
            return "", None
        return f"{name} is gone, {_OUTSIDE}", None
    if table == "source" and "text_hash" in source:
        # The kind of a source follows its length until the author says one, and then `kind_set` differs.
        following |= {"kind"}
    for column, value in source.items():
        if current[column] != value and column not in following:
            return f"{name} has {column} {_shown(current[column])} where {_shown(value)} was expected, {_OUTSIDE}", None
    if target is None:
        return _remove(connection, table, name, key, current)
    if table == "source" and "text_hash" in source:
        if current["text_hash"] != source["text_hash"]:
            target = {column: value for column, value in target.items() if column not in following}
        else:
            put_away(connection, key, source["text_hash"])
            _bring_back(connection, key, target["text_hash"])
    if target:
        try:
            write(connection, table, key, target)
        except sqlite3.IntegrityError as error:
            return f"{name} cannot be put back ({error}), {_OUTSIDE}", None
    return "", None


def _put_back(connection: sqlite3.Connection, table: str, name: str, key: int, row: Row) -> str:
    if read(connection, table, key, ("id",)) is not None:
        return f"{name} exists already, {_OUTSIDE}"
    try:
        add(connection, table, row)
    except sqlite3.IntegrityError as error:
        return f"{name} cannot come back ({error}), {_OUTSIDE}"
    if table == "source":
        _bring_back(connection, key, row["text_hash"])
    return ""


def _remove(connection: sqlite3.Connection, table: str, name: str, key: int, current: Row) -> tuple[str, Row | None]:
    if table == "source":
        count = connection.execute("SELECT count(*) FROM pair WHERE source_id = ?", (key,)).fetchone()[0]
        if count:
            pairs = "a pair" if count == 1 else f"{count:,} pairs"
            made = "made by edits that were set aside, or outside of the history"
            return f"{name} ({_short(current['title'])}) has {pairs}, {made}", None
        put_away(connection, key, current["text_hash"])
    try:
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (key,))
    except sqlite3.IntegrityError as error:
        return f"{name} cannot be taken away ({error}), {_OUTSIDE}", None
    return "", current


def remember(connection: sqlite3.Connection, edit_row: int, row: Row, *, back: bool) -> None:
    """Keep what an edit's undo or redo removed as it stood, so that the other way brings just that back."""
    column = "after_json" if back else "before_json"
    connection.execute(f"UPDATE edit_row SET {column} = ? WHERE id = ?", (to_json(row), edit_row))


def _shown(value: Any) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
