"""The difference between two texts, word by word, for reading: what stayed, what went, what came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_PIECES = re.compile(r"\n+|[^\S\n]*\S+|[^\S\n]+")
# Pieces of one text times those of the other that are compared one by one; beyond it what differs is one piece.
_LIMIT = 4_000_000


@dataclass(frozen=True)
class Part:
    """A run of words that stayed, went or came, with the white space before them."""

    kind: Literal["same", "gone", "new"]
    text: str


def difference(before: str, after: str) -> list[Part]:
    """Return the parts of two texts in order: those not `new` are `before`, those not `gone` are `after`."""
    old, new = _pieces(before), _pieces(after)
    first = _alike(old, new)
    last = min(_alike(old[::-1], new[::-1]), len(old) - first, len(new) - first)
    old_end, new_end = len(old) - last, len(new) - last
    parts: list[Part] = []
    _add(parts, "same", new[:first])
    if (old_end - first) * (new_end - first) > _LIMIT:
        _add(parts, "gone", old[first:old_end])
        _add(parts, "new", new[first:new_end])
    else:
        matcher = SequenceMatcher(None, old[first:old_end], new[first:new_end], autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind == "equal":
                _add(parts, "same", new[first + c : first + d])
            else:
                _add(parts, "gone", old[first + a : first + b])
                _add(parts, "new", new[first + c : first + d])
    _add(parts, "same", new[new_end:])
    return parts


def _pieces(text: str) -> list[str]:
    return _PIECES.findall(text)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    return next((number for number, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))


def _add(parts: list[Part], kind: Literal["same", "gone", "new"], pieces: Sequence[str]) -> None:
    if pieces:
        parts.append(Part(kind, "".join(pieces)))
