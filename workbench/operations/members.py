"""Pairs in the shapes that checks and snapshots take, from whichever table they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from curation.findings import LintPair
from curation.snapshot import SnapshotPair

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier


class Member(Protocol):
    """What a pair says, wherever it is kept."""

    @property
    def source(self) -> str:
        """The source group."""

    @property
    def split(self) -> Split:
        """The side it is on."""

    @property
    def tier(self) -> Tier:
        """The kind of pair."""

    @property
    def prompt(self) -> str:
        """What is given."""

    @property
    def response(self) -> str:
        """What is learnt."""


def lint_pair(key: object, pair: Member) -> LintPair:
    """Return a pair as the checks see it, named by `key` in what they find."""
    return LintPair(
        id=str(key), source=pair.source, split=pair.split, tier=pair.tier, prompt=pair.prompt, response=pair.response
    )


def snapshot_pair(pair: Member) -> SnapshotPair:
    """Return a pair as it is frozen."""
    return SnapshotPair(
        prompt=pair.prompt, response=pair.response, tier=pair.tier, source=pair.source, split=pair.split
    )
