"""Texts that copy one another, in time and memory that grow with the text, never with the pairs of texts.

Two ways, since each misses what the other finds. *Runs*: eight words in a row that stand in both, to the letter,
however long the texts are: a quotation of ten words in an essay of a thousand. *Near copies*: the share of all
three-word runs that two texts have in common (Jaccard), which outlives an edit of every sixth word: a draft and its
finished piece.

Runs are found exactly. A table of bits of the guarded texts' three-word runs says where six of them follow each other
in a training text; only there the words themselves are compared. Near copies are proposed by MinHash (rensa), in 42
bands of 3 values, so that of texts that share half of their runs 1 in 250 is missed, and of those at the threshold of
0.4, 1 in 16. Whatever is proposed is then measured exactly, so what is reported is true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
# A table of bytes, two probes a shingle: at four million shingles one in seventy is taken for one of them wrongly.
_TABLE_BITS = 26
_STEP = 500

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
    """

    owner: int
    side: Side
    part: Part
    kind: str
    text: str


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
    total = 3 * len(texts)
    same = list(_same(texts))
    table = _Table()
    for number, text in enumerate(texts):
        if number % _STEP == 0:
            progress(number, total, "reading what is held out")
        if text.side != "train":
            table.add(shingles(words(text.text)))
    suspects: dict[int, list[str]] = {}

    def read() -> Iterator[list[str]]:
        for number, text in enumerate(texts):
            if number % _STEP == 0:
                progress(len(texts) + number, total, "comparing")
            found = words(text.text)
            parts = shingles(found)
            if text.side == "train" and table.has_run(parts):
                suspects[number] = found
            yield parts if len(parts) >= _FEWEST_SHINGLES else []

    flagged = _flagged(read())
    progress(2 * len(texts), total, "measuring")
    shared = list(_shared_runs(texts, suspects))

    def measured(done: int) -> None:
        progress(2 * len(texts) + done, total, "measuring")

    return [*same, *shared, *_near(texts, flagged, measured)]


def _same(texts: Sequence[Text]) -> Iterator[Copy]:
    """Yield the responses that have the very words of another one: of a guarded side, else of train."""
    guarded: dict[int, list[int]] = {}
    for number, text in enumerate(texts):
        if text.side == "holdout" and text.part == "response":
            _keep(guarded, hash(tuple(words(text.text))), number)
    trained: dict[tuple[str, int], list[int]] = {}
    for number, text in enumerate(texts):
        if text.side != "train" or text.part != "response":
            continue
        found = words(text.text)
        key = hash(tuple(found))
        for others in (guarded.get(key, ()), trained.get((text.kind, key), ())):
            # A hash may be another text's: the words decide.
            twin = next((other for other in others if words(texts[other].text) == found), None)
            if twin is not None and found:
                yield Copy(number, twin, "same", 1.0)
        _keep(trained, (text.kind, key), number)


class _Table:
    """A set of shingles in 64 MB, however many there are; it may hold one too many, never one too few."""

    _MASK = (1 << _TABLE_BITS) - 1

    def __init__(self) -> None:
        self._bytes = bytearray(1 << _TABLE_BITS)
        self._filled = False

    def add(self, parts: Iterable[str]) -> None:
        """Add shingles."""
        table, mask = self._bytes, self._MASK
        for value in map(hash, parts):
            table[value & mask] = 1
            table[(value >> 32) & mask] |= 2
            self._filled = True

    def has_run(self, parts: Sequence[str]) -> bool:
        """Say whether as many shingles of a text follow each other as a run of eight words has."""
        if not self._filled:
            return False
        table, mask = self._bytes, self._MASK
        hits = bytes([table[value & mask] & 1 & table[(value >> 32) & mask] >> 1 for value in map(hash, parts)])
        return b"\x01" * (RUN - SHINGLE + 1) in hits


def _shared_runs(texts: Sequence[Text], suspects: dict[int, list[str]]) -> Iterator[Copy]:
    """Yield the training texts that share enough runs of eight words with a guarded one."""
    theirs: dict[int, set[tuple[str, ...]]] = {number: runs(found) for number, found in suspects.items()}
    wanted = set().union(*theirs.values()) if theirs else set()
    if not wanted:
        return
    owners: dict[tuple[str, ...], list[int]] = {}
    sizes: dict[int, int] = {}
    for number, text in enumerate(texts):
        if text.side == "train":
            continue
        found = runs(words(text.text))
        sizes[number] = len(found)
        for run in found & wanted:
            _keep(owners, run, number)
    for number, own in theirs.items():
        for side in ("holdout", "canary"):
            shared = Counter(other for run in own & owners.keys() for other in owners[run] if texts[other].side == side)
            # Of a canary each is told by itself; of held-out texts the one that shares most.
            best = sorted(shared.items(), key=lambda item: (-item[1], item[0]))
            for other, count in best if side == "canary" else best[:1]:
                if count >= min(_SHARED_RUNS, len(own), sizes[other]):
                    yield Copy(number, other, "runs", float(count))


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


def _near(texts: Sequence[Text], flagged: Sequence[int], measured: Callable[[int], None]) -> Iterator[Copy]:
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
        measured(len(texts) * start // len(trained))
        some = trained[start : start + _STEP]
        sets = [shingles(words(texts[number].text)) for number in some]
        for number, parts, digest in zip(some, sets, RMinHash.digests_from_token_sets(sets, _BANDS * _ROWS, _SEED)):
            bands = list(_bands(digest))
            own = frozenset(parts)
            for side in ("holdout", "canary"):
                found = Counter(other for band in bands for other in index.get(band, ()) if texts[other].side == side)
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
