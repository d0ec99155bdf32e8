"""Read the words, marks, signs and letters of pairs for the filter of Pairs, some hundred pairs at a time.

SQLite cuts no texts in a trigger, so this is done by the program: when pairs are written or, at the latest, looked for.
Triggers note which pairs are unread. They are cut by an FTS5 index that lives for a moment, as the lasting ones cut.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from store.database import Database
from store.spelling import folded, has_signs, is_marks, is_word, letters, sign_words

# So many unread pairs are looked through in under a millisecond; reading them one by one would cost ten times as much.
UNREAD = 256
# So many at once cost a third for each of what a few hundred do.
MANY = 2_000
# Accents stay: where one stands is to be known.
_MOMENTARY = {
    "new_words": "remove_diacritics 0",
    "new_marks": "categories 'P* S*'",
    "new_chunks": "remove_diacritics 0 categories 'L* N* Co P* S*'",
}
# An index of fewer pages than this, about 20,000 pairs, is quick in however many pieces it is.
_PAGES = 2_000
# The share of the pages that may lie outside of the largest piece.
_OUTSIDE = 0.25
# So many pages are put together at once: about 0.05 s, in which nobody else can write.
_AT_ONCE = 500
_PAUSE_S = 0.01


def read(db: Database, *, least: int = UNREAD, wait: bool = True) -> None:
    """Read the pairs whose words are not known yet, unless they are few.

    Args:
        db: the store.
        least: fewer than this stay unread.
        wait: for another program that is writing.

    Raises:
        DatabaseBusy: it still is.
    """
    while True:
        found = db.one("SELECT count(*) FROM (SELECT 1 FROM pair_unread LIMIT ?)", (least,))
        if found is None or found[0] < max(1, least):
            return
        with db.transaction(wait=wait) as connection:
            rows = connection.execute(
                "SELECT u.id, ifnull(p.prompt || char(10) || p.response || char(10) || p.note, '') "
                f"FROM pair_unread u LEFT JOIN pair p ON p.id = u.id LIMIT {MANY}"
            ).fetchall()
            for table, counted in _counted(connection, rows).items():
                connection.executemany(
                    f"INSERT INTO {table} (word, folded, pairs) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET pairs = pairs + excluded.pairs",
                    counted,
                )
            signs = [(key, indexed) for key, text in rows if (indexed := sign_words(text))]
            connection.executemany(
                "INSERT OR REPLACE INTO pair_letters (id, letters) VALUES (?, ?)",
                [(key, letters(text)) for key, text in rows],
            )
            connection.executemany("INSERT INTO sign_words (rowid, text) VALUES (?, ?)", signs)
            connection.executemany("DELETE FROM pair_unread WHERE id = ?", [(key,) for key, _ in rows])


def _counted(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> dict[str, list[tuple[str, str, int]]]:
    """Return the words and marks of some texts and their chunks, by table, and in how many of them each is."""
    counted: dict[str, list[tuple[str, str, int]]] = {"pair_word": [], "pair_chunk": []}
    # An index for a moment: so they are cut as the lasting ones cut them, and outside of the interpreter's lock.
    for table, options in _MOMENTARY.items():
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table} USING fts5(text, content = '', detail = none, "
            f'columnsize = 0, tokenize = "unicode61 {options}")'
        )
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_seen USING fts5vocab('temp', '{table}', 'row')"
        )
        connection.executemany(f"INSERT INTO temp.{table} (rowid, text) VALUES (?, ?)", rows)
        for term, count in connection.execute(f"SELECT term, doc FROM temp.{table}_seen"):
            if is_word(term) or is_marks(term):
                if table != "new_chunks":
                    counted["pair_word"].append((term, folded(term), count))
            elif table == "new_chunks" and not has_signs(term):
                counted["pair_chunk"].append((term, folded(term), count))
        connection.execute(f"INSERT INTO temp.{table} ({table}) VALUES ('delete-all')")
    return counted


def put_together(db: Database) -> None:
    """Put the pieces that the index of words was written in together, where many pages lie outside of the largest.

    Parts of words that stand in many words are found in half the time then. It takes 4 s for 100,000 pairs, in steps
    with a pause after each, and is no part of an edit: what it does is undone by nothing, and stopped it loses nothing.
    """
    pages = [count for (count,) in db.all("SELECT count(*) FROM pair_words_idx GROUP BY segid")]
    total = sum(pages)
    if total < _PAGES or total - max(pages) < _OUTSIDE * total:
        return
    # A negative number has all pieces taken together, and not only those of about one size.
    steps = [-_AT_ONCE, *[_AT_ONCE] * (1 + 10 * total // _AT_ONCE)]
    for step in steps:
        with db.transaction() as connection:
            before = connection.total_changes
            connection.execute("INSERT INTO pair_words (pair_words, rank) VALUES ('merge', ?)", (step,))
            if connection.total_changes - before < 2:
                return
        time.sleep(_PAUSE_S)
