"""The notebook: what was learnt, on a run, on a comparison of two, or on the project; and its words for the search.

What was noted on runs before moves into it. When it was written is not known: it takes the time its run ended, before
which nothing can have been learnt from it. What the program notes by itself (smoke runs, logs of runs made elsewhere)
stays with the run.
"""

from typing import Any

_NOTEBOOK = """
CREATE TABLE notebook (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  run TEXT REFERENCES run(name),      -- null: on the project
  other_run TEXT REFERENCES run(name), -- with it: on the comparison of `run` with this one
  body TEXT NOT NULL CHECK (body <> ''),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  CHECK (other_run IS NULL OR (run IS NOT NULL AND other_run <> run))
) STRICT
"""
_BY_RUN = "CREATE INDEX notebook_by_run ON notebook(run)"
_OWN = "note <> '' AND place <> 'imported' AND note <> 'smoke run: three steps, to measure time and memory'"
_MOVE = (
    "INSERT INTO notebook (run, body, created_at, updated_at) SELECT name, note, ifnull(finished_at, created_at), "
    f"ifnull(finished_at, created_at) FROM run WHERE {_OWN} ORDER BY created_at, rowid",
    f"UPDATE run SET note = '' WHERE {_OWN}",
)
_REMOVE = "INSERT INTO notebook_words(notebook_words, rowid, body) VALUES ('delete', old.id, old.body);"
_ADD = "INSERT INTO notebook_words(rowid, body) VALUES (new.id, new.body);"
_WORDS = (
    "CREATE VIRTUAL TABLE notebook_words USING fts5(body, content = 'notebook', content_rowid = 'id', "
    "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')",
    f"CREATE TRIGGER notebook_words_insert AFTER INSERT ON notebook BEGIN {_ADD} END",
    f"CREATE TRIGGER notebook_words_delete AFTER DELETE ON notebook BEGIN {_REMOVE} END",
    f"CREATE TRIGGER notebook_words_update AFTER UPDATE OF body ON notebook BEGIN {_REMOVE}{_ADD} END",
)


def apply(db: Any) -> None:
    """Make table, index and triggers, and take in what was noted on runs."""
    for statement in (_NOTEBOOK, _BY_RUN, *_WORDS, *_MOVE):
        db.conn.execute(statement)
