"""Sessions, which are jobs and no runs of the author's; and what a model wrote that she took into a draft."""

from typing import Any

SESSION = """
CREATE TABLE session (
  name TEXT PRIMARY KEY,
  dir TEXT NOT NULL,                  -- relative to the project
  place TEXT NOT NULL,
  model TEXT NOT NULL,
  adapter_run TEXT REFERENCES run(name),
  checkpoint TEXT,                    -- of the adapter's run, relative to its directory
  created_at TEXT NOT NULL
) STRICT
"""

GENERATED = """
CREATE TABLE generated (
  id INTEGER PRIMARY KEY,
  body TEXT NOT NULL,                 -- as the model wrote it, before any edit
  session TEXT NOT NULL REFERENCES session(name),
  request INTEGER NOT NULL,
  idx INTEGER NOT NULL,               -- which of the answers
  draft TEXT NOT NULL,                -- what it was taken into: a file, or the name of a draft
  taken_at TEXT NOT NULL,
  UNIQUE (session, request, idx, draft)
) STRICT
"""


def apply(db: Any) -> None:
    """Make both tables, empty: nothing was written by a session before."""
    db.conn.execute(SESSION)
    db.conn.execute(GENERATED)
