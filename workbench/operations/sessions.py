"""Sessions: jobs that keep a model loaded for whoever writes; started where there is none, used as long as they live.

How a session is was never written down by anybody: it is read from its events, and the place is asked for its process.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from runners.errors import PlaceError, RunDirError, RunnersError, SpecError
from runners.events import read_lines
from runners.places.base import Place, Poll, read_job
from runners.questions import Answer, Question, ask, read_answer, read_question, withdraw
from runners.rundir import RunDir, run_name
from runners.spec import RunSpec, SessionSpec
from runners.status import OVER, Status, status_of
from store import runs, sessions
from store.sessions import Session
from workbench.operations.adapters import LATEST, adapter_folder, adapter_of, spec_of
from workbench.operations.beginning import first_model, first_sampling, known_model
from workbench.operations.errors import LaunchError, NothingToDoError, WorkbenchError
from workbench.operations.naming import named
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import session_place
from workbench.operations.project import Project

# How far back a question is looked for that was asked before to the letter.
_REMEMBERED = 200
_LOOK_S = 0.1
# All events are read for how a session is: an answer is looked for so many times as often.
_LOOKS_A_VIEW = 5
# A session whose job was not started by then never will be.
_SUBMITTED_WITHIN_S = 60.0
# Of the sessions that fit, so many may live: each look reads events and asks for a process.
_LOOKED_AT = 4


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A session and how it is.

    Attributes:
        name: its own.
        model: what it keeps loaded.
        adapter_run: whose adapter lies over it; None for the base.
        checkpoint: which of that run's.
        status: computed as that of a run is.
        phase: what it does, `load` and `self-test` before it can answer, then `wait` or `answer`; empty before.
        answered: how many questions.
        open: how many wait for an answer.
        seconds: that the latest answer took; None before the first.
        error: its last word, if it failed.
        created_at: when it was started.
    """

    name: str
    model: str
    adapter_run: str | None
    checkpoint: str | None
    status: Status
    phase: str
    answered: int
    open: int
    seconds: float | None
    error: str | None
    created_at: str

    @property
    def lives(self) -> bool:
        """Whether it is there, or will be."""
        return self.status not in OVER

    @property
    def loaded(self) -> bool:
        """Whether it can answer at once."""
        return self.lives and self.phase in ("wait", "answer")


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who may write: the project's model alone, or a training run's with its adapter."""

    adapter_run: str | None
    words: str


def writers(project: Project) -> list[Writer]:
    """Return who may write, the newest run that has a checkpoint first, the base last."""
    trained = [
        Writer(adapter_run=row.name, words=f"{row.model} with its adapter")
        for row in reversed(runs.rows(project.db))
        if row.task == "train" and row.note != runs.SMOKE_NOTE and runs.checkpoints(project.db, row.name)
    ]
    return [*trained, Writer(adapter_run=None, words=f"{project.settings.model} as it is")]


def session_views(project: Project) -> list[SessionView]:
    """Return every session whose run directory stands, newest first."""
    rows = sessions.rows(project.db)
    return [_view(project, row) for row in rows if project.absolute(row.dir).is_dir()]


def session_named(project: Project, name: str) -> str:
    """Return the name of a session, given whole or by a beginning that is its alone.

    Raises:
        WorkbenchError: there is none of that name, or several begin so.
    """
    return named(name, [row.name for row in sessions.rows(project.db)], "session", "workbench session list")


def session_view(project: Project, name: str) -> SessionView:
    """Return one session.

    Raises:
        NotFound: there is none of that name.
    """
    return _view(project, sessions.get(project.db, name))


def living(project: Project, *, adapter_run: str | None = None, checkpoint: str = LATEST) -> SessionView | None:
    """Return the newest session that has a model loaded, or soon will: the project's, or a run's with its adapter.

    One that was asked to stop is none: it would not answer any more.

    Raises:
        LaunchError: the run has no such checkpoint.
    """
    for row in _fitting(project, adapter_run, checkpoint)[:_LOOKED_AT]:
        view = _view(project, row)
        if view.lives and view.status != "stopping":
            return view
    return None


def loaded(project: Project) -> SessionView | None:
    """Return the newest session of any model that is there, or soon will be; one that was asked to stop is none."""
    for row in sessions.rows(project.db):
        if project.absolute(row.dir).is_dir():
            view = _view(project, row)
            if view.lives and view.status != "stopping":
                return view
    return None


def stays_loaded(project: Project) -> str:
    """Say which model stays loaded when the program is closed, for how long, and what ends that; empty for none."""
    view = loaded(project)
    if view is None:
        return ""
    whose = f"{view.model} with the adapter of {view.adapter_run}" if view.adapter_run else view.model
    minutes = f"{idle_minutes(project, view):g} minutes"
    return (
        f"{whose} stays loaded, to be there at once when you write again, and ends after {minutes} without a question. "
        "`workbench session stop` ends it now."
    )


def idle_minutes(project: Project, view: SessionView) -> float:
    """Return after how many minutes without a question a session ends."""
    found = spec_named(project, view.name).session
    assert found is not None
    return found.idle_minutes


def _fitting(project: Project, adapter_run: str | None, checkpoint: str) -> list[Session]:
    """Return the sessions of a model and an adapter whose run directories stand, newest first."""
    wanted = adapter_of(project, adapter_run, checkpoint).checkpoint if adapter_run else None
    model = None if adapter_run else first_model(project, project.settings.model).id
    return [
        row
        for row in sessions.rows(project.db)
        if (row.adapter_run, row.checkpoint) == (adapter_run, wanted)
        and model in (None, row.model)
        and project.absolute(row.dir).is_dir()
    ]


def start(
    project: Project, *, adapter_run: str | None = None, checkpoint: str = LATEST, idle_minutes: float | None = None
) -> str:
    """Start a session, or return the name of the one that has this model loaded already.

    One model is loaded at a time: a session of another is asked to stop. One that is over and was to do the very same
    is started again: its answers are still there, and the adapter, which may be large, is not copied once more.

    Args:
        project: whose session.
        adapter_run: the training run whose adapter lies over its model; None for the project's model alone.
        checkpoint: which of that run's, as `checkpoint_choices` names them.
        idle_minutes: minutes without a question after which it ends; None for the usual.

    Raises:
        LaunchError: the place is not ready, or the run has no such checkpoint.
        SpecError: the minutes are none.
    """
    if (standing := living(project, adapter_run=adapter_run, checkpoint=checkpoint)) is not None:
        return standing.name
    where = session_place(project)
    if problems := where.check():
        raise LaunchError(f"{where.name} is not ready: " + " ".join(problems))
    source = spec_of(project, adapter_run)
    model = source.model if source else first_model(project, project.settings.model)
    words = re.sub(r"[^a-z0-9.]+", "-", model.id.rstrip("/").split("/")[-1].lower())
    spec = RunSpec(
        name=run_name(datetime.now(UTC), words, "session", secrets.token_hex(2)),
        task="session",
        model=model,
        sampling=source.sampling if source else first_sampling(known_model(project, model.id)),
        session=SessionSpec() if idle_minutes is None else SessionSpec(idle_minutes=idle_minutes),
        adapter=adapter_of(project, adapter_run, checkpoint) if adapter_run else None,
    )
    # One that was started again is older than those that were made since.
    for row in sessions.rows(project.db):
        if project.absolute(row.dir).is_dir() and _view(project, row).lives:
            _run_dir(project, row).request_stop()
    if (again := _over_and_alike(project, spec, checkpoint)) is not None:
        run_dir = _run_dir(project, again)
        for number in run_dir.request_numbers():
            # Nobody waits any more for what it left open.
            take_back(project, again.name, number)
        run_dir.stop.unlink(missing_ok=True)
        _submit(where, run_dir)
        return again.name
    run_dir = RunDir.create(
        project.runs_folder / spec.name, spec, adapter=adapter_folder(project, spec) if spec.adapter else None
    )
    sessions.add(
        project.db,
        name=spec.name,
        dir=project.relative(run_dir.path),
        place=LOCAL,
        model=model.id,
        adapter_run=adapter_run,
        checkpoint=spec.adapter.checkpoint if spec.adapter else None,
    )
    _submit(where, run_dir)
    return spec.name


def _over_and_alike(project: Project, spec: RunSpec, checkpoint: str) -> Session | None:
    """Return the newest session that is over and differs from a spec in its name alone."""
    adapter_run = spec.adapter.run if spec.adapter else None
    for row in _fitting(project, adapter_run, checkpoint)[:_LOOKED_AT]:
        try:
            standing = _run_dir(project, row).spec()
        except RunnersError:
            continue
        if replace(standing, name=spec.name, hashes={}) == spec and not _view(project, row).lives:
            return row
    return None


def _submit(where: Place, run_dir: RunDir) -> None:
    try:
        where.submit(run_dir, run_dir.new_attempt())
    except PlaceError as error:
        raise LaunchError(f"{run_dir.path.name}: {error}") from error


def stop(project: Project, name: str) -> str:
    """Ask a session to end and give its memory back.

    Raises:
        NothingToDoError: it is over.
    """
    row = sessions.get(project.db, name)
    view = _view(project, row)
    if not view.lives:
        raise NothingToDoError(f"{name} is over ({view.status}): there is nothing to stop.")
    _run_dir(project, row).request_stop()
    return f"{name}: asked to stop"


def spec_named(project: Project, name: str) -> RunSpec:
    """Return what a session goes by."""
    return _run_dir(project, sessions.get(project.db, name)).spec()


def put(project: Project, name: str, question: Question) -> int:
    """Ask a session; return the question's number, that of an earlier one where the same was answered already."""
    run_dir = _run_dir(project, sessions.get(project.db, name))
    for number in reversed(run_dir.request_numbers(answered=True)[-_REMEMBERED:]):
        if _same(run_dir, number, question):
            return number
    return ask(run_dir, question)


def take_back(project: Project, name: str, number: int) -> None:
    """Withdraw a question; the session stops answering it at its next step. One that has its answer stays."""
    run_dir = _run_dir(project, sessions.get(project.db, name))
    if not run_dir.answer_json(number).exists():
        withdraw(run_dir, number)


def wait_for(
    project: Project,
    name: str,
    number: int,
    *,
    say: Callable[[SessionView], None] = lambda view: None,
    cancelled: Callable[[], bool] = lambda: False,
    look_s: float = _LOOK_S,
) -> Answer | None:
    """Wait for an answer; None where it was cancelled, and the question is withdrawn then.

    Raises:
        WorkbenchError: there will be none, since the session is over.
    """
    row = sessions.get(project.db, name)
    run_dir = _run_dir(project, row)
    looks = 0
    while True:
        # The session is looked at first: what it answered before it ended is then sure to be read below.
        view = _view(project, row) if looks % _LOOKS_A_VIEW == 0 else None
        looks += 1
        if (found := read_answer(run_dir, number)) is not None:
            return found
        if cancelled():
            take_back(project, name, number)
            return None
        if view is not None:
            if not view.lives:
                raise WorkbenchError(
                    f"{name} is over ({view.status}) and has not answered. {view.error or 'Ask again.'}"
                )
            say(view)
        time.sleep(look_s)


def _same(run_dir: RunDir, number: int, question: Question) -> bool:
    try:
        if read_question(run_dir, number) != question:
            return False
        answer = read_answer(run_dir, number)
        return answer is not None and answer.error is None
    except (RunDirError, SpecError):
        return False


def _age_s(row: Session) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(row.created_at)).total_seconds()


def _run_dir(project: Project, row: Session) -> RunDir:
    return RunDir(project.absolute(row.dir))


def _view(project: Project, row: Session) -> SessionView:
    run_dir = _run_dir(project, row)
    attempt = run_dir.latest_attempt()
    # The place is asked first: what a job wrote before it ended is then sure to be read below.
    handle = read_job(run_dir, attempt) if attempt is not None else None
    poll = session_place(project).poll(handle) if handle is not None else None
    if handle is None and _age_s(row) > _SUBMITTED_WITHIN_S:
        # Whoever started it was ended before its job was.
        poll = Poll("gone")
    events = read_lines(run_dir.events(attempt), 0)[0] if attempt is not None else []
    phases = [str(event["phase"]) for event in events if event["type"] == "phase"]
    answers = [event for event in events if event["type"] == "answer"]
    errors = [str(event["message"]) for event in events if event["type"] == "error"]
    return SessionView(
        name=row.name,
        model=row.model,
        adapter_run=row.adapter_run,
        checkpoint=row.checkpoint,
        status=status_of(
            types={str(event["type"]) for event in events}, stop_requested=run_dir.stop_requested(), poll=poll
        ),
        phase=phases[-1] if phases else "",
        answered=len(run_dir.request_numbers(answered=True)),
        open=len(run_dir.request_numbers(answered=False)),
        seconds=float(answers[-1]["seconds"]) if answers else None,
        error=errors[-1] if errors else None,
        created_at=row.created_at,
    )
