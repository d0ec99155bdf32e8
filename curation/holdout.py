"""Which essays are held out, and which of them belong together and so share a side.

Two rules, for an author who leaves the choice to the program. A *share*: each group has the sha256 of `seed:group`,
read as a number from 0 to below 1, and is held out when that lies below the share. It depends on nothing but its own
name and the seed, so adding or removing an essay never moves another. A *count*: the lowest numbers are held out; a new
essay can take the last place of those, and nothing else ever moves.

A group is what must not be torn apart: a draft and its finished piece, an essay in parts, a file of pairs and the essay
it was made from. By their names alone those are found whose names differ only in such a word; the author joins and
parts the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from curation.counted import counted
from curation.errors import CurationError

_DATE = re.compile(r"\A\d{4}-\d{2}(?:-\d{2})?-(?=.)")
# A bare number at the end is no part: `letters-1` and `letters-2` may be two essays of a series.
_VERSION = re.compile(
    r"(?<=.)-(?:(?:draft|rough|part|pt|chapter)(?:-?\d+|-[ivx]+)?|final|finished|revised|v\d+|pairs|prompts)\Z"
)


def group_of(slug: str) -> str:
    """Return the group that a slug names: `_` is `-`, and a date before it or a version behind it is left out."""
    name = slug.replace("_", "-").lower().strip("-") or slug
    name = _DATE.sub("", name)
    while (shorter := _VERSION.sub("", name)) != name:
        name = shorter
    return name


def choose_holdout(slugs: Sequence[str], *, count: int, seed: int) -> set[str]:
    """Return the slugs to hold out, `count` of them.

    Raises:
        CurationError: fewer than `count` slugs, or a negative count.
    """
    names = set(slugs)
    if not 0 <= count <= len(names):
        raise CurationError(f"{counted(count, 'essay')} cannot be held out of {len(names)}. Ask for 0 to {len(names)}.")
    ranked = sorted(names, key=lambda slug: (_digest(slug, seed), slug))
    return set(ranked[:count])


def choose_share(groups: Iterable[str], *, share: float, seed: int) -> set[str]:
    """Return the groups to hold out: about `share` of them, each decided by its own name and the seed alone.

    Args:
        groups: names of groups.
        share: above 0 and below 1.
        seed: another one chooses others.

    Raises:
        CurationError: a share that is none.
    """
    if not 0.0 < share < 1.0:
        raise CurationError(f"A share of {share:g} cannot be held out. Give one above 0 and below 1, such as 0.2.")
    return {name for name in groups if _number(name, seed) < share}


def _digest(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _number(name: str, seed: int) -> float:
    """Return a name's number: 53 bits of its digest, as many as a float holds exactly, from 0 to below 1."""
    return (int.from_bytes(_digest(name, seed)[:8], "big") >> 11) / 2.0**53
