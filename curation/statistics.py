"""What a set of pairs is made of: by tier, by source, by length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from curation.findings import LintPair
from curation.words import words

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier

_MOST_BINS = 12
_WIDTHS = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000)


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many texts there are of each length.

    Attributes:
        width: of a bin; the first begins at 0.
        counts: texts in each bin, up to the longest.
        median: half of the texts are no longer.
        longest: the longest.
        total: of all lengths.
    """

    width: int
    counts: tuple[int, ...]
    median: int
    longest: int
    total: int


@dataclass(frozen=True, kw_only=True)
class SourceCount:
    """The pairs of a source: its side, how many of each tier, and the words of their responses."""

    source: str
    split: Split
    tiers: Mapping[Tier, int]
    response_words: int

    @property
    def pairs(self) -> int:
        """How many pairs there are of it."""
        return sum(self.tiers.values())


@dataclass(frozen=True, kw_only=True)
class TokenCount:
    """The tokens of all pairs for one model, as it lays them out.

    Attributes:
        model: its name.
        limit: the longest pair it takes, in tokens.
        exact: False for an estimate.
        over: ids of the pairs that are longer.
        lengths: of whole pairs.
    """

    model: str
    limit: int
    exact: bool
    over: tuple[str, ...]
    lengths: Histogram


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What a set of pairs is made of; lengths in words unless they say otherwise."""

    sources: tuple[SourceCount, ...]
    responses: Histogram
    totals: Histogram
    tokens: tuple[TokenCount, ...] = ()

    def pairs(self, split: str) -> int:
        """Return how many pairs are on a side."""
        return sum(item.pairs for item in self.sources if item.split == split)

    def tiers(self) -> dict[str, tuple[int, int]]:
        """Return for each tier its pairs in train and in holdout."""
        counts: dict[str, list[int]] = {}
        for item in self.sources:
            for tier, count in item.tiers.items():
                counts.setdefault(tier, [0, 0])[item.split == "holdout"] += count
        return {tier: (train, holdout) for tier, (train, holdout) in sorted(counts.items())}

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON knows it; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Statistics:
        """Return what `to_json` wrote."""
        return cls(
            sources=tuple(SourceCount(**item) for item in data["sources"]),
            responses=_histogram(data["responses"]),
            totals=_histogram(data["totals"]),
            tokens=tuple(
                TokenCount(**{**item, "over": tuple(item["over"]), "lengths": _histogram(item["lengths"])})
                for item in data["tokens"]
            ),
        )


def statistics(pairs: Sequence[LintPair], tokens: Iterable[TokenCount] = ()) -> Statistics:
    """Count pairs by source and tier, and their words."""
    tiers: dict[tuple[str, Split], Counter[Tier]] = {}
    used: Counter[tuple[str, Split]] = Counter()
    responses, totals = [], []
    for pair in pairs:
        response = len(words(pair.response))
        responses.append(response)
        totals.append(response + len(words(pair.prompt)))
        tiers.setdefault((pair.source, pair.split), Counter())[pair.tier] += 1
        used[pair.source, pair.split] += response
    return Statistics(
        sources=tuple(
            SourceCount(source=source, split=split, tiers=dict(counts), response_words=used[source, split])
            for (source, split), counts in sorted(tiers.items())
        ),
        responses=histogram(responses),
        totals=histogram(totals),
        tokens=tuple(tokens),
    )


def histogram(lengths: Sequence[int]) -> Histogram:
    """Return how many there are of each length, in at most twelve bins of a round width."""
    longest = max(lengths, default=0)
    width = next((width for width in _WIDTHS if longest < width * _MOST_BINS), longest // _MOST_BINS + 1)
    bins = Counter(length // width for length in lengths)
    ordered = sorted(lengths)
    return Histogram(
        width=width,
        counts=tuple(bins[number] for number in range(longest // width + 1)) if lengths else (),
        median=ordered[(len(ordered) - 1) // 2] if ordered else 0,
        longest=longest,
        total=sum(lengths),
    )


def _histogram(data: Mapping[str, Any]) -> Histogram:
    return Histogram(**{**data, "counts": tuple(data["counts"])})
