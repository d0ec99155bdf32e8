"""Texts of sources without a file that the author edited in the program: the text that they were made from."""

from typing import Any

# The hash of the text that came in last; null: the text stands as it came in.
EDITED_FROM = "ALTER TABLE source ADD COLUMN edited_from TEXT REFERENCES text(hash)"


def apply(db: Any) -> None:
    """Add the column: every text stands as it came in."""
    db.conn.execute(EDITED_FROM)
