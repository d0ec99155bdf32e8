"""Which texts a blind test shows: pairs of a real and a generated one of one length, of which a coin shows one.

The decision to know: the coin is thrown for each pair by itself. So whoever guesses is right half the time whatever she
answers and however she counts, the number of right answers is binomial, and no text says anything of another.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from curation.alike import Cut, cuts
from curation.words import RUN, runs, words

# With fewer texts even a reader who is always right cannot be told from one who guesses.
FEWEST = 6
WANTED = 24
MOST = 200
# Lengths that are tried, in words, longest first; a text ends at a sentence end within a fifth of it.
LENGTHS = (100, 80, 60, 45, 30)
_WITHIN = 0.2
# No text of fewer words is shown.
SHORTEST = math.ceil(LENGTHS[-1] * (1 - _WITHIN))
# How much the two texts of a pair may differ in length: one word in twenty.
_DIFFERENCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A text that may be shown.

    Attributes:
        key: whatever finds it again.
        text: made alike.
        prompt: what it follows: a real and a generated text of one prompt are of one topic.
        group: texts of one group are about one thing: its essay, its canary prompt.
        known: the author has read it, and may know whose it is.
    """

    key: int
    text: str
    prompt: str
    group: str
    known: bool = False
    cuts: tuple[Cut, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find where it can end."""
        object.__setattr__(self, "cuts", tuple(cuts(self.text)))

    @property
    def too_short(self) -> bool:
        """Whether it ends before the shortest length that is shown."""
        return all(cut.words < SHORTEST for cut in self.cuts)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A text of a blind test as it is shown; `key` is that of its candidate."""

    key: int
    real: bool
    text: str
    words: int
    known: bool


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The texts of a blind test, in their order.

    Attributes:
        texts: one of each pair.
        length: about how many words each has; 0 where no pair was found.
        same_prompt: every pair answers one prompt, so that topics say nothing.
    """

    texts: tuple[Shown, ...]
    length: int
    same_prompt: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    real: Candidate
    real_cut: Cut
    made: Candidate
    made_cut: Cut


def draw(real: Sequence[Candidate], made: Sequence[Candidate], *, wanted: int, seed: int) -> Drawn:
    """Pair real and generated texts, and draw which of each pair is shown and in which order.

    Where enough pairs answer one prompt each, only those are taken. Of what is there, texts that the author does not
    know come first, and one of each group before the second of any.

    Args:
        real: the author's.
        made: the model's.
        wanted: how many texts to show at most.
        seed: the same candidates and seed give the same test.
    """
    choose = random.Random(seed)
    real, made = _in_turn(real, choose), _in_turn(made, choose)
    found, length = _longest(real, made, wanted, same_prompt=True)
    same = len(found) >= min(wanted, FEWEST)
    if not same:
        found, length = _longest(real, made, wanted, same_prompt=False)
    shown = []
    for pair in found:
        is_real = choose.random() < 0.5
        candidate, cut = (pair.real, pair.real_cut) if is_real else (pair.made, pair.made_cut)
        text = candidate.text[: cut.end]
        shown.append(Shown(key=candidate.key, real=is_real, text=text, words=cut.words, known=candidate.known))
    choose.shuffle(shown)
    return Drawn(texts=tuple(shown), length=length, same_prompt=same)


def without_twins(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose words another one has said: a text that is seen twice tells."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for candidate in candidates:
        said = tuple(words(candidate.text))
        if said not in seen:
            seen.add(said)
            kept.append(candidate)
    return kept


def copying(candidates: Sequence[Candidate], texts: Iterable[str]) -> set[int]:
    """Return the keys of the candidates that have eight words in a row of some text, or of their own prompt.

    Whose words a text shows is no question where it copies.
    """
    owners: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    found: set[int] = set()
    for candidate in candidates:
        own = runs(words(candidate.text))
        if own & runs(words(candidate.prompt)):
            found.add(candidate.key)
        for run in own:
            owners[run].add(candidate.key)
    starts = {run[0] for run in owners}
    for text in texts:
        for run in _runs_from(words(text), starts):
            found |= owners.get(run, set())
    return found


def _runs_from(of: Sequence[str], starts: set[str]) -> Iterator[tuple[str, ...]]:
    """Yield the runs of eight words that begin with one of some words."""
    for at in range(len(of) - RUN + 1):
        if of[at] in starts:
            yield tuple(of[at : at + RUN])


def _in_turn(candidates: Sequence[Candidate], choose: random.Random) -> list[Candidate]:
    """Return the candidates in a drawn order: unknown ones first, and of each group one before the second of any."""
    drawn = sorted(candidates, key=lambda candidate: candidate.key)
    choose.shuffle(drawn)
    turns: dict[str, int] = {}
    ranked = []
    for place, candidate in enumerate(sorted(drawn, key=lambda candidate: candidate.known)):
        turn = turns[candidate.group] = turns.get(candidate.group, -1) + 1
        ranked.append(((candidate.known, turn, place), candidate))
    return [candidate for _, candidate in sorted(ranked, key=lambda item: item[0])]


def _longest(
    real: Sequence[Candidate], made: Sequence[Candidate], wanted: int, *, same_prompt: bool
) -> tuple[list[_Pair], int]:
    """Return the pairs of the greatest length that gives as many as any, and that length."""
    best: tuple[list[_Pair], int] = ([], 0)
    for length in LENGTHS:
        found = _pairs(real, made, wanted, length, same_prompt=same_prompt)
        if len(found) > len(best[0]):
            best = (found, length)
        if len(found) >= wanted:
            break
    return best


def _pairs(
    real: Sequence[Candidate], made: Sequence[Candidate], wanted: int, length: int, *, same_prompt: bool
) -> list[_Pair]:
    """Return pairs whose texts end at the same length, one after the other as the generated ones stand."""
    by_words: defaultdict[tuple[str, int], list[tuple[int, Candidate, Cut]]] = defaultdict(list)
    for rank, candidate in enumerate(real):
        for cut in _near(candidate, length):
            by_words[candidate.prompt if same_prompt else "", cut.words].append((rank, candidate, cut))
    taken: set[int] = set()
    found: list[_Pair] = []
    for candidate in made:
        prompt = candidate.prompt if same_prompt else ""
        options = [
            ((candidate_cut.words != cut.words, rank), other, cut, candidate_cut)
            for candidate_cut in _near(candidate, length)
            for amount in _beside(candidate_cut.words)
            for rank, other, cut in by_words.get((prompt, amount), ())
            if other.key not in taken
        ]
        if options:
            _, other, cut, candidate_cut = min(options, key=lambda option: option[0])
            taken.add(other.key)
            found.append(_Pair(other, cut, candidate, candidate_cut))
        if len(found) == wanted:
            break
    return found


def _near(candidate: Candidate, length: int) -> list[Cut]:
    return [cut for cut in candidate.cuts if abs(cut.words - length) <= _WITHIN * length]


def _beside(amount: int) -> range:
    """Return the lengths that are as good as one."""
    room = int(amount * _DIFFERENCE)
    return range(amount - room, amount + room + 1)
