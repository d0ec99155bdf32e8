"""The author's verdicts, counted: a run against the base, and one run against another, with exact intervals.

The decision to know: a masked review that is not over yet has no tally here either. Counts that move with each verdict
would tell which side was the run's. It is the rule of Review itself: the tally waits for the last verdict, or for the
names to be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runners.intervals import Interval, share
from store import experiments, runs
from store.experiments import JudgedRow, SpecRow
from workbench.operations.project import Project
from workbench.operations.reviewing import is_masked

if TYPE_CHECKING:
    from store.annotations import VerdictName


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often one side's sample was better than the other's.

    Attributes:
        this: whose samples: a run.
        other: against whose: `base`, or another run.
        better: pairs of samples in which this side was better.
        worse: in which the other was.
        ties: in which neither was.
        both_bad: in which both were bad.
        judged: how many were judged.
        pairs: how many there are.
        masked: how many were judged with the names hidden.
        withheld: whether the counts wait for the end of a masked review; all but `judged`,
            `pairs` and `masked` are 0 then.
        share: the share of the decided ones in which this side was better, with its exact interval; None without any.
        direct: whether the two were read side by side; else each was read against the same samples of the base.
    """

    this: str
    other: str
    better: int = 0
    worse: int = 0
    ties: int = 0
    both_bad: int = 0
    judged: int
    pairs: int
    masked: int = 0
    withheld: bool = False
    share: Interval | None = None
    direct: bool = True

    @property
    def decided(self) -> int:
        """In how many one side was better."""
        return self.better + self.worse


class Verdicts:
    """All verdicts of a project, read once."""

    def __init__(self, project: Project, kept: Mapping[str, SpecRow], rows: Sequence[JudgedRow]) -> None:
        self._project = project
        self._kept = kept
        self._rows = rows
        self._hidden = is_masked(project)
        self._bases: dict[str, str | None] = {}
        self._tallies: dict[str, Tally | None] = {}

    @classmethod
    def read(cls, project: Project, kept: Mapping[str, SpecRow]) -> Verdicts:
        """Read every verdict; `kept` are the runs by name."""
        return cls(project, kept, experiments.verdicts(project.db))

    def against_base(self, run: str) -> Tally | None:
        """Return how a run's samples were judged against the base's; None where there is nothing to judge."""
        if run not in self._tallies:
            self._tallies[run] = self._against_base(run)
        return self._tallies[run]

    def told(self) -> tuple[list[JudgedRow], int]:
        """Return the verdicts that may be told, and how many are withheld since a masked review goes on."""
        told = [row for row in self._rows if not any(map(self.is_withheld, _adapters_of(row)))]
        return told, len(self._rows) - len(told)

    def is_withheld(self, run: str) -> bool:
        """Say whether a masked review of a run's samples goes on."""
        tally = self.against_base(run)
        return tally is not None and tally.withheld

    def between(self, run: str, other: str) -> Tally | None:
        """Return how two runs compare by verdicts: read side by side, else each against the same samples of the base.

        None where no verdict says anything of the two.
        """
        direct = [row for row in self._rows if {row.left_run, row.right_run} == {run, other} and _of_adapters(row)]
        pairs = len(self._places(run, "adapter") & self._places(other, "adapter"))
        if direct:
            verdicts = [_turned(row, run) for row in direct]
            masked, hidden = sum(row.masked for row in direct), self._hidden and len(direct) < pairs
            return _tally(run, other, verdicts, masked=masked, pairs=pairs, withheld=hidden)
        mine, theirs = ({row.left_id: row for row in self._of_base(name)} for name in (run, other))
        both = sorted(mine.keys() & theirs.keys())
        if not both:
            return None
        tallies = [self.against_base(name) for name in (run, other)]
        return _tally(
            run,
            other,
            [_nearer(mine[key], theirs[key]) for key in both],
            masked=sum(mine[key].masked and theirs[key].masked for key in both),
            pairs=pairs,
            withheld=any(tally is not None and tally.withheld for tally in tallies),
            direct=False,
        )

    def _against_base(self, run: str) -> Tally | None:
        base = self._base(run)
        if base is None:
            return None
        pairs = len(self._places(run, "adapter") & self._places(base, "base"))
        if not pairs:
            return None
        rows = self._of_base(run)
        verdicts, masked = [row.verdict for row in rows], sum(row.masked for row in rows)
        hidden = self._hidden and len(rows) < pairs
        return _tally(run, "base", verdicts, masked=masked, pairs=pairs, withheld=hidden)

    def _of_base(self, run: str) -> list[JudgedRow]:
        return [
            row for row in self._rows if row.right_run == run and row.right_of == "adapter" and row.left_of == "base"
        ]

    def _base(self, run: str) -> str | None:
        key = self._kept[run].sample_key
        if key not in self._bases:
            self._bases[key] = runs.base_run(self._project.db, key)
        return self._bases[key]

    def _places(self, run: str, of: Literal["base", "adapter"]) -> set[tuple[str, int]]:
        return experiments.sample_places(self._project.db, run, of)


def _of_adapters(row: JudgedRow) -> bool:
    return row.left_of == row.right_of == "adapter"


def _adapters_of(row: JudgedRow) -> list[str]:
    sides = ((row.left_run, row.left_of), (row.right_run, row.right_of))
    return [run for run, of in sides if of == "adapter"]


def _turned(row: JudgedRow, run: str) -> VerdictName:
    """Return a verdict as if the samples of `run` had stood on the right."""
    if row.right_run == run or row.verdict in ("tie", "both bad"):
        return row.verdict
    return "left" if row.verdict == "right" else "right"


def _nearer(row: JudgedRow, other: JudgedRow) -> VerdictName:
    """Return which of two samples fared better against the same sample of the base; `right` for the first."""
    first, second = ({"right": 1, "left": -1}.get(item.verdict, 0) for item in (row, other))
    return "tie" if first == second else "right" if first > second else "left"


def _tally(
    this: str,
    other: str,
    verdicts: Sequence[VerdictName],
    *,
    masked: int,
    pairs: int,
    withheld: bool,
    direct: bool = True,
) -> Tally:
    """Count verdicts from the right side; where they are withheld, only how many there are."""
    told = [] if withheld else verdicts
    better, worse = told.count("right"), told.count("left")
    return Tally(
        this=this,
        other=other,
        better=better,
        worse=worse,
        ties=told.count("tie"),
        both_bad=told.count("both bad"),
        judged=len(verdicts),
        pairs=max(pairs, len(verdicts)),
        masked=masked,
        withheld=withheld,
        share=share(better, better + worse) if better + worse else None,
        direct=direct,
    )
