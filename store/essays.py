"""Sources (essays and notes), their texts by hash, and the paragraphs found in them.

Every text a pair was ever made from is kept under its hash: an edited essay never orphans a pair.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from store import edit_rows, groups
from store.database import Database
from store.errors import NotFound
from store.following import taken_back
from store.history import Edit, edit, joining
from store.known_sources import Known, Outcome, known_source
from store.values import now, storable, text_hash, to_json

if TYPE_CHECKING:
    from curation.paragraphs import Kind

_OF_THE_DISK = ("file_bytes", "file_mtime_ns")


@dataclass(frozen=True, slots=True)
class NewParagraph:
    """A paragraph as a span of characters of its source's text, with its words as a pair would get them."""

    kind: Kind
    start: int
    end: int
    words: int


@dataclass(frozen=True, slots=True)
class NewSource:
    """A file as it was read.

    Attributes:
        path: relative to the project where it lies inside, else absolute; what tells one source from another.
        slug: the wished one; a number is added where another source has it.
        kind: essay or note.
        title: for people.
        text: exactly as in the file.
        file_bytes: the file's size.
        words: words of prose.
        front_matter: as found, JSON-able.
        paragraphs: in order.
        origin: `file` where `path` is a file of its own; else what it was part of, and `path` is a name.
        kind_set: the author said the kind; else a known source keeps what she said before.
        group: the sources of one group share a side; empty for one by itself.
        file_mtime_ns: when the file was last written; 0 when that says nothing, None where there is no file.
        edited: the text is the author's own edit of the one that stands, and did not come in from anywhere.
    """

    path: str
    slug: str
    kind: Literal["essay", "note"]
    title: str
    text: str
    file_bytes: int
    words: int
    front_matter: dict[str, Any]
    paragraphs: Sequence[NewParagraph]
    origin: str = "file"
    kind_set: bool = False
    group: str = ""
    file_mtime_ns: int | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as the list shows it.

    Attributes:
        id: its key.
        path: where the file lies, or lay.
        slug: the source group of its pairs.
        kind: essay or note; pairs where there is no text, but pairs that came in by themselves.
        title: for people.
        words: words of prose.
        paragraphs: how many were found.
        split: the side its pairs are on.
        proposed: pairs nobody decided on yet.
        accepted: pairs that a dataset would take.
        rejected: pairs that it would not.
        changed: proposed and accepted pairs whose text reads otherwise in the essay now.
        fresh: paragraphs that came after pairs were proposed, and that no pair covers.
        missing_at: since when the file is gone (UTC); None while it is there.
        origin: `file` where `path` is a file of its own; else what it was part of, and `path` is a name.
        group: the sources of one group share a side.
        grouped: how many sources that group has.
        news: `new` when it came in by itself, `renamed` when its file was; until the author has looked.
        earlier_path: where the file lay before it was renamed.
    """

    id: int
    path: str
    slug: str
    kind: Literal["essay", "note", "pairs"]
    title: str
    words: int
    paragraphs: int
    split: Literal["train", "holdout"]
    proposed: int
    accepted: int
    rejected: int
    changed: int
    fresh: int
    missing_at: str | None
    origin: str
    group: str
    grouped: int
    news: str
    earlier_path: str | None


# One statement serves a single source and all of them: the counts are taken once over an index, not once a row.
_ROWS = """
WITH counted AS (
  SELECT source_id,
         count(CASE WHEN status = 'proposed' THEN 1 END) AS proposed,
         count(CASE WHEN status = 'accepted' THEN 1 END) AS accepted,
         count(CASE WHEN status = 'rejected' THEN 1 END) AS rejected
  FROM pair {pairs} GROUP BY source_id
), found AS (
  SELECT source_id, count(*) AS paragraphs FROM paragraph {pairs} GROUP BY source_id
)
SELECT s.id, s.path, s.slug, CASE s.origin WHEN 'pairs' THEN 'pairs' ELSE s.kind END, s.title, s.words,
       ifnull(found.paragraphs, 0), s.split,
       ifnull(proposed, 0), ifnull(accepted, 0), ifnull(rejected, 0),
       (SELECT count(*) FROM pair WHERE source_id = s.id AND changed = 1 AND status IN ('proposed', 'accepted')),
       (SELECT count(*) FROM paragraph new WHERE source_id = s.id AND fresh = 1
        AND kind IN ('prose', 'quote', 'verse', 'list') AND NOT EXISTS (
          SELECT 1 FROM pair p WHERE p.source_id = s.id AND p.text_hash = s.text_hash
          AND p.start < new."end" AND p."end" > new.start)),
       s.missing_at, s.origin, s.group_name,
       (SELECT count(*) FROM source o WHERE o.group_name = s.group_name), s.news, s.earlier_path
FROM source s LEFT JOIN counted ON counted.source_id = s.id LEFT JOIN found ON found.source_id = s.id
{sources}
ORDER BY 4, s.title COLLATE NOCASE, s.id
"""


def save(db: Database, new: NewSource) -> tuple[int, Outcome]:
    """Keep a source in one transaction; return its id and whether it is new, says something else, or says the same.

    A source is known by its path; one that pairs brought in as a name alone, by its slug. Where its text changed, slug
    and split stay, and so do the pairs made from it. Where the author says another kind, that is an edit of hers: it is
    left to `set_kind`.
    """
    with joining(db) as (connection, change):
        known = known_source(db, path=new.path, slug=new.slug, origin=new.origin)
        columns = _columns(new)
        if known is None:
            slug = _free_slug(db, storable(new.slug))
            # A number that had to be added makes it another essay of the same name, not a part of that one.
            group = storable(new.group) if new.group and slug == new.slug else slug
            columns |= {"slug": slug, "group_name": group, "split": groups.side(db, group), "imported_at": now()}
        elif (outcome := known.outcome(columns, edited=new.edited)) in ("same", "kept") or (
            change is None and taken_back(db, known.id, columns["text_hash"])
        ):
            seen = {name: columns[name] for name in _OF_THE_DISK} | {"missing_at": None}
            if known.text_hash == columns["text_hash"]:
                # What comes in says what she wrote: from here on it is no edit any more.
                seen["edited_from"] = None
            edit_rows.write(connection, "source", known.id, seen)
            if new.kind_set and not known.kind_set:
                _put(connection, change, known, {"kind_set": True})
            return known.id, "kept" if outcome == "kept" else "same"
        elif known.kind_set or (new.kind_set and new.kind != known.kind):
            columns |= {"kind": known.kind, "kind_set": known.kind_set}
        columns |= {"path": storable(new.path), "origin": new.origin, "changed_at": now(), "missing_at": None}
        columns["edited_from"] = known.came_as(columns["text_hash"]) if known and new.edited else None
        connection.execute(
            "INSERT OR IGNORE INTO text (hash, body) VALUES (?, ?)", (columns["text_hash"], storable(new.text))
        )
        source_id = _put(connection, change, known, columns)
        if known and known.text_hash == columns["text_hash"]:
            return source_id, "changed"
        connection.executemany(
            'INSERT INTO paragraph (source_id, position, kind, start, "end", words) VALUES (?, ?, ?, ?, ?, ?)',
            [
                (source_id, position, block.kind, block.start, block.end, block.words)
                for position, block in enumerate(new.paragraphs)
            ],
        )
    return source_id, "changed" if known else "added"


def _put(connection: sqlite3.Connection, change: Edit | None, known: Known | None, columns: dict[str, Any]) -> int:
    """Write the columns of a source, within an edit where there is one; its paragraphs go when its text does."""
    if known is None:
        return change.insert("source", columns) if change else edit_rows.add(connection, "source", columns)
    if columns.get("text_hash", known.text_hash) != known.text_hash:
        if change:
            edit_rows.put_away(connection, known.id, known.text_hash)
        else:
            connection.execute("DELETE FROM paragraph WHERE source_id = ?", (known.id,))
    if change:
        # Not what the disk says of the file: after an undo it stands as read, and is not read again at once.
        of_the_disk = {name: columns.pop(name) for name in (*_OF_THE_DISK, "missing_at") if name in columns}
        change.update("source", known.id, columns)
        columns = of_the_disk
    if columns:
        edit_rows.write(connection, "source", known.id, columns)
    return known.id


def would_save(db: Database, new: NewSource, taken: Collection[str] = ()) -> tuple[str, Outcome]:
    """Return the slug a source has or would get, and what `save` would say of it; nothing is written.

    Args:
        db: the database.
        new: the source.
        taken: slugs that others would have got by then.
    """
    known = known_source(db, path=new.path, slug=new.slug, origin=new.origin)
    if known is None:
        return _free_slug(db, storable(new.slug), taken), "added"
    return known.slug, known.outcome(_columns(new), edited=new.edited)


def slug_of(db: Database, source_id: int) -> str:
    """Return a source's slug.

    Raises:
        NotFound: there is none of that id.
    """
    found = db.one("SELECT slug FROM source WHERE id = ?", (source_id,))
    if found is None:
        raise _gone(source_id)
    return str(found[0])


def of_same_text(db: Database, text: str, *, path: str) -> str | None:
    """Return the path of another source whose text is this to the letter, or None."""
    query = "SELECT path FROM source WHERE text_hash = ? AND path <> ? ORDER BY id LIMIT 1"
    found = db.one(query, (text_hash(text), storable(path)))
    return str(found[0]) if found else None


def rows(db: Database) -> list[SourceRow]:
    """Return every source, by title: essays, then notes, then pairs without a text."""
    return [_row(found) for found in db.all(_ROWS.format(pairs="", sources=""))]


def row(db: Database, source_id: int) -> SourceRow:
    """Return one source.

    Raises:
        NotFound: there is none of that id.
    """
    query = _ROWS.format(pairs="WHERE source_id = :id", sources="WHERE s.id = :id")
    found = db.one(query.replace(":id", "?1"), (source_id,))
    if found is None:
        raise _gone(source_id)
    return _row(found)


def text(db: Database, source_id: int) -> str:
    """Return a source's text as it stands, exactly.

    Raises:
        NotFound: there is none of that id.
    """
    found = db.one("SELECT body FROM text JOIN source ON text_hash = hash WHERE id = ?", (source_id,))
    if found is None:
        raise _gone(source_id)
    return str(found[0])


def version(db: Database, source_id: int) -> tuple[str, str]:
    """Return the hash of a source's text and the text, as they stand together.

    Raises:
        NotFound: there is none of that id.
    """
    found = db.one("SELECT hash, body FROM text JOIN source ON text_hash = hash WHERE id = ?", (source_id,))
    if found is None:
        raise _gone(source_id)
    return str(found[0]), str(found[1])


def text_of(db: Database, digest: str) -> str:
    """Return any text that was ever imported, by its hash: what an older pair was made from.

    Raises:
        NotFound: there is none of that hash.
    """
    found = db.one("SELECT body FROM text WHERE hash = ?", (digest,))
    if found is None:
        raise NotFound(f"No text of the hash {digest} was ever imported here. Import the essay it belongs to.")
    return str(found[0])


def paragraphs(db: Database, source_id: int) -> list[NewParagraph]:
    """Return a source's paragraphs, in order."""
    found = db.all(
        'SELECT kind, start, "end", words FROM paragraph WHERE source_id = ? ORDER BY position', (source_id,)
    )
    return [NewParagraph(*item) for item in found]


def set_split(db: Database, ids: Sequence[int], split: str) -> None:
    """Put whole sources on one side of the split, `train` or `holdout`; one edit of the history.

    Raises:
        NotFound: one of them is not there; none is moved.
    """
    name = "an essay" if len(ids) == 1 else f"{len(ids)} essays"
    label = f"hold out {name}" if split == "holdout" else f"put {name} back in training"
    with edit(db, label) as change:
        for source_id in ids:
            change.update("source", source_id, {"split": split})


def set_kind(db: Database, ids: Sequence[int], kind: Literal["essay", "note"]) -> int:
    """Say what sources are, from now on; one edit of the history. Return how many were something else."""
    listed = json.dumps(list(ids))
    others = db.all("SELECT id FROM source WHERE id IN (SELECT value FROM json_each(?)) AND kind <> ?", (listed, kind))
    with edit(db, kind_label(len(others), kind)) as change:
        for (source_id,) in others:
            change.update("source", source_id, {"kind": kind, "kind_set": True})
    return len(others)


def kind_label(count: int, kind: Literal["essay", "note"]) -> str:
    """Return how the history calls it that so many sources are of another kind now."""
    other = "note" if kind == "essay" else "essay"
    articles = {"essay": "an essay", "note": "a note"}
    return f"make {articles[other]} {articles[kind]}" if count == 1 else f"make {count} {other}s {kind}s"


def _row(found: tuple[Any, ...]) -> SourceRow:
    return SourceRow(*found)


def _columns(new: NewSource) -> dict[str, Any]:
    """Return what a source says, as columns."""
    return {
        "kind": new.kind,
        "kind_set": new.kind_set,
        "title": storable(new.title),
        "text_hash": text_hash(storable(new.text)),
        "file_bytes": new.file_bytes,
        "file_mtime_ns": new.file_mtime_ns,
        "words": new.words,
        "front_matter_json": to_json(new.front_matter),
    }


def _free_slug(db: Database, wished: str, also_taken: Collection[str] = ()) -> str:
    # One look into the index for each number: to read all slugs for each source would cost the square of their number.
    slug, number = wished, 2
    while slug in also_taken or db.one("SELECT 1 FROM source WHERE slug = ?", (slug,)):
        slug, number = f"{wished}-{number}", number + 1
    return slug


def _gone(source_id: int) -> NotFound:
    return NotFound(f"There is no essay {source_id}, or no more. Look at the list again.")
