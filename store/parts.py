"""Sources that are parts of one file or of what was pasted, such as notes: known by the file's name and a key."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database
from store.values import storable


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its source, its key in the whole, its text, and whether it was gone when that was read last."""

    id: int
    key: str
    text: str
    missing: bool


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
        "SELECT s.id, substr(s.path, length(?1) + 1), t.body, s.missing_at IS NOT NULL FROM source s "
        "JOIN text t ON t.hash = s.text_hash WHERE s.origin = ?2 AND substr(s.path, 1, length(?1)) = ?1 ORDER BY s.id",
        (prefix, origin),
    )
    # A whole may have a `#` in its name; a key never does.
    return [Part(key, name, text, bool(gone)) for key, name, text, gone in found if "#" not in name]


def is_whole(db: Database, path: str, origin: str) -> bool:
    """Say whether a file came in as parts before."""
    prefix = part_path(storable(path), "")
    # A range of the index of paths, since this is asked for every file that comes in.
    query = "SELECT 1 FROM source WHERE path >= ?1 AND path < ?1 || char(1114111) AND origin = ?2 LIMIT 1"
    return db.one(query, (prefix, origin)) is not None


def is_file(db: Database, path: str) -> bool:
    """Say whether a file came in as a source of its own before."""
    return db.one("SELECT 1 FROM source WHERE path = ? AND origin = 'file'", (storable(path),)) is not None
