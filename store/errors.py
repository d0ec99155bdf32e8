"""The error tree of the store: every message says what happened to what, what was found, and what to do.

Errors of SQLite itself never leave this package: `store.database` turns them into these.
"""


class StoreError(Exception):
    """Base of every error this package raises on purpose."""


class DatabaseTooNew(StoreError):  # noqa: N818 - reads better where it is caught
    """A file that a newer version of the program has written."""


class DatabaseBroken(StoreError):  # noqa: N818
    """A file that is no database, not one of ours, or damaged."""


class DatabaseBusy(StoreError):  # noqa: N818
    """A write that waited in vain for another program to finish its own."""


class Conflict(StoreError):  # noqa: N818
    """A change that would lose what another program, or another edit, wrote meanwhile."""


class NotFound(StoreError):  # noqa: N818
    """A row that is asked for by an id or name that no row has."""


class BadLine(StoreError):  # noqa: N818
    """A line of a run directory that is JSON but not an event or a sample; nothing of its batch is folded."""
