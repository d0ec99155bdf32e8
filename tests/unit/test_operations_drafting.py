"""The launch form without a screen."""

from __future__ import annotations

import dataclasses
import json
import typing
from pathlib import Path

import pytest

from runners.spec import LoraSpec, ModelSpec, Objective, RunSpec, SamplingSpec, ScoreSpec, TrainSpec
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_curated_project, make_reviewed_project
from workbench.operations import collecting, drafting, launching
from workbench.operations.drafting import Form, Line
from workbench.operations.errors import LaunchError
from workbench.operations.fields import FIELDS
from workbench.operations.project import Project

PARTS = {"train": TrainSpec, "score": ScoreSpec, "lora": LoraSpec, "sampling": SamplingSpec, "model": ModelSpec}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def line(form: Form, path: str) -> Line:
    return next(item for item in form.lines() if item.path == path)


def test_every_field_of_the_spec_is_explained_and_no_other() -> None:
    expected = {f"{part}.{field.name}" for part, cls in PARTS.items() for field in dataclasses.fields(cls)}
    expected |= {"objective"}
    assert {item.path for item in FIELDS} == expected
    assert len(FIELDS) == len(expected)
    assert all(item.does.endswith(".") for item in FIELDS)


def test_the_choices_shown_are_those_the_spec_allows() -> None:
    for item in FIELDS:
        part, _, name = item.path.rpartition(".")
        hint = typing.get_type_hints(PARTS.get(part, RunSpec))[name]
        hint = Objective if name == "objective" else hint
        allowed = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()
        allowed = ("false", "true") if hint is bool else allowed
        assert item.choices == allowed, item.path


def test_a_form_begins_as_a_copy_of_its_parent(project: Project) -> None:
    form = drafting.open_form(project, "train", parent=BASE_RUN)
    assert form.draft.differences == ()
    assert not any(item.parent for item in form.lines())
    assert line(form, "parent").value == BASE_RUN


def test_one_changed_value_is_one_variable(project: Project) -> None:
    form = drafting.with_value(
        project, drafting.open_form(project, "train", parent=BASE_RUN), "train.learning_rate", "5e-4"
    )
    assert form.draft.differences == (("train.learning_rate", 0.001, 0.0005),)
    assert line(form, "train.learning_rate") == dataclasses.replace(
        line(form, "train.learning_rate"), value="0.0005", parent="0.001"
    )


def test_a_value_that_does_not_hold_stands_at_its_field_and_the_draft_stays(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "train.max_steps", "0")
    assert not form.ready
    assert line(form, "train.max_steps").value == "0"
    assert "expected 1 or more" in line(form, "train.max_steps").problem
    assert form.draft.spec.train is not None
    assert form.draft.spec.train.max_steps == 60


def test_two_fields_that_only_fit_together_can_be_typed_one_after_the_other(project: Project) -> None:
    form = drafting.open_form(project, "train")
    form = drafting.with_value(project, form, "sampling.max_new_tokens", "100")
    assert line(form, "sampling.max_new_tokens").problem
    form = drafting.with_value(project, form, "sampling.block_length", "10")
    assert line(form, "sampling.steps").problem, "96 steps do not fit 10 blocks: the untouched field says so"
    form = drafting.with_value(project, form, "sampling.steps", "100")
    assert form.ready
    assert form.draft.spec.sampling.max_new_tokens == 100


def test_words_where_a_number_belongs_are_refused_by_name(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "train.learning_rate", "fast")
    assert "'fast'" in line(form, "train.learning_rate").problem


def test_one_module_without_a_comma_is_still_a_list(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "lora.target_modules", "q_proj")
    assert form.draft.spec.lora is not None
    assert form.draft.spec.lora.target_modules == ("q_proj",)


def test_changes_are_kept_when_the_task_changes_and_comes_back(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "sampling.temperature", "0.5")
    form = drafting.with_choice(project, form, "task", "sample adapter")
    assert form.draft.spec.sampling.temperature == 0.5
    assert form.draft.spec.adapter is not None
    assert not any(item.path.startswith("train.") for item in form.lines())
    form = drafting.with_choice(project, form, "task", "sample base")
    assert form.draft.spec.adapter is None


def test_another_parent_is_another_copy(project: Project) -> None:
    form = drafting.with_choice(project, drafting.open_form(project, "train", parent=BASE_RUN), "parent", SECOND_RUN)
    assert form.draft.spec.parent == SECOND_RUN
    assert form.draft.differences == ()
    assert form.draft.spec.train is not None
    assert form.draft.spec.train.learning_rate == 5e-4


def test_base_samples_like_a_run_take_over_its_sampling(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "sampling.temperature", "0.3")
    like = drafting.open_form(project, "sample base", like=BASE_RUN)
    assert like.draft.spec.sampling != form.draft.spec.sampling
    assert like.draft.spec.sampling.steps == 96


def test_without_a_dataset_the_form_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="Freeze one in Datasets with f"):
        drafting.open_form(make_curated_project(tmp_path / "voice"), "train")


def test_the_method_full_takes_the_adapters_fields_away_and_lora_brings_them_back(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train", parent=BASE_RUN), "lora.r", "8")
    form = drafting.with_value(project, form, "train.method", "full")
    assert form.ready
    assert form.draft.spec.lora is None
    assert not any(item.path.startswith("lora.") for item in form.lines())
    form = drafting.with_value(project, form, "train.method", "lora")
    assert form.draft.spec.lora is not None
    assert any(item.path == "lora.r" for item in form.lines())


def test_rarely_changed_fields_are_folded_away_unless_they_are_changed(project: Project) -> None:
    def paths(form: drafting.Form) -> list[str]:
        return [item.path for item in form.lines()]

    form = drafting.open_form(project, "train", parent=BASE_RUN)
    assert paths(form)[-1] == "more"
    assert "train.t_max" not in paths(form)
    unfolded = drafting.with_choice(project, form, "more", "shown")
    assert set(paths(form)) | {item.path for item in FIELDS if item.rare} == set(paths(unfolded))
    changed = drafting.with_value(project, unfolded, "train.complementary_masks", "true")
    assert changed.draft.spec.train is not None
    assert changed.draft.spec.train.complementary_masks is True
    folded = drafting.with_choice(project, changed, "more", "hidden")
    assert paths(folded)[-2:] == ["more", "train.complementary_masks"]
    assert line(folded, "train.complementary_masks").value == "true"


def test_steps_are_typed_with_commas_between(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train"), "train.sample_at_steps", "10, 30")
    assert form.draft.spec.train is not None
    assert form.draft.spec.train.sample_at_steps == (10, 30)
    form = drafting.with_value(project, form, "train.sample_at_steps", "")
    assert form.draft.spec.train is not None
    assert form.draft.spec.train.sample_at_steps == ()


def test_the_best_checkpoint_and_any_that_stands_can_be_sampled(project: Project) -> None:
    events = project.runs_folder / BASE_RUN / "attempts" / "001" / "events.jsonl"
    seq = len(events.read_text().splitlines())
    rows = [
        {"type": "checkpoint", "step": 20, "path": "checkpoints/step-000020"},
        {"type": "checkpoint", "step": 40, "path": "checkpoints/step-000040"},
        {"type": "best", "step": 40, "path": "checkpoints/step-000040", "val_loss": 2.0},
        {"type": "pruned", "step": 20, "path": "checkpoints/step-000020"},
    ]
    with events.open("a") as file:
        for number, row in enumerate(rows, start=1):
            file.write(json.dumps({"attempt": 1, "seq": seq + number, "at": "2026-11-20T18:30:00.000Z", **row}) + "\n")
    collecting.collect(project, (BASE_RUN,))
    form = drafting.open_form(project, "sample adapter", adapter_run=BASE_RUN)
    assert line(form, "checkpoint").choices == ("latest", "best", "40", "60")
    assert form.draft.spec.adapter is not None
    assert form.draft.spec.adapter.checkpoint == "checkpoints/step-000060"
    form = drafting.with_choice(project, form, "checkpoint", "best")
    form = drafting.with_value(project, form, "sampling.temperature", "0.5")
    assert form.draft.spec.adapter is not None
    assert form.draft.spec.adapter.checkpoint == "checkpoints/step-000040"
    with pytest.raises(LaunchError, match="has no checkpoint '20'. It has latest, best, 40, 60"):
        launching.draft(project, task="sample", adapter_run=BASE_RUN, checkpoint="20")
