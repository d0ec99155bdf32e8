"""How edits stand: done, undone, dropped, set aside, and the one that is undone in part.

At most one edit is undone in part. From which of its rows on it is stands beside (`history.parted`), and is moved in
the transaction that turns the rows (`store.reversing`).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from store.database import Database
from store.values import to_json

State = Literal["done", "undone", "dropped", "set aside", "undone in part"]
# Where the numbers of the edits stand that the author set aside: to undo and redo they are dropped like those that were
# undone and then overtaken by another edit, but what they did stays.
ASIDE = "history.set-aside"
_PARTED = "history.parted"


def _parted(field: str) -> str:
    return f"(SELECT json_extract(value_json, '$.{field}') FROM place_in_program WHERE key = '{_PARTED}')"


# Of an edit `e`; one that is undone in part is `done` in its table, so that no other edit drops it.
STATE = f"""
CASE WHEN e.id = {_parted("edit")} THEN 'undone in part'
WHEN e.state = 'dropped' AND e.id IN (
  SELECT value FROM json_each(ifnull((SELECT value_json FROM place_in_program WHERE key = '{ASIDE}'), '[]'))
) THEN 'set aside' ELSE e.state END
"""
# Of a row `r` of an edit `e`.
ROW_STATE = f"""
CASE WHEN e.id = {_parted("edit")} THEN iif(r.id < {_parted("row")}, 'done', 'undone') ELSE {STATE} END
"""
_PART = (
    "SELECT e.id, e.label, json_extract(p.value_json, '$.row'), json_extract(p.value_json, '$.back') "
    f"FROM place_in_program p JOIN edit e ON e.id = json_extract(p.value_json, '$.edit') WHERE p.key = '{_PARTED}'"
)


@dataclass(frozen=True, slots=True)
class Part:
    """An edit that is undone in part.

    Attributes:
        edit: its number.
        label: what it did.
        row: the first of its rows that is undone.
        back: whether it was being undone, last.
    """

    edit: int
    label: str
    row: int
    back: bool

    @property
    def sentence(self) -> str:
        """What to tell the author of it."""
        return f"Undone only in part: undo the rest with u, or redo it with U (edit {self.edit}, {self.label})."

    @property
    def on_command_line(self) -> str:
        """What the command line tells her."""
        return (
            f"Undone only in part (edit {self.edit}, {self.label}): `workbench undo` undoes the rest, `workbench redo` "
            "redoes it."
        )


def part(db: Database) -> Part | None:
    """Return the edit that is undone in part, if there is one."""
    found = db.one(_PART)
    return None if found is None else Part(found[0], found[1], found[2], bool(found[3]))


def keep_part(connection: sqlite3.Connection, edit: int, row: int, back: bool) -> None:
    """Note that an edit is undone from a row on."""
    connection.execute(
        f"INSERT INTO place_in_program (key, value_json) VALUES ('{_PARTED}', ?) "
        "ON CONFLICT (key) DO UPDATE SET value_json = excluded.value_json",
        (to_json({"edit": edit, "row": row, "back": int(back)}),),
    )


def forget_part(connection: sqlite3.Connection) -> None:
    """Leave the edit that is undone in part as it stands."""
    connection.execute(f"DELETE FROM place_in_program WHERE key = '{_PARTED}'")
