"""Files and pairs that follow each other: when a file was last seen, what moved, what is new, which pairs changed."""

from typing import Any

# A comment behind a column would be kept as a part of the table and take the next one in: so they stand here.
COLUMNS = (
    # of the file when it was last read; 0: not known, null: never seen
    "source ADD COLUMN file_mtime_ns INTEGER",
    # the text that its pairs were last compared with
    "source ADD COLUMN followed_hash TEXT",
    # the text that pairs were last proposed from
    "source ADD COLUMN proposed_hash TEXT",
    # why the author should look at it
    "source ADD COLUMN news TEXT NOT NULL DEFAULT '' CHECK (news IN ('', 'new', 'renamed'))",
    # where the file lay before it was renamed
    "source ADD COLUMN earlier_path TEXT",
    # it came after pairs were proposed
    "paragraph ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0 CHECK (fresh IN (0, 1))",
    # its text reads otherwise in the essay now, or is gone
    "pair ADD COLUMN changed INTEGER NOT NULL DEFAULT 0 CHECK (changed IN (0, 1))",
)
OTHERS = (
    "CREATE INDEX paragraph_fresh ON paragraph(source_id, position) WHERE fresh = 1",
    "CREATE INDEX pair_changed ON pair(source_id, position, id, status) WHERE changed = 1",
    "UPDATE source SET file_mtime_ns = 0",
    """
    UPDATE source SET followed_hash = text_hash, proposed_hash = text_hash
    WHERE EXISTS (SELECT 1 FROM pair WHERE source_id = source.id)
      AND NOT EXISTS (SELECT 1 FROM pair WHERE source_id = source.id AND text_hash <> source.text_hash)
    """,
)


def apply(db: Any) -> None:
    """Add the columns, and take every pair that is of its essay's present text as followed."""
    for column in COLUMNS:
        db.conn.execute(f"ALTER TABLE {column}")
    for statement in OTHERS:
        db.conn.execute(statement)
