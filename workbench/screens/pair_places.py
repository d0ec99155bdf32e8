"""Where the author stands among the pairs, and which pairs that lists; no widget is touched here, only data asked.

A place is kept across restarts as plain JSON and read back with care: an older version may have written it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from workbench.screens.pair_lines import FILTERS, TIERS

if TYPE_CHECKING:
    from curation.pairs import Tier
    from store.pair_types import PairStatus
    from store.pairs import PairCounts, PairFilter
    from workbench.operations.over import Over
    from workbench.operations.project import Project

Order = Literal["reading", "queue"]
# One tier, or with nothing every one.
AnyTier: TypeAlias = "Tier | Literal['']"
# In the place of an id: the first of the list, whatever it is.
TOP = -1
_ORDERS: tuple[Order, ...] = ("reading", "queue")
# Which pairs a place shows: its filter, words, essay and tier.
Shows = tuple[str, str, tuple[int, str] | None, str]
# What the filters show that do not show all.
_STATUSES: dict[str, tuple[PairStatus, ...]] = {
    "proposed": ("proposed",),
    "accepted": ("accepted",),
    "rejected": ("rejected",),
    "changed": ("proposed", "accepted"),
}


def order_of(name: str, chosen: Literal["", "reading", "queue"]) -> Order:
    """Return the order of a filter's list, given what the author chose, if she did."""
    return chosen or ("queue" if name == "proposed" else "reading")


@dataclass(frozen=True)
class Place:
    """Where the author stands.

    Attributes:
        filter: which pairs, by the filter's name.
        chosen_order: as she chose it; empty where the filter's own order is in force.
        words: that the pairs are narrowed to.
        source: id and title of the essay that the pairs are narrowed to.
        cursor: id of the pair under the cursor.
        tier: that the pairs are narrowed to.
    """

    filter: str
    chosen_order: Literal["", "reading", "queue"]
    words: str
    source: tuple[int, str] | None
    cursor: int | None
    tier: AnyTier = ""

    @property
    def shows(self) -> Shows:
        """Which pairs it shows, whatever their order."""
        return self.filter, self.words, self.source, self.tier

    def kept(self) -> dict[str, object]:
        """Return it as it is kept."""
        return {
            "filter": self.filter,
            "cursor": self.cursor,
            "chosen_order": self.chosen_order,
            "words": self.words,
            "source": list(self.source) if self.source else None,
            "tier": self.tier,
        }


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The pairs of a place.

    Attributes:
        place: the place; the kept one where that was asked for.
        ids: the pairs, in its order.
        counts: of the pairs by status, in the place's essay or everywhere.
        over: how many pairs are over a model's limit, where the filter asks for them.
        elsewhere: how many there were without words, tier and essay, where there are none with them.
        tiers: how many pairs there are of each tier, in the place's essay or everywhere.
    """

    place: Place
    ids: Sequence[int]
    counts: PairCounts
    over: Over
    elsewhere: int
    tiers: dict[str, int]


def in_queue(shown: Sequence[int], moved: Sequence[int], queue: Sequence[int]) -> array[int]:
    """Return the ids of a list with some put where the queue has them, and every other where it stands.

    Args:
        shown: the list.
        moved: those that are to be put elsewhere in it.
        queue: the order they are to have; what of the list is not in it stays, and no other comes in.
    """
    listed, moving = set(shown), set(moved).intersection(shown)
    # By the one that follows it and stays, or by none at the end: those that come before that one, the last first.
    before: dict[int | None, list[int]] = {}
    following: int | None = None
    for pair_id in reversed(queue):
        if pair_id in moving:
            before.setdefault(following, []).append(pair_id)
        elif pair_id in listed:
            following = pair_id
    placed = {pair_id for several in before.values() for pair_id in several}
    ids = array("q")
    for pair_id in shown:
        ids.extend(reversed(before.get(pair_id, [])))
        if pair_id not in placed:
            ids.append(pair_id)
    ids.extend(reversed(before.get(None, [])))
    return ids


def kept_place(kept: object, standing: Place) -> Place:
    """Read a place as it was kept; what is not as expected stays as it stands."""
    if not isinstance(kept, dict):
        return standing
    source = kept.get("source")
    return Place(
        filter=str(kept["filter"]) if kept.get("filter") in FILTERS else standing.filter,
        chosen_order=next((name for name in _ORDERS if kept.get("chosen_order") == name), ""),
        words=str(kept.get("words") or ""),
        source=(int(source[0]), str(source[1])) if isinstance(source, list) and len(source) == 2 else None,
        cursor=kept["cursor"] if isinstance(kept.get("cursor"), int) else None,
        tier=next((name for name, _words in TIERS if kept.get("tier") == name), ""),
    )


def pairs_of(project: Project, place: Place) -> PairFilter:
    """Return the store's filter for the pairs of a place."""
    from store.pairs import PairFilter

    over: tuple[tuple[str, int], ...] = ()
    if place.filter == "over":
        # Only here: it knows every family of models, and the list is waited for.
        from workbench.operations.counting import limits

        over = limits(project)
    return PairFilter(
        statuses=_STATUSES.get(place.filter, ()),
        over=over,
        flagged=True if place.filter == "flagged" else None,
        changed=place.filter == "changed",
        source_id=place.source[0] if place.source else None,
        tier=place.tier or None,
        words=place.words,
    )


def list_pairs(project: Project, standing: Place, *, recall: bool) -> Listing:
    """List the pairs of a place.

    Args:
        project: whose pairs.
        standing: the place.
        recall: go to the place that was kept instead, if there is one.
    """
    from store.search import pair_number
    from workbench.operations import guide
    from workbench.operations.curating import pair_counts, pair_ids, tier_counts
    from workbench.operations.over import Over

    place = kept_place(guide.recall(project, "pairs.place"), standing) if recall else standing
    # Before the ids: it counts what little may be missing.
    over = Over()
    if place.filter == "over":
        from workbench.operations.counting import over_any_limit

        over = over_any_limit(project)
    order = order_of(place.filter, place.chosen_order)
    ids = pair_ids(project, pairs_of(project, place), order)
    number = pair_number(place.words)
    if number is not None and not recall:
        anywhere = replace(place, filter="all", source=None, tier="")
        if number not in ids and pair_ids(project, replace(pairs_of(project, anywhere), words="", id=number)):
            # She named the pair: it is shown wherever it is.
            place = anywhere
            ids = pair_ids(project, pairs_of(project, place), order)
        place = replace(place, cursor=number if number in ids else place.cursor)
    elsewhere = 0
    if not ids and (place.words or place.source or place.tier):
        everywhere = replace(place, words="", source=None, tier="")
        elsewhere = len(pair_ids(project, pairs_of(project, everywhere), order))
    source = place.source[0] if place.source else None
    counts, tiers = pair_counts(project, source), tier_counts(project, source)
    return Listing(place=place, ids=ids, counts=counts, over=over, elsewhere=elsewhere, tiers=tiers)
