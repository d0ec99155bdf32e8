"""Sessions and what came of them: which jobs keep a model loaded, and which of their texts the author took.

How a session is stands in its run directory and is asked there; nothing of it is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database
from store.errors import NotFound
from store.values import now, storable


@dataclass(frozen=True, slots=True)
class Session:
    """A session: its run directory relative to the project, its place, and what it keeps loaded."""

    name: str
    dir: str
    place: str
    model: str
    adapter_run: str | None
    checkpoint: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Generated:
    """A text that a model wrote and the author took into a draft, as it was before any edit."""

    id: int
    body: str
    session: str
    request: int
    index: int
    draft: str
    taken_at: str


_COLUMNS = "name, dir, place, model, adapter_run, checkpoint, created_at"


def add(
    db: Database, *, name: str, dir: str, place: str, model: str, adapter_run: str | None, checkpoint: str | None
) -> None:
    """Record a session.

    Raises:
        Conflict: the name is taken, or the adapter's run is not there.
    """
    with db.transaction() as connection:
        connection.execute(
            f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, storable(dir), place, storable(model), adapter_run, checkpoint, now()),
        )


def rows(db: Database) -> list[Session]:
    """Return every session, newest first."""
    return [Session(*row) for row in db.all(f"SELECT {_COLUMNS} FROM session ORDER BY created_at DESC, rowid DESC")]


def get(db: Database, name: str) -> Session:
    """Return one session.

    Raises:
        NotFound: there is none of that name.
    """
    row = db.one(f"SELECT {_COLUMNS} FROM session WHERE name = ?", (name,))
    if row is None:
        raise NotFound(f"There is no session named {name!r}. Look at the list of sessions for those there are.")
    return Session(*row)


def take(db: Database, *, body: str, session: str, request: int, index: int, draft: str) -> None:
    """Record that a text was taken into a draft; once more changes nothing.

    Raises:
        Conflict: there is no such session.
    """
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO generated (body, session, request, idx, draft, taken_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (session, request, idx, draft) DO NOTHING",
            (storable(body), session, request, index, storable(draft), now()),
        )


def taken(db: Database) -> list[Generated]:
    """Return every text that was taken, oldest first."""
    query = "SELECT id, body, session, request, idx, draft, taken_at FROM generated ORDER BY id"
    return [Generated(*row) for row in db.all(query)]
