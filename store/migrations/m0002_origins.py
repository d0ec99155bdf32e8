"""Where a source comes from, and whether the author said what kind it is."""

from typing import Any

# origin: `file` is a file of its own, at `path`; of every other origin there is no file, and `path` is only a name.
ORIGIN = "ALTER TABLE source ADD COLUMN origin TEXT NOT NULL DEFAULT 'file'"
# kind_set: the author said what kind it is, so that its length decides no more.
KIND_SET = "ALTER TABLE source ADD COLUMN kind_set INTEGER NOT NULL DEFAULT 0 CHECK (kind_set IN (0, 1))"


def apply(db: Any) -> None:
    """Add the columns."""
    db.conn.execute(ORIGIN)
    db.conn.execute(KIND_SET)
