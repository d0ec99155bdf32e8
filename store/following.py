"""What the disk did to the sources, and what became of their pairs: none of it is an edit of the author's.

So none of it goes through the history: `u` takes back what she did, never what she saved in her editor. What she
decides about a changed pair does (`settle`). A pair is `changed` when the text it was made from reads otherwise in the
essay as it stands; `text_hash`, `start` and `end` still say which text that was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store.database import Database
from store.history import edit
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
    with db.transaction() as connection:
        row = connection.execute("SELECT text_hash FROM source WHERE id = ?", (source.id,)).fetchone()
        if row is None or row[0] != source.text_hash:
            return False
        for move in moves:
            _move(connection, move, source.text_hash)
        connection.execute("UPDATE paragraph SET fresh = 0 WHERE source_id = ? AND fresh = 1", (source.id,))
        connection.executemany(
            "UPDATE paragraph SET fresh = 1 WHERE source_id = ? AND position = ?",
            [(source.id, position) for position in fresh],
        )
        connection.execute("UPDATE source SET followed_hash = text_hash WHERE id = ?", (source.id,))
    return True


def _move(connection: sqlite3.Connection, move: Move, digest: str) -> None:
    changes: dict[str, Any] = {"changed": int(move.changed), "position": move.position}
    if not move.changed:
        changes |= {"text_hash": digest, "start": move.start, "end": move.end}
    listed = ", ".join(f'"{column}" = ?' for column in changes)
    connection.execute(
        f"UPDATE pair SET {listed} WHERE id = ? AND text_hash = ?", (*changes.values(), move.id, move.made_from)
    )


def proposed_from(connection: sqlite3.Connection, source_id: int, digest: str) -> None:
    """Say that pairs were proposed from a text of a source: no paragraph of it is new from then on."""
    connection.execute(
        "UPDATE source SET proposed_hash = ?2, followed_hash = ifnull(followed_hash, ?2), news = '' WHERE id = ?1",
        (source_id, digest),
    )
    connection.execute("UPDATE paragraph SET fresh = 0 WHERE source_id = ? AND fresh = 1", (source_id,))


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
