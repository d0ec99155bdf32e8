"""What pairs are to the store's callers: a filter, a line of a list, a pair whole, a new one, a change, the counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier


PairStatus = Literal["proposed", "accepted", "rejected", "merged"]


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs: all conditions together; the default is every pair that is not merged into another.

    Attributes:
        statuses: any of these; none for proposed, accepted and rejected.
        source_id: of this source.
        tier: of this tier.
        flagged: with or without a flag.
        split: on this side.
        id: only this one.
        written: with True only pairs whose prompt is written.
        over: longer than the limit of any of these models: fingerprint and limit in tokens, as `token_counts` has them.
        words: in prompt, response or note, upper and lower case alike: words that follow each other, the last one
            perhaps not finished; with marks between them to the letter; where that finds nothing, as a part of words.
        changed: with True only pairs whose text reads otherwise in the essay now.
    """

    statuses: tuple[PairStatus, ...] = ()
    source_id: int | None = None
    tier: Tier | None = None
    flagged: bool | None = None
    split: Split | None = None
    words: str = ""
    changed: bool = False
    over: tuple[tuple[str, int], ...] = ()
    id: int | None = None
    written: bool = False


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair as a list shows it; `opening` is the first 80 characters of the response, `doubt` how doubtful it is."""

    id: int
    source_id: int
    source: str
    title: str
    split: Split
    tier: Tier
    status: PairStatus
    flagged: bool
    edited: bool
    has_note: bool
    prompt_words: int
    response_words: int
    opening: str
    doubt: int = 0
    skipped: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair whole.

    Attributes:
        id: its key, never used again.
        source_id: the source it came from.
        source: that source's slug.
        title: that source's title.
        split: the side that source is on.
        text_hash: the version of the text it was made from.
        position: order within the source; starts as `start`.
        tier: rewrite, thesis, continuation or note.
        status: proposed, accepted, rejected or merged.
        prompt: what the model is given.
        response: what it is to write.
        start: first character of the response in that text, as proposed.
        end: one past its last.
        edited: whether the author changed the words.
        flagged: whether she wants to come back to it.
        note: her note.
        prompt_words: words of the prompt.
        response_words: words of the response.
        created_at: UTC.
        updated_at: UTC.
        changed: whether the text it was made from reads otherwise in the essay now, or is gone.
    """

    id: int
    source_id: int
    source: str
    title: str
    split: Split
    text_hash: str
    position: float
    tier: Tier
    status: PairStatus
    prompt: str
    response: str
    start: int
    end: int
    edited: bool
    flagged: bool
    note: str
    prompt_words: int
    response_words: int
    created_at: str
    updated_at: str
    changed: bool


@dataclass(frozen=True, slots=True)
class NewPair:
    """A pair to be added; `start` and `end` are the response's characters in the source's text as it stands.

    `doubt` is how doubtful it is, from 0; None: not judged yet.
    """

    tier: Tier
    prompt: str
    response: str
    start: int
    end: int
    prompt_words: int
    response_words: int
    doubt: int | None = None


@dataclass(frozen=True, slots=True)
class PairChange:
    """What to change in one pair; None leaves a column as it is. With a new text give its words too."""

    id: int
    prompt: str | None = None
    response: str | None = None
    prompt_words: int | None = None
    response_words: int | None = None
    tier: Tier | None = None
    status: PairStatus | None = None
    flagged: bool | None = None
    edited: bool | None = None
    note: str | None = None
    doubt: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs there are; merged ones count nowhere, flagged and changed ones also under their status."""

    proposed: int
    accepted: int
    rejected: int
    flagged: int
    accepted_train: int
    accepted_holdout: int
    changed: int = 0
