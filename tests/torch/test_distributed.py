"""Two processes on this machine, started by torchrun over gloo: one run, and the losses of a single process."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from runners.errors import SpecError
from runners.tasks.distributed import joined
from tests.torch.helpers import REPOSITORY, TRAIN, carry_out, events, losses, make_run, samples, train_spec

PATIENCE_S = 240
SHARED = replace(
    TRAIN,
    per_device_train_batch_size=1,
    gradient_accumulation_steps=2,
    world_size=2,
    max_steps=3,
    checkpoint_every_steps=2,
)


def test_two_processes_take_the_very_steps_of_one(tiny, tmp_path):
    shared = make_run(tmp_path / "shared", train_spec(tiny, train=SHARED, sample_base=True))
    job = subprocess.run(
        [sys.executable, "-m", "runners", str(shared.path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert job.returncode == 0, job.stdout + job.stderr
    alone = make_run(
        tmp_path / "alone",
        train_spec(tiny, train=replace(SHARED, world_size=1, gradient_accumulation_steps=4), sample_base=True),
    )
    carry_out(alone)
    # Dropout is on: it belongs to the pass, not to the process.
    assert list(losses(shared).values()) == pytest.approx(list(losses(alone).values()), rel=1e-4)
    assert [row["step"] for row in events(shared, "checkpoint")] == [2, 3]
    assert len(events(shared, "started")) == len(events(shared, "finished")) == 1
    assert samples(shared, "base") == samples(alone, "base")
    assert set(samples(shared, "adapter")) == set(samples(alone, "adapter"))
    last = [events(run, "validation")[-1]["values"]["val_loss"] for run in (shared, alone)]
    assert last[0] == pytest.approx(last[1], rel=1e-3)


def test_another_number_of_processes_than_the_spec_asks_for_is_refused(tiny, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(SpecError, match="asks for 2 processes, and 3 were started"), joined(2, "cpu"):
        raise AssertionError("the processes must not be joined")


def test_a_spec_for_two_processes_carried_out_by_one_is_refused(tiny, tmp_path):
    with pytest.raises(SpecError, match="asks for 2 processes, and 1 were started"):
        carry_out(make_run(tmp_path / "run", train_spec(tiny, train=SHARED)))
