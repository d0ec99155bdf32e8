"""Backups by SQLite's own interface, safe while the program writes; one pool a folder, the oldest pruned.

A backup is a single file that needs no `-wal` beside it: to restore, copy it over the database.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from store.errors import NotFound, StoreError

_STAMP = r"\d{8}-\d{6}-\d{6}"


def backup(db_path: Path, folder: Path, *, keep: int = 5, reason: str = "by hand") -> Path:
    """Copy a database into `folder` under a name that holds the time (UTC) and the reason, and prune the oldest.

    The copy is made aside and renamed into place, so that a crash leaves no half backup.

    Args:
        db_path: the database, which may be in use.
        folder: where to; made when missing.
        keep: how many backups of this database stay there, 1 or more, whatever their reasons.
        reason: why, in a few words.

    Raises:
        NotFound: there is no database.
        StoreError: it cannot be read, or the folder cannot be written.
    """
    if keep < 1:
        raise ValueError(f"keep: found {keep}, expected 1 or more")
    if not db_path.is_file():
        raise NotFound(f"{db_path}: there is no database to back up.")
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    words = re.sub(r"[^a-z0-9]+", "-", reason.lower()).strip("-") or "backup"
    target = folder / f"{db_path.stem}-{stamp}-{words}.db"
    aside = target.with_name(target.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy(db_path, aside)
        aside.replace(target)
        for old in backups(db_path, folder)[:-keep]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        if aside.is_file():
            aside.unlink()
        raise StoreError(
            f"{db_path}: could not be backed up to {target} ({error}). Make room there, or name another folder."
        ) from error
    return target


def backups(db_path: Path, folder: Path) -> list[Path]:
    """Return the backups of a database in a folder, oldest first; other files there are not ours."""
    ours = re.compile(re.escape(db_path.stem) + rf"-{_STAMP}-[a-z0-9-]+\.db")
    return sorted(path for path in folder.glob("*.db") if ours.fullmatch(path.name))


def _copy(source_path: Path, target_path: Path) -> None:
    source = sqlite3.connect(source_path)
    try:
        source.execute("PRAGMA busy_timeout = 5000")
        target = sqlite3.connect(target_path)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
    finally:
        source.close()
