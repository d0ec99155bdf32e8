"""How two sets of pairs differ: which pairs came, went, changed or moved, and in which words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier

from curation.counted import counted

# Of a longer text only that it changed is told, not where: finding it takes time with the square of its words.
_MOST_WORDS = 4000
# Of so many changed pairs the words are compared, a millisecond each; of further ones they are counted.
_COMPARED = 300
_AROUND = 4
_SHOWN_WORDS = 14


@dataclass(frozen=True, kw_only=True)
class Version:
    """A pair as one set holds it; the same `key` in both sets is the same pair."""

    key: int
    hash: str
    source: str
    split: Split
    tier: Tier
    prompt: str
    response: str


@dataclass(frozen=True, kw_only=True)
class PairDifference:
    """A pair that differs.

    Attributes:
        key: the pair.
        source: slug of its essay, as the later set has it.
        what: added, removed, or changed.
        changes: of a changed one, a sentence for each part that is other now.
        opening: how its response begins.
    """

    key: int
    source: str
    what: Literal["added", "removed", "changed"]
    changes: tuple[str, ...]
    opening: str


@dataclass(frozen=True, kw_only=True)
class SetDifference:
    """How two sets differ: the pairs that do, by essay, and how many do not."""

    pairs: tuple[PairDifference, ...]
    kept: int

    def count(self, what: str) -> int:
        """Return how many pairs were added, removed or changed."""
        return sum(item.what == what for item in self.pairs)


def compare(old: Iterable[Version], new: Iterable[Version]) -> SetDifference:
    """Return what became of the pairs of one set in another."""
    before, after = {item.hash: item for item in old}, {item.hash: item for item in new}
    gone = {item.key: item for digest, item in before.items() if digest not in after}
    come = {item.key: item for digest, item in after.items() if digest not in before}
    found = []
    compared = 0
    for key in sorted(gone.keys() | come.keys()):
        item = come.get(key) or gone[key]
        what: Literal["added", "removed", "changed"] = "added" if key not in gone else "removed"
        changes: tuple[str, ...] = ()
        if key in gone and key in come:
            compared += 1
            what, changes = "changed", tuple(_changes(gone[key], come[key], whole=compared <= _COMPARED))
        opening = " ".join(item.response[:200].split())
        found.append(PairDifference(key=key, source=item.source, what=what, changes=changes, opening=opening))
    order = {"changed": 0, "added": 1, "removed": 2}
    found.sort(key=lambda item: (item.source, order[item.what], item.key))
    return SetDifference(pairs=tuple(found), kept=len(before.keys() & after.keys()))


def _changes(old: Version, new: Version, *, whole: bool) -> Iterable[str]:
    if old.split != new.split:
        yield f"moved from {old.split} to {new.split}"
    if old.tier != new.tier:
        yield f"{old.tier} is {new.tier} now"
    if old.source != new.source:
        yield f"of {old.source} before"
    for side, before, after in (("prompt", old.prompt, new.prompt), ("response", old.response, new.response)):
        if before != after:
            yield f"{side}: {changed_words(before, after) if whole else _counted(before.split(), after.split())}"


def changed_words(old: str, new: str) -> str:
    """Say how many words of a text changed, and show the first place."""
    before, after = old.split(), new.split()
    if before == after:
        return "only white space"
    if len(before) + len(after) > _MOST_WORDS:
        return _counted(before, after)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    gone = sum(last - first for _, first, last, _, _ in changed)
    come = sum(last - first for _, _, _, first, last in changed)
    _, first, last, new_first, new_last = changed[0]
    lead = " ".join(before[max(0, first - _AROUND) : first])
    shown = f"…{' ' if lead else ''}{lead} [{_some(before[first:last])} → {_some(after[new_first:new_last])}]"
    return f"{counted(gone, 'word')} out, {come:,} in: {shown}"


def _counted(before: Sequence[str], after: Sequence[str]) -> str:
    return f"{counted(len(before), 'word')} before, {len(after):,} now"


def _some(words: Sequence[str]) -> str:
    if not words:
        return "nothing"
    return " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
