"""What the disk did to the sources, and what became of their pairs: by itself none of it is an edit of the author's.

So it does not go through the history: `u` takes back what she did, never what she saved in her editor. Within an import
of hers it belongs to that edit. What she decides about a changed pair is one as well (`settle`). A pair is `changed`
when the text it was made from reads otherwise in the essay as it stands; `text_hash`, `start` and `end` still say which
text that was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store import edit_rows
from store.database import Database
from store.edit_states import ROW_STATE
from store.history import Edit, edit, joining
from store.values import booleans, now, storable


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source as a file: `mtime_ns` is 0 where it is not known, None where the file was never seen."""

    id: int
    path: str
    title: str
    text_hash: str
    file_bytes: int
    mtime_ns: int | None
    missing_at: str | None


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source whose pairs have not been compared with its text yet; `proposed_hash` is None without proposals."""

    id: int
    title: str
    text_hash: str
    proposed_hash: str | None


@dataclass(frozen=True, slots=True)
class TiedPair:
    """A pair of an older text, or one marked as changed."""

    id: int
    text_hash: str
    prompt: str
    response: str
    start: int
    end: int
    position: float
    changed: bool


@dataclass(frozen=True, slots=True)
class Move:
    """What became of a pair: its place in the newer text, and whether that reads otherwise."""

    id: int
    made_from: str
    changed: bool
    start: int
    end: int
    position: float


# The pairs of a source by the hash of their text: two ranges of an index instead of a look at every pair.
_OTHER_TEXT = """
EXISTS (SELECT 1 FROM pair WHERE source_id = s.id AND text_hash < s.text_hash AND changed = 0)
OR EXISTS (SELECT 1 FROM pair WHERE source_id = s.id AND text_hash > s.text_hash AND changed = 0)
"""


def files(db: Database) -> list[SourceFile]:
    """Return every source that is a file of its own."""
    found = db.all(
        "SELECT id, path, title, text_hash, file_bytes, file_mtime_ns, missing_at FROM source "
        "WHERE origin = 'file' ORDER BY id"
    )
    return [SourceFile(*row) for row in found]


def seen(db: Database, ids: Sequence[int]) -> None:
    """Say that the files of sources are there again."""
    with db.transaction() as connection:
        connection.executemany("UPDATE source SET missing_at = NULL WHERE id = ?", [(key,) for key in ids])


def missing(db: Database, ids: Sequence[int]) -> None:
    """Say that the files of sources are gone; the sources stay, with their text and pairs."""
    with db.transaction() as connection:
        connection.executemany(
            "UPDATE source SET missing_at = ? WHERE id = ? AND missing_at IS NULL", [(now(), key) for key in ids]
        )


def renamed(db: Database, source_id: int, path: str) -> bool:
    """Give a source the new path of its file; it keeps its name, side and pairs. False where that path is taken."""
    with db.transaction() as connection:
        path = storable(path)
        if connection.execute("SELECT 1 FROM source WHERE path = ?", (path,)).fetchone():
            return False
        connection.execute(
            "UPDATE source SET earlier_path = path, path = ?, news = 'renamed', missing_at = NULL, file_mtime_ns = 0 "
            "WHERE id = ?",
            (path, source_id),
        )
    return True


def came(db: Database, slugs: Sequence[str]) -> None:
    """Say that sources came in by themselves."""
    with db.transaction() as connection:
        connection.executemany("UPDATE source SET news = 'new' WHERE slug = ?", [(storable(slug),) for slug in slugs])


def no_news(db: Database, ids: Sequence[int]) -> None:
    """Say that the author has looked at sources that were new or renamed."""
    with db.transaction() as connection:
        connection.executemany("UPDATE source SET news = '' WHERE id = ? AND news <> ''", [(key,) for key in ids])


def stale(db: Database) -> list[StaleSource]:
    """Return the sources whose pairs are still to be compared with a newer text."""
    found = db.all(
        "SELECT s.id, s.title, s.text_hash, s.proposed_hash FROM source s WHERE "
        "(s.followed_hash IS NOT s.text_hash AND EXISTS (SELECT 1 FROM pair WHERE source_id = s.id)) "
        f"OR {_OTHER_TEXT} ORDER BY s.id"
    )
    return [StaleSource(*row) for row in found]


def tied(db: Database, source_id: int) -> list[TiedPair]:
    """Return the pairs of a source that are of another text than the one that stands, or marked as changed."""
    found = db.all(
        'SELECT p.id, p.text_hash, p.prompt, p.response, p.start, p."end", p.position, p.changed '
        "FROM pair p JOIN source s ON s.id = p.source_id "
        "WHERE p.source_id = ? AND (p.text_hash <> s.text_hash OR p.changed = 1) ORDER BY p.position, p.id",
        (source_id,),
    )
    return [TiedPair(*booleans(row, 7)) for row in found]


def follow(db: Database, source: StaleSource, moves: Sequence[Move], fresh: Sequence[int]) -> bool:
    """Let pairs follow their text, in one transaction; return False when the source has a newer text by now.

    A pair that meanwhile is of another text than it was compared from is left for the next time.

    Args:
        db: the store.
        source: as it was when its pairs were compared.
        moves: what became of each.
        fresh: the positions of the paragraphs that no text before had.
    """
    with joining(db) as (connection, change):
        row = connection.execute("SELECT text_hash FROM source WHERE id = ?", (source.id,)).fetchone()
        if row is None or row[0] != source.text_hash:
            return False
        for move in moves:
            _move(connection, change, move, source.text_hash)
        _freshen(connection, source.id, fresh)
        if change:
            change.update("source", source.id, {"followed_hash": source.text_hash})
        else:
            edit_rows.write(connection, "source", source.id, {"followed_hash": source.text_hash})
    return True


def _move(connection: sqlite3.Connection, change: Edit | None, move: Move, digest: str) -> None:
    changes: dict[str, Any] = {"changed": int(move.changed), "position": move.position}
    if not move.changed:
        changes |= {"text_hash": digest, "start": move.start, "end": move.end}
    there = edit_rows.read(connection, "pair", move.id, ("text_hash",))
    if there != {"text_hash": move.made_from}:
        return
    if change:
        change.update("pair", move.id, changes, stamp=False)
    else:
        edit_rows.write(connection, "pair", move.id, changes)


def proposed_from(change: Edit | None, connection: sqlite3.Connection, source_id: int, digest: str) -> None:
    """Say that pairs were proposed from a text of a source: no paragraph of it is new from then on.

    Args:
        change: the edit this belongs to; None where no pair came or went, which is no edit.
        connection: within its transaction.
        source_id: the source.
        digest: the hash of the text.
    """
    (followed,) = connection.execute("SELECT followed_hash FROM source WHERE id = ?", (source_id,)).fetchone()
    columns = {"proposed_hash": digest, "followed_hash": followed or digest, "news": ""}
    if change is None:
        edit_rows.write(connection, "source", source_id, columns)
    else:
        change.update("source", source_id, columns)
    connection.execute("UPDATE paragraph SET fresh = 0 WHERE source_id = ? AND fresh = 1", (source_id,))


def reproposed(db: Database, ids: Sequence[int]) -> list[StaleSource]:
    """Return those of some sources whose new paragraphs may be others, since undo or redo changed their proposals."""
    found = db.all(
        "SELECT s.id, s.title, s.text_hash, s.proposed_hash FROM json_each(?) wanted JOIN source s "
        "ON s.id = wanted.value WHERE (s.proposed_hash IS NOT NULL AND s.proposed_hash <> s.text_hash) "
        "OR EXISTS (SELECT 1 FROM paragraph WHERE source_id = s.id AND fresh = 1)",
        (json.dumps(list(ids)),),
    )
    return [StaleSource(*row) for row in found]


def freshen(db: Database, source: StaleSource, fresh: Sequence[int]) -> None:
    """Say which paragraphs of a source are new, by their positions; nothing when it has a newer text by now."""
    with db.transaction() as connection:
        row = connection.execute("SELECT text_hash FROM source WHERE id = ?", (source.id,)).fetchone()
        if row == (source.text_hash,):
            _freshen(connection, source.id, fresh)


def _freshen(connection: sqlite3.Connection, source_id: int, fresh: Sequence[int]) -> None:
    connection.execute("UPDATE paragraph SET fresh = 0 WHERE source_id = ? AND fresh = 1", (source_id,))
    connection.executemany(
        "UPDATE paragraph SET fresh = 1 WHERE source_id = ? AND position = ?",
        [(source_id, position) for position in fresh],
    )


def taken_away(db: Database) -> set[str]:
    """Return the paths of files whose sources undo took away: they come in by the author's hand, never by themselves.

    Of a path that came in several times the last one says so.
    """
    found = db.all(
        f"SELECT json_extract(r.after_json, '$.path'), {ROW_STATE} "
        # Else every row of every edit is looked at: those of pairs are many and long.
        "FROM edit_row r INDEXED BY edit_row_of_source JOIN edit e ON e.id = r.edit_id "
        "WHERE r.row_table = 'source' AND r.after_json IS NOT NULL ORDER BY r.edit_id, r.id"
    )
    last = {path: state for path, state in found if path is not None}
    there = {path for (path,) in db.all("SELECT path FROM source")}
    return {path for path, state in last.items() if state in ("undone", "dropped")} - there


def taken_back(db: Database, source_id: int, digest: str) -> bool:
    """Say whether undo took this text of a source back, and its file may well not have been written since.

    A file that was read just after it was written has no time by which it would be known as read.
    """
    found = db.one(
        f"SELECT {ROW_STATE} <> 'done' AND s.text_hash = json_extract(r.before_json, '$.text_hash') "
        "FROM source s JOIN edit_row r ON r.row_table = 'source' AND r.row_key = s.id JOIN edit e ON e.id = r.edit_id "
        "WHERE s.id = ? AND s.file_mtime_ns = 0 AND json_extract(r.after_json, '$.text_hash') = ? "
        "ORDER BY r.id DESC LIMIT 1",
        (source_id, digest),
    )
    return found is not None and bool(found[0])


def settle(db: Database, label: str, move: Move, digest: str, texts: dict[str, Any]) -> None:
    """Settle a changed pair, as one edit of the history: it is of the text `digest` now, and unchanged.

    Args:
        db: the store.
        label: for the history.
        move: where the pair is in that text.
        digest: the hash of the text it was settled against.
        texts: columns of the pair that are written anew; none to keep what it says.

    Raises:
        NotFound: the pair is not there any more.
    """
    place = {"text_hash": digest, "start": move.start, "end": move.end, "position": move.position, "changed": 0}
    with edit(db, label) as change:
        change.update("pair", move.id, place | texts)
