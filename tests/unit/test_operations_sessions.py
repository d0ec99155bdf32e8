"""Sessions are started once, used while they live, and say how they are."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runners.errors import SpecError
from runners.places.local import LocalPlace
from runners.questions import Question
from runners.rundir import RunDir
from store import runs
from store import sessions as stored
from store.errors import NotFound
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from tests.journeys.fake_session import WORDS, instead_of_a_model
from workbench.app import WorkbenchApp
from workbench.closing import say_what_stays
from workbench.operations import sessions
from workbench.operations.errors import LaunchError, NothingToDoError, WorkbenchError
from workbench.operations.places import session_place
from workbench.operations.project import Project

QUESTION = Question(kind="infill", before="One ", after=" two.", tokens=4, samples=2)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.create(tmp_path / "voice")
    with instead_of_a_model():
        yield made
        for view in sessions.session_views(made):
            # It may end between the look and the stop.
            with contextlib.suppress(NothingToDoError):
                sessions.stop(made, view.name)
        until(lambda: not any(view.lives for view in sessions.session_views(made)))


def until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never held")


def test_a_session_is_started_once_and_used_as_long_as_it_lives(project: Project) -> None:
    name = sessions.start(project)
    assert sessions.start(project) == name
    until(lambda: sessions.session_view(project, name).loaded)
    sessions.stop(project, name)
    until(lambda: not sessions.session_view(project, name).lives)
    assert sessions.session_view(project, name).status == "stopped"


def test_a_session_that_is_over_is_started_again_and_leaves_what_it_left_open(project: Project) -> None:
    name = sessions.start(project)
    number = sessions.put(project, name, QUESTION)
    assert sessions.wait_for(project, name, number, look_s=0.01) is not None
    (project.runs_folder / "hold").touch()
    left = sessions.put(project, name, Question(kind="continue", before="One", tokens=4))
    sessions.stop(project, name)
    until(lambda: not sessions.session_view(project, name).lives)
    assert sessions.start(project) == name
    run_dir = RunDir(project.runs_folder / name)
    assert (run_dir.attempts(), run_dir.request_numbers()) == ([1, 2], [number])
    assert left not in run_dir.request_numbers()
    # The answers are still there.
    assert sessions.put(project, name, QUESTION) == number


def test_one_that_is_to_do_something_else_is_a_session_of_its_own(project: Project) -> None:
    name = sessions.start(project)
    sessions.stop(project, name)
    until(lambda: not sessions.session_view(project, name).lives)
    other = sessions.start(project, idle_minutes=5)
    assert other != name
    assert [view.name for view in sessions.session_views(project)] == [other, name]


def test_a_session_steps_back_for_keys_only_and_no_further_than_the_settings_say(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice")
    assert _nice_of(project) == 5
    project.change_setting("local", "nice", 2)
    assert _nice_of(project) == 2


def _nice_of(project: Project) -> int:
    found = session_place(project)
    assert isinstance(found, LocalPlace)
    return found._nice


def test_one_model_is_loaded_at_a_time(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    with instead_of_a_model():
        base = sessions.start(project)
        adapter = sessions.start(project, adapter_run=BASE_RUN)
        until(lambda: not sessions.session_view(project, base).lives)
        assert sessions.session_view(project, adapter).lives
        assert sessions.start(project) == base
        until(lambda: not sessions.session_view(project, adapter).lives)
        sessions.stop(project, base)
        until(lambda: not sessions.session_view(project, base).lives)


def test_what_stays_loaded_is_said_when_the_program_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    app = WorkbenchApp(project, project.root)
    with instead_of_a_model():
        say_what_stays(app)
        assert capsys.readouterr().err == ""
        name = sessions.start(project, adapter_run=BASE_RUN, idle_minutes=12)
        view = sessions.loaded(project)
        assert view is not None
        assert view.name == name
        say_what_stays(app)
        said = capsys.readouterr().err
        assert f"embedded with the adapter of {BASE_RUN} stays loaded" in said
        assert "after 12 minutes without a question. `workbench session stop` ends it now." in said
        sessions.stop(project, name)
        say_what_stays(app)
        assert capsys.readouterr().err == ""
        until(lambda: not sessions.session_view(project, name).lives)


def test_one_that_was_started_again_is_asked_to_stop_however_many_were_made_since(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    with instead_of_a_model():
        base = sessions.start(project)
        for number in range(5):
            stored.add(
                project.db,
                name=f"s{number}",
                dir=f"runs/s{number}",
                place="local",
                model="another",
                adapter_run=None,
                checkpoint=None,
            )
        adapter = sessions.start(project, adapter_run=BASE_RUN)
        assert (project.runs_folder / base / "stop").exists()
        until(lambda: not sessions.session_view(project, base).lives)
        sessions.stop(project, adapter)
        until(lambda: not sessions.session_view(project, adapter).lives)


def test_a_session_that_is_stopping_is_not_asked(project: Project) -> None:
    name = sessions.start(project)
    until(lambda: sessions.session_view(project, name).loaded)
    view = sessions.living(project)
    assert view is not None
    RunDir(project.runs_folder / name).request_stop()
    assert sessions.living(project) is None


def test_a_session_whose_job_was_never_started_is_over_after_a_while(project: Project) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runners.places.local.LocalPlace.submit", lambda self, run_dir, attempt: None)
        name = sessions.start(project)
    assert sessions.session_view(project, name).status == "submitted"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "_SUBMITTED_WITHIN_S", -1.0)
        assert sessions.session_view(project, name).status == "killed"
        assert sessions.start(project) == name


def test_a_session_is_no_run_of_the_author_s(project: Project) -> None:
    name = sessions.start(project)
    assert runs.rows(project.db) == []
    assert (project.runs_folder / name / "spec.json").is_file()
    assert sessions.spec_named(project, name).task == "session"


def test_an_answer_is_waited_for_and_the_same_question_is_not_asked_twice(project: Project) -> None:
    name = sessions.start(project)
    number = sessions.put(project, name, QUESTION)
    answer = sessions.wait_for(project, name, number, look_s=0.01)
    assert answer is not None
    assert [item.text for item in answer.samples] == list(WORDS[:2])
    assert sessions.put(project, name, QUESTION) == number
    view = sessions.session_view(project, name)
    assert (view.answered, view.seconds) == (1, 0.3)
    assert sessions.put(project, name, Question(kind="continue", before="One", tokens=4)) == number + 1


def test_a_question_that_is_not_answered_yet_can_be_withdrawn_and_an_answered_one_stays(project: Project) -> None:
    name = sessions.start(project)
    number = sessions.put(project, name, QUESTION)
    sessions.wait_for(project, name, number, look_s=0.01)
    sessions.take_back(project, name, number)
    (project.runs_folder / "hold").touch()
    later = sessions.put(project, name, Question(kind="continue", before="One", tokens=4))
    seen: list[sessions.SessionView] = []
    assert (
        sessions.wait_for(project, name, later, say=seen.append, cancelled=lambda: len(seen) > 2, look_s=0.01) is None
    )
    assert seen[-1].open == 1
    run_dir = RunDir(project.runs_folder / name)
    assert run_dir.request_numbers() == [number]


def test_a_session_that_failed_is_told_with_what_it_said(project: Project) -> None:
    (project.runs_folder / "fail").touch()
    name = sessions.start(project)
    number = sessions.put(project, name, QUESTION)
    with pytest.raises(WorkbenchError, match=r"is over \(failed\) and has not answered. The model is too large."):
        sessions.wait_for(project, name, number, look_s=0.01)
    with pytest.raises(NothingToDoError, match="nothing to stop"):
        sessions.stop(project, name)


def test_a_session_whose_directory_is_gone_is_not_listed_and_not_used(project: Project) -> None:
    name = sessions.start(project)
    until(lambda: sessions.session_view(project, name).loaded)
    folder = project.runs_folder / name
    folder.rename(project.root / "elsewhere")
    assert sessions.session_views(project) == []
    assert sessions.living(project) is None
    (project.root / "elsewhere").rename(folder)


def test_minutes_that_are_none_are_refused_and_nothing_is_left(project: Project) -> None:
    with pytest.raises(SpecError, match=r"session.idle_minutes: found 0"):
        sessions.start(project, idle_minutes=0)
    assert list(project.runs_folder.iterdir()) == []


def test_a_name_may_be_given_by_its_beginning(project: Project) -> None:
    name = sessions.start(project)
    assert sessions.session_named(project, name[:12]) == name
    with pytest.raises(WorkbenchError, match="There is no session named 'x'"):
        sessions.session_named(project, "x")
    with pytest.raises(NotFound):
        sessions.session_view(project, "x")


def test_the_adapter_of_a_run_is_loaded_with_the_model_it_was_trained_on(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    with instead_of_a_model():
        with pytest.raises(LaunchError, match="has no checkpoint '7'"):
            sessions.start(project, adapter_run=BASE_RUN, checkpoint="7")
        kept = runs.checkpoints(project.db, BASE_RUN)[-1].path
        name = sessions.start(project, adapter_run=BASE_RUN)
        try:
            spec = sessions.spec_named(project, name)
            assert spec.adapter is not None
            assert (spec.adapter.run, spec.adapter.checkpoint) == (BASE_RUN, kept)
            standing = project.runs_folder / BASE_RUN / kept
            copied = project.runs_folder / name / "adapter"
            assert sorted(copied.iterdir()) == sorted(copied / path.name for path in standing.iterdir())
            assert sessions.living(project) is None
            view = sessions.living(project, adapter_run=BASE_RUN)
            assert view is not None
            assert view.name == name
        finally:
            sessions.stop(project, name)
