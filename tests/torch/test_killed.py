"""The job as a process of its own: killed without a word, or asked to end, and then resumed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

from tests.torch.helpers import REPOSITORY, TRAIN, carry_out, events, losses, make_run, samples, train_spec

PATIENCE_S = 150


def start(run_dir):
    return subprocess.Popen(
        [sys.executable, "-m", "runners", str(run_dir.path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for_step(run_dir, job, step):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if max(losses(run_dir), default=0) >= step:
            return
        assert job.poll() is None, job.stderr.read().decode()
        time.sleep(0.02)
    raise AssertionError(f"no step {step} within {PATIENCE_S} s")


def test_a_job_killed_with_9_resumes_from_its_checkpoint_to_the_very_same_end(tiny, tmp_path):
    recipe = replace(TRAIN, max_steps=150, checkpoint_every_steps=5, warmup_steps=5)
    killed, unbroken = (make_run(tmp_path / name, train_spec(tiny, train=recipe)) for name in ("killed", "unbroken"))
    job = start(killed)
    try:
        wait_for_step(killed, job, 12)
    finally:
        job.kill()
        job.communicate()
    assert job.returncode == -signal.SIGKILL
    before = losses(killed)
    assert events(killed, "finished") == events(killed, "stopped") == []
    standing = {row["step"] for row in events(killed, "checkpoint")}
    assert 10 in standing
    assert carry_out(killed) is None
    carry_out(unbroken)
    assert [row["step"] for row in events(killed, "metric") if row["attempt"] == 2][0] > 10
    assert losses(killed) == losses(unbroken)
    assert before == {step: losses(unbroken)[step] for step in before}
    assert samples(killed, "adapter") == samples(unbroken, "adapter")


def test_a_job_asked_to_end_writes_a_checkpoint_and_a_last_word_and_ends_with_0(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_steps=5000)))
    job = start(run_dir)
    try:
        wait_for_step(run_dir, job, 3)
        run_dir.request_stop()
        _, errors = job.communicate(timeout=PATIENCE_S)
    finally:
        job.kill()
    assert job.returncode == 0, errors.decode()
    assert events(run_dir, "stopped")[0]["reason"] == "the stop file"
    last = max(losses(run_dir))
    assert run_dir.checkpoint(last).is_dir()
    assert [row["step"] for row in events(run_dir, "checkpoint")] == [last]
