"""What parts of words, marks and scripts without spaces are found by; and an index of words by their first letter too.

Marks, and what stands between white space, are indexed by triggers. Words are listed and signs indexed by the program,
many pairs at a time; triggers say which pairs that is still to be done for, so that nothing that anyone writes is
missed.
"""

from typing import Any

_COLUMNS = "prompt, response, note"

# index by triggers: its tokenizer. Only which pairs have a token is kept, not where.
_INDEXES = {
    # marks that stand together
    "mark_words": "unicode61 categories 'P* S*'",
    # all that stands between white space, marks and words
    "chunk_words": "unicode61 remove_diacritics 0 categories 'L* N* Co P* S*'",
}
_TABLES = (
    """
CREATE TABLE pair_word (              -- what stands in some pair, or stood there once
  word TEXT PRIMARY KEY,              -- a word, or marks that stand together, as written
  folded TEXT NOT NULL,               -- without case and accents
  pairs INTEGER NOT NULL              -- in about how many pairs: what is frequent is looked for first
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE pair_chunk (             -- the same of what stands between white space, where it is a word with marks
  word TEXT PRIMARY KEY,
  folded TEXT NOT NULL,
  pairs INTEGER NOT NULL
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE pair_unread (            -- pairs that are not in pair_word, pair_chunk and sign_words as they stand
  id INTEGER PRIMARY KEY
) STRICT
""",
    # rowid: the pair; text: a number for each sign of a script without spaces
    "CREATE VIRTUAL TABLE sign_words USING fts5(text)",
    "CREATE TRIGGER pair_unread_insert AFTER INSERT ON pair BEGIN "
    "INSERT OR IGNORE INTO pair_unread (id) VALUES (new.id); END",
    "CREATE TRIGGER pair_unread_delete AFTER DELETE ON pair BEGIN "
    "DELETE FROM pair_unread WHERE id = old.id; DELETE FROM sign_words WHERE rowid = old.id; END",
    f"CREATE TRIGGER pair_unread_update AFTER UPDATE OF {_COLUMNS} ON pair BEGIN "
    "INSERT OR IGNORE INTO pair_unread (id) VALUES (new.id); DELETE FROM sign_words WHERE rowid = old.id; END",
    "INSERT INTO pair_unread (id) SELECT id FROM pair",
)


def apply(db: Any) -> None:
    """Add the tables, and make the index of the pairs' words again."""
    for statement in _TABLES:
        db.conn.execute(statement)
    new, old = (", ".join(f"{side}.{column}" for column in _COLUMNS.split(", ")) for side in ("new", "old"))
    for words, tokenizer in _INDEXES.items():
        db.conn.execute(
            f"CREATE VIRTUAL TABLE {words} USING fts5({_COLUMNS}, content = 'pair', content_rowid = 'id', "
            f'detail = none, columnsize = 0, tokenize = "{tokenizer}")'
        )
        add = f"INSERT INTO {words}(rowid, {_COLUMNS}) VALUES (new.id, {new});"
        remove = f"INSERT INTO {words}({words}, rowid, {_COLUMNS}) VALUES ('delete', old.id, {old});"
        for when, done in (("insert", add), ("delete", remove), (f"update OF {_COLUMNS}", remove + add)):
            name = f"{words}_{when.split()[0]}"
            db.conn.execute(f"CREATE TRIGGER {name} AFTER {when} ON pair BEGIN {done} END")
    # The triggers that follow the pairs know it by its name, and stay.
    db.conn.execute("DROP TABLE pair_words")
    db.conn.execute(
        f"CREATE VIRTUAL TABLE pair_words USING fts5({_COLUMNS}, content = 'pair', content_rowid = 'id', "
        "tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')"
    )
    for words in ("pair_words", *_INDEXES):
        db.conn.execute(f"INSERT INTO {words}({words}) VALUES ('rebuild')")
