"""A run whose program was ended between its record and the start of its job: found again, or failed, and never lost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from runners.errors import PlaceError
from runners.places import local
from runners.places.alone import alone
from runners.places.base import Place, read_job
from runners.places.local import LocalPlace
from runners.rundir import RunDir
from store import runs
from tests.contract.place_suite import FINISHES, WORKS_UNTIL_STOPPED, job, wait_until
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from tests.journeys.command_line import data
from workbench.operations import collecting, launching, running, starting
from workbench.operations.errors import LaunchError, NothingToDoError
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a run, whose local jobs are tiny."""
    use(monkeypatch, FINISHES)
    return make_reviewed_project(tmp_path / "voice", runs_made=1)


def use(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let jobs of this machine do something else than train."""
    place = LocalPlace(command=[sys.executable, "-c", job(code)])

    def at(project: Project, name: str, **_named: object) -> Place:
        return place

    for module in (launching, starting, running, collecting):
        monkeypatch.setattr(module, "place", at)


def cut(monkeypatch: pytest.MonkeyPatch, project: Project, owner: object, name: str) -> tuple[str, RunDir]:
    """Launch a run, and have the program end where it calls something."""

    def ends(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, ends)
        with pytest.raises(KeyboardInterrupt):
            launching.launch(project, launching.draft(project))
    run = runs.rows(project.db)[-1].name
    assert run != BASE_RUN
    return run, RunDir(project.runs_folder / run)


def status(project: Project, name: str) -> str:
    collecting.collect(project)
    return runs.get(project.db, name).status


@pytest.mark.parametrize(
    ("owner", "name"), [(RunDir, "new_attempt"), (LocalPlace, "submit"), (local, "start_supervised")]
)
def test_a_run_whose_job_was_never_started_has_failed_says_so_and_can_be_launched_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    run, run_dir = cut(monkeypatch, project, owner, name)
    for ask in (running.stop, running.kill):
        with pytest.raises(NothingToDoError, match="was not started yet. Where the program .* counts as failed"):
            ask(project, run)
    assert status(project, run) == "failed"
    view = running.run_view(project, run)
    assert view.error == (
        "Never started: the program was ended before its job was. Launch it again with R in Runs, or with `workbench "
        f"runs resume {run}`."
    )
    assert view.row.finished_at is not None
    assert collecting.collect(project, (run,)).statuses == ()
    running.resume(project, run)
    assert wait_until(lambda: status(project, run) == "finished")
    assert len(run_dir.attempts()) == 2


def test_the_command_line_says_it_too(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = cut(monkeypatch, project, LocalPlace, "submit")
    monkeypatch.undo()
    assert data(project.root, "runs", "list")[0]["status"] == "failed"
    assert data(project.root, "runs", "show", run)["error"].startswith("Never started: ")


def test_a_run_that_another_program_is_just_starting_is_left_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, run_dir = cut(monkeypatch, project, LocalPlace, "submit")
    with alone(run_dir, "start"):
        assert (status(project, run), run_dir.events(1).exists()) == ("submitted", False)
    assert status(project, run) == "failed"


def test_a_program_that_is_killed_lets_go_of_what_it_was_starting(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, run_dir = cut(monkeypatch, project, RunDir, "new_attempt")
    script = f"""
        import os, signal
        from pathlib import Path
        from runners.places.alone import alone
        from runners.rundir import RunDir
        run_dir = RunDir(Path({str(run_dir.path)!r}))
        with alone(run_dir, "start"):
            run_dir.new_attempt()
            print("holds it", flush=True)
            input()
    """
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"holds it\n"
    assert status(project, run) == "submitted"
    program.kill()
    program.communicate()
    assert status(project, run) == "failed"


def test_a_job_that_was_started_and_not_recorded_is_found_again_and_followed_to_its_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, WORKS_UNTIL_STOPPED)
    run, run_dir = cut(monkeypatch, project, local, "write_job")
    assert read_job(run_dir, 1) is None
    assert wait_until(lambda: status(project, run) == "running")
    assert read_job(run_dir, 1) is not None
    running.stop(project, run)
    assert wait_until(lambda: status(project, run) == "stopped")
    assert run_dir.attempts() == [1]


def test_a_job_that_was_killed_before_it_was_recorded_is_not_running_for_ever(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, WORKS_UNTIL_STOPPED)
    run, run_dir = cut(monkeypatch, project, local, "write_job")
    pid = int(wait_until(lambda: run_dir.pid(1).exists() and run_dir.pid(1).read_text()))
    wait_until(lambda: run_dir.events(1).exists() and b"phase" in run_dir.events(1).read_bytes())
    os.killpg(pid, 9)
    assert wait_until(lambda: status(project, run) == "killed")


def test_a_job_of_which_there_is_but_a_log_is_waited_for_a_while(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, run_dir = cut(monkeypatch, project, LocalPlace, "submit")
    run_dir.log(1).touch()
    assert status(project, run) == "submitted"
    long_ago = time.time() - 3600
    os.utime(run_dir.log(1), (long_ago, long_ago))
    assert status(project, run) == "failed"


def test_a_run_that_was_being_resumed_is_looked_at_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, WORKS_UNTIL_STOPPED)
    run, run_dir = cut(monkeypatch, project, LocalPlace, "submit")
    assert status(project, run) == "failed"

    def ends(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(local, "write_job", ends)
        with pytest.raises(KeyboardInterrupt):
            running.resume(project, run)
    assert wait_until(lambda: status(project, run) == "running")
    running.stop(project, run)
    assert wait_until(lambda: status(project, run) == "stopped")


def test_a_run_that_its_place_refused_stays_failed_and_says_why(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_given: object) -> None:
        raise PlaceError("No process can be made.")

    monkeypatch.setattr(LocalPlace, "submit", refuses)
    with pytest.raises(LaunchError, match="No process can be made"):
        launching.launch(project, launching.draft(project))
    run = runs.rows(project.db)[-1].name
    collecting.collect(project, (run,))
    view = running.run_view(project, run)
    assert (view.row.status, view.error) == ("failed", "No process can be made.")


def test_a_run_that_is_over_and_was_begun_again_without_a_word_stays_as_it_ended(project: Project) -> None:
    before = runs.get(project.db, BASE_RUN).status
    RunDir(project.runs_folder / BASE_RUN).new_attempt()
    collecting.collect(project, (BASE_RUN,))
    assert runs.get(project.db, BASE_RUN).status == before


def test_a_run_directory_that_cannot_be_written_to_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run, run_dir = cut(monkeypatch, project, LocalPlace, "submit")

    def refused(*_given: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(starting, "alone", refused)
    (problem,) = collecting.collect(project).problems
    assert problem.startswith(f"{run}: {run_dir.path}: cannot be written to (Permission denied)")
