"""What can be counted in a text to describe repetition; plain functions of the text, never marks of its quality.

The decision to know: unless said otherwise a token here is a word in lower case (letters and digits, apostrophes
inside) or a run of one punctuation mark, whatever tokenizer the model has, so that texts of all models compare. Every
function takes time linear in the text, `longest_repeated_span` a logarithm more.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

COLLAPSE_WINDOW_TOKENS = 20
COLLAPSE_DISTINCT_TOKENS = 5
COLLAPSE_RUN_WORDS = 6

_TOKEN = re.compile(r"(?P<word>[^\W_]+(?:['’][^\W_]+)*)|(?P<mark>[^\w\s]|_)(?P=mark)*")


@dataclass(frozen=True)
class RepeatedSpan:
    """A span of tokens that occurs again later.

    Attributes:
        tokens: its length.
        start, end: characters of its first occurrence in the text.
    """

    tokens: int
    start: int
    end: int


def seq_rep_n(text: str, n: int = 4) -> float:
    """Return the share of n-grams that repeat an earlier one, 0 to 1: 1 - unique n-grams / n-grams.

    Welleck et al. 2019, Neural Text Generation with Unlikelihood Training, arXiv 1908.04319. A text without n-grams
    has 0.
    """
    grams = _grams(_tokens(text), n)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def distinct_n(text: str, n: int = 2, window: int = 100) -> float:
    """Return the share of different n-grams among those of a window, 0 to 1, averaged over all windows.

    After Li et al. 2016, arXiv 1510.03055, who divide by the tokens of a whole text; that falls with length, so here
    the window has a fixed size and the divisor is its n-grams.

    Args:
        text: what to describe.
        n: tokens of an n-gram.
        window: n-grams of a window; a shorter text is one window. A text without n-grams has 1.
    """
    grams = _grams(_tokens(text), n)
    if not grams:
        return 1.0
    size = min(window, len(grams))
    distinct = _distinct_in_windows(grams, size)
    return sum(distinct) / (len(distinct) * size)


def longest_run(text: str) -> int:
    """Return how often one token stands in a row at most; 0 for a text without tokens."""
    return max((sum(1 for _ in run) for _, run in groupby(_tokens(text))), default=0)


def longest_repeated_span(text: str) -> RepeatedSpan:
    """Find the longest span of tokens that occurs twice without overlapping itself; the first one of that length.

    Equality of spans is decided exactly: spans of 1, 2, 4, ... tokens get numbers from the numbers of their halves, and
    a span of any length is known by the two, overlapping, that cover it (Karp, Miller and Rosenberg 1972).
    """
    found = list(_TOKEN.finditer(text))
    tokens = [match.group().lower() for match in found]
    levels: list[list[int]] = [_numbered(tokens)]

    def repeats(length: int) -> int | None:
        """Return where the first span of that length which occurs again starts."""
        level, half = levels[length.bit_length() - 1], 1 << (length.bit_length() - 1)
        first: dict[tuple[int, int], int] = {}
        best: int | None = None
        for start in range(len(tokens) - length + 1):
            at = first.setdefault((level[start], level[start + length - half]), start)
            if start - at >= length and (best is None or at < best):
                best = at
        return best

    low, start = 0, 0
    while (length := 1 << (len(levels) - 1)) <= len(tokens) // 2 and (at := repeats(length)) is not None:
        low, start = length, at
        numbers = levels[-1]
        levels.append(_numbered(zip(numbers, numbers[length:])))
    high = min(2 * low, len(tokens) // 2 + 1) if low else 1
    while high - low > 1:
        middle = (low + high) // 2
        if (at := repeats(middle)) is None:
            high = middle
        else:
            low, start = middle, at
    if low == 0:
        return RepeatedSpan(0, 0, 0)
    return RepeatedSpan(low, found[start].start(), found[start + low - 1].end())


def duplicate_line_share(text: str) -> float:
    """Return the share of lines that stood before, 0 to 1, leaving blank lines, case and outer spaces aside."""
    lines = [stripped for line in text.split("\n") if (stripped := line.strip().lower())]
    return 1 - len(set(lines)) / len(lines) if lines else 0.0


def compression_ratio(text: str) -> float:
    """Return size / compressed size of the UTF-8 text under DEFLATE at its highest level: more repetition, higher.

    Shaib et al. 2024, Standardizing the Measurement of Text Diversity, arXiv 2403.00553. It grows with length: compare
    texts of like length. A short text may stay below 1, an empty one has 1.
    """
    data = text.encode("utf-8", errors="replace")
    return len(data) / len(zlib.compress(data, 9)) if data else 1.0


def words_before_collapse(text: str) -> int | None:
    """Count the words before repetition takes over; None for a text that does not collapse.

    A text collapses where, for the first time, one of these begins:

    - 20 tokens in a row of which at most 5 are different. Tokens at their beginning that occur only once in them are
      not yet part of the collapse.
    - one word 6 times in a row, which also finds a collapse that fills less than 20 tokens at the end.

    The limits leave a writer's figures alone: the poorest 20 tokens of forty essays by Chesterton and Emerson hold 7
    different ones, those of the opening of A Tale of Two Cities 9.
    """
    matches = list(_TOKEN.finditer(text))
    tokens = [match.group().lower() for match in matches]
    onsets = [at for at in (_poor_window(tokens), _word_run(matches)) if at is not None]
    if not onsets:
        return None
    return sum(match["word"] is not None for match in matches[: min(onsets)])


def _poor_window(tokens: Sequence[str]) -> int | None:
    if len(tokens) < COLLAPSE_WINDOW_TOKENS:
        return None
    distinct = _distinct_in_windows(tokens, COLLAPSE_WINDOW_TOKENS)
    start = next((at for at, count in enumerate(distinct) if count <= COLLAPSE_DISTINCT_TOKENS), None)
    if start is None:
        return None
    counts = Counter(tokens[start : start + COLLAPSE_WINDOW_TOKENS])
    return next(at for at in range(start, len(tokens)) if counts[tokens[at]] > 1)


def _word_run(matches: Sequence[re.Match[str]]) -> int | None:
    at = 0
    for (token, is_word), run in groupby((match.group().lower(), match["word"] is not None) for match in matches):
        length = sum(1 for _ in run)
        if is_word and token and length >= COLLAPSE_RUN_WORDS:
            return at
        at += length
    return None


def _tokens(text: str) -> list[str]:
    return [match.group().lower() for match in _TOKEN.finditer(text)]


def _grams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]


def _distinct_in_windows(items: Sequence[Hashable], size: int) -> list[int]:
    """Return how many different items each window of `size` holds, one entry for each of its positions."""
    counts = Counter(items[:size])
    distinct = [len(counts)]
    for leaving, entering in zip(items, items[size:]):
        counts[entering] += 1
        counts[leaving] -= 1
        if counts[leaving] == 0:
            del counts[leaving]
        distinct.append(len(counts))
    return distinct


def _numbered(items: Iterable[Hashable]) -> list[int]:
    """Return the items as numbers, equal ones alike."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(item, len(numbers)) for item in items]
