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
COLLAPSE_LOOP_TOKENS = 50
COLLAPSE_LOOP_TIMES = 3

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


@dataclass(frozen=True)
class Collapse:
    """Where repetition takes over in a text.

    Attributes:
        words: before it.
        start, end: characters of the stretch in which it is first found; what follows may repeat as well.
    """

    words: int
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


def collapse(text: str) -> Collapse | None:
    """Find where repetition takes over; None for a text that does not collapse.

    A text collapses where, for the first time, one of these begins:

    - 20 tokens in a row of which at most 5 are different. Tokens at their beginning that occur only once in them are
      not yet part of the collapse.
    - one word 6 times in a row, which also finds a collapse that fills less than 20 tokens at the end.
    - a loop: up to 50 tokens that stand three times in a row or more, 20 tokens in all at least.

    The limits leave a writer's figures alone: the poorest 20 tokens of forty essays by Chesterton and Emerson hold 7
    different ones, those of the opening of A Tale of Two Cities 9, and none of them holds a loop.
    """
    matches = list(_TOKEN.finditer(text))
    tokens = [match.group().lower() for match in matches]
    stretches = [poor_stretch(tokens), _word_run(matches), _loop(tokens)]
    found = [stretch for stretch in stretches if stretch is not None]
    if not found:
        return None
    first, end = min(found)
    return Collapse(
        words=sum(match["word"] is not None for match in matches[:first]),
        start=matches[first].start(),
        end=matches[end - 1].end(),
    )


def words_before_collapse(text: str) -> int | None:
    """Count the words before repetition takes over; None for a text that does not collapse. See `collapse`."""
    found = collapse(text)
    return None if found is None else found.words


def poor_stretch(items: Sequence[Hashable]) -> tuple[int, int] | None:
    """Return begin and end of the first stretch in which any 20 items in a row hold at most 5 different ones.

    Items at its beginning that occur only once in its first 20 are left out. None where there is no such stretch.
    """
    if len(items) < COLLAPSE_WINDOW_TOKENS:
        return None
    distinct = _distinct_in_windows(items, COLLAPSE_WINDOW_TOKENS)
    start = next((at for at, count in enumerate(distinct) if count <= COLLAPSE_DISTINCT_TOKENS), None)
    if start is None:
        return None
    rich = next((at for at in range(start, len(distinct)) if distinct[at] > COLLAPSE_DISTINCT_TOKENS), len(distinct))
    counts = Counter(items[start : start + COLLAPSE_WINDOW_TOKENS])
    begin = next(at for at in range(start, len(items)) if counts[items[at]] > 1)
    return begin, rich - 1 + COLLAPSE_WINDOW_TOKENS


def _word_run(matches: Sequence[re.Match[str]]) -> tuple[int, int] | None:
    at = 0
    for (token, is_word), run in groupby((match.group().lower(), match["word"] is not None) for match in matches):
        length = sum(1 for _ in run)
        if is_word and token and length >= COLLAPSE_RUN_WORDS:
            return at, at + length
        at += length
    return None


def _loop(tokens: Sequence[str]) -> tuple[int, int] | None:
    """Return begin and end of the first stretch whose tokens repeat after a fixed number of them."""
    found: tuple[int, int] | None = None
    for period in range(1, min(COLLAPSE_LOOP_TOKENS, len(tokens) // COLLAPSE_LOOP_TIMES) + 1):
        least = max(COLLAPSE_WINDOW_TOKENS, COLLAPSE_LOOP_TIMES * period)
        begin = 0
        for at in range(period, len(tokens) + 1):
            if at < len(tokens) and tokens[at] == tokens[at - period]:
                continue
            if at - begin >= least and (found is None or begin < found[0]):
                found = begin, at
            begin = at - period + 1
    return found


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
