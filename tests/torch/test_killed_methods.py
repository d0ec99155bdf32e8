"""Killed with 9 between two checkpoints and resumed: every way of training gives the bits of a run never stopped."""

import signal
from dataclasses import replace

import pytest

from runners.spec import SamplingSpec
from tests.torch import small_models
from tests.torch.helpers import TRAIN, events, losses, make_run, samples, train_spec
from tests.torch.processes import ends, start
from tests.torch.test_methods import METHODS

STEPS = {"max_steps": 6, "checkpoint_every_steps": 3, "eval_every_steps": 0}
STRATIFIED = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4}
OTHERS = {
    "lora": {},
    "accumulated": {"train": STRATIFIED},
    "complementary-accumulated": {"train": {**STRATIFIED, "complementary_masks": True}},
    "block-diffusion": {"family": "sdar"},
    "causal-gpt2": {"family": "gpt2"},
    "causal-gpt2-full": {"family": "gpt2", "lora": None, "train": {"method": "full", "learning_rate": 1e-3}},
}
WAYS = {name: METHODS[name] for name in ("qlora", "dora", "rslora", "full", "full-8-bit", "mixed-fp16")} | OTHERS


def spec_of(tiny, folder, name):
    changes = WAYS[name]
    family = changes.get("family")
    spec = train_spec(tiny if family is None else getattr(small_models, family)(folder))
    sampling = spec.sampling
    if family == "gpt2":
        sampling = SamplingSpec(sampler="autoregressive", max_new_tokens=4, samples_per_prompt=1)
    return replace(
        spec,
        train=replace(TRAIN, max_length=100, **STEPS, **changes.get("train", {})),
        lora=changes.get("lora", spec.lora),
        model=replace(spec.model, **changes.get("model", {})),
        sampling=sampling,
    )


@pytest.mark.parametrize("name", WAYS)
def test_killed_with_9_between_checkpoints_it_resumes_to_the_very_same_bits(tiny, tmp_path, name):
    (tmp_path / "model").mkdir()
    spec = spec_of(tiny, tmp_path / "model", name)
    unbroken, killed = make_run(tmp_path / "unbroken", spec), make_run(tmp_path / "killed", spec)
    both = [*start(killed, killed_at=5), *start(unbroken)]
    assert ends(both) == [-signal.SIGKILL, 0], unbroken.attempt(1).joinpath("log.txt").read_text()
    assert events(killed, "finished") == events(killed, "stopped") == events(killed, "error") == []
    assert [row["step"] for row in events(killed, "checkpoint")] == [3]
    before = losses(killed)
    assert sorted(before) == [1, 2, 3, 4, 5]
    assert ends(start(killed)) == [0], killed.attempt(2).joinpath("log.txt").read_text()
    assert [row["step"] for row in events(killed, "metric") if row["attempt"] == 2] == [4, 5, 6]
    assert losses(killed) == losses(unbroken)
    assert before == {step: losses(unbroken)[step] for step in before}
    last = [events(run, "metric")[-1]["values"]["grad_norm"] for run in (killed, unbroken)]
    assert last[0] == last[1]
    assert events(killed, "validation")[-1]["values"] == events(unbroken, "validation")[-1]["values"]
    assert samples(killed, "adapter") == samples(unbroken, "adapter")
    for file in sorted(unbroken.weights(unbroken.checkpoint(6)).glob("*.safetensors")):
        assert file.read_bytes() == (killed.weights(killed.checkpoint(6)) / file.name).read_bytes()
