"""A file of an earlier version, for the tests of what a migration brings along."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from store import migrating
from store.migrations import NAMES


def old_file(path: Path, *, before: str, text: str = "An old text.") -> sqlite3.Connection:
    """Make a file as it was before a migration, with one essay in it; return an open connection."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    older = [(name, migrating._function(name)) for name in NAMES if name < before]
    migrating.migrate(path, path.parent / "backups", older)
    connection.execute("INSERT INTO text VALUES ('sha256:1', ?)", (text,))
    connection.execute(
        "INSERT INTO source (id, path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at) "
        "VALUES (1, 'a.md', 'a', 'essay', 'A', 'sha256:1', 9, 5, '', '')"
    )
    return connection
