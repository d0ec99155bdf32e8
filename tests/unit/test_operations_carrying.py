"""Runs that are carried by hand, as the program and the command line see them; the job is played by the test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from runners.carried.ferry import Ferry
from runners.errors import CarriedError, NotAllHereError, PlaceError
from runners.events import EventWriter, LineWriter, utc_now
from runners.rundir import RunDir
from store import runs
from tests.journeys.builders import make_curated_project
from workbench.operations import collecting, forecasting, launching, place_checks, running
from workbench.operations.carrying import bring, zip_bundle
from workbench.operations.errors import LaunchError, NothingToDoError, ProjectError, WorkbenchError
from workbench.operations.freezing import freeze
from workbench.operations.place_settings import BundleSettings, SshSettings
from workbench.operations.project import SETTINGS_FILE, Project, read_settings


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    (tmp_path / "My Drive").mkdir()
    return tmp_path / "My Drive"


@pytest.fixture
def project(tmp_path: Path, drive: Path) -> Project:
    made = make_curated_project(tmp_path / "project")
    made.add_place("colab", BundleSettings(folder=str(drive)))
    freeze(made)
    return made


def launched(project: Project) -> str:
    return launching.launch(project, launching.draft(project, task="sample", place_name="colab"))


class Away:
    """The machine a bundle was carried to."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self.results = bundle / "results"
        self.run_dir = RunDir(folder / bundle.name)
        shutil.copytree(bundle / "job", self.run_dir.path)
        shutil.rmtree(self.run_dir.path / "attempts")
        self.prompt = (self.run_dir.prompts_jsonl.read_text().split('"slug": "')[1]).split('"')[0]
        self.start(1)

    def start(self, attempt: int) -> None:
        self.attempt = attempt
        self.run_dir.attempt(attempt).mkdir(parents=True)
        self.events = EventWriter(self.run_dir.events(attempt), attempt)
        self.emit("phase", phase="sample", total=2)

    def emit(self, type: str, **fields: object) -> None:
        self.events.emit(type, fields)

    def sample(self, index: int) -> None:
        row = {"of": "base", "step": 0, "prompt": self.prompt, "index": index, "seed": 1, "text": "A gate."}
        row |= {"token_ids": [1], "tokens": 1, "seconds": 0.1, "attempt": self.attempt, "trace": None, "at": utc_now()}
        LineWriter(self.run_dir.samples).write(row)

    def carry(self) -> None:
        Ferry(self.run_dir, self.results).carry()

    def end(self, last: str, code: int, **fields: object) -> None:
        self.emit(last, **fields)
        self.run_dir.rc(self.attempt).write_text(f"{code}\n")
        self.carry()

    def zipped(self, to: Path) -> Path:
        return Path(shutil.make_archive(str(to.with_suffix("")), "zip", self.results))


@pytest.fixture
def away(project: Project, drive: Path, tmp_path: Path) -> Away:
    return Away(drive / launched(project), tmp_path / "away")


def name_of(away: Away) -> str:
    return away.run_dir.path.name


def view(project: Project, away: Away) -> running.RunView:
    return running.run_view(project, name_of(away))


def test_a_launch_packs_a_bundle_and_says_what_to_do_with_it(project: Project, drive: Path) -> None:
    name = launched(project)
    collecting.collect(project)
    seen = running.run_view(project, name)
    assert seen.row.status == "submitted"
    assert seen.carried.startswith("Carried by hand: waiting for results. ")
    assert str(drive / name) in seen.carried
    assert "notebook.ipynb in Colab" in seen.carried
    assert (drive / name / "notebook.ipynb").is_file()
    assert "Packed" in running.launched_words(project, name)


def test_what_arrives_in_the_folder_is_found_and_the_run_goes_its_way(project: Project, away: Away) -> None:
    away.sample(0)
    away.carry()
    collecting.collect(project)
    seen = view(project, away)
    assert (seen.row.status, seen.row.samples) == ("running", 1)
    assert "results came up to" in seen.carried
    away.sample(1)
    away.end("finished", 0, seconds=1.0)
    collecting.collect(project)
    seen = view(project, away)
    assert (seen.row.status, seen.row.samples, seen.carried) == ("finished", 2, "")
    assert seen.contact is not None
    assert seen.contact.whole


def test_however_long_nothing_is_heard_the_run_is_not_killed(project: Project, away: Away) -> None:
    away.carry()
    for _ in range(3):
        assert collecting.collect(project).problems == ()
    assert view(project, away).row.status == "running"
    shutil.rmtree(away.results.parent)
    collecting.collect(project)
    assert view(project, away).row.status == "running"


def test_a_process_that_died_there_is_killed_here_once_its_results_say_so(project: Project, away: Away) -> None:
    away.run_dir.rc(1).write_text("137\n")
    away.carry()
    collecting.collect(project)
    seen = view(project, away)
    assert seen.row.status == "killed"
    assert "To go on from its last checkpoint" in seen.carried


def test_a_run_started_again_there_lives_again_here_without_a_resume(project: Project, away: Away) -> None:
    away.end("stopped", 0, reason="the signal SIGTERM")
    collecting.collect(project)
    assert view(project, away).row.status == "stopped"
    away.start(2)
    away.carry()
    collecting.collect(project)
    assert (view(project, away).row.status, view(project, away).attempts) == ("running", 2)
    away.end("finished", 0, seconds=1.0)
    collecting.collect(project)
    assert view(project, away).row.status == "finished"


def test_half_synced_results_wait_and_the_run_says_so(project: Project, away: Away) -> None:
    away.sample(0)
    away.carry()
    shard = away.results / "samples" / "000001.jsonl"
    shard.rename(away.results / "late")
    problems = collecting.collect(project).problems
    assert any("not all has arrived: 1 of 2 files" in problem for problem in problems)
    seen = view(project, away)
    assert "Carried by hand. " in seen.carried
    assert "not all has arrived: 1 of 2 files" in seen.carried
    assert seen.row.unreached_at is None
    (away.results / "late").rename(shard)
    assert collecting.collect(project).problems == ()
    assert view(project, away).row.samples == 1


@pytest.mark.parametrize("name", ["results.zip", "results (1).zip", "what she called it.zip"])
def test_a_downloaded_zip_is_brought_and_bringing_it_again_changes_nothing(
    project: Project, away: Away, tmp_path: Path, name: str
) -> None:
    away.sample(0)
    away.end("finished", 0, seconds=1.0)
    made = away.zipped(tmp_path / name)
    shutil.rmtree(away.results)
    (found,) = bring(project, [made], run=name_of(away))
    assert (found.run, found.status, found.samples) == (name_of(away), "finished", 1)
    events = len(runs.events(project.db, name_of(away)))
    (again,) = bring(project, [made])
    assert again.files == 0
    assert "here already" in again.words
    assert len(runs.events(project.db, name_of(away))) == events


def test_several_are_brought_at_once_and_each_finds_its_own_run(
    project: Project, away: Away, drive: Path, tmp_path: Path
) -> None:
    other = Away(drive / launched(project), tmp_path / "other")
    for machine in (away, other):
        machine.end("finished", 0, seconds=1.0)
    paths = [away.zipped(tmp_path / "results.zip"), other.zipped(tmp_path / "results (1).zip")]
    assert {item.run for item in bring(project, paths)} == {name_of(away), name_of(other)}
    assert view(project, away).row.status == view(project, other).row.status == "finished"
    with pytest.raises(CarriedError, match=f"results of the run {name_of(other)}, not of {name_of(away)}"):
        bring(project, paths[1:], run=name_of(away))


def test_a_folder_downloaded_in_two_zips_is_one(project: Project, away: Away, tmp_path: Path) -> None:
    away.sample(0)
    away.end("finished", 0, seconds=1.0)
    halves = [tmp_path / "a", tmp_path / "b"]
    for number, path in enumerate(path for path in sorted(away.results.rglob("*")) if path.is_file()):
        target = halves[number % 2] / path.relative_to(away.results)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    shutil.rmtree(away.results)
    zips = [Path(shutil.make_archive(str(half), "zip", half)) for half in halves]
    with pytest.raises(CarriedError):
        bring(project, zips[:1])
    with pytest.raises(CarriedError):
        bring(project, zips[1:])
    assert bring(project, zips)[0].status == "finished"


def test_results_of_no_run_of_this_project_are_refused(project: Project, away: Away, tmp_path: Path) -> None:
    away.carry()
    made = away.zipped(tmp_path / "results.zip")
    elsewhere = Project.create(tmp_path / "elsewhere")
    with pytest.raises(CarriedError, match="this project has none of that name"):
        bring(elsewhere, [made])


def test_a_run_that_is_not_carried_takes_nothing_in(project: Project, away: Away, tmp_path: Path) -> None:
    away.carry()
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET place = 'local'")
    with pytest.raises(CarriedError, match="runs at local, and nothing is carried"):
        bring(project, [away.zipped(tmp_path / "r.zip")])
    with pytest.raises(NothingToDoError, match="comes by itself"):
        zip_bundle(project, name_of(away))


def test_without_a_file_the_folder_of_the_bundle_is_looked_into(project: Project, away: Away) -> None:
    away.sample(0)
    away.carry()
    (found,) = bring(project, run=name_of(away))
    assert found.samples == 1
    next(away.results.glob("samples/*")).unlink()
    with pytest.raises(NotAllHereError):
        bring(project, run=name_of(away))
    with pytest.raises(WorkbenchError, match="Say what is brought"):
        bring(project)


def test_stop_puts_a_file_there_and_kill_says_what_can_be_done(project: Project, away: Away) -> None:
    away.carry()
    collecting.collect(project)
    assert "`stop` stands in its folder" in running.stop(project, name_of(away))
    assert (away.results.parent / "stop").exists()
    collecting.collect(project)
    assert view(project, away).row.status == "stopping"
    with pytest.raises(PlaceError, match="nothing here reaches its process"):
        running.kill(project, name_of(away))
    running.give_up(project, name_of(away))
    collecting.collect(project, (name_of(away),), far="nothing")
    assert view(project, away).row.status == "killed"


def test_a_resume_asks_the_bundle_for_another_attempt(project: Project, away: Away) -> None:
    running.stop(project, name_of(away))
    away.end("stopped", 0, reason="the stop file")
    collecting.collect(project)
    assert "start it again where it is carried" in running.resume(project, name_of(away))
    assert not (away.results.parent / "stop").exists()
    assert RunDir(away.results.parent / "job").attempts() == [1, 2]
    collecting.collect(project)
    assert view(project, away).row.status == "submitted"
    away.start(2)
    away.end("finished", 0, seconds=1.0)
    collecting.collect(project)
    assert view(project, away).row.status == "finished"


def test_a_model_in_a_folder_here_is_refused_before_there_is_a_run(project: Project, tmp_path: Path) -> None:
    drafted = launching.draft(project, task="sample", place_name="colab")
    with pytest.raises(LaunchError, match="is a folder of this machine"):
        launching.launch(project, launching.change(project, drafted, {"model.id": str(tmp_path)}))
    assert runs.rows(project.db) == []


def test_a_bundle_is_zipped_where_it_is_wanted(project: Project, away: Away, tmp_path: Path) -> None:
    assert zip_bundle(project, name_of(away)) == away.results.parent.with_name(f"{name_of(away)}.zip")
    assert zip_bundle(project, name_of(away), tmp_path / "b.zip").is_file()


def test_the_settings_of_a_folder_are_read_back_and_its_faults_named(project: Project, tmp_path: Path) -> None:
    found = read_settings(project.root / SETTINGS_FILE).places["colab"]
    assert found == BundleSettings(folder=str(tmp_path / "My Drive"))
    assert found.where == str(tmp_path / "My Drive")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[places.a]\nkind = "bundle"\n[places.b]\nkind = "bundle"\nfoldr = "x"\n')
    with pytest.raises(ProjectError) as caught:
        read_settings(wrong)
    assert "places.a.folder: found ''" in str(caught.value)
    assert "places.b.foldr: no such setting. Did you mean 'folder'?" in str(caught.value)


def test_a_place_of_this_kind_is_checked_and_no_card_is_guessed(project: Project, drive: Path) -> None:
    report = place_checks.check_place(project, "colab")
    assert (report.kind, report.host, report.ready) == ("bundle", str(drive), True)
    drafted = launching.draft(project, place_name="colab")
    found = forecasting.forecast_run(project, drafted)
    assert found is not None
    assert (found.carried, found.here) == (True, None)
    drive.rmdir()
    assert "no such folder" in place_checks.check_place(project, "colab").problems[0]


def test_a_host_is_not_taken_for_a_folder(project: Project) -> None:
    from workbench.operations.places import bundle_place, ssh_place

    project.add_place("gpu", SshSettings(host="gpu"))
    with pytest.raises(WorkbenchError, match="reached by ssh"):
        bundle_place(project, "gpu")
    with pytest.raises(WorkbenchError, match="carried by hand"):
        ssh_place(project, "colab")
