"""Files and pairs that follow each other: when a file was last seen, what moved, what is new, which pairs changed."""

from typing import Any

SQL = """
ALTER TABLE source ADD COLUMN file_mtime_ns INTEGER -- of the file when it was last read; 0: not known; null: never seen
;
ALTER TABLE source ADD COLUMN followed_hash TEXT -- the text that its pairs were last compared with
;
ALTER TABLE source ADD COLUMN proposed_hash TEXT -- the text that pairs were last proposed from
;
ALTER TABLE source ADD COLUMN news TEXT NOT NULL DEFAULT '' CHECK (news IN ('', 'new', 'renamed'))
;
ALTER TABLE source ADD COLUMN earlier_path TEXT -- where the file lay before it was renamed
;
ALTER TABLE paragraph ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0 CHECK (fresh IN (0, 1)) -- came after pairs were made
;
CREATE INDEX paragraph_fresh ON paragraph(source_id, position) WHERE fresh = 1
;
ALTER TABLE pair ADD COLUMN changed INTEGER NOT NULL DEFAULT 0 CHECK (changed IN (0, 1)) -- its text is another one now
;
CREATE INDEX pair_changed ON pair(source_id, position, id, status) WHERE changed = 1
;
UPDATE source SET file_mtime_ns = 0
;
UPDATE source SET followed_hash = text_hash, proposed_hash = text_hash
WHERE EXISTS (SELECT 1 FROM pair WHERE source_id = source.id)
  AND NOT EXISTS (SELECT 1 FROM pair WHERE source_id = source.id AND text_hash <> source.text_hash)
"""


def apply(db: Any) -> None:
    """Add the columns, and take every pair that is of its essay's present text as followed."""
    for statement in SQL.split("\n;\n"):
        db.conn.execute(statement)
