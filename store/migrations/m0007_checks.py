"""What checks need: groups of sources, rules waived with a reason, a dataset's report, and a check kept by content."""

from typing import Any

SQL = """
-- The sources that share a side of the split: by their names, until the author joins or parts them.
ALTER TABLE source ADD COLUMN group_name TEXT NOT NULL DEFAULT '';
UPDATE source SET group_name = slug;
CREATE INDEX source_by_group ON source(group_name);

CREATE TABLE waiver (                 -- a rule that the author sets aside, and why
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that was undone is never given again
  rule TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('pair', 'source', 'dataset')),
  subject TEXT NOT NULL,              -- id of the pair, slug of the source or canary prompt, or empty for the whole
  reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (rule, scope, subject)
) STRICT;

-- Findings, waived ones with their reasons, and statistics, as they stood when it was frozen.
ALTER TABLE dataset ADD COLUMN report_json TEXT NOT NULL DEFAULT '{}';

CREATE TABLE kept_check (             -- the last result of a check, and the hash of everything it looked at
  name TEXT PRIMARY KEY,
  content_hash TEXT NOT NULL,
  body_json TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def apply(db: Any) -> None:
    """Change the tables, one statement at a time: `executescript` would commit the transaction this runs in."""
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)
