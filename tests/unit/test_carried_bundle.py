"""What a bundle holds: its files and hashes, its notebook, what it needs, and how its place speaks."""

import ast
import json
import os
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from runners.carried import needs
from runners.carried.arrivals import opened
from runners.carried.ferry import Ferry
from runners.carried.notebook import notebook
from runners.carried.packing import NOTEBOOK, zipped
from runners.carried.words import words_of
from runners.errors import CarriedError, NotAllHereError, PlaceError
from runners.events import EventWriter
from runners.places.base import Handle, Poll, read_job
from runners.places.by_hand import BundlePlace, end_of
from runners.rundir import RunDir, sha256_of
from runners.spec import ModelSpec, RunSpec, SessionSpec

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def home(tmp_path):
    spec = RunSpec(name="a-run", task="sample", model=ModelSpec(id="org/a-model"))
    return RunDir.create(tmp_path / "home" / "a-run", spec, prompts_jsonl=b"{}\n")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "drive").mkdir()
    return BundlePlace("colab", tmp_path / "drive")


def submit(place, run):
    attempt = run.new_attempt()
    return place.submit(run, attempt)


def away(home, tmp_path):
    """Return a work folder made as `run.py` does, with one attempt that spoke."""
    run = RunDir.create(tmp_path / "work" / "a-run", home.spec(), prompts_jsonl=b"{}\n")
    run.attempt(1).mkdir(parents=True)
    writer = EventWriter(run.events(1), 1)
    writer.emit("phase", {"phase": "sample", "total": 2})
    return run, writer


def test_what_a_job_needs_is_what_the_project_says():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert (list(needs.TRAIN), list(needs.QUANT)) == (extras["train"], extras["quant"])


def test_a_run_in_4_bits_needs_one_more():
    spec = RunSpec(name="r", task="sample")
    assert needs.needs_of(spec) == needs.TRAIN
    assert needs.needs_of(replace(spec, model=ModelSpec(quantization="nf4"))) == (*needs.TRAIN, *needs.QUANT)


@pytest.mark.parametrize(
    ("here", "wanted"),
    [("2.8", False), ("2.13.0+cpu", False), ("3", False), ("2.7.1", True), ("2.8.0rc1", False), (None, True)],
)
def test_only_what_is_missing_or_too_old_is_installed(monkeypatch, here, wanted):
    def version(name):
        if here is None:
            raise needs.importlib.metadata.PackageNotFoundError(name)
        return here

    monkeypatch.setattr(needs.importlib.metadata, "version", version)
    assert needs.missing(["torch>=2.8"]) == (["torch>=2.8"] if wanted else [])


def test_the_notebook_has_the_shape_of_nbformat_4():
    data = json.loads(notebook("a-run", "training", "org/a-model"))
    assert set(data) == {"nbformat", "nbformat_minor", "metadata", "cells"}
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    assert data["metadata"]["kernelspec"]["name"] == "python3"
    for cell in data["cells"]:
        more = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | more
        assert cell["cell_type"] in ("code", "markdown")
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"])
        assert all(isinstance(line, str) for line in cell["source"])
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        assert not cell["source"][-1].endswith("\n")
        assert (cell.get("execution_count"), cell.get("outputs", [])) == (None, [])
    assert len({cell["id"] for cell in data["cells"]}) == len(data["cells"])


def test_the_notebook_is_of_few_cells_in_plain_python_and_names_the_run():
    data = json.loads(notebook("a-run", "training", "org/a-model"))
    code = ["".join(cell["source"]) for cell in data["cells"] if cell["cell_type"] == "code"]
    words = "".join("".join(cell["source"]) for cell in data["cells"] if cell["cell_type"] == "markdown")
    assert len(code) == 5
    for source in code:
        ast.parse(source)
    assert "{" not in words
    assert "a-run" in words
    assert "org/a-model" in words


def test_a_bundle_names_every_file_but_those_that_change_with_its_hash(home, place, tmp_path):
    handle = submit(place, home)
    there = tmp_path / "drive" / "a-run"
    assert handle == read_job(home, 1) == Handle("colab", {"bundle": str(there), "attempt": 1})
    told = json.loads((there / "bundle.json").read_text())
    found = {path.relative_to(there).as_posix() for path in there.rglob("*") if path.is_file()}
    assert found - set(told["files"]) == {"bundle.json", NOTEBOOK, "README.txt", "job/attempts/001/job.json"}
    assert all(sha256_of(there / name) == entry["sha256"] for name, entry in told["files"].items())
    assert told["run"] == "a-run"
    assert (there / "requirements.txt").read_text().split() == told["requirements"] == list(needs.TRAIN)
    assert {"run.py", "runners.zip", "job/spec.json", "job/prompts.jsonl"} <= set(told["files"])
    RunDir(there / "job").verify()


def test_a_bundle_appears_whole_or_not_at_all(home, place, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runners.carried.packing.notebook", full)
    with pytest.raises(PlaceError, match="could not be written"):
        submit(place, home)
    assert list((tmp_path / "drive").iterdir()) == []


def test_a_bundle_of_something_else_is_left_alone(home, place, tmp_path):
    (tmp_path / "drive" / "a-run").mkdir()
    with pytest.raises(PlaceError, match="not the bundle of this run"):
        submit(place, home)
    assert list((tmp_path / "drive" / "a-run").iterdir()) == []


def test_started_again_the_bundle_that_stands_is_asked_for_the_next_attempt_and_no_longer_to_stop(
    home, place, tmp_path
):
    handle = submit(place, home)
    place.stop(home, handle)
    assert (tmp_path / "drive" / "a-run" / "stop").exists()
    assert home.stop_requested()
    submit(place, home)
    assert not (tmp_path / "drive" / "a-run" / "stop").exists()
    assert RunDir(tmp_path / "drive" / "a-run" / "job").attempts() == [1, 2]


def test_a_bundle_that_was_deleted_is_packed_anew_with_what_was_brought_back(home, place, tmp_path):
    there = tmp_path / "drive" / "a-run"
    handle = submit(place, home)
    run, writer = away(home, tmp_path)
    Ferry(run, there / "results").carry()
    place.look(home, handle)
    there.rename(tmp_path / "gone")
    submit(place, home)
    for name in ("events/000001.jsonl", "log/000001.txt"):
        here = (tmp_path / "gone" / "results" / "attempts" / "001" / name).exists()
        assert (there / "results" / "attempts" / "001" / name).exists() is here
    assert (there / "results" / "attempts" / "001" / "events" / "000001.jsonl").read_bytes() == (
        run.events(1).read_bytes()
    )


def test_nothing_heard_is_never_taken_for_an_end(home, place, tmp_path):
    handle = submit(place, home)
    assert place.poll(handle) == place.look(home, handle) == Poll("unknown")
    run, writer = away(home, tmp_path)
    ferry = Ferry(run, tmp_path / "drive" / "a-run" / "results")
    ferry.carry()
    assert place.poll(handle) == place.look(home, handle) == Poll("unknown")
    assert home.events(1).read_bytes() == run.events(1).read_bytes()
    run.rc(1).write_text("137\n")
    ferry.carry()
    assert place.poll(handle) == place.look(home, handle) == end_of(home) == Poll("ended", 137)


def test_attempts_that_were_started_there_are_found_again_here(home, place, tmp_path):
    handle = submit(place, home)
    run, _ = away(home, tmp_path)
    run.attempt(2).mkdir()
    EventWriter(run.events(2), 2).emit("heartbeat")
    Ferry(run, tmp_path / "drive" / "a-run" / "results").carry()
    place.look(home, handle)
    assert home.attempts() == [1, 2]
    assert read_job(home, 2) == Handle("colab", {**handle.data, "attempt": 2})


def test_half_synced_results_are_waited_for(home, place, tmp_path):
    handle = submit(place, home)
    run, _ = away(home, tmp_path)
    results = tmp_path / "drive" / "a-run" / "results"
    Ferry(run, results).carry()
    next(results.rglob("events/*")).unlink()
    with pytest.raises(NotAllHereError, match="0 of 1 files"):
        place.look(home, handle)


def test_what_was_taken_in_is_not_read_again_while_a_newer_state_is_half_here(home, place, tmp_path, monkeypatch):
    handle = submit(place, home)
    run, writer = away(home, tmp_path)
    results = tmp_path / "drive" / "a-run" / "results"
    ferry = Ferry(run, results)
    ferry.carry()
    place.look(home, handle)
    writer.emit("heartbeat")
    ferry.carry()
    late = sorted(results.rglob("events/*"))[-1]
    late.rename(tmp_path / "late")
    taken = []
    monkeypatch.setattr(BundlePlace, "take", lambda self, *given: taken.append(given))
    assert place.look(home, handle) == Poll("unknown")
    assert taken == []
    (tmp_path / "late").rename(late)
    place.look(home, handle)
    assert len(taken) == 1


def test_a_folder_that_is_behind_what_was_brought_is_read_once(home, place, tmp_path, monkeypatch):
    handle = submit(place, home)
    run, writer = away(home, tmp_path)
    results = tmp_path / "drive" / "a-run" / "results"
    ferry = Ferry(run, results)
    ferry.carry()
    shutil.copytree(results, tmp_path / "behind")
    writer.emit("heartbeat")
    ferry.carry()
    with opened([results]) as arrival:
        place.take(home, arrival)
    shutil.rmtree(results)
    (tmp_path / "behind").rename(results)
    place.look(home, handle)
    taken = []
    monkeypatch.setattr(BundlePlace, "take", lambda self, *given: taken.append(given))
    place.look(home, handle)
    assert taken == []
    assert home.events(1).read_bytes() == run.events(1).read_bytes()


def test_a_kill_says_what_can_be_done(home, place):
    with pytest.raises(PlaceError, match=r"Stop the notebook, or the terminal that run\.py runs in"):
        place.kill(submit(place, home))


def test_what_cannot_be_carried_is_said_before_it_is_packed(place, tmp_path):
    assert place.check() == []
    assert "no such folder" in BundlePlace("colab", tmp_path / "nowhere").check()[0]
    model = RunSpec(name="r", task="sample", model=ModelSpec(id="/models/llada"))
    assert "is a folder of this machine" in place.check(model)[0]
    assert "A session answers" in place.check(RunSpec(name="r", task="session", session=SessionSpec()))[0]


def test_a_zip_of_no_bundle_is_refused(tmp_path):
    with pytest.raises(CarriedError, match="no bundle there"):
        zipped(tmp_path, tmp_path / "r.zip")


def test_what_a_job_does_is_said_in_words():
    assert words_of({"type": "phase", "phase": "train"}, ModelSpec()) == "Training."
    assert words_of({"type": "metric", "step": 10, "values": {"loss": 2.5}}, ModelSpec()) == "  step 10: loss 2.500"
    assert words_of({"type": "metric", "step": 11, "values": {"loss": 2.5}}, ModelSpec()) == ""
    assert words_of({"type": "progress", "done": 40, "total": 40}, ModelSpec()) == "  40 of 40"
    assert words_of({"type": "heartbeat"}, ModelSpec()) == ""
    assert words_of({"type": "stopped", "reason": "the stop file"}, ModelSpec()).startswith("Stopped. Start it again")
    assert words_of({"type": "stopped", "reason": "a newer attempt"}, ModelSpec()).startswith(
        "Stopped: a newer attempt."
    )


def test_only_a_model_of_the_hub_is_said_to_be_downloaded():
    load = {"type": "phase", "phase": "load"}
    assert words_of(load, ModelSpec()) == "Loading the embedded model, which came with this folder."
    assert words_of(load, ModelSpec(id="/models/own")) == "Loading the model from /models/own."
    assert "not on this machine yet is downloaded" in words_of(load, ModelSpec(id="org/model"))
