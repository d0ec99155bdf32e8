"""A database file as an older version left it: migrated only so far, with rows written by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from store import migrating, migrations

SHIPPED = [(name, migrating._function(name)) for name in migrations.NAMES]
SAMPLED = (
    "INSERT INTO canary_set (id, version, content_hash, created_at) VALUES (1, 1, 'sha256:c', '2026-01-01')",
    "INSERT INTO canary_prompt (id, set_id, position, slug, prompt, topic, length, reference)"
    " VALUES (1, 1, 0, 'a', 'p', 'known', 'short', '')",
    "INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, canary_set_id, created_at)"
    " VALUES ('r', 'train', 'runs/r', 'local', '{}', 'm', 'k', 1, '2026-01-01')",
    "INSERT INTO sample (id, run, attempt, of, step, canary_prompt_id, idx, text, at)"
    " VALUES (4, 'r', 1, 'adapter', 3, 1, 0, 'Words.', '2026-01-01')",
)
"""A run `r` with one sample, of id 4."""


def make_old_store(folder: Path, before: str, rows: Iterable[str]) -> Path:
    """Make a file that knows the migrations before one of them, with rows; return its path.

    Args:
        folder: to make it in.
        before: how the name of the first migration begins that it does not know.
        rows: statements.
    """
    path = folder / "x.db"
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode = WAL")
    old.close()
    migrating.migrate(path, folder / "backups", [item for item in SHIPPED if item[0] < before])
    old = sqlite3.connect(path)
    for statement in rows:
        old.execute(statement)
    old.commit()
    old.close()
    return path
