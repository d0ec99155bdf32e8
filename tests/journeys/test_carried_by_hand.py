"""A run carried by hand, whole: launched, its notebook run by plain Python, its zip brought back, its samples read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runners.carried.ferry import Ferry
from runners.events import EventWriter
from runners.rundir import RunDir
from tests.conftest import ROOT, SAMPLE_ESSAYS
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from tests.journeys.screens import settle as until
from tests.journeys.test_palette_keyless import choose
from tests.journeys.test_walk_cli import QUICK, Walker
from workbench.operations import launching
from workbench.operations.freezing import freeze
from workbench.operations.place_settings import BundleSettings
from workbench.operations.project import Project
from workbench.screens.run_carry import paths_of
from workbench.widgets.dialogs import ConfirmDialog
from workbench.widgets.path_dialog import PathDialog

CANARIES = ROOT / "workbench" / "demo" / "canaries.md"


def run_cells(bundle: Path, work: Path) -> str:
    """Run the code cells of a notebook one behind the other, as one program of plain Python; return what it printed."""
    cells = json.loads((bundle / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bundle,
        env=environment | {"WORKBENCH_WORK": str(work), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_is_carried_away_and_its_samples_come_home_for_review(tmp_path: Path) -> None:
    walker = Walker(tmp_path / "voice")
    walker.call("init")
    walker.call("import", SAMPLE_ESSAYS)
    walker.call("essays", "hold-out", "--count", 2)
    walker.call("pairs", "propose")
    walker.call("pairs", "accept", "--all-proposed")
    walker.call("canaries", "import", CANARIES)
    for canary in walker.data("canaries", "list")[2:]:
        walker.call("canaries", "remove", canary["slug"])
    walker.call("dataset", "freeze")
    drive = tmp_path / "drive"
    walker.call("places", "add", "colab", "--bundle", drive, "--host", "gpu", exit_code=2)
    walker.call("places", "add", "colab", "--bundle", drive)
    assert "no such folder" in walker.call("places", "check", "colab", exit_code=1).stderr
    drive.mkdir()
    walker.call("places", "check", "colab")
    launched = walker.call("run", "--place", "colab", *(word for change in QUICK for word in ("--set", change)))
    assert "Carried by hand: waiting for results" in launched.stderr
    [row] = walker.data("runs", "list")
    run = row["run"] if "run" in row else row["name"]
    assert (row["status"], row["carried"]) == ("submitted", True)
    zipped = Path(walker.data("runs", "zip", run, "--to", tmp_path)["zip"])
    # As it is in Colab, where nothing is synced: the zip is uploaded, and results.zip comes back as a download.
    content = tmp_path / "content"
    content.mkdir()
    (content / "notebook.ipynb").write_bytes((drive / run / "notebook.ipynb").read_bytes())
    zipped.rename(content / zipped.name)
    printed = run_cells(content, tmp_path / "work")
    assert "Everything that is needed is installed." in printed
    download = tmp_path / "results (1).zip"
    (content / run / "results.zip").rename(download)
    brought = walker.call("runs", "bring", run, download)
    assert "It is finished, with 8 samples" in brought.stderr
    assert "everything that was brought is here already" in walker.call("runs", "bring", run, download).stderr
    view = walker.data("review", "show", run)
    assert len(view["comparisons"]) == 4
    assert all(item["adapter"]["text"] for item in view["comparisons"])
    walker.call("sample", "--adapter", run, "--place", "local", "--dry-run")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    made = make_curated_project(tmp_path / "voice")
    (tmp_path / "drive").mkdir()
    made.add_place("colab", BundleSettings(folder=str(tmp_path / "drive")))
    freeze(made)
    return made


def results(project: Project, name: str, folder: Path) -> None:
    """Write results of a run that has finished into a folder."""
    away = RunDir(folder / "away" / name)
    away.attempt(1).mkdir(parents=True)
    away.spec_json.write_bytes((project.runs_folder / name / "spec.json").read_bytes())
    writer = EventWriter(away.events(1), 1)
    writer.emit("finished", {"seconds": 1.0})
    away.rc(1).write_text("0\n")
    Ferry(away, folder / "brought" / "results").carry()


async def test_runs_says_what_to_do_and_the_palette_brings_the_results(project: Project, tmp_path: Path) -> None:
    name = launching.launch(project, launching.draft(project, task="sample", place_name="colab"))
    results(project, name, tmp_path)
    async with opened(project.root, "runs") as (app, pilot):
        await until(pilot, lambda: "Carried by hand: waiting for results." in shown(app.screen))
        assert "by hand" in shown(app.screen)
        await press(pilot, "K")
        assert isinstance(app.screen, ConfirmDialog)
        assert "nothing here reaches" in shown(app.screen)
        await press(pilot, "escape")
        await choose(pilot, "bring results", "Bring results")
        assert isinstance(app.screen, PathDialog)
        await pilot.press(*str(tmp_path / "brought"))
        await press(pilot, "enter")
        await until(pilot, lambda: "It is finished" in shown(app.screen))
        await settle(pilot)
        assert "Carried by hand" not in shown(app.screen)


async def test_the_palette_zips_the_bundle(project: Project, tmp_path: Path) -> None:
    name = launching.launch(project, launching.draft(project, task="sample", place_name="colab"))
    async with opened(project.root, "runs") as (app, pilot):
        await choose(pilot, "zip the bundle", "Zip the bundle")
        await until(pilot, lambda: "Written:" in shown(app.screen))
        assert (tmp_path / "drive" / f"{name}.zip").is_file()


def test_paths_are_read_as_a_terminal_writes_those_of_dragged_files(tmp_path: Path) -> None:
    plain, spaced = tmp_path / "a.zip", tmp_path / "results (1).zip"
    spaced.touch()
    assert paths_of(str(spaced), tmp_path) == [spaced]
    assert paths_of(f"'{spaced}' {plain} ", tmp_path) == [spaced, plain]
    escaped = str(spaced).replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)")
    assert paths_of(f"{escaped} {plain}", tmp_path) == [spaced, plain]
    assert paths_of("a.zip a.zip", tmp_path) == [plain]
    assert paths_of("it's.zip", tmp_path) == [tmp_path / "it's.zip"]
