"""Which essays to hold out when the author leaves the choice to the program.

The rule: each slug has the sha256 of `seed:slug`, and the lowest are held out. An essay's number depends on nothing but
its own name and the seed, so a new essay can take the last place of those held out, and nothing else ever moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from curation.errors import CurationError


def choose_holdout(slugs: Sequence[str], *, count: int, seed: int) -> set[str]:
    """Return the slugs to hold out.

    Raises:
        CurationError: fewer than `count` slugs, or a negative count.
    """
    names = set(slugs)
    if not 0 <= count <= len(names):
        raise CurationError(f"{count} essays cannot be held out of {len(names)}. Ask for 0 to {len(names)}.")
    ranked = sorted(names, key=lambda slug: (hashlib.sha256(f"{seed}:{slug}".encode()).digest(), slug))
    return set(ranked[:count])
