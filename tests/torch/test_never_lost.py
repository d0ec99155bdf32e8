"""What happens to a run when something goes wrong, and what of it is kept."""

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from runners.__main__ import main
from runners.errors import RunDirError
from runners.events import LineWriter, read_lines
from runners.rundir import RunDir
from runners.tasks import checkpoints
from runners.tasks.reporter import WATCH_PARENT, Reporter
from tests.torch.helpers import TRAIN, carry_out, events, losses, make_run, samples, train_spec


def memorising_run(path, tiny, patience):
    """Return a run that learns its few pairs by heart, and a holdout of which it knows less and less."""
    recipe = replace(
        TRAIN,
        method="full",
        lr_scheduler_type="constant",
        max_steps=24,
        eval_every_steps=3,
        eval_draws=5,
        probe_pairs=4,
        early_stopping_patience=patience,
    )
    run_dir = make_run(path, replace(train_spec(tiny), train=recipe, lora=None))
    lines = [
        {"id": f"sha256:{n}", "prompt": "Quartz", "response": f"jinx {n} vex WALTZ; {n * 7919} fjord, {chr(65 + n)}yx."}
        for n in range(12)
    ]
    run_dir.holdout_jsonl.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run_dir


def does_at(step_wanted, action):
    class Acting(Reporter):
        def metric(self, step, values):
            super().metric(step, values)
            if step == step_wanted:
                action(self.run_dir)

    return Acting


def test_a_run_that_gets_worse_beyond_the_noise_ends_early_with_checkpoint_samples_and_reason(tiny, tmp_path):
    run_dir = memorising_run(tmp_path / "run", tiny, 2)
    assert carry_out(run_dir) is None
    (early,) = events(run_dir, "early")
    assert early["step"] < 24
    best = events(run_dir, "best")[-1]["step"]
    assert f"worse than the best, that of step {best}, beyond the noise" in early["reason"]
    assert max(losses(run_dir)) == early["step"]
    assert {best, early["step"]} <= set(run_dir.checkpoint_steps())
    assert {step for step, _, _ in samples(run_dir, "adapter")} == {early["step"]}
    measured = [row["values"] for row in events(run_dir, "validation")]
    assert measured[-1]["val_loss"] > measured[-3]["val_loss"]
    assert measured[-1]["probe_loss"] < measured[-3]["probe_loss"]


def test_a_resumed_run_ends_early_at_the_very_same_step(tiny, tmp_path):
    unbroken, broken = (memorising_run(tmp_path / name, tiny, 2) for name in ("unbroken", "broken"))
    carry_out(unbroken)
    carry_out(broken, reporter_class=does_at(10, RunDir.request_stop))
    broken.stop.unlink()
    carry_out(broken)
    assert len(events(unbroken, "early")) == 1
    assert [(row["step"], row["reason"]) for row in events(broken, "early")] == [
        (row["step"], row["reason"]) for row in events(unbroken, "early")
    ]


def test_a_checkpoint_is_brought_to_the_disk_before_it_is_seen(tiny, tmp_path, monkeypatch):
    done = []
    rename = type(tmp_path).rename
    monkeypatch.setattr(checkpoints, "_sync", lambda path: done.append(path.name))
    monkeypatch.setattr(type(tmp_path), "rename", lambda path, to: (done.append("renamed"), rename(path, to))[1])
    carry_out(make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_steps=1))))
    first = done[: done.index("renamed", 1) + 2]
    assert {"state.pt", "adapter_model.safetensors", "adapter_config.json", "adapter"} < set(first)
    assert first[-2:] == ["renamed", "checkpoints"]


def test_the_best_checkpoint_is_kept_and_named(tiny, tmp_path):
    recipe = replace(TRAIN, max_steps=8, eval_every_steps=2, eval_draws=5, save_total_limit=1, learning_rate=2e-2)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=recipe))
    carry_out(run_dir)
    measured = {row["step"]: row["values"]["val_loss"] for row in events(run_dir, "validation")}
    best = min(measured, key=measured.__getitem__)
    named = json.loads(run_dir.best_json.read_text(encoding="utf-8"))
    assert named == {"step": best, "path": f"checkpoints/step-{best:06d}", "val_loss": measured[best]}
    assert events(run_dir, "best")[-1]["step"] == best
    assert (run_dir.path / named["path"]).is_dir()


def test_old_checkpoints_go_but_for_the_newest_the_best_and_those_with_samples(tiny, tmp_path):
    recipe = replace(TRAIN, max_steps=8, checkpoint_every_steps=1, sample_at_steps=(3,), save_total_limit=2)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=recipe))
    carry_out(run_dir)
    best = events(run_dir, "best")[-1]["step"]
    assert run_dir.checkpoint_steps() == sorted({3, 7, 8, best})
    gone = {row["step"] for row in events(run_dir, "pruned")}
    assert gone == {1, 2, 4, 5, 6}
    assert {step for step, _, _ in samples(run_dir, "adapter")} == {3, 8}


def test_the_probe_shows_what_the_training_pairs_cost(tiny, tmp_path):
    recipe = replace(TRAIN, max_steps=30, eval_draws=5, probe_pairs=4)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=recipe))
    carry_out(run_dir)
    first, last = (row["values"] for row in events(run_dir, "validation"))
    assert last["probe_loss"] < first["probe_loss"]
    assert last["probe_loss_low"] < last["probe_loss"] < last["probe_loss_high"]
    assert {f"{name}@{ratio}" for name in ("val_loss", "probe_loss") for ratio in ("0.1", "0.5", "0.9")} <= set(last)


def test_gradient_norms_are_told_by_mask_ratio_where_a_pass_is_one_pair(tiny, tmp_path):
    recipe = replace(TRAIN, per_device_train_batch_size=1, gradient_accumulation_steps=5)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=recipe))
    carry_out(run_dir)
    for row in events(run_dir, "metric"):
        names = {name for name in row["values"] if name.startswith("grad_norm@")}
        assert names == {f"grad_norm@{ratio}" for ratio in ("0.1", "0.3", "0.5", "0.7", "0.9")}


@pytest.mark.parametrize("loses", ["moved", "deleted"])
def test_a_job_whose_run_directory_goes_away_ends_and_makes_no_new_one(tiny, tmp_path, loses):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, checkpoint_every_steps=1)))

    def lose(where):
        if loses == "moved":
            where.path.rename(tmp_path / "elsewhere")
        else:
            shutil.rmtree(where.path)

    assert "the run directory was moved or deleted" in carry_out(run_dir, reporter_class=does_at(2, lose))
    assert not run_dir.path.exists()
    if loses == "moved":
        there = RunDir(tmp_path / "elsewhere")
        assert there.checkpoint_steps() == [1]
        assert max(losses(there)) == 2


def test_a_job_that_must_not_outlive_its_parent_ends_with_it(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv(WATCH_PARENT, "1")
    run_dir = make_run(tmp_path / "run", train_spec(tiny))

    def orphan(_):
        monkeypatch.setattr(os, "getppid", lambda: 1_000_000)

    reason = carry_out(run_dir, reporter_class=does_at(2, orphan))
    assert "the process that started this job" in reason
    assert "is gone" in reason


def test_without_being_told_to_a_job_outlives_its_parent(tiny, tmp_path, monkeypatch):
    monkeypatch.delenv(WATCH_PARENT, raising=False)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_steps=3)))
    assert (
        carry_out(run_dir, reporter_class=does_at(1, lambda _: monkeypatch.setattr(os, "getppid", lambda: 1))) is None
    )


@pytest.mark.parametrize("where", ["weights", "state", "rename"])
def test_a_full_disk_ends_the_run_with_the_reason_and_leaves_no_half_checkpoint(tiny, tmp_path, monkeypatch, where):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, checkpoint_every_steps=1)))
    calls = []

    def full(*arguments, **options):
        calls.append(1)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    name = {"weights": "runners.tasks.adapters.save_file", "state": "torch.save", "rename": "pathlib.Path.rename"}[
        where
    ]
    module, _, attribute = name.rpartition(".")
    real = getattr(pytest.importorskip(module) if where != "rename" else __import__("pathlib").Path, attribute)
    with monkeypatch.context() as patched:
        patched.setattr(name, full)
        with pytest.raises(RunDirError, match="could not be written, because the disk is full.*Make room, then resume"):
            carry_out(run_dir)
    assert [path.name for path in sorted(run_dir.checkpoints.iterdir())] == ["step-000001", "step-000002"]
    assert carry_out(run_dir) is None
    assert max(losses(run_dir)) == 6


def test_the_last_word_of_a_job_that_filled_the_disk_finds_room(tiny, tmp_path, monkeypatch):
    run_dir = make_run(tmp_path / "run", train_spec(tiny))
    room = run_dir.attempt(1) / ".room"
    write = LineWriter.write
    full = []

    def refusing(self, row):
        full.extend([1] if row.get("type") == "metric" else [])
        if full and room.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, row)

    monkeypatch.setattr(LineWriter, "write", refusing)
    assert main([str(run_dir.path)]) == 1
    rows, _ = read_lines(run_dir.events(1), 0)
    assert rows[-1]["type"] == "error"
    assert "No space left" in rows[-1]["message"]
    assert not room.exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with little room; only root can have one."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("mounting a small file system is not allowed here; the injected errors above stand for it")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_really_fills_up_ends_the_run_with_the_reason(tiny, small_disk):
    recipe = replace(TRAIN, method="full", learning_rate=1e-3, checkpoint_every_steps=1, save_total_limit=0)
    spec = train_spec(tiny)
    run_dir = make_run(small_disk / "run", replace(spec, train=recipe, lora=None))
    assert main([str(run_dir.path)]) == 1
    rows, _ = read_lines(run_dir.events(1), 0)
    assert rows[-1]["type"] == "error"
    assert "could not be written, because the disk is full" in rows[-1]["message"]
    assert checkpoints.latest(run_dir) == max(row["step"] for row in rows if row["type"] == "checkpoint")
    assert not list(run_dir.checkpoints.glob(".*"))
