"""What is asked of all sources at once and often, without the counts of their list, which read every paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from store.database import Database


@dataclass(frozen=True, slots=True)
class EssayFacts:
    """What rules need of a source: its slug, its group, the side it is on, and its words of prose."""

    slug: str
    group: str
    split: Literal["train", "holdout"]
    words: int


def facts(db: Database) -> list[EssayFacts]:
    """Return this of every source."""
    return [EssayFacts(*found) for found in db.all("SELECT slug, group_name, split, words FROM source ORDER BY id")]


def how_many(db: Database) -> tuple[int, int, int]:
    """Return how many sources there are, and how many essays and how many notes of them are held out."""
    found = db.one(
        "SELECT count(*), count(CASE WHEN NOT note THEN 1 END), count(CASE WHEN note THEN 1 END) FROM "
        "(SELECT CASE split WHEN 'holdout' THEN kind = 'note' AND origin <> 'pairs' END AS note FROM source)"
    )
    assert found is not None
    return int(found[0]), int(found[1]), int(found[2])


def titles_changed(db: Database) -> list[str]:
    """Return the titles of the sources that have pairs to be settled."""
    found = db.all(
        "SELECT title FROM source WHERE id IN "
        "(SELECT source_id FROM pair WHERE changed = 1 AND status IN ('proposed', 'accepted')) "
        "ORDER BY title COLLATE NOCASE, id"
    )
    return [str(title) for (title,) in found]
