"""Words as checks compare them: case, punctuation and the form of an apostrophe do not count."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Words that two texts share by chance are at most ones and twos; one essay's run of ten words is a copy in another.
RUN = 8
# Shingles are short enough to outlive an edit of every sixth word.
SHINGLE = 3

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the words of a text, as they are compared."""
    return _WORD.findall(text.casefold().replace("’", "'"))


def runs(of: Sequence[str]) -> set[tuple[str, ...]]:
    """Return each run of eight words; none of a shorter text."""
    return set(zip(*(of[shift:] for shift in range(RUN))))


def shingles(of: Sequence[str]) -> list[str]:
    """Return each run of three words in order, as one string; none of a shorter text."""
    return list(map(" ".join, zip(of, of[1:], of[2:])))
