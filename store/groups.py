"""Groups of sources that share a side of the split; every source is in one, at least by itself."""

from __future__ import annotations

from collections.abc import Sequence

from store.database import Database
from store.history import edit
from store.values import storable


def join(db: Database, ids: Sequence[int], group: str) -> None:
    """Put sources into one group, as one edit; where one of them, or of the group, is held out, all of it is.

    Raises:
        NotFound: one of them is not there; none is moved.
    """
    standing = db.all("SELECT id FROM source WHERE group_name = ?", (storable(group),))
    together = list(dict.fromkeys([*ids, *(source_id for (source_id,) in standing)]))
    marks = ", ".join("?" * len(together))
    held = db.one(f"SELECT 1 FROM source WHERE split = 'holdout' AND id IN ({marks})", together)
    changes = {"group_name": group} | ({"split": "holdout"} if held else {})
    with edit(db, f"join {len(together)} essays" if len(together) > 1 else "part an essay from its group") as change:
        for source_id in together:
            change.update("source", source_id, changes)


def members(db: Database, ids: Sequence[int]) -> list[int]:
    """Return the sources of the groups that some sources are in, themselves included, by title."""
    found = db.all(
        "SELECT id FROM source WHERE group_name IN (SELECT group_name FROM source WHERE id IN "
        f"({', '.join('?' * len(ids))})) ORDER BY title COLLATE NOCASE, id",
        list(ids),
    )
    return [source_id for (source_id,) in found]


def side(db: Database, group: str) -> str:
    """Return the side of the split that a group is on; a new group is trained on."""
    held = db.one("SELECT 1 FROM source WHERE group_name = ? AND split = 'holdout'", (storable(group),))
    return "holdout" if held else "train"
