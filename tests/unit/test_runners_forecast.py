import json
from dataclasses import replace
from pathlib import Path

import pytest

import runners
from runners.families.registry import known
from runners.forecast.fitting import alternatives, changed, forecast
from runners.forecast.memory import GIB
from runners.forecast.shapes import published_shape, shape_of
from runners.spec import LoraSpec, ModelSpec, RunSpec, SamplingSpec, TrainSpec

LLADA = "GSAI-ML/LLaDA-8B-Instruct"


def spec_of(*, quantization="none", **train):
    recipe = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 8, "max_length": 1024} | train
    return RunSpec(
        name="draft",
        task="train",
        model=ModelSpec(id=LLADA, dtype="bfloat16", quantization=quantization),
        sampling=SamplingSpec(),
        train=TrainSpec(**recipe),
        dataset_hash="sha256:0",
        lora=None if train.get("method") == "full" else LoraSpec(),
    )


def gib(spec):
    return forecast(published_shape(LLADA), spec, known(LLADA), cuda=True).total / GIB


def test_llada_has_the_parameters_that_were_published():
    assert published_shape(LLADA).parameters == 8_015_581_184


def test_the_embedded_model_is_read_from_its_own_configuration():
    folder = Path(runners.__path__[0]) / "embedded"
    shape = shape_of(json.loads((folder / "config.json").read_text()))
    assert (shape.hidden, shape.layers, shape.tied) == (256, 4, True)
    # fp32 or half as much: its file holds the weights and little else.
    assert (folder / "model.safetensors").stat().st_size == pytest.approx(shape.parameters * 2, rel=0.02) or (
        folder / "model.safetensors"
    ).stat().st_size == pytest.approx(shape.parameters * 4, rel=0.02)


def test_llada_by_qlora_at_1024_tokens_stays_within_8_gib_and_by_lora_within_18():
    assert gib(spec_of(quantization="nf4")) < 8
    assert gib(spec_of()) < 18


def test_recomputing_saves_most_of_the_activations():
    off = gib(spec_of(quantization="nf4", gradient_checkpointing="off"))
    assert off > gib(spec_of(quantization="nf4")) + 7


def test_a_run_that_fits_nowhere_is_offered_what_would_fit():
    wanted = spec_of(method="full", gradient_checkpointing="off", per_device_train_batch_size=4)
    found = alternatives(published_shape(LLADA), wanted, known(LLADA), usable_bytes=int(14.7 * GIB), cuda=True)
    assert found
    for change in found:
        smaller = changed(wanted, dict(change.changes))
        assert gib(smaller) <= 14.7
        assert change.memory.total / GIB == pytest.approx(gib(smaller))


def test_what_keeps_the_same_step_is_offered_before_what_changes_it():
    wanted = spec_of(per_device_train_batch_size=8, gradient_checkpointing="off", max_length=2048)
    found = alternatives(published_shape(LLADA), wanted, known(LLADA), usable_bytes=39 * GIB, cuda=True)
    assert found[0].changes == (("train.gradient_checkpointing", "on"),)
    assert wanted.train.rows == changed(wanted, dict(found[0].changes)).train.rows


def test_gradients_that_are_accumulated_are_counted_beside_the_activations():
    once = spec_of(method="full", gradient_accumulation_steps=1, per_device_train_batch_size=4, max_length=4096)
    twice = replace(once, train=replace(once.train, gradient_accumulation_steps=2))
    assert gib(twice) >= gib(once)


def test_weights_shared_out_take_a_part_on_each_gpu_and_are_whole_on_one_between_steps():
    def taken(sharding, gpus):
        spec = spec_of(method="full", world_size=gpus, sharding=sharding)
        return forecast(published_shape(LLADA), spec, known(LLADA), cuda=True)

    whole, two, eight = taken("none", 8), taken("fsdp2", 2), taken("fsdp2", 8)
    assert two.resting < whole.resting * 0.55
    assert eight.moments == pytest.approx(whole.moments / 8, rel=1e-6)
    assert eight.total < two.total < whole.total
    assert eight.total >= whole.weights + eight.resting


def test_a_full_run_on_several_gpus_is_offered_to_be_shared_out_and_one_that_is_gets_what_holds_for_it():
    wanted = spec_of(method="full", world_size=8)
    found = alternatives(published_shape(LLADA), wanted, known(LLADA), usable_bytes=int(39 * GIB), cuda=True)
    assert dict(found[0].changes) == {"train.sharding": "fsdp2"}
    tight = alternatives(
        published_shape(LLADA), changed(wanted, {"train.sharding": "fsdp2"}), known(LLADA),
        usable_bytes=int(20 * GIB), cuda=True,
    )  # fmt: skip
    assert {"train.method": "lora", "train.sharding": "none"}.items() <= dict(tight[-1].changes).items()
