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


def essays_and_notes(essays: int, notes: int) -> str:
    """Return so many essays and notes in words: `2 essays and 1 note`; notes are named where there are any."""
    said = [counted(essays, "essay")] if essays or not notes else []
    return " and ".join(said + ([counted(notes, "note")] if notes else []))
