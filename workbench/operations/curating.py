"""Read pairs, decide on them, mark them; every change is one edit of the history.

What looks into a pair's texts is imported when the first is read: the list stands before that.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from store import pairs
from store.pairs import Order, Pair, PairChange, PairCounts, PairFilter, PairRow
from store.search import pair_number
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.project import Project

if TYPE_CHECKING:
    from curation.findings import Finding
    from workbench.operations.tokens import TokenView

if TYPE_CHECKING:
    from curation.pairs import Tier

Status = Literal["proposed", "accepted", "rejected"]


@dataclass(frozen=True, kw_only=True)
class PairView:
    """One pair whole, with its tokens for each target model, its warnings, and what makes it doubtful.

    Attributes:
        pair: the pair.
        counts: for every target model, the one that runs start from first.
        warnings: what speaks against it.
        doubts: names of what makes it doubtful.
    """

    pair: Pair
    counts: tuple[TokenView, ...]
    warnings: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def tokens(self) -> TokenView:
        """Its tokens for the model that runs start from."""
        return self.counts[0]


def pair_ids(project: Project, where: PairFilter, order: Order = "reading") -> array[int]:
    """Return the ids of all pairs that pass the filter, in reading order or as the queue has them.

    Where its words are a pair's number, that pair comes first, and after `#` alone.
    """
    number = pair_number(where.words)
    if number is None:
        return pairs.ids(project.db, where, order)
    numbered = pairs.ids(project.db, replace(where, words="", id=number))
    if numbered and where.words.strip().startswith("#"):
        return numbered
    others = pairs.ids(project.db, where, order)
    return array("q", [*numbered, *(pair_id for pair_id in others if pair_id != number)])


def pair_rows(project: Project, ids: Sequence[int]) -> list[PairRow]:
    """Return the list lines of some pairs, in the order asked."""
    return pairs.rows(project.db, ids)


def pair_counts(project: Project, source_id: int | None = None) -> PairCounts:
    """Return how many pairs there are of each status, in one source or in all."""
    return pairs.counts(project.db, source_id)


def tier_counts(project: Project, source_id: int | None = None) -> dict[str, int]:
    """Return how many pairs there are of each tier that has any, in one source or in all."""
    return pairs.tier_counts(project.db, source_id)


def pair_view(project: Project, pair_id: int) -> PairView:
    """Return one pair with its token counts and warnings."""
    from workbench.operations.doubting import doubt_names
    from workbench.operations.tokens import token_views
    from workbench.operations.waiving import findings_of_pair

    pair = pairs.get(project.db, pair_id)
    counts = token_views(project, pair.prompt, pair.response, pair_id=pair_id)
    found = findings_of_pair(project, pair, counts)
    return PairView(
        pair=pair,
        counts=counts,
        warnings=tuple(item.message for item in found if not item.waived),
        doubts=doubt_names(project, pair, counts[0].total),
    )


def pair_findings(project: Project, pair_id: int) -> list[Finding]:
    """Return everything that is to be said of one pair, waived or not."""
    from workbench.operations.tokens import token_views
    from workbench.operations.waiving import findings_of_pair

    pair = pairs.get(project.db, pair_id)
    return findings_of_pair(project, pair, token_views(project, pair.prompt, pair.response, pair_id=pair_id))


def sentence_starts(text: str) -> list[int]:
    """Return the character at which each sentence of a text begins."""
    from curation.sentences import sentences

    return [start + len(text[start:end]) - len(text[start:end].lstrip()) for start, end in sentences(text)]


def need(project: Project, ids: Sequence[int]) -> None:
    """Make sure that all the pairs are there.

    Raises:
        WorkbenchError: some are not; all of them are named.
    """
    there = {row.id for row in pairs.rows(project.db, ids)}
    missing = [str(pair_id) for pair_id in ids if pair_id not in there]
    if missing:
        word = "is no pair" if len(missing) == 1 else "are no pairs"
        raise WorkbenchError(f"There {word} {', '.join(missing)}, or no more. See `workbench pairs list`.")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a decision on some pairs came to; together they are all the pairs that are still there.

    Attributes:
        changed: were decided now.
        waiting: could not be accepted, since their prompts are still to be written.
        already: had been decided so before.
    """

    changed: int
    waiting: int = 0
    already: int = 0


def decide(project: Project, ids: Sequence[int], status: Status) -> int:
    """Accept, reject or put back the pairs; return how many changed.

    A pair whose prompt is not written yet is not accepted.

    Raises:
        NothingToDoError: none of those to be accepted has its prompt.
    """
    return decide_all(project, ids, status).changed


def decide_all(project: Project, ids: Sequence[int], status: Status) -> Decided:
    """Accept, reject or put back the pairs, as `decide` does, and say of all of them what became of them.

    Raises:
        NothingToDoError: none of those to be accepted has its prompt.
    """
    living = [row for row in pairs.rows(project.db, ids) if row.status != "merged"]
    rows = [row for row in living if row.status != status]
    ready = rows if status != "accepted" else [row for row in rows if row.prompt_words]
    if rows and not ready:
        raise NothingToDoError(
            "Its prompt is not written yet: write it with i, then accept."
            if len(rows) == 1
            else f"The prompts of these {len(rows):,} pairs are not written yet: write each with i.",
            on_command_line=f"Prompts not written yet: {len(rows):,}. Write each with `workbench pairs edit --prompt`.",
        )
    changes = [PairChange(id=row.id, status=status) for row in ready]
    if changes:
        words = {"accepted": "accept", "rejected": "reject", "proposed": "put back"}[status]
        pairs.change(project.db, f"{words} {some(len(changes))}", changes)
    return Decided(changed=len(changes), waiting=len(rows) - len(ready), already=len(living) - len(rows))


@dataclass(frozen=True, kw_only=True)
class Acceptable:
    """What accepting all of some pairs would come to; together they are all those that are still there.

    Attributes:
        ready: can be accepted.
        waiting: cannot, since their prompts are still to be written.
        already: are accepted.
        rejected: were rejected, which nobody takes back who accepts the others.
    """

    ready: tuple[int, ...]
    waiting: int = 0
    already: int = 0
    rejected: int = 0


def acceptable(project: Project, ids: Sequence[int], *, rejected: bool = False) -> Acceptable:
    """Say which of some pairs can be accepted together.

    Args:
        project: the project.
        ids: the pairs.
        rejected: whether those that were rejected are meant, too.
    """
    living = [row for row in pairs.rows(project.db, ids) if row.status != "merged"]
    wanted = [row for row in living if row.status == "proposed" or (rejected and row.status == "rejected")]
    ready = tuple(row.id for row in wanted if row.prompt_words)
    already = sum(row.status == "accepted" for row in living)
    return Acceptable(
        ready=ready,
        waiting=len(wanted) - len(ready),
        already=already,
        rejected=len(living) - len(wanted) - already,
    )


def skip(project: Project, ids: Sequence[int]) -> int:
    """Let proposed pairs come back last in the queue, in the order given; return how many were proposed."""
    chosen = [row.id for row in pairs.rows(project.db, ids) if row.status == "proposed"]
    if chosen:
        first = pairs.next_skip(project.db)
        changes = [PairChange(id=key, skipped=first + number) for number, key in enumerate(chosen)]
        pairs.change(project.db, f"skip {some(len(chosen))}", changes)
    return len(chosen)


def retag(project: Project, ids: Sequence[int], tier: Tier) -> None:
    """Give the pairs a tier."""
    pairs.change(
        project.db, f"tier {tier} for {some(len(ids))}", [PairChange(id=pair_id, tier=tier) for pair_id in ids]
    )


def flag(project: Project, ids: Sequence[int]) -> bool:
    """Flag the pairs, or take the flags off when all are flagged; return whether they are flagged now."""
    flagged = not all(row.flagged for row in pairs.rows(project.db, ids))
    label = f"flag {some(len(ids))}" if flagged else f"unflag {some(len(ids))}"
    pairs.change(project.db, label, [PairChange(id=pair_id, flagged=flagged) for pair_id in ids])
    return flagged


def note(project: Project, ids: Sequence[int], text: str) -> None:
    """Write the note of the pairs, the same for all; an empty text removes it."""
    which = some(len(ids))
    if len(ids) == 1:
        which = f"pair {ids[0]} of {pairs.get(project.db, ids[0]).title}"
    pairs.change(project.db, f"note on {which}", [PairChange(id=pair_id, note=text) for pair_id in ids])


def some(count: int) -> str:
    """Name so many pairs in a sentence."""
    return "a pair" if count == 1 else f"{count:,} pairs"
