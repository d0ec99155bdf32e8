"""Where the author stood in the program, so that it opens there again; no history, the last word wins."""

from __future__ import annotations

import json

from store.database import Database
from store.values import storable, to_json


def remember(db: Database, key: str, value: object) -> None:
    """Keep a JSON value under a name such as `pairs.cursor`; an earlier one is replaced."""
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO place_in_program (key, value_json) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value_json = excluded.value_json",
            (storable(key), to_json(value)),
        )


def recall(db: Database, key: str) -> object | None:
    """Return what was kept under a name, or None; lists come back as lists, whatever was given."""
    row = db.one("SELECT value_json FROM place_in_program WHERE key = ?", (storable(key),))
    value: object | None = json.loads(row[0]) if row else None
    return value
