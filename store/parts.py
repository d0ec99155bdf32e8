"""Sources that are parts of one file or of what was pasted, such as notes: known by the file's name and a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from store.database import Database
from store.values import storable


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its source, its key in the whole, its title, its text as it came in, and whether it was gone then."""

    id: int
    key: str
    title: str
    text: str
    missing: bool


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part without its text: its source, its title, and whether it was gone when the whole was read last."""

    id: int
    title: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that came in as parts.

    Attributes:
        path: where it lies, or lay.
        mtime_ns: when it was last written, as it was read; 0 where that is not known, None where it was never seen.
        parts: in the order they came in.
    """

    path: str
    mtime_ns: int | None
    parts: list[PartRow] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """Whether nothing of it was there when it was looked at last."""
        return all(part.missing for part in self.parts)


def part_path(whole: str, key: str) -> str:
    """Return the path under which a part is known."""
    return f"{whole}#{key}"


def whole_of(path: str) -> str:
    """Return what a part's path says it is a part of."""
    return path.rpartition("#")[0]


def of(db: Database, whole: str, origin: str) -> list[Part]:
    """Return the parts of a whole that came in before, in the order they did.

    Args:
        db: the database.
        whole: the file's path, or the name of what is no file.
        origin: of which kind of part.
    """
    prefix = part_path(storable(whole), "")
    found = db.all(
        "SELECT s.id, substr(s.path, length(?1) + 1), s.title, t.body, s.missing_at IS NOT NULL FROM source s "
        "JOIN text t ON t.hash = ifnull(s.edited_from, s.text_hash) "
        "WHERE s.origin = ?2 AND substr(s.path, 1, length(?1)) = ?1 ORDER BY s.id",
        (prefix, origin),
    )
    # A whole may have a `#` in its name; a key never does.
    return [Part(key, name, title, text, bool(gone)) for key, name, title, text, gone in found if "#" not in name]


def wholes(db: Database, origin: str) -> list[Whole]:
    """Return every whole that came in as parts of an origin."""
    found = db.all(
        "SELECT id, path, title, file_mtime_ns, missing_at FROM source WHERE origin = ? ORDER BY id", (origin,)
    )
    listed: dict[str, Whole] = {}
    for source_id, path, title, mtime_ns, missing_at in found:
        name = whole_of(path)
        whole = listed.get(name)
        if whole is None:
            whole = listed[name] = Whole(name, mtime_ns)
        elif whole.mtime_ns != mtime_ns:
            # Parts of one file that were read at different times: it is to be read again.
            whole = listed[name] = Whole(name, 0, whole.parts)
        whole.parts.append(PartRow(source_id, title, missing_at is not None))
    return list(listed.values())


def was_read(db: Database, listed: Sequence[Part | PartRow], mtime_ns: int) -> None:
    """Say of parts, those that are gone as well, when their file was last written as it was read; 0 for not known."""
    with db.transaction() as connection:
        connection.executemany(
            "UPDATE source SET file_mtime_ns = ? WHERE id = ?", [(mtime_ns, part.id) for part in listed]
        )


def renamed(db: Database, whole: Whole, path: str) -> bool:
    """Give the parts of a whole the file's new name; they keep all they have. False where that name is taken."""
    with db.transaction() as connection:
        begin, end = part_path(storable(path), ""), part_path(storable(path), chr(0x10FFFF))
        if connection.execute("SELECT 1 FROM source WHERE path >= ? AND path < ?", (begin, end)).fetchone():
            return False
        connection.executemany(
            "UPDATE source SET earlier_path = path, path = ?1 || substr(path, length(?2) + 1), news = 'renamed', "
            "file_mtime_ns = 0 WHERE id = ?3",
            [(begin, part_path(whole.path, ""), part.id) for part in whole.parts],
        )
    return True


def is_whole(db: Database, path: str, origin: str) -> bool:
    """Say whether a file came in as parts before."""
    prefix = part_path(storable(path), "")
    # A range of the index of paths, since this is asked for every file that comes in.
    query = "SELECT 1 FROM source WHERE path >= ?1 AND path < ?1 || char(1114111) AND origin = ?2 LIMIT 1"
    return db.one(query, (prefix, origin)) is not None


def is_file(db: Database, path: str) -> bool:
    """Say whether a file came in as a source of its own before."""
    return db.one("SELECT 1 FROM source WHERE path = ? AND origin = 'file'", (storable(path),)) is not None
