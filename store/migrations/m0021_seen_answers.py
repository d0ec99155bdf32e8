"""What was answered when the result of a blind test was seen: undo reaches behind that, and the result tells of it."""

from typing import Any


def apply(db: Any) -> None:
    """Add the column; of rounds that were seen before it nothing is known."""
    # The answers in the order of the texts; null until the result is seen.
    db.conn.execute("ALTER TABLE blind_round ADD COLUMN seen_answers_json TEXT")
