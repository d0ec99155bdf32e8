"""Runs on a Ray cluster, through the program and the command line, over what a cluster answers; the jobs are tiny."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runners.places.ray import RayPlace
from runners.rundir import RunDir
from store import runs
from tests.contract.place_suite import job
from tests.contract.ray_stand_in import TOKEN, RayStandIn
from tests.journeys.builders import make_reviewed_project
from tests.journeys.command_line import data, run
from tests.journeys.screens import settle, shown
from tests.journeys.test_far_runs import TRAINS, collect_until
from workbench.app import WorkbenchApp
from workbench.operations import collecting, launching, running
from workbench.operations.project import Project
from workbench.operations.ray_settings import RaySettings
from workbench.screens.runs import RunsScreen
from workbench.widgets.dialogs import ConfirmDialog

VARIABLE = "WORKBENCH_TEST_RAY_TOKEN"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayStandIn]:
    monkeypatch.setenv(VARIABLE, TOKEN)
    cluster = RayStandIn(tmp_path / "ray")
    yield cluster
    cluster.close()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    path = tmp_path / "shared by machines"
    path.mkdir()
    return path


@pytest.fixture
def project(tmp_path: Path, cluster: RayStandIn, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a place `cluster`, whose jobs are `TRAINS`."""
    plain = RayPlace.__init__

    def made(self: RayPlace, *arguments: Any, **named: Any) -> None:
        plain(self, *arguments, **named, command=[sys.executable, "-c", job(TRAINS)])

    monkeypatch.setattr(RayPlace, "__init__", made)
    project = make_reviewed_project(tmp_path / "voice")
    settings = RaySettings(url=cluster.url, folder=str(shared), python=sys.executable, token_env=VARIABLE)
    project.add_place("cluster", settings)
    return project


def launched(project: Project) -> str:
    return launching.launch(project, launching.draft(project, place_name="cluster"))


def test_a_run_that_waits_says_why_begins_stops_and_goes_on_from_its_checkpoint(
    project: Project, cluster: RayStandIn
) -> None:
    cluster.held = True
    name = launched(project)
    collecting.collect(project)
    assert runs.get(project.db, name).status == "submitted"
    said = run(project.root, "runs", "show", name)
    assert "Waiting for 1 GPU, 1 CPU of one machine. The cluster has 2 machines" in said.stderr
    assert data(project.root, "runs", "show", name)["contact"]["state"] == "waiting"
    cluster.release()
    collect_until(project, name, "running")
    running.stop(project, name)
    assert collecting.wait(project, name, say=lambda words: None) == "stopped"
    stopped_at = max(step for step, _ in runs.metric(project.db, name, "loss"))
    folder = RunDir(project.absolute(runs.get(project.db, name).dir))
    assert folder.checkpoint_steps() == [stopped_at]
    running.resume(project, name)
    collect_until(project, name, "running")
    again = [event.data["step"] for event in runs.events(project.db, name, types=("metric",), after=(2, 0))]
    assert again[0] == stopped_at + 1
    running.kill(project, name)
    assert collecting.see_end(project, name) == "killed"
    written = [path for path in project.root.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert written == []


def test_a_finished_run_comes_whole_and_its_copy_goes_to_the_same_cluster(
    project: Project, cluster: RayStandIn, shared: Path
) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    (shared / "runs" / name / "enough").touch()
    assert collecting.wait(project, name, say=lambda words: None) == "finished"
    view = running.run_view(project, name)
    assert view.contact is not None
    assert view.contact.whole
    assert (view.directory / view.checkpoints[0].path / "adapter" / "weights").stat().st_size == 100_000
    assert len(running.run_samples(project, name)) == 3
    assert launching.draft(project, parent=name).place == "cluster"


def test_a_cluster_that_cannot_be_asked_changes_no_status(project: Project, cluster: RayStandIn) -> None:
    name = launched(project)
    collect_until(project, name, "running")
    cluster.stop()
    (problem,) = collecting.collect(project).problems
    assert "it refused the connection: no Ray dashboard listens there" in problem
    (row, *_) = running.run_rows(project)
    assert (row.status, row.unreached_at is not None) == ("running", True)
    cluster.start()
    collecting.collect(project)
    assert running.run_rows(project)[0].unreached_at is None
    running.kill(project, name)
    assert collecting.see_end(project, name) == "killed"


async def test_the_screen_says_why_a_run_waits_and_takes_it_back(project: Project, cluster: RayStandIn) -> None:
    cluster.held = True
    launched(project)
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen._view is not None)
        await settle(
            pilot, lambda: "Waiting for 1 GPU, 1 CPU of one machine" in shown(pilot, "#run-facts"), timeout_s=60
        )
        await pilot.press("S")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await settle(pilot, lambda: "stopped" in shown(pilot, "#run-title"), timeout_s=60)
        assert "It was taken back before it began." in shown(pilot, "#run-facts")


def test_a_cluster_is_added_listed_and_checked_on_the_command_line(
    tmp_path: Path, cluster: RayStandIn, shared: Path
) -> None:
    folder = tmp_path / "plain"
    run(folder.parent, "init", str(folder))
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    options = ["--ray", cluster.url, "--folder", str(shared), "--python", str(bare), "--token-env", VARIABLE]
    assert "--gpus is of a cluster" in run(folder, "places", "add", "c", "--host", "h", "--gpus", "1", code=2).stderr
    assert "Give either" in run(folder, "places", "add", "c", *options, "--host", "h", code=2).stderr
    assert "write NAME=N" in run(folder, "places", "add", "c", *options, "--resource", "L4=x", code=2).stderr
    assert "places.c: folder" in run(folder, "places", "add", "c", "--ray", cluster.url, code=1).stderr
    added = data(folder, "places", "add", "c", *options, "--gpus", "2", "--resource", "box2=1", "--env", "A=b")
    assert (added["kind"], added["gpus"], added["resources"]) == ("ray", 2.0, {"box2": 1.0})
    # No machine has two GPUs and is box2.
    checked = run(folder, "places", "check", "c", "--json", code=1)
    report = json.loads(checked.stdout)
    assert "A job asks for 2 GPUs, 1 CPU, 1 box2 of one machine, and none" in report["problems"][0]
    assert report["cluster"][0] == "Ray 2.60.0"
    data(folder, "places", "add", "d", *options)
    said = run(folder, "places", "check", "d", code=1)
    assert "Ray 2.60.0" in said.stdout
    assert "does not have torch, transformers, peft" in said.stderr
    assert [item["host"] for item in data(folder, "places", "list")] == ["this machine", cluster.url, cluster.url]
