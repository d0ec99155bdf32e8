"""Blind tests of a run: rounds whose texts are frozen when they begin, and what the author answered."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE blind_round (
      id INTEGER PRIMARY KEY,
      run TEXT NOT NULL REFERENCES run(name), -- whose adapter
      number INTEGER NOT NULL,            -- of the run, from 1
      seed INTEGER NOT NULL,
      length INTEGER NOT NULL,            -- about how many words each text has
      same_prompt INTEGER NOT NULL CHECK (same_prompt IN (0, 1)), -- each text stands for a pair that answers one prompt
      left_out_json TEXT NOT NULL,        -- why texts were left out, and how many of each kind
      content_hash TEXT NOT NULL,         -- of texts, order and sources
      created_at TEXT NOT NULL,
      revealed_at TEXT,                   -- when the result was seen: nothing is answered after that
      UNIQUE (run, number)
    ) STRICT
    """,
    """
    CREATE TABLE blind_text (
      id INTEGER PRIMARY KEY,
      round_id INTEGER NOT NULL REFERENCES blind_round(id),
      position INTEGER NOT NULL,          -- from 0
      text TEXT NOT NULL,                 -- as it is shown
      words INTEGER NOT NULL,
      known INTEGER NOT NULL CHECK (known IN (0, 1)), -- the author had read it before the round
      dataset_id INTEGER REFERENCES dataset(id), -- of the author's: the dataset that holds it out
      pair_hash TEXT,
      sample_id INTEGER REFERENCES sample(id),   -- of the model's
      CHECK ((pair_hash IS NULL) <> (sample_id IS NULL) AND (pair_hash IS NULL) = (dataset_id IS NULL)),
      UNIQUE (round_id, position)
    ) STRICT
    """,
    "CREATE INDEX blind_text_by_sample ON blind_text(sample_id) WHERE sample_id IS NOT NULL",
    "CREATE INDEX blind_text_by_pair ON blind_text(pair_hash) WHERE pair_hash IS NOT NULL",
    """
    CREATE TABLE blind_answer (
      id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
      text_id INTEGER NOT NULL UNIQUE REFERENCES blind_text(id),
      answer TEXT CHECK (answer IN ('mine', 'not mine', 'skipped')), -- null: only a note, or how sure, so far
      sure INTEGER CHECK (sure IN (1, 2, 3)),
      note TEXT NOT NULL DEFAULT '',
      updated_at TEXT NOT NULL
    ) STRICT
    """,
)


def apply(db: Any) -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        db.conn.execute(statement)
