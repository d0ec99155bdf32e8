"""What a model wrote and the author took into a draft, found again in a text that comes in as her own.

A passage is found by runs of words that both have, whatever their marks, case and line ends: where she changed a word
here and there, the rest still gives it away. A passage of fewer than four words is anybody's, and is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.words import RUN

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
# A passage shorter than a run is looked for whole, down to this.
_LEAST_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A passage that stands in a text.

    Attributes:
        passage: its number among those given.
        line: where the first run of shared words begins in the text, from 1.
        words: how many words of the text belong to shared runs.
    """

    passage: int
    line: int
    words: int


def standing_in(text: str, passages: Sequence[str]) -> list[Standing]:
    """Return the passages of which words stand in a text, in their order."""
    words = list(_WORD.finditer(text))
    found = []
    for number, shared in _shared(words, passages):
        line = text.count("\n", 0, words[min(shared)].start()) + 1
        found.append(Standing(passage=number, line=line, words=len(shared)))
    return found


def spans_in(text: str, passages: Sequence[str]) -> list[tuple[int, int]]:
    """Return where in a text words of passages stand, in characters, in order and apart from each other."""
    words = list(_WORD.finditer(text))
    spans: list[tuple[int, int]] = []
    before = None
    for at in sorted(set().union(*(shared for _, shared in _shared(words, passages)))):
        start, end = words[at].span()
        # Words that follow each other are one span, with what stands between them.
        spans.append((spans.pop()[0] if at - 1 == before else start, end))
        before = at
    return spans


def _shared(words: Sequence[re.Match[str]], passages: Sequence[str]) -> Iterator[tuple[int, set[int]]]:
    """Return for each passage that stands among words its number, and which of the words belong to shared runs."""
    folded = [word[0].replace("’", "'").casefold() for word in words]
    places: dict[int, dict[tuple[str, ...], list[int]]] = {}
    for number, passage in enumerate(passages):
        own = [word.replace("’", "'").casefold() for word in _WORD.findall(passage)]
        length = min(RUN, len(own))
        if length < _LEAST_WORDS or len(folded) < length:
            continue
        if length not in places:
            places[length] = _runs(folded, length)
        shared = {
            start + step
            for at in range(len(own) - length + 1)
            for start in places[length].get(tuple(own[at : at + length]), ())
            for step in range(length)
        }
        if shared:
            yield number, shared


def _runs(words: Sequence[str], length: int) -> dict[tuple[str, ...], list[int]]:
    """Return where each run of so many words begins."""
    found: dict[tuple[str, ...], list[int]] = {}
    for start in range(len(words) - length + 1):
        found.setdefault(tuple(words[start : start + length]), []).append(start)
    return found
