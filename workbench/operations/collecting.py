"""The collector: folds what jobs wrote into the store; collecting twice changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from runners.errors import PlaceError, RunDirError
from runners.events import read_lines
from runners.places.base import Handle, Poll, read_job
from runners.places.contact import read_contact
from runners.rundir import RunDir
from runners.status import OVER, Status, status_of
from store import imported_runs, runs
from store.errors import StoreError
from workbench.operations.errors import WorkbenchError
from workbench.operations.places import is_remote, place
from workbench.operations.project import Project
from workbench.operations.pulling import pull_now, restarted
from workbench.operations.starting import look_for

Far = Literal["nothing", "lines", "all"]
# How often a far host is asked at most while a run there is waited for, in seconds.
_FAR_POLL_S = 2.0


@dataclass(frozen=True, kw_only=True)
class CollectReport:
    """What one round of collecting brought."""

    events: int = 0
    samples: int = 0
    statuses: tuple[tuple[str, Status], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is new."""
        return bool(self.events or self.samples or self.statuses)


def collect(project: Project, names: tuple[str, ...] = (), *, far: Far = "lines") -> CollectReport:
    """Fold the named runs, or all that are not over, into the store, and compute their status anew.

    Args:
        project: whose runs.
        names: which; none for all that are not over.
        far: what is brought from far hosts first, which may take as long as they do; nothing where somebody else sees
            to it.
    """
    events = samples = 0
    statuses: list[tuple[str, Status]] = []
    problems = [] if far == "nothing" else pull_now(project, names, checkpoints=far == "all")
    for name in names or (*runs.unfinished(project.db), *restarted(project)):
        run = runs.get(project.db, name)
        if run.place == imported_runs.PLACE:
            continue
        run_dir = RunDir(project.absolute(run.dir))
        if not run_dir.path.is_dir():
            problems.append(f"{run_dir.path}: the run directory is gone. Put it back; what was collected stands.")
            continue
        # The place is asked first: what a job wrote before it ended is then sure to be read below.
        poll = _poll(project, run, run_dir, problems)
        offsets = runs.offsets(project.db, name)
        for attempt in run_dir.attempts():
            file = f"attempts/{attempt:03d}/events.jsonl"
            try:
                lines, offset = read_lines(run_dir.path / file, offsets.get(file, 0))
                if lines:
                    runs.fold_events(project.db, name, file, lines, offset)
                    events += len(lines)
            except (RunDirError, StoreError) as error:
                problems.append(f"{name}: {error}")
        try:
            lines, offset = read_lines(run_dir.samples, offsets.get("samples.jsonl", 0))
            if lines:
                runs.fold_samples(project.db, name, lines, offset)
                samples += len(lines)
        except (RunDirError, StoreError) as error:
            problems.append(f"{name}: {error}")
        latest = run_dir.latest_attempt()
        types = runs.event_types(project.db, name, latest) if latest is not None else ()
        status = status_of(types=types, stop_requested=run_dir.stop_requested(), poll=poll)
        if run.status in OVER and status == "submitted":
            continue  # nothing is known beyond what ended it
        if status != run.status:
            finished_at = runs.last_event_at(project.db, name) if status in OVER else None
            runs.set_status(project.db, name, status, finished_at)
            statuses.append((name, status))
    return CollectReport(events=events, samples=samples, statuses=tuple(statuses), problems=tuple(problems))


def _poll(project: Project, run: runs.Run, run_dir: RunDir, problems: list[str]) -> Poll | None:
    """Ask the place about the latest attempt; one that a cut-off program did not record is recorded now."""
    latest = run_dir.latest_attempt()
    try:
        recorded = next((item for item in runs.attempts(project.db, run.name) if item.attempt == latest), None)
        if recorded is not None:
            return _asked(project, run_dir, recorded.attempt, Handle(place=recorded.place, data=recorded.handle))
        handle = None if latest is None else read_job(run_dir, latest)
        found = (latest, handle) if latest is not None and handle is not None else look_for(project, run, run_dir)
        if found is not None:
            attempt, handle = found
            runs.add_attempt(project.db, run.name, attempt, handle.place, handle.data)
            return _asked(project, run_dir, attempt, handle)
        # The author may have given up a run that is still to be sent.
        return read_contact(run_dir, latest).poll if latest is not None and is_remote(run.place) else None
    except (PlaceError, RunDirError, WorkbenchError) as error:
        problems.append(f"{run.name}: {error}")
        return Poll(state="unknown", exit_code=None)


def _asked(project: Project, run_dir: RunDir, attempt: int, handle: Handle) -> Poll:
    """Return what the place of a job says, or said last."""
    if is_remote(handle.place):
        return read_contact(run_dir, attempt).poll
    return place(project, handle.place).poll(handle)


def living(project: Project) -> list[str]:
    """Return the runs that are not over."""
    return runs.unfinished(project.db)


def wait(project: Project, name: str, *, say: Callable[[str], None], poll_s: float = 0.5) -> Status:
    """Collect until a run is over, telling each phase and metric as it comes; return its status."""
    seen: tuple[int, int] | None = None
    problems: tuple[str, ...] = ()
    note = ""
    if is_remote(runs.get(project.db, name).place):
        poll_s = max(poll_s, _FAR_POLL_S)
    while True:
        before, problems = problems, collect(project, (name,)).problems
        for problem in problems:
            if problem not in before:
                say(problem)
        before_note, note = note, _note(project, name)
        if note and note != before_note:
            say(note)
        for event in runs.events(project.db, name, after=seen):
            seen = (event.attempt, event.seq)
            words = _words(event)
            if words:
                say(words)
        status = runs.get(project.db, name).status
        if status in OVER:
            # Its checkpoints, where they are still to come.
            for problem in collect(project, (name,), far="all").problems:
                say(problem)
            return status
        time.sleep(poll_s)


def _note(project: Project, name: str) -> str:
    """Return what its place says of a run beside its status, such as why it waits."""
    run = runs.get(project.db, name)
    run_dir = RunDir(project.absolute(run.dir))
    latest = run_dir.latest_attempt()
    return read_contact(run_dir, latest).note if is_remote(run.place) and latest is not None else ""


def see_end(project: Project, name: str, *, at_most_s: float = 10.0, poll_s: float = 0.1) -> Status:
    """Collect until a run that was killed is over: the system takes a moment; return its status then, or after that."""
    until = time.monotonic() + at_most_s
    while True:
        collect(project, (name,))
        status = runs.get(project.db, name).status
        if status in OVER or time.monotonic() > until:
            return status
        time.sleep(poll_s)


def _words(event: runs.EventRow) -> str:
    """Say an event in a line, or nothing for those nobody waits for."""
    data = event.data
    if event.type == "phase":
        return f"  {data.get('phase')}"
    if event.type == "progress" and data.get("total"):
        done, total = int(data["done"]), int(data["total"])
        return f"  {data.get('phase')} {done}/{total}" if done == total or done % max(1, total // 5) == 0 else ""
    if event.type == "metric" and "loss" in data.get("values", {}):
        step = int(data["step"])
        return f"  step {step}: loss {data['values']['loss']:.3f}" if step % 10 == 0 else ""
    if event.type == "validation":
        values = data["values"]
        low, high = values.get("val_loss_low"), values.get("val_loss_high")
        interval = f" (95% interval {low:.3f} to {high:.3f})" if low is not None and high is not None else ""
        return f"  validation at step {data['step']}: {values['val_loss']:.3f}{interval}"
    if event.type == "early":
        return f"  ends early at step {data.get('step')}: {data.get('reason')}"
    if event.type in ("warning", "error"):
        return f"  {event.type}: {data.get('message')}"
    return ""
