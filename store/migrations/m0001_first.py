"""The first schema: sources, pairs, canaries, datasets, runs, samples, annotations, history."""

from typing import Any

SQL = """
CREATE TABLE text (
  hash TEXT PRIMARY KEY,              -- sha256:...
  body TEXT NOT NULL
) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,          -- relative to the project where it lies inside, else absolute
  slug TEXT NOT NULL UNIQUE,          -- the source group of its pairs
  kind TEXT NOT NULL CHECK (kind IN ('essay', 'note')),
  title TEXT NOT NULL,
  text_hash TEXT NOT NULL REFERENCES text(hash),
  file_bytes INTEGER NOT NULL,
  words INTEGER NOT NULL,
  split TEXT NOT NULL DEFAULT 'train' CHECK (split IN ('train', 'holdout')),
  front_matter_json TEXT NOT NULL DEFAULT '{}',
  imported_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  missing_at TEXT
) STRICT;
CREATE INDEX source_by_title ON source(title COLLATE NOCASE, id);

CREATE TABLE paragraph (
  source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,          -- from 0
  kind TEXT NOT NULL,                 -- prose heading quote verse list code table caption footnote break image html
  start INTEGER NOT NULL,             -- characters into the source text
  end INTEGER NOT NULL,
  words INTEGER NOT NULL,
  PRIMARY KEY (source_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE pair (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  source_id INTEGER NOT NULL REFERENCES source(id),
  text_hash TEXT NOT NULL REFERENCES text(hash), -- the version of the source it was made from
  position REAL NOT NULL,             -- order within the source
  tier TEXT NOT NULL CHECK (tier IN ('rewrite', 'thesis', 'continuation', 'note')),
  status TEXT NOT NULL CHECK (status IN ('proposed', 'accepted', 'rejected', 'merged')),
  prompt TEXT NOT NULL,
  response TEXT NOT NULL,
  start INTEGER NOT NULL,             -- characters into that text: the response's span when proposed
  end INTEGER NOT NULL,
  edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
  flagged INTEGER NOT NULL DEFAULT 0 CHECK (flagged IN (0, 1)),
  note TEXT NOT NULL DEFAULT '',
  prompt_words INTEGER NOT NULL,
  response_words INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
-- Lists, filters and counts are answered from this index alone: the texts of 100,000 pairs are never touched.
CREATE INDEX pair_by_source ON pair(source_id, position, id, status, tier, flagged, response_words);
CREATE INDEX pair_by_text ON pair(source_id, text_hash, status);

CREATE TABLE canary (                 -- the working set; frozen as a version when first used
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  slug TEXT NOT NULL UNIQUE,
  position REAL NOT NULL,
  prompt TEXT NOT NULL,
  topic TEXT NOT NULL CHECK (topic IN ('known', 'novel')),
  length TEXT NOT NULL CHECK (length IN ('short', 'long')),
  reference TEXT NOT NULL DEFAULT '', -- the real piece to compare with
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE canary_set (
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL UNIQUE,
  content_hash TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE canary_prompt (          -- frozen members of a set
  id INTEGER PRIMARY KEY,
  set_id INTEGER NOT NULL REFERENCES canary_set(id),
  position INTEGER NOT NULL,
  slug TEXT NOT NULL,
  prompt TEXT NOT NULL,
  topic TEXT NOT NULL,
  length TEXT NOT NULL,
  reference TEXT NOT NULL,
  UNIQUE (set_id, slug)
) STRICT;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  content_hash TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES dataset(id),
  canary_set_id INTEGER REFERENCES canary_set(id), -- the prompts its leak report was made against
  train_pairs INTEGER NOT NULL,
  holdout_pairs INTEGER NOT NULL,
  leaks_json TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE dataset_pair (
  dataset_id INTEGER NOT NULL REFERENCES dataset(id),
  pair_hash TEXT NOT NULL,
  pair_id INTEGER NOT NULL,           -- no reference: undo may take the pair away, the dataset keeps its text
  split TEXT NOT NULL CHECK (split IN ('train', 'holdout')),
  tier TEXT NOT NULL,
  source TEXT NOT NULL,
  prompt TEXT NOT NULL,
  response TEXT NOT NULL,
  PRIMARY KEY (dataset_id, pair_hash)
) STRICT;
CREATE INDEX dataset_pair_by_pair ON dataset_pair(pair_id);

CREATE TABLE run (
  name TEXT PRIMARY KEY,
  task TEXT NOT NULL CHECK (task IN ('train', 'sample')),
  parent TEXT REFERENCES run(name),
  dir TEXT NOT NULL,                  -- relative to the project
  place TEXT NOT NULL,
  spec_json TEXT NOT NULL,
  model TEXT NOT NULL,
  sample_key TEXT NOT NULL,           -- shared by all runs whose base samples are the same
  dataset_id INTEGER REFERENCES dataset(id),
  canary_set_id INTEGER NOT NULL REFERENCES canary_set(id),
  adapter_run TEXT REFERENCES run(name),
  note TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'submitted', -- as last computed by the collector; a cache, never a source
  created_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;
CREATE INDEX run_by_sample_key ON run(sample_key);

CREATE TABLE attempt (
  run TEXT NOT NULL REFERENCES run(name),
  attempt INTEGER NOT NULL,
  place TEXT NOT NULL,
  handle_json TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run, attempt)
) STRICT;

CREATE TABLE collected (              -- how far each file was read
  run TEXT NOT NULL REFERENCES run(name),
  file TEXT NOT NULL,
  offset_bytes INTEGER NOT NULL,
  PRIMARY KEY (run, file)
) STRICT;

CREATE TABLE event (
  run TEXT NOT NULL REFERENCES run(name),
  attempt INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  data_json TEXT NOT NULL,
  PRIMARY KEY (run, attempt, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_type ON event(run, type, attempt, seq);

CREATE TABLE metric (
  run TEXT NOT NULL REFERENCES run(name),
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  seq INTEGER NOT NULL,               -- of its event: the highest wins, whatever order events are folded in
  value REAL,                         -- null: not a number (a run that diverged)
  PRIMARY KEY (run, name, step, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  run TEXT NOT NULL REFERENCES run(name),
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (run, step, attempt)
) STRICT;

CREATE TABLE sample (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES run(name),
  attempt INTEGER NOT NULL,
  of TEXT NOT NULL CHECK (of IN ('base', 'adapter')),
  step INTEGER NOT NULL,
  canary_prompt_id INTEGER NOT NULL REFERENCES canary_prompt(id),
  idx INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  text TEXT NOT NULL,
  token_ids_json TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  seconds REAL NOT NULL,
  trace_path TEXT,
  at TEXT NOT NULL,
  UNIQUE (run, of, step, canary_prompt_id, idx, attempt)
) STRICT;

CREATE TABLE verdict (                -- of two samples of one canary prompt, paired by index
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  left_sample_id INTEGER NOT NULL REFERENCES sample(id),  -- always the base's, whatever side it was shown on
  right_sample_id INTEGER NOT NULL REFERENCES sample(id),
  verdict TEXT NOT NULL CHECK (verdict IN ('left', 'right', 'tie', 'both bad')),
  masked INTEGER NOT NULL CHECK (masked IN (0, 1)),       -- whether the names were hidden when she judged
  updated_at TEXT NOT NULL,
  UNIQUE (left_sample_id, right_sample_id)
) STRICT;

CREATE TABLE annotation (             -- a note on a sample, a flag, or a mark on a span of it
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  kind TEXT NOT NULL CHECK (kind IN ('note', 'mark', 'flag')),
  label TEXT,                         -- of a mark: voice cliche collapse leak copied
  start INTEGER,                      -- characters into the sample's text
  end INTEGER,
  body TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX annotation_by_sample ON annotation(sample_id);
CREATE UNIQUE INDEX annotation_once ON annotation(sample_id, kind) WHERE kind IN ('note', 'flag');

CREATE TABLE edit (                   -- what the author did, one row a key press: undo, and the audit
  id INTEGER PRIMARY KEY,
  label TEXT NOT NULL,
  at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'undone', 'dropped'))
) STRICT;
CREATE INDEX edit_by_state ON edit(state, id);

CREATE TABLE edit_row (               -- the rows an edit touched, in order
  id INTEGER PRIMARY KEY,
  edit_id INTEGER NOT NULL REFERENCES edit(id),
  row_table TEXT NOT NULL,
  row_key INTEGER NOT NULL,
  before_json TEXT,                   -- null: the row was made; else its changed columns, or all when it was removed
  after_json TEXT                     -- null: the row was removed; else its changed columns, or all when it was made
) STRICT;
CREATE INDEX edit_row_by_edit ON edit_row(edit_id);

CREATE TABLE place_in_program (       -- where the author stood: one row a screen
  key TEXT PRIMARY KEY,
  value_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def apply(db: Any) -> None:
    """Make the tables, one statement at a time: `executescript` would commit the transaction this runs in."""
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)
