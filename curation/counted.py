"""Counts with their words, in the number that fits."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count and its word: `1 leak`, `2 leaks`.

    Args:
        count: how many.
        one: the word for one.
        many: the word for any other number; with an s where it is left out.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
