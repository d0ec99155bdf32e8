"""What makes a proposal doubtful, so that the queue can put it first: signs on its surface, weighed.

Nothing is refused here: a doubt is a sentence for the author and a place in the queue. The weights were set by reading
two hundred proposals (`docs/studies/proposals.md`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# From this weight on a pair counts as doubtful: it is marked in the list, and the reasons are told.
DOUBTFUL = 3

_SHORT_WORDS, _VERY_SHORT_WORDS = 40, 15
_LONG_SHARE = 1.5
_HEADING_WORDS = 8
_ENDS = ".!?…:"
_CLOSERS = "”’\"')]*_ "
_QUOTES = '“"‘«'
_SENTENCE_END = re.compile(r"[.!?…][”’\"')\]*_]*\s+(?=[“‘\"'(*_—–-]*[^\W\d_a-z])")
_ASKS_FIRST = re.compile(r"[^.!?…]*\?")
_ASKS_IN_SPEECH = re.compile(r"\?[”\"’'][^.!?]{0,60}[.!]?\Z")
_LEANING = re.compile(
    r"[“‘\"'(*_ ]*(?:and|or|nor|for|so|thus|hence|therefore|because|which|such|it|he|she|they|this|that|these|those|his"
    r"|her|its|their)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Doubt:
    """A sign that a proposal may need the author's hand.

    Attributes:
        name: what it is, in two or three words, as the pane shows it.
        weight: how much it counts, from 1.
    """

    name: str
    weight: int


def doubts(
    tier: str,
    prompt: str,
    response: str,
    *,
    tokens: int,
    max_tokens: int,
    target_tokens: int,
    warnings: int = 0,
    model_words: int = 0,
) -> list[Doubt]:
    """Return what is doubtful about a pair, the weightiest first.

    Args:
        tier: of the pair; only a continuation is asked how it follows its prompt.
        prompt: what is given.
        response: what is to be written.
        tokens: of the pair as the model's layout lays it out.
        max_tokens: how many the model sees.
        target_tokens: how long a response was to be.
        warnings: how many warnings the pair has for other reasons.
        model_words: how many words of the response a model wrote.
    """
    bare = response.strip()
    found = [*_of_length(bare, tokens, max_tokens, target_tokens), *_of_shape(bare)]
    if tier == "continuation":
        found += _of_joint(prompt, bare)
    if model_words:
        found.append(Doubt("words of a model", 9))
    if warnings:
        found.append(Doubt("a warning" if warnings == 1 else f"{warnings} warnings", 3))
    return sorted(found, key=lambda doubt: (-doubt.weight, doubt.name))


def weight(found: Sequence[Doubt]) -> int:
    """Return how doubtful a pair is, 0 for not at all: its place in the queue."""
    return sum(doubt.weight for doubt in found)


def _of_length(response: str, tokens: int, max_tokens: int, target_tokens: int) -> list[Doubt]:
    found = []
    words = len(response.split())
    if tokens > max_tokens:
        found.append(Doubt("over the model's limit", 8))
    elif tokens > _LONG_SHARE * target_tokens + target_tokens:
        found.append(Doubt("long", 2))
    if words < _VERY_SHORT_WORDS:
        found.append(Doubt("very short", 5))
    elif words < _SHORT_WORDS:
        found.append(Doubt("short", 3))
    return found


def _of_shape(response: str) -> list[Doubt]:
    if not response:
        return [Doubt("empty", 9)]
    found = []
    first, _, rest = response.partition("\n")
    heading = (
        rest.strip() and len(first.split()) <= _HEADING_WORDS and first.rstrip(_CLOSERS)[-1:] not in _ENDS + ",;—–"
    )
    if first.startswith("#") or (heading and not first.lstrip().startswith((">", "-", "*", "1"))):
        found.append(Doubt("first line like a heading", 4))
    if response.count("“") != response.count("”") or response.count('"') % 2:
        found.append(Doubt("a quotation cut", 4))
    last = response.rsplit("\n", 1)[-1]
    if response.rstrip(_CLOSERS)[-1:] not in _ENDS and not last.startswith((">", "-", "*", "|")):
        found.append(Doubt("no end", 5))
    elif response.rstrip(_CLOSERS).endswith(":"):
        found.append(Doubt("ends on a colon", 4))
    if _ASKS_IN_SPEECH.search(response):
        found.append(Doubt("an answer cut off", 3))
    if response[:1].islower():
        found.append(Doubt("begins inside a sentence", 5))
    if not _SENTENCE_END.search(response):
        found.append(Doubt("one sentence", 2))
    return found


def _of_joint(prompt: str, response: str) -> list[Doubt]:
    before = prompt.rstrip()
    found = []
    if response[:1] in _QUOTES:
        spoken = before[-1:] in '”"’' or before.endswith(":")
        found.append(Doubt("a dialogue cut", 3) if spoken else Doubt("begins with a quotation", 2))
    if before and not prompt.endswith("\n"):
        leans = _LEANING.match(response) is not None
        found.append(Doubt("leans on the sentence before", 2) if leans else Doubt("begins in mid-paragraph", 1))
    # A question after a question goes on asking.
    if before and before.rstrip(_CLOSERS)[-1:] == "?" and not _ASKS_FIRST.match(response):
        found.append(Doubt("begins with an answer", 2))
    return found
