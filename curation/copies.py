"""Texts that copy one another, in time and memory that grow with the text, never with the pairs of texts.

Two ways, since each misses what the other finds. *Runs*: eight words in a row that stand in both, to the letter,
however long the texts are: a quotation of ten words in an essay of a thousand. *Near copies*: the share of all
three-word runs that two texts have in common (Jaccard), which outlives an edit of every sixth word: a draft and its
finished piece.

Runs are found exactly. A table says of each three-word run whether the guarded texts have it, and where six of them
follow each other in a training text the words themselves are compared. Near copies are proposed by MinHash (rensa), in
42 bands of 3 values, so that of texts that share half of their runs 1 in 250 is missed, and of those at the threshold
of 0.4, 1 in 16. Whatever is proposed is then measured exactly, so what is reported is true.

Prompts are not compared with prompts: what is only given, on both sides, teaches nothing that is asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from curation.words import RUN, SHINGLE, runs, shingles, words

NEAR = 0.4
# Of shorter texts a share says little: two sentences of eight words may share a turn of phrase.
_FEWEST_SHINGLES = 10
_SHARED_RUNS = 3
# A run, or a band, that stands in more texts than this says nothing about which of them was copied.
_MOST_OWNERS = 20
# How many of the likeliest candidates of a text are measured.
_MEASURED = 10
_BANDS, _ROWS = 42, 3
_SEED = 42
_STEP = 500
# In a table eight times as large as what is in it, six runs in a row are there by chance once in 260,000 places.
_ROOM = 8
_TABLE_BITS = (16, 27)

_RUN_OF_HITS = re.compile(b"[^\x00]{%d}" % (RUN - SHINGLE + 1))
Key = TypeVar("Key")
Side = Literal["train", "holdout", "canary"]
Part = Literal["prompt", "response", "reference"]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Text:
    """A text to compare.

    Attributes:
        owner: number of its pair or canary prompt, the caller's own.
        side: train texts are compared with those of the other two sides, and responses among each other.
        part: what it is of its owner.
        kind: only responses of one kind are compared within train (the tier: the same piece may answer two prompts).
        text: itself.
        chained: it is the text before its response, which stands in other pairs as well: only its runs are looked for.
    """

    owner: int
    side: Side
    part: Part
    kind: str
    text: str
    chained: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A training text that copies another.

    Attributes:
        left: index of the training text.
        right: index of the other one.
        how: the same words; `runs` of eight words; or `near`.
        amount: 1; how many different runs they share; or their Jaccard, `NEAR` to 1.
    """

    left: int
    right: int
    how: Literal["same", "runs", "near"]
    amount: float


def copies(
    texts: Sequence[Text],
    *,
    progress: Progress = lambda done, total, name: None,
) -> list[Copy]:
    """Return the copies of each training text: at most one of each `how` on a guarded side, and one within train.

    Args:
        texts: all of them.
        progress: called with texts read, texts to read, and what is being done; what it raises ends the search.
    """
    total = 2 * len(texts)
    # About six characters a word: what matters is how full the table gets, not how many words there are.
    table = _Table(sum(len(text.text) for text in texts if text.side != "train") // 6)
    held: dict[int, list[int]] = {}
    for number, text in enumerate(texts):
        if number % _STEP == 0:
            progress(number // 2, total, "reading what is held out")
        if text.side == "train":
            continue
        found = words(text.text)
        table.add(shingles(found), given=_given(text))
        if text.side == "holdout" and text.part == "response":
            _keep(held, hash(tuple(found)), number)
    same: list[Copy] = []
    suspects: dict[int, list[str]] = {}
    trained: dict[tuple[str, int], list[int]] = {}

    def sketched() -> Iterator[list[str]]:
        for number, text in enumerate(texts):
            if number % _STEP == 0:
                progress(len(texts) // 2 + number, total, "comparing")
            if text.side != "train" and text.chained:
                yield []
                continue
            found = words(text.text)
            parts = shingles(found)
            if text.side == "train":
                if table.has_run(parts, given=_given(text)):
                    suspects[number] = found
                if text.part == "response":
                    key = hash(tuple(found))
                    same.extend(_twins(texts, number, found, held.get(key, ()), trained.get((text.kind, key), ())))
                    _keep(trained, (text.kind, key), number)
            yield parts if len(parts) >= _FEWEST_SHINGLES and not text.chained else []

    flagged = _flagged(sketched())
    done = len(texts) + len(texts) // 2
    progress(done, total, "measuring")

    def measured(share: float) -> None:
        progress(done + round(share * (total - done)), total, "measuring")

    shared = list(_shared_runs(texts, suspects, lambda share: measured(share / 2)))
    return [*same, *shared, *_near(texts, flagged, lambda share: measured((1 + share) / 2))]


def _given(text: Text) -> bool:
    """Say whether a text is only given, so that another one that is only given need not differ from it."""
    return text.part == "prompt" and text.side != "canary"


def _twins(
    texts: Sequence[Text], number: int, found: list[str], held: Sequence[int], trained: Sequence[int]
) -> Iterator[Copy]:
    """Yield the response that is held out, and the one of train, that have a response's very words."""
    for others in (held, trained):
        # A hash may be another text's: the words decide.
        twin = next((other for other in others if found and words(texts[other].text) == found), None)
        if twin is not None:
            yield Copy(number, twin, "same", 1.0)


class _Table:
    """A set of three-word runs, in one byte for each of its places; it may hold one too many, never one too few.

    Its first bit stands for runs of any guarded text, its second for those of texts that are not only given.
    """

    def __init__(self, expected: int) -> None:
        low, high = _TABLE_BITS
        bits = min(max((expected * _ROOM).bit_length(), low), high)
        self._bytes = bytearray(1 << bits)
        self._mask = (1 << bits) - 1
        self._filled = False

    def add(self, parts: Sequence[str], *, given: bool) -> None:
        """Add the runs of a guarded text."""
        table, mask, bit = self._bytes, self._mask, 1 if given else 3
        for value in map(hash, parts):
            table[value & mask] |= bit
        self._filled = self._filled or bool(parts)

    def has_run(self, parts: Sequence[str], *, given: bool) -> bool:
        """Say whether as many runs of a training text as eight words have follow each other in the set."""
        if not self._filled:
            return False
        table, mask = self._bytes, self._mask
        # Each place holds 0, 1 or 3: a text that is given itself looks for what is not.
        hits = bytes([table[value & mask] for value in map(hash, parts)])
        return _RUN_OF_HITS.search(hits.replace(b"\x01", b"\x00") if given else hits) is not None


def _shared_runs(
    texts: Sequence[Text], suspects: dict[int, list[str]], measured: Callable[[float], None]
) -> Iterator[Copy]:
    """Yield the training texts that share enough runs of eight words with a guarded one."""
    theirs: dict[int, set[tuple[str, ...]]] = {number: runs(found) for number, found in suspects.items()}
    wanted = set().union(*theirs.values()) if theirs else set()
    if not wanted:
        return
    # Apart, so that a run of many prompts hides none of the responses it stands in.
    given: dict[tuple[str, ...], list[int]] = {}
    asked: dict[tuple[str, ...], list[int]] = {}
    sizes: dict[int, int] = {}
    for number, text in enumerate(texts):
        if number % _STEP == 0:
            measured(number / len(texts) / 2)
        if text.side == "train":
            continue
        found = runs(words(text.text))
        sizes[number] = len(found)
        for run in found & wanted:
            _keep(given if _given(text) else asked, run, number)
    for count, (number, own) in enumerate(theirs.items()):
        if count % _STEP == 0:
            measured((1 + count / len(theirs)) / 2)
        shared = Counter(other for run in own & asked.keys() for other in asked[run])
        if not _given(texts[number]):
            shared.update(other for run in own & given.keys() for other in given[run])
        for side in ("holdout", "canary"):
            # Of a canary each is told by itself; of held-out texts the one that shares most.
            best = sorted((-runs_shared, other) for other, runs_shared in shared.items() if texts[other].side == side)
            for minus, other in best if side == "canary" else best[:1]:
                if -minus >= min(_SHARED_RUNS, len(own), sizes[other]):
                    yield Copy(number, other, "runs", float(-minus))


def _flagged(parts: Iterator[list[str]]) -> list[int]:
    """Return the texts that share a band of their MinHash with another, by index; those without shingles are none."""
    from rensa import RMinHash, RMinHashLSH

    empty = set()

    def watched() -> Iterator[list[str]]:
        for number, shingled in enumerate(parts):
            if not shingled:
                empty.add(number)
            yield shingled

    matrix = RMinHash.digest_matrix_from_token_sets(watched(), _BANDS * _ROWS, _SEED)
    flags = RMinHashLSH(NEAR, _BANDS * _ROWS, _BANDS).query_duplicate_flags_matrix_one_shot(matrix)
    return [number for number, flag in enumerate(flags) if flag and number not in empty]


def _near(texts: Sequence[Text], flagged: Sequence[int], measured: Callable[[float], None]) -> Iterator[Copy]:
    """Yield near copies among the flagged texts, each measured."""
    from rensa import RMinHash

    guarded = [number for number in flagged if texts[number].side != "train"]
    trained = [number for number in flagged if texts[number].side == "train"]
    index: dict[tuple[int, ...], list[int]] = {}
    among: dict[tuple[int, ...], list[int]] = {}
    for start in range(0, len(guarded), _STEP):
        some = guarded[start : start + _STEP]
        sets = [shingles(words(texts[number].text)) for number in some]
        for number, digest in zip(some, RMinHash.digests_from_token_sets(sets, _BANDS * _ROWS, _SEED)):
            for band in _bands(digest):
                _keep(index, band, number)
    for start in range(0, len(trained), _STEP):
        measured(start / len(trained))
        some = trained[start : start + _STEP]
        sets = [shingles(words(texts[number].text)) for number in some]
        for number, parts, digest in zip(some, sets, RMinHash.digests_from_token_sets(sets, _BANDS * _ROWS, _SEED)):
            bands = list(_bands(digest))
            own = frozenset(parts)
            for side in ("holdout", "canary"):
                found = Counter(
                    other
                    for band in bands
                    for other in index.get(band, ())
                    if texts[other].side == side and not (_given(texts[number]) and _given(texts[other]))
                )
                yield from _measure(texts, number, own, found, every=side == "canary")
            text = texts[number]
            if text.part == "response":
                keys = [(*band, hash(text.kind)) for band in bands]
                yield from _measure(texts, number, own, Counter(other for key in keys for other in among.get(key, ())))
                for key in keys:
                    _keep(among, key, number)


def _measure(
    texts: Sequence[Text], number: int, own: frozenset[str], found: Counter[int], *, every: bool = False
) -> Iterator[Copy]:
    """Yield the nearest of a text's likeliest candidates, or every one, where it is near enough."""
    near = []
    for other, _ in found.most_common(_MEASURED):
        theirs = set(shingles(words(texts[other].text)))
        share = len(own & theirs) / len(own | theirs)
        if share >= NEAR:
            near.append((-share, other))
    for share, other in sorted(near)[: None if every else 1]:
        yield Copy(number, other, "near", -share)


def _bands(digest: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the bands of a MinHash, each with its number."""
    for band in range(_BANDS):
        yield (band, *digest[band * _ROWS : (band + 1) * _ROWS])


def _keep(index: dict[Key, list[int]], key: Key, number: int) -> None:
    """Add an owner under a key, unless it has many already."""
    owners = index.setdefault(key, [])
    if len(owners) < _MOST_OWNERS:
        owners.append(number)
