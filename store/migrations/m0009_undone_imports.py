"""What undo of an import needs: paragraphs of texts that do not stand, and which sources edits were ever about."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE kept_paragraph (         -- of a source that undo took away, or of a text it had before
      source_id INTEGER NOT NULL,         -- no reference: the source may be gone
      text_hash TEXT NOT NULL,
      position INTEGER NOT NULL,
      kind TEXT NOT NULL,
      start INTEGER NOT NULL,
      end INTEGER NOT NULL,
      words INTEGER NOT NULL,
      fresh INTEGER NOT NULL,
      PRIMARY KEY (source_id, text_hash, position)
    ) STRICT, WITHOUT ROWID
    """,
    # The highest key of them is never given to another source, though the source is gone.
    "CREATE INDEX edit_row_of_source ON edit_row(row_key) WHERE row_table = 'source'",
)


def apply(db: Any) -> None:
    """Make the table and the index."""
    for statement in STATEMENTS:
        db.conn.execute(statement)
