"""A bundle where it was carried to: run.py, the notebook's cells, an interruption, and the way home."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from runners.carried.arrivals import Folder, opened
from runners.carried.packing import NOTEBOOK, pack, zipped
from runners.carried.taking import take_in
from runners.places.base import Handle, write_job
from runners.rundir import RunDir
from tests.torch import helpers
from tests.torch.helpers import TRAIN, make_run, train_spec

PATIENCE_S = 300
# Many steps, so that a run is not at its end yet when an interruption reaches it.
MANY = replace(TRAIN, max_steps=200, checkpoint_every_steps=10)


@pytest.fixture
def drive(tmp_path):
    return tmp_path / "drive"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny):
    """Return a run that was never interrupted."""
    run = run_of(tmp_path_factory.mktemp("whole") / "whole", tiny, train=MANY)
    # The number of threads can change bits; what a single test sets comes after this.
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        helpers.carry_out(run)
    return run


def packed(home, drive, attempt=None):
    attempt = attempt or home.new_attempt()
    write_job(home, attempt, Handle("colab", {}))
    return pack(home, drive, attempt)


def start(bundle, work, *words, cells=None, killed_after=None, signal_after=None):
    """Start run.py, or cells of the notebook as one program; return status and output.

    Args:
        bundle: the folder.
        work: the folder on the machine's own disk.
        words: for run.py.
        cells: the sources to run in place of it.
        killed_after: kill everything once this is printed.
        signal_after: interrupt once this is printed.
    """
    program = ["run.py", *words] if cells is None else ["-c", "\n".join(cells)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    job = subprocess.Popen(
        [sys.executable, "-u", *program],
        cwd=bundle,
        env=environment | {"WORKBENCH_WORK": str(work), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = ""
    for line in job.stdout:
        output += line
        if killed_after and killed_after in line:
            job.kill()
            break
        if signal_after and signal_after in line:
            job.send_signal(signal.SIGINT)
    status = job.wait(PATIENCE_S)
    return status, output


def code_cells(bundle):
    data = json.loads((bundle / NOTEBOOK).read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in data["cells"] if cell["cell_type"] == "code"]


def run_of(path, tiny, *, train=TRAIN):
    return make_run(path, train_spec(tiny, train=train))


def test_the_cells_of_the_notebook_carry_a_run_out_and_the_zip_brings_it_home(tmp_path, tiny, drive):
    home = run_of(tmp_path / "home" / "a-run", tiny)
    bundle = packed(home, drive)
    status, output = start(bundle, tmp_path / "work", cells=code_cells(bundle))
    assert status == 0, output
    assert "Everything that is needed is installed." in output
    assert output.index("Graphics card") < output.index("Training.") < output.index("Finished.")
    with opened([bundle / "results.zip"]) as arrival:
        taken = take_in(arrival, home)
    assert taken.manifest.ends == {1: 0}
    assert sorted(helpers.losses(home)) == list(range(1, TRAIN.max_steps + 1))
    assert len(helpers.samples(home, "adapter")) == 4
    assert home.rc(1).read_text() == "0\n"
    assert home.log(1).read_text()
    away = RunDir(tmp_path / "work" / "a-run" / "run" / "a-run")
    for step in away.checkpoint_steps():
        there, here = (run.checkpoint(step) / "state.pt" for run in (away, home))
        assert here.read_bytes() == there.read_bytes()
    # Once more: nothing is left to do, and nothing changes.
    status, output = start(bundle, tmp_path / "work")
    assert (status, "finished already" in output) == (0, True)
    with opened([bundle / "results.zip"]) as arrival:
        assert take_in(arrival, home).files == 0


@pytest.mark.parametrize("forgets", [True, False], ids=["a machine that forgets everything", "the same machine"])
def test_interrupted_and_started_again_it_goes_on_with_equal_losses(tmp_path, tiny, drive, whole, forgets):
    home = run_of(tmp_path / "home" / "a-run", tiny, train=MANY)
    bundle = packed(home, drive)
    status, output = start(bundle, tmp_path / "work", "--every", "0", signal_after="checkpoint at step 10")
    assert status == 0, output
    assert "Interrupted: the job ends after the step it is in" in output
    assert "Stopped. Start it again" in output
    take_in(Folder(bundle / "results"), home)
    cut = helpers.losses(home)
    assert 10 <= len(cut) < 200
    if forgets:
        shutil.rmtree(tmp_path / "work")
    status, output = start(bundle, tmp_path / "work")
    assert status == 0, output
    assert ("Going on from what was carried" in output) is forgets
    with opened([bundle / "results.zip"]) as arrival:
        take_in(arrival, home)
    assert home.attempts() == [1, 2]
    assert helpers.losses(home) == helpers.losses(whole)
    assert helpers.samples(home, "adapter") == helpers.samples(whole, "adapter")


def test_a_job_whose_run_py_was_killed_ends_too_and_the_run_goes_on_from_what_was_carried(tmp_path, tiny, drive):
    train = replace(TRAIN, max_steps=2000, checkpoint_every_steps=10)
    home = run_of(tmp_path / "home" / "a-run", tiny, train=train)
    bundle = packed(home, drive)
    status, output = start(bundle, tmp_path / "work", "--every", "0", killed_after="checkpoint at step 10")
    assert status == -signal.SIGKILL, output
    away = RunDir(tmp_path / "work" / "a-run" / "run" / "a-run")
    deadline = time.monotonic() + PATIENCE_S
    while not helpers.events(away, "stopped") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "is gone" in helpers.events(away, "stopped")[0]["reason"]
    take_in(Folder(bundle / "results"), home)
    assert not home.rc(1).exists()
    (bundle / "stop").touch()
    status, output = start(bundle, tmp_path / "work")
    assert (status, "asked this run to stop" in output) == (1, True)


def test_a_bundle_of_which_a_part_is_missing_or_changed_does_not_start(tmp_path, tiny, drive):
    bundle = packed(run_of(tmp_path / "home" / "a-run", tiny), drive)
    total = len(json.loads((bundle / "bundle.json").read_text())["files"])
    pairs = bundle / "job" / "dataset" / "train.jsonl"
    text = pairs.read_text()
    pairs.write_text(text.replace("lane", "land"))
    assert start(bundle, tmp_path / "work")[1].startswith(f"{bundle}: changed since it was packed: job/dataset/train")
    pairs.unlink()
    status, output = start(bundle, tmp_path / "work")
    assert (status, f"not all has arrived: {total - 1} of {total} files" in output) == (1, True)


def test_the_zip_of_a_bundle_unpacks_to_the_same_folder(tmp_path, tiny, drive):
    bundle = packed(run_of(tmp_path / "home" / "a-run", tiny), drive)
    made = zipped(bundle, tmp_path / "a-run.zip")
    there = tmp_path / "content"
    there.mkdir()
    shutil.copy(made, there / "a-run (1).zip")
    status, output = start(there, tmp_path / "work", cells=code_cells(bundle)[:1])
    assert status == 0, output
    assert f"Found {there / 'a-run'}" in output
    assert (there / "a-run" / "run.py").read_bytes() == (bundle / "run.py").read_bytes()
