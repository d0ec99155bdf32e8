"""The Runs screen's questions: which runs there are, what one says now, and how to end it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runners.places.base import Handle, read_job
from runners.places.contact import Contact, given_up, read_contact
from runners.rundir import RunDir
from runners.spec import RunSpec, diff, substance
from runners.status import OVER
from store import imported_runs, notebook, runs, samples
from store.runs import Checkpoint, EventRow, RunRow
from store.samples import Sample
from workbench.operations.errors import LaunchError, NothingToDoError
from workbench.operations.experiment_changes import variable_paths
from workbench.operations.naming import named
from workbench.operations.places import is_carried, is_remote, place
from workbench.operations.project import Project
from workbench.operations.starting import submit

Cancelled = Callable[[], bool]
"""Asked a few times a second while a far host is asked; what goes on is given up then."""

_LOG_BYTES = 64 * 1024
RATIOS = ("0.1", "0.3", "0.5", "0.7", "0.9")
"""The fifths of the mask ratio, by their middles."""
# Norms of single steps say little; this many are a mean worth looking at.
_LATEST_STEPS = 50


@dataclass(frozen=True, kw_only=True)
class RunView:
    """One run as the Runs screen shows it.

    Attributes:
        row: its line in the list.
        spec: what it was to do; None for a run that was made elsewhere.
        known: of a run that was made elsewhere, what its files say of it: names and words, in order.
        differences: dotted field, parent's value, own value.
        variables: those fields among them that count as variables, as in Experiments.
        loss: (step, training loss), the latest attempt of each step.
        validation: (step, loss, low, high) with its 95 % interval.
        probe: the same of the training pairs that are measured like the holdout.
        by_ratio: (mask ratio, what is measured, value, low, high) of the latest validation: `val_loss`, `probe_loss`,
            and `grad_norm`, which is the mean of its latest steps and has no interval.
        best: (step, validation loss) of the best checkpoint; None before the first.
        early: why it ended before its last step; None when it did not.
        phase: name, units done, units in all, of the latest attempt; None before the first.
        memory_bytes: peak as last reported; None when not reported.
        warnings: messages the job sent.
        error: the job's last word when it failed.
        shortage: when a step did not fit into memory: the numbers, and what would fit; see `docs/run-directory.md`.
        contact: what its host said last, and how it stands with asking it; None for a run of this machine.
        carried: of a run that is carried by hand, how it stands with that, and what is to be done; else empty.
        attempts: how often it was started.
        noted: the newest note of the notebook on it; empty for none.
        log_tail: end of the latest attempt's log.
    """

    row: RunRow
    spec: RunSpec | None
    known: tuple[tuple[str, str], ...]
    directory: Path
    differences: tuple[tuple[str, Any, Any], ...]
    variables: tuple[str, ...]
    loss: tuple[tuple[int, float], ...]
    validation: tuple[tuple[int, float, float, float], ...]
    probe: tuple[tuple[int, float, float, float], ...]
    by_ratio: tuple[tuple[str, str, float, float | None, float | None], ...]
    best: tuple[int, float] | None
    early: str | None
    phase: tuple[str, int, int | None] | None
    memory_bytes: float | None
    checkpoints: tuple[Checkpoint, ...]
    warnings: tuple[str, ...]
    error: str | None
    shortage: dict[str, Any] | None
    contact: Contact | None
    carried: str
    attempts: int
    noted: str
    log_tail: str

    @property
    def imported(self) -> bool:
        """Whether it was made elsewhere, so that nothing here can stop, resume or copy it."""
        return self.row.place == imported_runs.PLACE

    @property
    def over(self) -> bool:
        """Whether the run has ended, however it did."""
        return self.row.status in OVER


def run_rows(project: Project) -> list[RunRow]:
    """Return every run, newest first."""
    return [_with_contact(project, row) for row in reversed(runs.rows(project.db))]


def _with_contact(project: Project, row: RunRow) -> RunRow:
    """Add to a run whether it is carried by hand, and to one that is not over how it stands with its host."""
    if is_carried(project, row.place):
        return replace(row, carried=True)
    contact = None if row.status in OVER else _contact(project, row)
    if contact is None:
        return row
    waits_for = contact.note if contact.state == "waiting" else ""
    return replace(row, unreached_at=contact.lost_at, waits_for=waits_for)


def _contact(project: Project, row: RunRow) -> Contact | None:
    """Return what the host of a run said last; None for one of this machine, or that was never started."""
    if not is_remote(row.place):
        return None
    run_dir = RunDir(project.absolute(runs.get(project.db, row.name).dir))
    latest = run_dir.latest_attempt()
    return None if latest is None else read_contact(run_dir, latest)


def run_named(project: Project, name: str) -> str:
    """Return the name of a run, given whole or by a beginning that is one run's alone.

    Raises:
        WorkbenchError: there is none of that name, or several begin so.
    """
    return named(name, [row.name for row in runs.rows(project.db)], "run", "workbench runs list")


def run_view(project: Project, name: str) -> RunView:
    """Return one run with its curves, its phase and the end of its log.

    Raises:
        NotFound: there is none of that name.
    """
    run = runs.get(project.db, name)
    row = _with_contact(project, next(item for item in runs.rows(project.db) if item.name == name))
    imported = row.place == imported_runs.PLACE
    spec = None if imported else RunSpec.from_json(run.spec_json)
    parent = RunSpec.from_json(runs.get(project.db, run.parent).spec_json) if run.parent else None
    directory = project.absolute(run.dir)
    run_dir = RunDir(directory)
    memory = runs.metric(project.db, name, "memory_bytes")
    errors = runs.events(project.db, name, types=("error",))
    shortages = runs.events(project.db, name, types=("shortage",))
    return RunView(
        row=row,
        spec=spec,
        known=_known(json.loads(run.spec_json)) if imported else (),
        directory=directory,
        differences=tuple(diff(parent, spec)) if parent and spec else (),
        variables=variable_paths(substance(parent), substance(spec)) if parent and spec else (),
        loss=tuple(runs.metric(project.db, name, "loss")),
        validation=_with_interval(project, name, "val_loss"),
        probe=_with_interval(project, name, "probe_loss"),
        by_ratio=_by_ratio(project, name),
        best=_best(project, name),
        early=_early(project, name),
        phase=_phase(runs.latest_events(project.db, name, types=("phase", "progress"), limit=40)),
        memory_bytes=memory[-1][1] if memory else None,
        checkpoints=tuple(runs.checkpoints(project.db, name)),
        warnings=tuple(str(item.data.get("message", "")) for item in runs.events(project.db, name, types=("warning",))),
        shortage=dict(shortages[-1].data) if shortages and errors else None,
        error=str(errors[-1].data.get("message", "")) if errors and row.status == "failed" else None,
        contact=(contact := _contact(project, row)),
        carried=_carried_words(project, row, contact),
        attempts=0 if imported else len(run_dir.attempts()),
        noted=noted.body if (noted := notebook.latest_of_run(project.db, name)) is not None else "",
        # What a log said of a run made elsewhere is its note.
        log_tail=row.note if imported else _tail(run_dir),
    )


def _carried_words(project: Project, row: RunRow, contact: Contact | None) -> str:
    if not row.carried:
        return ""
    # Imported here: it is a part of the program that most runs do without.
    from workbench.operations.carrying import carried_words

    return carried_words(project, row, contact)


def _with_interval(project: Project, run: str, name: str) -> tuple[tuple[int, float, float, float], ...]:
    low, high = (dict(runs.metric(project.db, run, f"{name}_{end}")) for end in ("low", "high"))
    return tuple(
        (step, value, low.get(step, value), high.get(step, value)) for step, value in runs.metric(project.db, run, name)
    )


def _by_ratio(project: Project, run: str) -> tuple[tuple[str, str, float, float | None, float | None], ...]:
    """Return what the latest validation measured at each mask ratio; see `RunView.by_ratio`."""
    found: list[tuple[str, str, float, float | None, float | None]] = []
    for ratio in RATIOS:
        for name in ("val_loss", "probe_loss"):
            measured = runs.metric(project.db, run, f"{name}@{ratio}")
            if measured:
                step, value = measured[-1]
                low, high = (dict(runs.metric(project.db, run, f"{name}_{end}@{ratio}")) for end in ("low", "high"))
                found.append((ratio, name, value, low.get(step), high.get(step)))
        norms = [value for _, value in runs.metric(project.db, run, f"grad_norm@{ratio}")[-_LATEST_STEPS:]]
        if norms:
            found.append((ratio, "grad_norm", sum(norms) / len(norms), None, None))
    return tuple(found)


def _best(project: Project, run: str) -> tuple[int, float] | None:
    said = runs.latest_events(project.db, run, types=("best",), limit=1)
    return (int(said[-1].data["step"]), float(said[-1].data["val_loss"])) if said else None


def _early(project: Project, run: str) -> str | None:
    said = runs.latest_events(project.db, run, types=("early",), limit=1)
    return str(said[-1].data["reason"]) if said else None


def run_samples(project: Project, name: str) -> list[Sample]:
    """Return the samples a run made: of the base, then of the adapter at its latest step."""
    return [*samples.of_run(project.db, name, "base"), *samples.of_run(project.db, name, "adapter")]


def launched_words(project: Project, name: str) -> str:
    """Say of a run that was just launched what goes on with it."""
    if is_carried(project, runs.get(project.db, name).place):
        return f"Packed {name}: carry it as is said with it."
    return f"Launched {name}. It goes on when the program is closed."


def stop(project: Project, name: str, *, cancelled: Cancelled = lambda: False) -> str:
    """Ask a run to end at its next step; it keeps a checkpoint.

    Raises:
        NothingToDoError: it is over.
        PlaceError: its host cannot be asked; nothing was done.
    """
    run = _living(project, name)
    run_dir = RunDir(project.absolute(run.dir))
    if (handle := _handle(project, run)) is None:
        raise _not_started(name)
    place(project, run.place, cancelled=cancelled).stop(run_dir, handle)
    if is_carried(project, run.place):
        return f"{name}: `stop` stands in its folder; where that is synced, the job ends after the step it is in"
    return f"{name}: asked to stop after the step it is in"


def kill(project: Project, name: str, *, cancelled: Cancelled = lambda: False) -> str:
    """End a run's process at once; what it wrote up to then stands.

    Raises:
        NothingToDoError: it is over.
        PlaceError: its host cannot be asked; nothing was done.
    """
    run = _living(project, name)
    if (handle := _handle(project, run)) is None:
        if not is_remote(run.place):
            raise _not_started(name)
        return give_up(project, name)
    place(project, run.place, cancelled=cancelled).kill(handle)
    return f"{name}: killed; events and samples up to now stand"


def _not_started(name: str) -> NothingToDoError:
    return NothingToDoError(
        f"{name} was not started yet. Where the program that was to do it has ended, it counts as failed within a "
        "minute, and can be resumed."
    )


def give_up(project: Project, name: str) -> str:
    """Ask a run's host no more, since it will not come back: a run that is not over counts as killed.

    Raises:
        NothingToDoError: it runs on this machine, or all it wrote is here.
    """
    run = runs.get(project.db, name)
    if not is_remote(run.place):
        raise NothingToDoError(f"{name} runs on this machine: kill it.")
    run_dir = RunDir(project.absolute(run.dir))
    attempt = run_dir.latest_attempt() or 1
    if run.status in OVER and read_contact(run_dir, attempt).whole:
        raise NothingToDoError(f"{name} is over ({run.status}), and all it wrote is here.")
    given_up(run_dir, attempt)
    if run.status in OVER:
        return f"{name}: {run.place} is asked no more; what did not come from there is lost"
    return f"{name}: counted as killed, without asking {run.place}; if its job lives, it goes on there"


def resume(project: Project, name: str, *, cancelled: Cancelled = lambda: False) -> str:
    """Start a run that was cut off again; it goes on from its last checkpoint.

    Raises:
        NothingToDoError: it is still running, or finished.
        LaunchError: its place is not ready.
    """
    run = runs.get(project.db, name)
    if run.status not in ("stopped", "failed", "killed"):
        raise NothingToDoError(f"{name} is {run.status}: only one that stopped, failed or was killed can be.")
    where = place(project, run.place, cancelled=cancelled)
    # Before there is an attempt: one that a host never heard of would only be in the way.
    if where.remote and (problems := where.check(RunSpec.from_json(run.spec_json))):
        raise LaunchError(f"{where.name} is not ready: " + " ".join(problems))
    submit(project, name, cancelled=cancelled)
    return f"{name}: start it again where it is carried" if is_carried(project, run.place) else f"{name}: resumed"


def set_note(project: Project, name: str, text: str) -> None:
    """Write what was learnt from a run into the notebook: its newest note, or a first one; an empty text removes it."""
    standing = notebook.latest_of_run(project.db, name)
    if standing is not None:
        notebook.change(project.db, standing.id, text)
    elif text:
        notebook.add(project.db, text, run=name)


def _known(data: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Say what is known of an imported run, a line each."""
    lines = []
    for name, value in data.items():
        if name != "imported":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((name.replace("_", " "), shown))
    return tuple(lines)


def _handle(project: Project, run: runs.Run) -> Handle | None:
    """Return the handle of the newest attempt; one that a cut-off program did not record stands in its folder."""
    run_dir = RunDir(project.absolute(run.dir))
    latest = run_dir.latest_attempt()
    recorded = [item for item in runs.attempts(project.db, run.name) if item.attempt == latest]
    if recorded:
        return Handle(place=recorded[0].place, data=recorded[0].handle)
    return None if latest is None else read_job(run_dir, latest)


def _living(project: Project, name: str) -> runs.Run:
    run = runs.get(project.db, name)
    if run.status in OVER:
        raise NothingToDoError(f"{name} is over ({run.status}): there is nothing to stop.")
    return run


def _phase(events: list[EventRow]) -> tuple[str, int, int | None] | None:
    """Return the latest phase and how far it got, from phase and progress events, oldest first."""
    current: tuple[str, int, int | None] | None = None
    for event in events:
        name, total = str(event.data.get("phase", "")), event.data.get("total")
        current = (name, int(event.data.get("done", 0)), int(total) if total is not None else None)
    return current


def _tail(run_dir: RunDir) -> str:
    latest = run_dir.latest_attempt()
    if latest is None:
        return ""
    path = run_dir.log(latest)
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
