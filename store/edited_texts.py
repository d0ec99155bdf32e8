"""What the author's edit of a text in the program stands beside: the text as it came in, and what is known of it."""

from __future__ import annotations

import json
from typing import Any

from store.database import Database


def as_it_came(db: Database, source_id: int) -> str | None:
    """Return the text of a source that the author edited as it came in last; None where it stands so."""
    found = db.one("SELECT body FROM text JOIN source ON edited_from = hash WHERE id = ?", (source_id,))
    return str(found[0]) if found else None


def front_matter(db: Database, source_id: int) -> dict[str, Any]:
    """Return what is known of a source beside its text; nothing where there is no such source."""
    found = db.one("SELECT front_matter_json FROM source WHERE id = ?", (source_id,))
    known: dict[str, Any] = json.loads(found[0]) if found else {}
    return known
