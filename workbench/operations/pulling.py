"""Ask far hosts how their jobs are, and bring what those wrote: never in the way of anything else.

The decision to know: whoever asks a host only fills run directories and `contact.json`. The collector folds them into
the store as it does those of this machine, and never waits for a host. A run that is over is asked about until all it
wrote is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runners.errors import CarriedError, PlaceError, RunnersError
from runners.places.base import Handle, read_job
from runners.places.contact import Contact, all_here, awaited, coming, lost, reached, read_contact
from runners.rundir import RunDir
from store import runs
from workbench.operations.errors import WorkbenchError
from workbench.operations.places import NEAR, asked_place, carried_places, is_carried, place, queued_places
from workbench.operations.project import Project

# How often it is said how much of the checkpoints is still to come, in seconds.
_SAY_S = 0.5
_OVER = ("ended", "gone")


@dataclass(frozen=True, kw_only=True)
class FarRun:
    """A run whose job is, or was, on a far host, and its newest attempt there; or that is carried by hand."""

    name: str
    place: str
    run_dir: RunDir
    attempt: int
    handle: Handle
    carried: bool

    @property
    def contact(self) -> Contact:
        """What its host said last."""
        return read_contact(self.run_dir, self.attempt)

    @property
    def over(self) -> bool:
        """Whether its job is over, as its host said."""
        return self.contact.state in _OVER

    def wants_checkpoints(self, project: Project) -> bool:
        """Say whether checkpoints are there that are not here, as far as that is known."""
        if self.carried:
            return False  # they come with its lines
        told = runs.checkpoints(project.db, self.name)
        return self.over or any(not (self.run_dir.path / item.path).is_dir() for item in told)


def far_runs(project: Project, names: Sequence[str] = (), *, again: bool = False) -> list[FarRun]:
    """Return the runs on far hosts of which not all is here yet.

    Args:
        project: whose runs.
        names: only these; none for every run.
        again: also those of which all is here, as far as is known.
    """
    found = []
    for name, where, folder in runs.places(project.db, but=NEAR):
        if names and name not in names:
            continue
        run_dir = RunDir(project.absolute(folder))
        attempt = run_dir.latest_attempt()
        if attempt is None or (not again and read_contact(run_dir, attempt).whole):
            continue
        try:
            handle = read_job(run_dir, attempt)
        except RunnersError:
            continue  # the collector says what is broken
        if handle is not None:
            carried = is_carried(project, where)
            found.append(
                FarRun(name=name, place=where, run_dir=run_dir, attempt=attempt, handle=handle, carried=carried)
            )
    return found


def look(project: Project, run: FarRun, *, cancelled: Callable[[], bool] = lambda: False) -> str | None:
    """Ask the host how a run's job is, and bring the lines it wrote; return why that could not be done, or None."""
    try:
        poll = place(project, run.place, cancelled=cancelled).look(run.run_dir, run.handle)
    except CarriedError as error:
        # Of this run alone: others of its place may be whole.
        awaited(run.run_dir, run.attempt, str(error))
        return None
    except (PlaceError, WorkbenchError) as error:
        lost(run.run_dir, run.attempt, str(error))
        return str(error)
    except OSError as error:
        return _unwritten(run, error)
    # Of a run that is carried, another attempt may have come.
    latest = run.run_dir.latest_attempt() or run.attempt
    reached(run.run_dir, latest, poll)
    if run.carried:
        # Imported here: it is a part of the program that most runs do without.
        from runners.carried.taking import has_finished

        if has_finished(run.run_dir, latest):
            all_here(run.run_dir, latest)
    return None


def lost_too(run: FarRun, problem: str) -> None:
    """Keep that a run's host cannot be asked, as was found with another run there."""
    lost(run.run_dir, run.attempt, problem)


def pull_checkpoints(
    project: Project, run: FarRun, *, cancelled: Callable[[], bool] = lambda: False, wait: bool = False
) -> str | None:
    """Bring the checkpoints of a run that are not here; return why that could not be done, or None.

    Args:
        project: whose run.
        run: it.
        cancelled: asked a few times a second.
        wait: for another program that brings the same; else nothing is done.
    """
    was_over, said_at = run.over, 0.0

    def progress(done: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > _SAY_S or done == total:
            said_at = time.monotonic()
            coming(run.run_dir, run.attempt, total - done)

    try:
        where = asked_place(project, run.place, cancelled=cancelled)
        here = where.pull_checkpoints(run.run_dir, progress, wait=wait)
    except (PlaceError, WorkbenchError) as error:
        return str(error)
    except OSError as error:
        return _unwritten(run, error)
    # Only what was over before its checkpoints were listed can have no more of them.
    if here and was_over:
        all_here(run.run_dir, run.attempt)
    return None


def pull_now(project: Project, names: Sequence[str] = (), *, checkpoints: bool) -> list[str]:
    """Ask every far host about its runs once, and wait for the answers; return what could not be done.

    Args:
        project: whose runs.
        names: only these; none for all of which not everything is here.
        checkpoints: whether to bring those too, however long it takes; those that are named are asked about even where
            all is here.
    """
    problems: dict[str, str] = {}
    for run in far_runs(project, names, again=bool(names) and checkpoints):
        if run.place in problems:
            # The same host would keep everybody waiting once more.
            lost_too(run, problems[run.place])
            continue
        problem = look(project, run)
        if problem is None and checkpoints and run.wants_checkpoints(project):
            problem = pull_checkpoints(project, run, wait=True)
        if problem is not None:
            problems[run.place] = problem
        if said := run.contact.awaited:
            problems[run.name] = f"{run.name}: {said}"
    return list(problems.values())


def restarted(project: Project) -> list[str]:
    """Return the runs that are over, as far as the store knows, and go on: by hand, or since a cluster says so."""
    carried, queued = carried_places(project), queued_places(project)
    if not carried and not queued:
        return []
    found = []
    living = set(runs.unfinished(project.db))
    for name, where, folder in runs.places(project.db, but=NEAR):
        if where in carried | queued and name not in living:
            run_dir = RunDir(project.absolute(folder))
            latest = run_dir.latest_attempt() or 0
            recorded = max((item.attempt for item in runs.attempts(project.db, name)), default=0)
            waits = where in queued and read_contact(run_dir, latest).state == "waiting"
            found += [name] if latest > recorded or waits else []
    return found


def _unwritten(run: FarRun, error: OSError) -> str:
    return (
        f"{run.name}: what came from {run.place} could not be written to {run.run_dir.path} ({error.strerror}). Make "
        "room, or look at its permissions; it comes again."
    )
