import dataclasses
import json

import pytest

from runners.errors import SpecError
from runners.spec import (
    AdapterSpec,
    LoraSpec,
    ModelSpec,
    RunSpec,
    SamplingSpec,
    TrainSpec,
    diff,
    from_dict,
    sample_key,
)


def train_spec(**changes):
    values = {"name": "r1", "task": "train", "train": TrainSpec(), "lora": LoraSpec(), "dataset_hash": "sha256:d"}
    return RunSpec(**{**values, **changes})


@pytest.mark.parametrize(
    "spec",
    [
        train_spec(
            parent="r0", hashes={"prompts.jsonl": "sha256:p"}, lora=LoraSpec(target_modules=("q_proj", "v_proj"))
        ),
        RunSpec(name="s1", task="sample", adapter=AdapterSpec(run="r1", checkpoint="checkpoints/step-000010")),
        RunSpec(name="b1", task="sample", model=ModelSpec(id="org/modèle", revision="abc", dtype="bfloat16")),
    ],
)
def test_a_spec_reads_back_as_it_was_written(spec):
    assert RunSpec.from_json(spec.to_json()) == spec


def test_every_field_is_written_out_even_where_it_has_its_default():
    written = json.loads(train_spec().to_json())
    assert set(written) == {field.name for field in dataclasses.fields(RunSpec)}
    assert set(written["train"]) == {field.name for field in dataclasses.fields(TrainSpec)}


def test_an_unknown_key_is_an_error_that_names_the_nearest_known_one():
    data = json.loads(train_spec().to_json())
    data["train"]["learning_rat"] = data["train"].pop("learning_rate")
    with pytest.raises(SpecError, match=r"train\.learning_rat: no such field. Did you mean 'learning_rate'\?"):
        from_dict(RunSpec, data)


def test_an_unknown_key_like_no_other_lists_the_known_ones():
    with pytest.raises(SpecError, match=r"model\.zzz: no such field. Known: id, revision, dtype, device"):
        from_dict(RunSpec, {"name": "r1", "task": "sample", "model": {"zzz": 1}})


def test_all_problems_of_type_and_key_are_reported_at_once():
    data = json.loads(train_spec().to_json())
    data["model"]["dtype"] = "float8"
    data["train"]["max_steps"] = "many"
    data["sampling"]["stepps"] = 3
    del data["name"]
    with pytest.raises(SpecError) as caught:
        from_dict(RunSpec, data)
    found = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    for expected in (
        "model.dtype: found 'float8'",
        "train.max_steps: found 'many'",
        "sampling.stepps",
        "name: missing",
    ):
        assert expected in found


def test_all_values_out_of_range_are_reported_at_once():
    with pytest.raises(SpecError) as caught:
        train_spec(
            train=TrainSpec(learning_rate=0, max_steps=0, t_min=1.0),
            lora=LoraSpec(r=0, lora_dropout=1.0),
            sampling=SamplingSpec(temperature=-1, cfg_scale=-0.5, max_new_tokens=100, block_length=16),
        )
    starts = {problem.split(":")[0] for problem in caught.value.problems}
    assert starts == {
        "train.learning_rate",
        "train.max_steps",
        "train.t_min",
        "lora.r",
        "lora.lora_dropout",
        "sampling.temperature",
        "sampling.cfg_scale",
        "sampling.max_new_tokens",
    }


def test_true_is_no_number():
    with pytest.raises(SpecError, match="max_steps: found True"):
        from_dict(TrainSpec, {"max_steps": True})


def test_a_whole_number_stands_for_a_fraction():
    assert from_dict(TrainSpec, {"max_grad_norm": 1}).max_grad_norm == 1.0


def test_text_that_is_not_json_is_named_with_its_line():
    with pytest.raises(SpecError, match=r"spec\.json:2: not JSON"):
        RunSpec.from_json('{\n"name": }')


def test_a_newer_schema_is_refused():
    with pytest.raises(SpecError, match="schema_version: found 99, this program reads 1"):
        train_spec(schema_version=99)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_is_no_directory_name_is_refused(name):
    with pytest.raises(SpecError, match="is no directory name"):
        train_spec(name=name)


def test_steps_must_divide_evenly_among_the_blocks():
    with pytest.raises(SpecError, match=r"sampling\.steps: 30 is not a multiple of the 8 blocks"):
        train_spec(sampling=SamplingSpec(max_new_tokens=128, block_length=16, steps=30))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": None}, "train and lora: missing"),
        ({"dataset_hash": None}, "dataset_hash: missing"),
        ({"adapter": AdapterSpec(run="r", checkpoint="c")}, "adapter: only for the task sample"),
        ({"task": "sample"}, "train and lora: only for the task train"),
    ],
)
def test_parts_that_do_not_fit_the_task_are_refused(changes, message):
    with pytest.raises(SpecError, match=message):
        train_spec(**changes)


def test_a_difference_names_the_field_by_its_path_and_leaves_out_what_is_no_choice():
    parent = train_spec()
    child = train_spec(name="r2", parent="r1", hashes={"x": "y"}, train=TrainSpec(learning_rate=1e-4), sample_base=True)
    assert diff(parent, child) == [("train.learning_rate", 5e-5, 1e-4)]
    assert diff(parent, parent) == []


def test_a_part_that_only_one_spec_has_differs_field_by_field():
    paths = [path for path, _, _ in diff(RunSpec(name="s", task="sample"), train_spec())]
    assert "task" in paths
    assert "lora.r" in paths


def test_base_samples_are_shared_by_runs_that_train_differently():
    assert sample_key(train_spec()) == sample_key(train_spec(name="r2", train=TrainSpec(max_steps=7)))


def test_a_temperature_of_0_and_one_of_0_point_0_share_base_samples():
    whole, fraction = (train_spec(sampling=SamplingSpec(temperature=value)) for value in (0, 0.0))
    assert sample_key(whole) == sample_key(fraction) == sample_key(RunSpec.from_json(whole.to_json()))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": ModelSpec(revision="other")},
        {"model": ModelSpec(dtype="bfloat16")},
        {"canary_hash": "sha256:other"},
        {"sampling": SamplingSpec(seed=2)},
        {"sampling": SamplingSpec(samples_per_prompt=3)},
    ],
)
def test_base_samples_are_not_shared_once_model_prompts_sampler_or_seed_differ(changes):
    assert sample_key(train_spec(**changes)) != sample_key(train_spec())
