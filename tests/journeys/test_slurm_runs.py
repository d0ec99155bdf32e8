"""Runs on a Slurm cluster, through the command line and the program, over a real sshd and a real cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runners.places.slurm import SlurmPlace
from store import runs
from tests.contract.place_suite import job, wait_until
from tests.contract.slurm_cluster import Cluster, needs_slurm, running_cluster
from tests.contract.ssh_server import Server, needs_sshd
from tests.journeys.builders import make_reviewed_project
from tests.journeys.screens import settle, shown
from tests.journeys.test_far_runs import TRAINS
from workbench.app import WorkbenchApp
from workbench.cli.main import cli
from workbench.operations import collecting, launching, pulling, running
from workbench.operations.project import Project
from workbench.screens.runs import RunsScreen

pytestmark = [needs_sshd, needs_slurm]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path / "slurm") as cluster:
        yield cluster


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "ssh")
    server.start()
    yield server
    server.stop()
    server.end_masters()


@pytest.fixture
def project(tmp_path: Path, server: Server, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a place `uni`, added by the command, whose jobs are `TRAINS`."""
    plain = SlurmPlace.__init__

    def made(self: SlurmPlace, *arguments: Any, **named: Any) -> None:
        plain(self, *arguments, **named, command=[sys.executable, "-c", job(TRAINS)])

    monkeypatch.setattr(SlurmPlace, "__init__", made)
    project = make_reviewed_project(tmp_path / "voice")
    environment = [f"--env={name}={value}" for name, value in cluster.environment.items()]
    where = ["--slurm", server.host, "--ssh-config", str(server.config), "--python", sys.executable, "--gpus", "a100:2"]
    done = command(project, "places", "add", "uni", *where, "--folder", "~/a workbench", *environment)
    assert done.exit_code == 0, done.output
    return Project.open(project.root)


def command(project: Project, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(project.root), *words], catch_exceptions=False)


def far(server: Server, name: str) -> Path:
    return server.home / "a workbench" / "runs" / name


def collect_until(project: Project, server: Server, name: str, status: str) -> None:
    """Collect as the program does, past what Slurm said a moment ago, until a run's status is the one waited for."""

    def reached() -> bool:
        for path in (server.home / "a workbench").rglob("slurm.s*.json"):
            path.unlink(missing_ok=True)
        collecting.collect(project)
        return runs.get(project.db, name).status == status

    wait_until(reached)


async def test_a_run_waits_with_its_reason_runs_gives_way_goes_on_by_itself_and_is_stopped_and_resumed(
    project: Project, server: Server, cluster: Cluster
) -> None:
    checked = command(project, "places", "check", "uni", "--json")
    assert checked.exit_code == 0, checked.output
    assert any("gpu:a100:2" in line for line in json.loads(checked.stdout)["cluster"])
    holder, name = (launching.launch(project, launching.draft(project, place_name="uni")) for _ in range(2))
    collect_until(project, server, holder, "running")
    collect_until(project, server, name, "submitted")
    wait_until(lambda: collecting.collect(project) and "Resources" in command(project, "runs", "list").stdout)
    row = next(row for row in running.run_rows(project) if row.name == name)
    assert row.waits_for.startswith("Waiting for resources: Resources, none are free yet")
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen._view is not None)
        await settle(pilot, lambda: "◌ waiting" in shown(pilot, "#run-title"))
        assert "Waiting for resources: Resources, none are free yet" in shown(pilot, "#run-facts")
    running.kill(project, holder)
    collect_until(project, server, holder, "killed")
    collect_until(project, server, name, "running")
    number = json.loads((far(server, name) / "attempts" / "001" / "slurm.json").read_text())["job"]
    # As a cluster does that gives the nodes to somebody else.
    cluster.says("scontrol", "requeue", number)
    collect_until(project, server, name, "submitted")
    stopped_at = max(step for step, _ in runs.metric(project.db, name, "loss"))
    cluster.start_now(number)
    collect_until(project, server, name, "running")
    wait_until(lambda: collecting.collect(project) and runs.events(project.db, name, types=("metric",), after=(2, 0)))
    again = [event.data["step"] for event in runs.events(project.db, name, types=("metric",), after=(2, 0))]
    assert again[0] == stopped_at + 1
    running.stop(project, name)
    collect_until(project, server, name, "stopped")
    assert running.resume(project, name) == f"{name}: resumed"
    collect_until(project, server, name, "running")
    (far(server, name) / "enough").touch()
    collect_until(project, server, name, "finished")
    assert collecting.wait(project, name, say=lambda words: None) == "finished"
    view = running.run_view(project, name)
    assert view.attempts == 3
    assert [(view.directory / item.path).is_dir() for item in view.checkpoints][-1:] == [True]
    assert not pulling.far_runs(project, (name,))
