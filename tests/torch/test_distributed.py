"""Two processes on this machine, started by torchrun over gloo: one run, and the losses of a single process."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from runners.errors import SpecError
from runners.rundir import RunDir
from runners.spec import SamplingSpec
from runners.tasks.distributed import joined
from tests.torch import small_models
from tests.torch.helpers import REPOSITORY, TRAIN, carry_out, events, losses, make_run, sample_spec, samples, train_spec

PATIENCE_S = 240
SHARED = replace(
    TRAIN,
    per_device_train_batch_size=1,
    gradient_accumulation_steps=2,
    world_size=2,
    max_steps=3,
    checkpoint_every_steps=2,
)


def start(run: RunDir) -> None:
    """Carry out an attempt as a place does, in as many processes as the spec says."""
    job = subprocess.run(
        [sys.executable, "-m", "runners", str(run.path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert job.returncode == 0, job.stdout + job.stderr


def test_two_processes_take_the_very_steps_of_one(tiny, tmp_path):
    shared = make_run(tmp_path / "shared", train_spec(tiny, train=SHARED, sample_base=True))
    start(shared)
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


SHARDED = replace(
    SHARED,
    method="full",
    sharding="fsdp2",
    learning_rate=1e-3,
    # Clipped at every step, so that the norm over the parts matters.
    max_grad_norm=0.05,
    max_steps=4,
    eval_every_steps=2,
    gradient_checkpointing="on",
)


@pytest.fixture(scope="module")
def shared(tiny, tmp_path_factory):
    """Return a run of two processes that share the weights out."""
    spec = replace(train_spec(tiny, sample_base=True), train=SHARDED, lora=None)
    made = make_run(tmp_path_factory.mktemp("sharded") / "shared", spec)
    start(made)
    return made


def test_two_processes_that_share_the_weights_out_take_the_steps_of_one_and_keep_a_whole_model(shared, tiny, tmp_path):
    one = replace(SHARDED, world_size=1, sharding="none", gradient_accumulation_steps=4, gradient_checkpointing="off")
    alone = make_run(tmp_path / "alone", replace(shared.spec(), train=one))
    carry_out(alone)
    assert list(losses(shared).values()) == pytest.approx(list(losses(alone).values()), rel=1e-4)
    norms = [[row["values"]["grad_norm"] for row in events(run, "metric")] for run in (shared, alone)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
    assert min(norms[0]) > SHARDED.max_grad_norm
    assert len(events(shared, "started")) == len(events(shared, "finished")) == 1
    assert samples(shared, "base") == samples(alone, "base")
    assert set(samples(shared, "adapter")) == set(samples(alone, "adapter"))
    for kept in ("val_loss", "probe_loss"):
        found = [[row["values"][kept] for row in events(run, "validation")] for run in (shared, alone)]
        assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert [row["step"] for row in events(shared, "checkpoint")] == [2, 4]
    folders = [run.weights(run.checkpoint(4)) for run in (shared, alone)]
    published = [load_file(folder / "model.safetensors") for folder in folders]
    assert published[0].keys() == published[1].keys() == load_file(tiny / "model.safetensors").keys()
    for name, kept in published[0].items():
        assert torch.allclose(kept, published[1][name], atol=1e-5), name
    state = [torch.load(run.checkpoint(4) / "state.pt", weights_only=True)["optimizer"] for run in (shared, alone)]
    for number, moments in state[1]["state"].items():
        assert torch.allclose(state[0]["state"][number]["exp_avg"], moments["exp_avg"], atol=1e-6)
    # It is a model folder like any other.
    carry_out(make_run(tmp_path / "sampled", sample_spec(folders[0])))
    assert samples(RunDir(tmp_path / "sampled"), "base").keys()


def test_a_sharded_run_that_was_cut_off_goes_on_with_the_very_same_losses(shared, tmp_path):
    broken = make_run(tmp_path / "broken", shared.spec())
    shutil.copytree(shared.checkpoint(2), broken.checkpoint(2))
    start(broken)
    assert sorted(losses(broken)) == [3, 4]
    assert losses(broken) == {step: loss for step, loss in losses(shared).items() if step > 2}
    last = [events(run, "validation")[-1]["values"]["val_loss"] for run in (broken, shared)]
    assert last[0] == last[1]


def test_a_tied_head_is_shared_out_once_and_computed_in_bfloat16_like_any_other(tmp_path):
    (tmp_path / "gpt2").mkdir()
    folder = small_models.gpt2(tmp_path / "gpt2")
    recipe = replace(SHARDED, mixed_precision="bf16", eval_every_steps=0, checkpoint_every_steps=0, max_steps=2)
    sampling = SamplingSpec(sampler="autoregressive", max_new_tokens=4, samples_per_prompt=1)
    shared = make_run(tmp_path / "shared", replace(train_spec(folder), train=recipe, lora=None, sampling=sampling))
    start(shared)
    one = replace(recipe, world_size=1, sharding="none", gradient_accumulation_steps=4)
    alone = make_run(tmp_path / "alone", replace(shared.spec(), train=one))
    carry_out(alone)
    assert list(losses(shared).values()) == pytest.approx(list(losses(alone).values()), rel=1e-3)
    kept, other = (load_file(run.weights(run.checkpoint(2)) / "model.safetensors") for run in (shared, alone))
    before = load_file(folder / "model.safetensors")
    assert kept.keys() == other.keys()
    assert all(not torch.equal(kept[name], before[name]) for name in kept)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"world_size": 1}, "train.world_size is 1"),
        ({"method": "lora"}, "train.method is lora"),
        ({"optim": "adamw_bnb_8bit"}, "train.optim adamw_bnb_8bit"),
        ({"mixed_precision": "fp16"}, "train.mixed_precision fp16"),
    ],
)
def test_what_cannot_be_shared_out_is_refused_with_what_to_choose(tiny, changes, words):
    lora = train_spec(tiny).lora if "method" in changes else None
    with pytest.raises(SpecError, match=f"train.sharding: fsdp2 .*{words}"):
        replace(train_spec(tiny), train=replace(SHARDED, **changes), lora=lora)
