"""Read pairs, decide on them, change them; every change is one edit of the history."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from curation.findings import Finding
from curation.markdown import count_words
from curation.pairs import PairText, merge, move_boundary, split
from curation.sentences import sentences
from store import pairs
from store.pairs import NewPair, Pair, PairChange, PairCounts, PairFilter, PairRow
from workbench.operations.errors import NothingToDoError
from workbench.operations.project import Project
from workbench.operations.tokens import TokenView, counter, token_view
from workbench.operations.waiving import findings_of_pair

Status = Literal["proposed", "accepted", "rejected"]


@dataclass(frozen=True, kw_only=True)
class PairView:
    """One pair whole, with its counts and warnings."""

    pair: Pair
    tokens: TokenView
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SeenView:
    """What a model sees of a pair: its tokens, and the end of the response that lies beyond the limit."""

    tokens: TokenView
    cut: str


def pair_ids(project: Project, where: PairFilter) -> array[int]:
    """Return the ids of all pairs that pass the filter, in reading order."""
    return pairs.ids(project.db, where)


def pair_rows(project: Project, ids: Sequence[int]) -> list[PairRow]:
    """Return the list lines of some pairs, in the order asked."""
    return pairs.rows(project.db, ids)


def pair_counts(project: Project) -> PairCounts:
    """Return how many pairs there are of each status."""
    return pairs.counts(project.db)


def pair_view(project: Project, pair_id: int) -> PairView:
    """Return one pair with its token counts and warnings."""
    pair = pairs.get(project.db, pair_id)
    tokens = token_view(project, pair.prompt, pair.response)
    found = findings_of_pair(project, pair, tokens=tokens.total, max_tokens=tokens.max_length)
    return PairView(pair=pair, tokens=tokens, warnings=tuple(item.message for item in found if not item.waived))


def pair_findings(project: Project, pair_id: int) -> list[Finding]:
    """Return everything that is to be said of one pair, waived or not."""
    pair = pairs.get(project.db, pair_id)
    tokens = token_view(project, pair.prompt, pair.response)
    return findings_of_pair(project, pair, tokens=tokens.total, max_tokens=tokens.max_length)


def seen_by_model(project: Project, pair_id: int) -> SeenView:
    """Return what the project's model sees of a pair at `max_length`, were the rest cut."""
    pair = pairs.get(project.db, pair_id)
    tokens = token_view(project, pair.prompt, pair.response)
    if tokens.fits:
        return SeenView(tokens=tokens, cut="")
    count = counter(project).count
    room = tokens.max_length - (tokens.total - tokens.response_tokens)
    low, high = 0, len(pair.response)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(pair.response[:middle]) <= room else (low, middle - 1)
    return SeenView(tokens=tokens, cut=pair.response[low:])


def sentence_starts(text: str) -> list[int]:
    """Return the character at which each sentence of a text begins."""
    return [start + len(text[start:end]) - len(text[start:end].lstrip()) for start, end in sentences(text)]


def decide(project: Project, ids: Sequence[int], status: Status) -> int:
    """Accept, reject or put back the pairs; return how many changed."""
    changes = [PairChange(id=row.id, status=status) for row in pairs.rows(project.db, ids) if row.status != status]
    if changes:
        words = {"accepted": "accept", "rejected": "reject", "proposed": "put back"}[status]
        pairs.change(project.db, f"{words} {_some(len(changes))}", changes)
    return len(changes)


def retag(project: Project, ids: Sequence[int], tier: str) -> None:
    """Give the pairs a tier."""
    pairs.change(
        project.db, f"tier {tier} for {_some(len(ids))}", [PairChange(id=pair_id, tier=tier) for pair_id in ids]
    )


def flag(project: Project, ids: Sequence[int]) -> bool:
    """Flag the pairs, or take the flags off when all are flagged; return whether they are flagged now."""
    flagged = not all(row.flagged for row in pairs.rows(project.db, ids))
    label = f"flag {_some(len(ids))}" if flagged else f"unflag {_some(len(ids))}"
    pairs.change(project.db, label, [PairChange(id=pair_id, flagged=flagged) for pair_id in ids])
    return flagged


def note(project: Project, pair_id: int, text: str) -> None:
    """Write the note of a pair; an empty text removes it."""
    pairs.change(project.db, "note on a pair", [PairChange(id=pair_id, note=text)])


def edit_pair(project: Project, pair_id: int, *, prompt: str, response: str) -> None:
    """Replace the texts of a pair; texts that are the same change nothing."""
    pair = pairs.get(project.db, pair_id)
    if (pair.prompt, pair.response) != (prompt, response):
        pairs.change(project.db, "edit a pair", [_text_change(pair_id, PairText(prompt, response))])


def shift_boundary(project: Project, pair_id: int, sentences: int) -> None:
    """Move the boundary between prompt and response: +1 gives the prompt a sentence, -1 gives it back.

    Raises:
        CurationError: one side would be left empty.
    """
    pair = pairs.get(project.db, pair_id)
    moved = move_boundary(PairText(pair.prompt, pair.response), sentences)
    pairs.change(project.db, "move the boundary", [_text_change(pair_id, moved)])


def split_pair(project: Project, pair_id: int, offset: int) -> int:
    """Split the response at a character; return the id of the second pair.

    Raises:
        CurationError: one part would be empty.
    """
    pair = pairs.get(project.db, pair_id)
    first, second = split(PairText(pair.prompt, pair.response), offset)
    new = new_pair(pair.tier, second, pair.start, pair.end)
    added = pairs.change(
        project.db, "split a pair", [_text_change(pair_id, first)], added=[(pair_id, new, pair.status)]
    )
    return added[0]


def merge_with_next(project: Project, pair_id: int) -> None:
    """Merge a pair with the next one of its essay, which goes out of the list.

    Raises:
        NothingToDoError: it is the last pair of its essay.
    """
    pair = pairs.get(project.db, pair_id)
    following = pairs.next_in_source(project.db, pair_id)
    if following is None:
        raise NothingToDoError("This is the last pair of its essay: nothing to merge with.")
    whole = merge(PairText(pair.prompt, pair.response), PairText(following.prompt, following.response))
    pairs.change(
        project.db, "merge two pairs", [_text_change(pair_id, whole), PairChange(id=following.id, status="merged")]
    )


def new_pair(tier: str, text: PairText, start: int, end: int) -> NewPair:
    """Return a pair to be added, with its words counted."""
    return NewPair(
        tier=tier,
        prompt=text.prompt,
        response=text.response,
        start=start,
        end=end,
        prompt_words=count_words(text.prompt),
        response_words=count_words(text.response),
    )


def _text_change(pair_id: int, text: PairText) -> PairChange:
    return PairChange(
        id=pair_id,
        prompt=text.prompt,
        response=text.response,
        prompt_words=count_words(text.prompt),
        response_words=count_words(text.response),
        edited=True,
    )


def _some(count: int) -> str:
    return "a pair" if count == 1 else f"{count} pairs"
