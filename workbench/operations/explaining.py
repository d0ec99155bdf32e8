"""What can be said of how a canvas filled: where repetition takes over, how sure the model was, in what order.

Plain counts of one trace. They explain a text that is read, and rank nothing: a collapse is often the surest part of a
text, since what stands there already is what makes its repetition likely.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from curation.counted import counted
from curation.quoted import quoted
from runners.text_diagnostics import collapse, poor_stretch
from workbench.operations.token_pieces import Unit
from workbench.operations.traces import Commit

# At and above these rank correlations the order is called by its name.
_ORDERLY, _MOSTLY = 0.95, 0.6
# How many of the tokens that take over the commits are named.
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """Where repetition takes over in the text.

    Attributes:
        words: before it.
        first: position of its first token.
        last: position of the last token of the stretch it is found in.
        step: the step, from 1, that commits the first token of that stretch, wherever in it.
        confidence: mean of what the stretch's tokens were committed at.
        before: mean of the tokens in front of it; None where there are none.
    """

    words: int
    first: int
    last: int
    step: int
    confidence: float
    before: float | None


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """The step, from 1, from which the commits are the same few tokens, wherever they stand, and those tokens."""

    step: int
    tokens: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class End:
    """The token that ends the text: its position, its step from 1, and how many positions before it were open then."""

    position: int
    step: int
    open_before: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What can be said of one canvas.

    Attributes:
        confidence: mean of all commits; None of an empty canvas.
        least: tokens that a step commits at least.
        most: tokens that a step commits at most.
        order: rank correlation of commits and positions, within each block where there are blocks: 1 is left to right,
            0 is in no order. None where no block takes more than one step.
        by_block: whether it was taken within blocks.
        end: where the text ends; None where nothing ends it, or that is not known.
        repetition: None where nothing repeats, or its place is not known.
        takeover: likewise.
        words_before: words before the repetition, where only that is known.
        known: whether the tokens' text is known.
    """

    confidence: float | None
    least: int
    most: int
    order: float | None
    by_block: bool
    end: End | None
    repetition: Repetition | None
    takeover: Takeover | None
    words_before: int | None
    known: bool

    @property
    def begins(self) -> tuple[int, int | None] | None:
        """The step from which it repeats, and the position where; None where nothing does."""
        if self.repetition is not None:
            return self.repetition.step, self.repetition.first
        return (self.takeover.step, None) if self.takeover is not None else None

    def words(self, first: str = "") -> str:
        """Say it in one line: what is given as first, then the collapse, the end, and how the canvas filled."""
        said = [first, self._repeats(), self._taken(), self._ends(), self._filled()]
        line = " · ".join(filter(None, said))
        return line[:1].upper() + line[1:]

    def _repeats(self) -> str:
        found = self.repetition
        if found is not None:
            against = f", {share(found.before)} before it" if found.before is not None else ""
            where = f"after {counted(found.words, 'word')}" if found.words else "from the first word"
            sure = f"confidence {share(found.confidence)}{against}"
            return f"repetition takes over {where}, from step {found.step} ({sure})"
        if self.takeover is not None:
            return ""
        if self.words_before is not None:
            return f"repetition takes over after {counted(self.words_before, 'word')}"
        return "no repetition takes over" if self.known else ""

    def _taken(self) -> str:
        if self.takeover is None or (self.repetition is not None and self.takeover.step > self.repetition.step):
            return ""
        tokens = " ".join(quoted(text.strip() or text) for text in self.takeover.tokens)
        return f"from step {self.takeover.step} on the commits are little but {tokens}"

    def _ends(self) -> str:
        if self.end is None:
            return "the text fills the canvas" if self.known else ""
        early = self.end.open_before
        place = f"the text ends at position {self.end.position + 1}, committed in step {self.end.step}"
        return f"{place} with {early} open before it" if early else place

    def _filled(self) -> str:
        if self.confidence is None:
            return ""
        each = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
        tokens = f"{each} {'token' if self.most == 1 else 'tokens'} a step"
        within = " within a block" if self.by_block else ""
        order = "" if self.order is None else f", {_order_words(self.order)}{within}"
        return f"{tokens}{order}, mean confidence {share(self.confidence)}"


def facts_of(
    commits: Sequence[Commit], units: Sequence[Unit], texts: Sequence[str], blocks: Sequence[range], text: str
) -> Facts:
    """Find out what can be said.

    Args:
        commits: all of them, in order.
        units: what the canvas shows; none where no tokenizer is at hand.
        texts: what each position adds to the text; likewise.
        blocks: of the canvas; none where there are none.
        text: the sample's own.
    """
    at = {commit.position: number for number, commit in enumerate(commits)}
    visible = {place for unit in units if unit.kind == "text" for place in range(unit.first, unit.last + 1)}
    end = next((unit.first for unit in units if unit.kind == "end"), None)
    sizes = Counter(commit.step for commit in commits).values()
    found = collapse(text) if not units else None
    return Facts(
        confidence=_mean([commit.confidence for commit in commits]),
        least=min(sizes, default=0),
        most=max(sizes, default=0),
        order=_order(commits, blocks),
        by_block=len(blocks) > 1,
        end=None if end is None else _end(commits, end, at[end]),
        repetition=_repetition(commits, texts, visible, at),
        takeover=_takeover([commit for commit in commits if commit.position in visible], texts),
        words_before=found.words if found else None,
        known=bool(units),
    )


def _repetition(
    commits: Sequence[Commit], texts: Sequence[str], visible: set[int], at: dict[int, int]
) -> Repetition | None:
    """Find where the visible text collapses, and what was committed there."""
    places = sorted(visible)
    text = "".join(texts[place] for place in places)
    found = collapse(text)
    if found is None:
        return None
    starts = [0, *accumulate(len(texts[place]) for place in places)]
    # Several positions may begin at one character; the last of them adds it.
    first = places[bisect_right(starts, found.start) - 1]
    last = places[bisect_right(starts, found.end - 1) - 1]
    stretch = [commits[at[place]] for place in places if first <= place <= last]
    return Repetition(
        words=found.words,
        first=first,
        last=last,
        step=min(commit.step for commit in stretch) + 1,
        confidence=_mean([commit.confidence for commit in stretch]) or 0.0,
        before=_mean([commits[at[place]].confidence for place in places if place < first]),
    )


def _takeover(commits: Sequence[Commit], texts: Sequence[str]) -> Takeover | None:
    """Find from which step on the commits of visible text are the same few tokens."""
    stretch = poor_stretch([commit.token_id for commit in commits])
    if stretch is None:
        return None
    taken = commits[stretch[0] : stretch[1]]
    count = Counter(texts[commit.position] for commit in taken if texts[commit.position])
    return Takeover(step=taken[0].step + 1, tokens=tuple(text for text, _ in count.most_common(_NAMED)))


def _end(commits: Sequence[Commit], position: int, number: int) -> End:
    step = commits[number].step
    later = sum(commit.position < position for commit in commits if commit.step > step)
    return End(position=position, step=step + 1, open_before=later)


def _order(commits: Sequence[Commit], blocks: Sequence[range]) -> float | None:
    """Return Spearman's rank correlation of step and position, the mean over blocks by their commits."""
    where = {position: number for number, block in enumerate(blocks) for position in block}
    total = weight = 0.0
    for _, group in groupby(commits, key=lambda commit: where.get(commit.position)):
        inside = list(group)
        steps = _ranks([commit.step for commit in inside])
        positions = _ranks([commit.position for commit in inside])
        value = _correlation(steps, positions)
        if value is not None:
            total += value * len(inside)
            weight += len(inside)
    return total / weight if weight else None


def _ranks(values: Sequence[int]) -> list[float]:
    """Return the rank of each value; equal ones share the mean of theirs."""
    count = Counter(values)
    begin = dict(zip(sorted(count), accumulate([0, *(count[value] for value in sorted(count))]), strict=False))
    return [begin[value] + (count[value] - 1) / 2 for value in values]


def _correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where one side does not vary."""
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    both = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    spread = sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right)
    return both / spread**0.5 if spread > 0 else None


def _order_words(order: float) -> str:
    if order >= _ORDERLY:
        return "left to right"
    name = (
        "mostly left to right" if order >= _MOSTLY else "mostly right to left" if order <= -_MOSTLY else "in no order"
    )
    return f"{name} ({order:.2f}, where 1 is left to right)"


def share(value: float) -> str:
    """Write a confidence: two decimals, no zero in front."""
    return "1" if value >= 0.995 else f"{value:.2f}".removeprefix("0")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
