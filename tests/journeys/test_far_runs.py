"""Runs on a far host, through the program and the command line, over a real sshd; the jobs are tiny."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runners.places import mirror
from runners.places.contact import read_contact
from runners.places.far_host import FarHost
from runners.places.ssh import SshPlace
from runners.rundir import RunDir
from store import runs
from tests.contract.place_suite import job, wait_until
from tests.contract.ssh_server import Server, needs_sshd
from tests.journeys.builders import make_reviewed_project
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import adapters, collecting, launching, pulling, running
from workbench.operations.errors import LaunchError, NothingToDoError
from workbench.operations.place_settings import SshSettings
from workbench.operations.project import Project
from workbench.screens.launch import LaunchScreen
from workbench.screens.runs import RunsScreen
from workbench.widgets.dialogs import ConfirmDialog

pytestmark = needs_sshd

# Trains until it is told to stop by a file beside the run, or by the stop file; goes on where the attempt before was.
TRAINS = """
with reporter:
    reporter.phase("train", 1000)
    step = max([0, *run_dir.checkpoint_steps()])
    while not reporter.stop_requested() and not (run_dir.path / "enough").exists():
        step += 1
        reporter.metric(step, {"loss": 5.0 / step})
        time.sleep(0.02)
    folder = run_dir.checkpoint(step) / "adapter"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"w" * 100_000)
    reporter.checkpoint(step, folder.parent)
    if reporter.stop_reason is None:
        for slug in ("slow-puncture", "shop-scales", "lane-swimming"):
            reporter.sample(
                of="adapter", step=step, prompt=slug, index=0, seed=1, text="far", token_ids=[1], tokens=1,
                seconds=0.1, trace={"prompt_tokens": 1, "canvas": 1, "commits": [[0, 0, 1, 0.5]]},
            )
        reporter.samples_complete("adapter", step, 3)
        reporter.last_word("finished", {"seconds": 0.1})
    else:
        reporter.last_word("stopped", {"reason": reporter.stop_reason})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "ssh")
    server.start()
    yield server
    server.stop()
    server.end_masters()


@pytest.fixture
def project(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with a place `gpu`, whose jobs are `TRAINS`."""
    plain = SshPlace.__init__

    def made(self: SshPlace, *arguments: Any, **named: Any) -> None:
        plain(self, *arguments, **named, command=[sys.executable, "-c", job(TRAINS)])

    monkeypatch.setattr(SshPlace, "__init__", made)
    project = make_reviewed_project(tmp_path / "voice")
    settings = SshSettings(
        host=server.host, folder="~/a workbench", python=sys.executable, ssh_config=str(server.config)
    )
    project.add_place("gpu", settings)
    yield project
    for folder in (server.home / "a workbench" / "runs").glob("*"):
        (folder / "stop").touch()


def launched(project: Project) -> str:
    return launching.launch(project, launching.draft(project, place_name="gpu"))


def far(server: Server, name: str) -> Path:
    return server.home / "a workbench" / "runs" / name


def collect_until(project: Project, name: str, status: str) -> None:
    """Collect as the program does, until a run's status is the one that is waited for."""
    for _ in range(400):
        collecting.collect(project, (name,))
        if runs.get(project.db, name).status == status and runs.metric(project.db, name, "loss"):
            return
    raise AssertionError(f"{runs.get(project.db, name).status} instead of {status}")


def test_a_finished_run_is_brought_whole_and_its_copy_runs_where_it_ran(project: Project, server: Server) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    assert pulling.far_runs(project)
    (far(server, name) / "enough").touch()
    assert collecting.wait(project, name, say=lambda words: None) == "finished"
    view = running.run_view(project, name)
    (checkpoint,) = view.checkpoints
    with pytest.raises(NothingToDoError, match="all it wrote is here"):
        running.give_up(project, name)
    assert (view.directory / checkpoint.path / "adapter" / "weights").stat().st_size == 100_000
    assert view.contact is not None
    assert view.contact.whole
    assert len(running.run_samples(project, name)) == 3
    assert not pulling.far_runs(project)
    assert launching.draft(project, parent=name).place == "gpu"
    files = [path for path in view.directory.rglob("*") if path.is_file() and path.name != "contact.json"]
    before = [path.read_bytes() for path in files]
    assert not collecting.collect(project, (name,), far="all").changed
    assert [path.read_bytes() for path in files] == before


def test_a_stopped_run_goes_on_at_its_place_from_its_checkpoint(project: Project) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    running.stop(project, name)
    collect_until(project, name, "stopped")
    stopped_at = max(step for step, _ in runs.metric(project.db, name, "loss"))
    running.resume(project, name)
    collect_until(project, name, "running")
    again = [event.data["step"] for event in runs.events(project.db, name, types=("metric",), after=(2, 0))]
    assert again[0] == stopped_at + 1
    running.kill(project, name)
    assert collecting.see_end(project, name) == "killed"


def test_a_host_that_is_away_changes_no_status_and_says_since_when(project: Project, server: Server) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    server.stop()
    (problem,) = collecting.collect(project).problems
    assert "it refused the connection" in problem
    row = running.run_rows(project)[0]
    assert (row.status, row.place) == ("running", "gpu")
    first = row.unreached_at
    assert first is not None
    collecting.collect(project)
    assert running.run_rows(project)[0].unreached_at == first
    server.start()
    collecting.collect(project)
    assert running.run_rows(project)[0].unreached_at is None
    running.kill(project, name)
    assert collecting.see_end(project, name) == "killed"


def test_a_host_that_will_not_come_back_is_given_up_and_the_run_goes_on_elsewhere(
    project: Project, server: Server
) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    running.stop(project, name)
    collect_until(project, name, "stopped")
    collecting.collect(project, (name,), far="all")
    running.resume(project, name)
    collect_until(project, name, "running")
    last = max(RunDir(project.absolute(runs.get(project.db, name).dir)).checkpoint_steps())
    server.stop()
    with pytest.raises(NothingToDoError, match="is running: only one that"):
        running.resume(project, name)
    running.give_up(project, name)
    collecting.collect(project, far="nothing")
    assert runs.get(project.db, name).status == "killed"
    with pytest.raises(LaunchError, match="gpu is not ready: .* it refused the connection"):
        running.resume(project, name)
    assert runs.get(project.db, name).status == "killed"
    # Another machine under the same name: nothing of the run is there.
    (far(server, name) / "stop").touch()
    wait_until((far(server, name) / "attempts" / "002" / "rc").exists)
    old = server.home / "a workbench"
    old.rename(server.home / "the old machine")
    server.start()
    running.resume(project, name)
    collect_until(project, name, "running")
    steps = [event.data["step"] for event in runs.events(project.db, name, types=("metric",), after=(3, 0))]
    assert steps[0] == last + 1


async def test_a_run_is_launched_from_the_form_followed_through_a_gap_and_stopped(
    project: Project, server: Server
) -> None:
    app = WorkbenchApp(project, project.root, screen="runs")

    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen._view is not None)
        await pilot.press("r")
        await settle(pilot, lambda: isinstance(app.screen, LaunchScreen) and bool(app.screen._lines))
        form = app.screen
        assert isinstance(form, LaunchScreen)
        form.fields.go_to([line.path for line in form._lines].index("place"))
        await pilot.press("l")
        await settle(pilot, lambda: form._form is not None and form._form.place == "gpu")
        await settle(pilot, lambda: "`workbench places check gpu`" in shown(pilot, "#launch-summary"))
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen))
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await settle(pilot, lambda: screen._view is not None and screen._view.row.place == "gpu", timeout_s=60)
        await settle(pilot, lambda: screen._view is not None and len(screen._view.loss) > 3, timeout_s=60)
        server.stop()
        await settle(pilot, lambda: "not reached since" in shown(pilot, "#run-title"), timeout_s=60)
        assert "it refused the connection" in shown(pilot, "#run-facts")
        assert screen._view is not None
        known = len(screen._view.loss)
        server.start()
        app.far_runs_changed()
        await settle(pilot, lambda: screen._view is not None and len(screen._view.loss) > known, timeout_s=60)
        await settle(pilot, lambda: "running" in shown(pilot, "#run-title"))
        await pilot.press("S")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await settle(pilot, lambda: "stopped" in shown(pilot, "#run-title"), timeout_s=60)
        name = screen._view.row.name
        folder = RunDir(project.absolute(runs.get(project.db, name).dir))
        await settle(pilot, lambda: read_contact(folder, 1).whole, timeout_s=60)
        assert folder.checkpoint_steps() == [item.step for item in runs.checkpoints(project.db, name)]


def test_a_run_that_ended_before_its_checkpoints_came_is_asked_about_until_they_are_here_or_it_is_given_up(
    project: Project, server: Server
) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    (far(server, name) / "enough").touch()
    collect_until(project, name, "finished")
    server.stop()
    assert collecting.collect(project).problems
    view = running.run_view(project, name)
    assert view.row.status == "finished"
    assert view.contact is not None
    assert view.contact.lost_at
    assert not view.contact.whole
    with pytest.raises(LaunchError, match="has not come from gpu yet"):
        launching.launch(project, launching.draft(project, task="sample", adapter_run=name, place_name="local"))
    server.start()
    collecting.collect(project)
    (run,) = pulling.far_runs(project)
    assert pulling.pull_checkpoints(project, run) is None
    assert pulling.far_runs(project) == []
    assert adapters.checkpoint_choices(project, name)


def test_places_are_added_listed_and_checked_on_the_command_line(tmp_path: Path, server: Server) -> None:
    from tests.journeys.command_line import data, run

    folder = tmp_path / "plain"
    run(folder.parent, "init", str(folder))
    options = ("--host", server.host, "--python", sys.executable, "--ssh-config", str(server.config))
    added = data(folder, "places", "add", "gpu", *options, "--env", "HF_HOME=/data/hf")
    assert added["environment"] == {"HF_HOME": "/data/hf"}
    assert "there is a place gpu already" in run(folder, "places", "add", "gpu", *options, code=1).stderr
    assert [item["checked_at"] for item in data(folder, "places", "list")] == [None, None]
    report = data(folder, "places", "check", "gpu")
    assert report["problems"] == []
    assert report["python"] == sys.version.split()[0]
    assert report["free_bytes"] > 0
    assert data(folder, "places", "list")[1]["memory_bytes"] == report["memory_bytes"]
    server.stop()
    gone = run(folder, "places", "check", "gpu", "--json", code=1)
    assert "it refused the connection" in json.loads(gone.stdout)["problems"][0]
    assert "No place named 'gpo'. Known: local, gpu" in run(folder, "run", "--place", "gpo", code=1).stderr


def test_a_program_that_was_ended_while_it_sent_a_run_leaves_one_that_failed_and_can_be_resumed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(run_dir: RunDir, far: FarHost) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mirror, "send", ends)
        with pytest.raises(KeyboardInterrupt):
            launched(project)
    name = runs.rows(project.db)[-1].name
    with pytest.raises(NothingToDoError, match="was not started yet"):
        running.stop(project, name)
    collecting.collect(project)
    view = running.run_view(project, name)
    assert (view.row.status, (view.error or "")[:14]) == ("failed", "Never started:")
    running.resume(project, name)
    collect_until(project, name, "running")
    running.kill(project, name)
    assert collecting.see_end(project, name) == "killed"
