"""A source that comes in again: how it is known, and whether what comes in says something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from store.database import Database
from store.values import booleans, storable

# `kept`: it says something else, but the author edited the text here, and hers stays.
Outcome = Literal["added", "changed", "same", "kept"]


@dataclass(frozen=True, slots=True)
class Known:
    """A source as it stands before it is saved again."""

    id: int
    slug: str
    kind: str
    kind_set: bool
    title: str
    text_hash: str
    front_matter_json: str
    edited_from: str | None

    def outcome(self, columns: dict[str, Any], *, edited: bool) -> Outcome:
        """Return whether these columns say something else; what comes in from elsewhere replaces no edit of hers."""
        if self.edited_from is not None and not edited and columns["text_hash"] != self.text_hash:
            return "same" if columns["text_hash"] == self.edited_from else "kept"
        same = all(getattr(self, name) == columns[name] for name in ("title", "text_hash", "front_matter_json"))
        same = same and (self.kind == columns["kind"] or not columns["kind_set"])
        return "same" if same else "changed"

    def came_as(self, edited: str) -> str | None:
        """Return the hash of the text that an edited one was made from; None where it says the same as that."""
        came = self.edited_from or self.text_hash
        return came if came != edited else None


def known_source(db: Database, *, path: str, slug: str, origin: str) -> Known | None:
    """Return the source that comes in again, by its path; or pairs that came before their essay, by its name."""
    query = (
        "SELECT id, slug, kind, kind_set, title, text_hash, front_matter_json, edited_from FROM source WHERE path = ?"
    )
    found = db.one(query, (storable(path),))
    if found is None and origin == "file":
        # Pairs that came before their essay: it takes the place of the name they were kept under.
        query = query.replace("path = ?", "slug = ? AND origin = 'pairs'")
        found = db.one(query, (storable(slug),))
    return Known(*booleans(found, 3)) if found else None
