import dataclasses
import json
from pathlib import Path

import pytest

from runners.errors import SpecError
from runners.spec import (
    AdapterSpec,
    LoraSpec,
    ModelSpec,
    RunSpec,
    SamplingSpec,
    ScoreSpec,
    SessionSpec,
    TrainSpec,
    diff,
    from_dict,
    method_name,
    sample_key,
)

DATA = Path(__file__).parents[1] / "data"


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
        RunSpec(name="c1", task="score", score=ScoreSpec(draws=20, over_long="cut"), dataset_hash="sha256:d"),
        RunSpec(name="t1", task="session", session=SessionSpec(idle_minutes=0.5)),
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
    with pytest.raises(SpecError, match=r"model\.zzz: no such field. Known: id, revision, dtype, quantization, device"):
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
    with pytest.raises(SpecError, match="schema_version: found 99, this program reads up to 2"):
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
        ({"adapter": AdapterSpec(run="r", checkpoint="c")}, "adapter: only for the tasks sample, score and session"),
        ({"task": "sample"}, "train and lora: only for the task train"),
        ({"task": "score"}, "score: missing, the task is score"),
        ({"task": "score", "score": ScoreSpec(), "dataset_hash": None}, "dataset_hash: missing. Name the dataset"),
        ({"task": "score", "score": ScoreSpec(draws=0)}, "score.draws: found 0, expected 1 or more"),
        ({"score": ScoreSpec()}, "score: only for the task score"),
        ({"task": "session"}, "session: missing, the task is session"),
        ({"session": SessionSpec()}, "session: only for the task session"),
        ({"task": "session", "session": SessionSpec(idle_minutes=0)}, "session.idle_minutes: found 0, expected above"),
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


def test_a_spec_of_schema_1_is_read_as_what_it_meant_then():
    spec = RunSpec.from_json((DATA / "spec-schema-1.json").read_text(encoding="utf-8"))
    assert spec.schema_version == 2
    assert spec.train is not None
    assert (spec.train.learning_rate, spec.train.eval_draws, spec.train.t_min) == (1e-3, 4, 0.03)
    assert (spec.train.method, spec.train.probe_pairs, spec.train.save_total_limit) == ("lora", 0, 0)
    assert (spec.train.t_max, spec.train.max_loss_weight, spec.train.early_stopping_patience) == (1.0, 0.0, 0)
    assert RunSpec.from_json(spec.to_json()) == spec


def test_base_samples_made_under_schema_1_are_still_shared():
    spec = RunSpec.from_json((DATA / "spec-schema-1.json").read_text(encoding="utf-8"))
    assert sample_key(spec) == "sha256:ae97ebe3ebfc8465e3a753a4f06ab255e9ab56d8ef8de04c7333cfaa0bbda039"


def test_a_copy_of_a_run_of_schema_1_differs_in_nothing_that_was_not_changed():
    parent = RunSpec.from_json((DATA / "spec-schema-1.json").read_text(encoding="utf-8"))
    child = RunSpec.from_json(parent.to_json())
    assert diff(parent, child) == []


def test_quantised_weights_have_base_samples_of_their_own():
    assert sample_key(train_spec(model=ModelSpec(quantization="nf4"))) != sample_key(train_spec())


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "LoRA"),
        ({"model": ModelSpec(quantization="nf4")}, "QLoRA"),
        ({"lora": LoraSpec(use_dora=True)}, "DoRA"),
        ({"lora": None, "train": TrainSpec(method="full")}, "full fine-tuning"),
    ],
)
def test_a_method_is_called_as_people_call_it(changes, name):
    assert method_name(train_spec(**changes)) == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": TrainSpec(method="full")}, "lora: only for the method lora"),
        (
            {"train": TrainSpec(method="full"), "lora": None, "model": ModelSpec(quantization="nf4")},
            r"model\.quantization: weights in 4 bits cannot be trained in full",
        ),
        (
            {"train": TrainSpec(method="full"), "lora": None, "model": ModelSpec(dtype="float16")},
            r"model\.dtype: weights in float16 cannot be trained in full",
        ),
        (
            {"train": TrainSpec(mixed_precision="bf16"), "model": ModelSpec(dtype="bfloat16")},
            r"train\.mixed_precision: bf16 computes over weights in float32, and model.dtype is bfloat16",
        ),
        ({"train": TrainSpec(complementary_masks=True, t_min=0.2)}, "add up to 1"),
        ({"train": TrainSpec(complementary_masks=True, per_device_train_batch_size=3)}, "a step has 3 rows"),
        ({"train": TrainSpec(early_stopping_patience=2)}, r"Set eval_every_steps"),
        ({"train": TrainSpec(sample_at_steps=(10, 500))}, "found 10, 500, expected steps from 1 to 120"),
        ({"train": TrainSpec(t_max=1.5)}, r"train\.t_max: found 1\.5"),
        ({"train": TrainSpec(max_loss_weight=0.5)}, "expected 1 or more, or 0 for none"),
    ],
)
def test_values_that_hold_alone_and_not_together_are_refused(changes, message):
    with pytest.raises(SpecError, match=message):
        train_spec(**changes)


def test_a_list_holds_what_it_should_or_says_so():
    assert from_dict(TrainSpec, {"sample_at_steps": [10, 20]}).sample_at_steps == (10, 20)
    with pytest.raises(SpecError, match=r"sample_at_steps: found \['ten'\], expected a list of whole numbers"):
        from_dict(TrainSpec, {"sample_at_steps": ["ten"]})
