"""Words of others in quotation marks, which never double those that the words carry themselves."""

from __future__ import annotations

_DOUBLE = frozenset('"“”„‟«»')


def quoted(text: str, longest: int = 0) -> str:
    """Put words in quotation marks: double ones, or single ones around what carries double ones of its own.

    Args:
        text: the words.
        longest: in characters; what is longer is cut, and ends in an ellipsis. 0 cuts nothing.
    """
    shown = text if not longest or len(text) <= longest else text[: longest - 1].rstrip() + "…"
    return f"‘{shown}’" if _DOUBLE.intersection(shown) else f"“{shown}”"
