"""One run of the tree in full, and two runs laid beside each other: changes, noise, verdicts, notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from store import notebook
from store.notebook import Note
from store.runs import RunRow
from workbench.operations.blind import rounds as blind_rounds
from workbench.operations.blind_result import short, told
from workbench.operations.errors import WorkbenchError
from workbench.operations.experiment_changes import Change, warning
from workbench.operations.experiment_losses import LossDifference, Measurement, loss_difference, measured, spread_of
from workbench.operations.experiment_records import Records, Sort
from workbench.operations.experiment_verdicts import Tally
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """A run laid beside another one.

    Attributes:
        run: the one that is asked about.
        other: what it is compared with.
        changes: what is other in it.
        warning: what the comparison cannot prove since several things changed; empty where one did, or none.
        known: whether what changed is known: of a run that was made elsewhere it is not.
        loss: how the validation losses differ.
        verdicts: how the two compare by verdicts; None where there are none on both.
        notes: those of the notebook on this comparison, either way round.
    """

    run: str
    other: str
    changes: tuple[Change, ...]
    warning: str
    known: bool
    loss: LossDifference
    verdicts: Tally | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One run in full.

    Attributes:
        row: its line in the list of runs.
        sort: whether it trained or only sampled, or is a smoke run or one that was made elsewhere.
        dataset_hash: content hash of what it trained on; None where that is nothing, or not known.
        measured: its last validation and those of its replicates, itself first; none before the first validation.
        left_out: replicates that could not be counted in, each with why.
        spread: standard deviation of the loss among the replicates; None without any.
        above: the run laid beside the one it hangs under; None for a root.
        beneath: each run that hangs under it, laid beside it; oldest first.
        verdicts: the verdicts on its samples against the base's; None where there are no such samples.
        blind: what its blind tests found whose results were seen, a sentence each.
        notes: those of the notebook on it and on its comparisons, oldest first.
    """

    row: RunRow
    sort: Sort
    dataset_hash: str | None
    measured: tuple[Measurement, ...]
    left_out: tuple[str, ...]
    spread: float | None
    above: RunComparison | None
    beneath: tuple[RunComparison, ...]
    verdicts: Tally | None
    blind: tuple[str, ...]
    notes: tuple[Note, ...]


def experiment(project: Project, run: str, records: Records | None = None) -> Experiment:
    """Return one run in full.

    Args:
        project: whose run.
        run: its name.
        records: all runs, where they were read already.

    Raises:
        WorkbenchError: there is no such run.
    """
    records = records or Records.read(project)
    _need(records, run)
    found, left_out = measured(records, run)
    above = records.above(run)
    beneath = [name for name in records.rows if records.above(name) == run]
    return Experiment(
        row=records.rows[run],
        sort=records.sort(run),
        dataset_hash=records.specs[run].dataset_hash if run in records.specs else None,
        measured=found,
        left_out=left_out,
        spread=spread_of(found),
        above=compared(records, run, above) if above is not None else None,
        beneath=tuple(compared(records, name, run) for name in beneath),
        verdicts=records.verdicts.against_base(run),
        blind=tuple(_blind(project, run)),
        notes=tuple(notebook.of_run(project.db, run)),
    )


def compare_runs(project: Project, run: str, other: str) -> RunComparison:
    """Lay a run beside another one.

    Raises:
        WorkbenchError: there is no such run, or both are one.
    """
    records = Records.read(project)
    _need(records, run)
    _need(records, other)
    if run == other:
        raise WorkbenchError(f"{run} is not compared with itself. Name another run.")
    return compared(records, run, other)


def compared(records: Records, run: str, other: str) -> RunComparison:
    """Lay a run beside another one, among runs that were read already."""
    found = records.changed(run, other)
    both = {run, other}
    return RunComparison(
        run=run,
        other=other,
        changes=found,
        warning=warning(found),
        known=run in records.specs and other in records.specs,
        loss=loss_difference(records, run, other),
        verdicts=records.verdicts.between(run, other),
        notes=tuple(item for item in notebook.of_run(records.project.db, run) if {item.run, item.other_run} == both),
    )


def _blind(project: Project, run: str) -> Iterator[str]:
    """Say what the blind tests of a run found; a round that goes on says nothing."""
    for found in blind_rounds(project, run):
        if found.revealed_at is not None:
            yield f"Round {found.number}: {short(told(project, found))}"


def _need(records: Records, run: str) -> None:
    if run not in records.rows:
        raise WorkbenchError(f"There is no run named {run!r}. See `workbench experiments tree` for those there are.")
