"""Which letters each pair has: a single one is found by it, as parts of words by the list of words."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

STATEMENTS = (
    """
    CREATE TABLE pair_letters (           -- of the pairs that are not in pair_unread
      id INTEGER PRIMARY KEY,             -- the pair
      letters INTEGER NOT NULL            -- a bit for each of a to z and 0 to 9, case and accents apart
    ) STRICT
    """,
    "CREATE TRIGGER pair_letters_delete AFTER DELETE ON pair BEGIN DELETE FROM pair_letters WHERE id = old.id; END",
    "CREATE TRIGGER pair_letters_update AFTER UPDATE OF prompt, response, note ON pair BEGIN "
    "DELETE FROM pair_letters WHERE id = old.id; END",
)
_BITS = {sign: 1 << place for place, sign in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
_ACCENTS = re.compile("[\u0300-\u036f]")


def apply(db: Any) -> None:
    """Make the table and its triggers, and fill it from the pairs whose words are known."""
    for statement in STATEMENTS:
        db.conn.execute(statement)
    db.conn.executemany("INSERT INTO pair_letters (id, letters) VALUES (?, ?)", _rows(db))


def _rows(db: Any) -> Iterator[tuple[int, int]]:
    for key, text in db.conn.execute(
        "SELECT id, prompt || char(10) || response || char(10) || note FROM pair "
        "WHERE id NOT IN (SELECT id FROM pair_unread)"
    ):
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", "".join(set(text)))).casefold()
        yield key, sum(_BITS.get(sign, 0) for sign in set(bare))
