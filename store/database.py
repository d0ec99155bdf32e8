"""One connection to the store's SQLite file, for one thread.

Reads return whole lists, so that no cursor stays open across a write; every write happens in `transaction`, which takes
the write lock at once and so never fails half-way for want of it. Errors of SQLite leave as `StoreError`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store import migrating
from store.errors import Conflict, DatabaseBroken, DatabaseBusy, StoreError
from store.spelling import folded

BUSY_TIMEOUT_MS = 5000


class Database:
    """An open store; make it with `Database.open`.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._depth = 0
        # The edit that is under way on this connection, so that a nested one joins it; see `store.history`.
        self.edit_under_way: object | None = None
        # The edit that all edits on this connection belong to for a while, over many transactions; likewise.
        self.edit_spanning: object | None = None

    @classmethod
    def open(cls, path: Path, *, backups_folder: Path | None = None) -> Database:
        """Open a database file; make it when missing, bring it to the newest schema when old.

        With the write-ahead log and `synchronous = NORMAL`, a program killed at any moment loses nothing that was
        committed; a power cut may lose the last edits, but never the file.

        Args:
            path: the file.
            backups_folder: where it is backed up before a migration; None for `backups` beside it.

        Raises:
            DatabaseTooNew: a newer version of the program wrote it.
            DatabaseBroken: it is no database, or another program's.
            DatabaseBusy: another program holds it.
            StoreError: it cannot be opened or made.
        """
        if path.is_dir() or not path.parent.is_dir():
            found = "a folder" if path.is_dir() else "no such folder"
            raise StoreError(f"{path}: cannot be opened as a database ({found}). Name a file in a folder that exists.")
        with _reported(path):
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                pending = migrating.pending(connection, path)
                _use_wal(connection)
                if pending:
                    migrating.migrate(path, backups_folder or path.parent / "backups")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.create_function("casefold", 1, str.casefold, deterministic=True)
                connection.create_function("folded", 1, folded, deterministic=True)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return every row of a query."""
        with _reported(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        with _reported(self.path):
            cursor = self._connection.execute(sql, parameters)
            row: tuple[Any, ...] | None = cursor.fetchone()
            cursor.close()
            return row

    @contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """Write inside the block: all of it, or, when an error leaves it, nothing.

        A nested block joins the outer one; an error that leaves only the nested one takes back only that.

        Args:
            wait: for another program that is writing; False for what can as well be done another time.

        Raises:
            DatabaseBusy: another program wrote for longer than the busy timeout; nothing was begun.
            Conflict: a constraint refused a row.
        """
        point = f"level_{self._depth}"
        with _reported(self.path):
            if not wait:
                self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                self._connection.execute(f"SAVEPOINT {point}" if self._depth else "BEGIN IMMEDIATE")
            finally:
                if not wait:
                    self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            self._depth += 1
            try:
                yield self._connection
                self._connection.execute(f"RELEASE {point}" if self._depth > 1 else "COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself: then there is nothing left to take back.
                if self._connection.in_transaction:
                    if self._depth > 1:
                        self._connection.execute(f"ROLLBACK TO {point}")
                        self._connection.execute(f"RELEASE {point}")
                    else:
                        self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def integrity_problems(self) -> list[str]:
        """Check the whole file; return what is wrong with it, a sentence each, nothing when it is sound."""
        with _reported(self.path):
            found = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check")]
            broken = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        problems = [f"{self.path}: {line}" for line in found if line != "ok"]
        return problems + [
            f"{self.path}: row {rowid} of {table!r} points to a row of {parent!r} that is not there."
            for table, rowid, parent, _ in broken
        ]

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        self._connection.close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; the mode stays in the file, so this waits only when the file is new."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # SQLite does not honour the busy timeout while it changes the mode.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; a misuse of the library stays what it is."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.IntegrityError as error:
        raise Conflict(
            f"{path}: the change was refused ({error}): something else holds that name or place, or what it belongs to "
            "is gone. Nothing was changed. Look again, and name it otherwise."
        ) from error
    except sqlite3.DatabaseError as error:
        raise _error(path, error) from error


def _error(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    # The low byte is the primary code, the rest says which kind of it.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        seconds = BUSY_TIMEOUT_MS // 1000
        return DatabaseBusy(
            f"{path}: another program has been writing to it for {seconds} s. Nothing was changed. Try again."
        )
    if code == sqlite3.SQLITE_NOTADB:
        return DatabaseBroken(
            f"{path}: not a database. Nothing was changed. Move it away, or restore a backup over it."
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return DatabaseBroken(f"{path}: the database is damaged ({error}). Copy the latest backup over it.")
    return StoreError(f"{path}: the database could not be used ({error}). Check the disk and who may write there.")
