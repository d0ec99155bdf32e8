"""A pair as a file of somebody's holds it, whatever the format: its texts to the letter, and what the file says of it.

Every reader of pairs gives these, and every writer takes them. What a file does not say is None: tier, source group
and split are then chosen where the pair is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from curation.essay import slugify
from curation.pairs import Tier

Split = Literal["train", "holdout"]

TIERS: tuple[Tier, ...] = get_args(Tier)
# The numbers of the older Markdown format, in their order.
TIER_NUMBERS: dict[Tier, int] = {"rewrite": 1, "thesis": 2, "continuation": 3, "note": 4}

_SLUG = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@dataclass(frozen=True, kw_only=True)
class FilePair:
    """A pair of a file.

    Attributes:
        prompt: as written.
        response: likewise.
        line: where it begins, from 1.
        tier: rewrite, thesis, continuation or note.
        source: slug of its source group.
        split: the side that the file puts it on.
    """

    prompt: str
    response: str
    line: int = 0
    tier: Tier | None = None
    source: str | None = None
    split: Split | None = None


def tier_named(value: object) -> Tier | None:
    """Return the tier that a number from 1 to 4 or a name means, or None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if isinstance(value, bool) else str(value).strip().lower()
    return next((tier for tier, number in TIER_NUMBERS.items() if text in (tier, str(number))), None)


def source_slug(text: str) -> str:
    """Return a source group's name as this program writes it: `_` is `-`, and what is no slug becomes one."""
    candidate = text.strip().replace("_", "-").lower()
    return candidate if _SLUG.fullmatch(candidate) else slugify(candidate)


def match_source(slug: str, known: Iterable[str]) -> str | None:
    """Return the known source that a pair's slug names: the same, or the only one whose name it is a part of."""
    names = set(known)
    if slug in names:
        return slug
    holding = [name for name in names if f"-{slug}-" in f"-{name}-"]
    return holding[0] if len(holding) == 1 else None


def half_character(*texts: str) -> str | None:
    """Say what is wrong with texts that hold a lone surrogate, which no UTF-8 file and no store can hold."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return f"holds half a character ({text[error.start]!a}). Delete it from the text."
    return None
