"""Bring a database file to the newest schema, one migration a transaction, with a backup before the first.

Which migrations a file has had is read with plain sqlite3; `sqlite_utils`, which takes 0.13 s and more to import, is
loaded only when one is pending.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from store import migrations
from store.backup import backup
from store.errors import DatabaseBroken, DatabaseTooNew, StoreError

_SET = "workbench"
_TABLE = "_sqlite_migrations"

Migration = tuple[str, Callable[[Any], None]]


def pending(connection: sqlite3.Connection, path: Path, names: Sequence[str] = migrations.NAMES) -> list[str]:
    """Return the names of the migrations a file still needs, in order; reads only.

    Raises:
        DatabaseTooNew: it has had one that this program does not know.
        DatabaseBroken: it holds another program's tables.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    applied: set[str] = set()
    if _TABLE in tables:
        query = f"SELECT name FROM {_TABLE} WHERE migration_set = ?"
        applied = {name for (name,) in connection.execute(query, (_SET,))}
    if tables and not applied and tables - {_TABLE}:
        raise DatabaseBroken(
            f"{path}: a database of another program (it holds the table {min(tables)!r}). Nothing was changed. "
            "Move it away, or open another folder."
        )
    unknown = sorted(applied - set(names))
    if unknown:
        raise DatabaseTooNew(
            f"{path}: written by a newer version of the workbench (it has had the migration {unknown[-1]!r}, this "
            f"version knows up to {names[-1]!r}). Nothing was changed. Install the newer version to open it."
        )
    return [name for name in names if name not in applied]


def is_behind(path: Path) -> bool:
    """Say whether an earlier version wrote a file; of what cannot be read, opening it says more."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        return 0 < len(pending(connection, path)) < len(migrations.NAMES)
    except (sqlite3.Error, StoreError):
        return False
    finally:
        connection.close()


def migrate(path: Path, backups_folder: Path, chosen: Sequence[Migration] | None = None) -> None:
    """Apply what is pending; a file that holds anything is backed up once, before the first of them.

    So the backup is what the earlier version wrote, and those made before are not pruned for half-migrated ones.
    Safe when two programs open an old file at once: the second waits, and finds nothing left to do.

    Args:
        path: the database, in WAL mode already.
        backups_folder: where the backups go; the last five are kept.
        chosen: the migrations in order, for tests; None for ours.

    Raises:
        DatabaseTooNew: another program, newer than this, has migrated it meanwhile.
        StoreError: the backup could not be written; the file is as it was.
    """
    from sqlite_utils import Database as Migrated
    from sqlite_utils import Migrations

    steps = list(chosen) if chosen is not None else [(name, _function(name)) for name in migrations.NAMES]
    names = [name for name, _ in steps]
    registered = Migrations(_SET)
    for name, function in steps:
        registered(name=name)(function)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        wrapped = Migrated(connection, execute_plugins=False)
        # Whether there is nothing to keep: the file is new, or its backup was made.
        kept = False
        for name in names:
            # The write lock is taken before looking, and held while the backup is made, so nothing comes between.
            connection.execute("BEGIN IMMEDIATE")
            try:
                left = pending(connection, path, names)
                # A file that another program is making at this moment holds nothing either.
                kept = kept or len(left) == len(names) or _is_empty(connection)
                if name in left:
                    if not kept:
                        backup(path, backups_folder, reason=f"before {name}")
                        kept = True
                    # Not the next of all: it may have been applied before this one was written.
                    registered.apply(wrapped, stop_before=left[left.index(name) + 1] if name != left[-1] else None)
                    _check_references(connection, path, name)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
    finally:
        connection.close()


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Say whether no table holds a row, but for which migrations there were."""
    names = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'")
    ]
    return bool(names) and not any(connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in names)


def _check_references(connection: sqlite3.Connection, path: Path, name: str) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise DatabaseBroken(
            f"{path}: the migration {name!r} would leave rows of {broken[0][0]!r} ({len(broken)} of them) pointing "
            "nowhere. It was taken back, the file is as it was. Open it with the version that wrote it."
        )


def _function(name: str) -> Callable[[Any], None]:
    function: Callable[[Any], None] = importlib.import_module(f"store.migrations.{name}").apply
    return function
