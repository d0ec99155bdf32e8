"""Where a run of each family begins, what the form says of it, and what does not fit it; no weights are needed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from runners.errors import SpecError
from runners.families.registry import families, known
from runners.spec import Objective, RunSpec, diff
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from workbench.operations import drafting, launching
from workbench.operations.beginning import carried_over
from workbench.operations.drafting import Form, Line
from workbench.operations.fields import FIELDS, field
from workbench.operations.launching import change, draft
from workbench.operations.project import Project

CONFIGS: dict[str, dict[str, Any]] = {
    "llada": {"model_type": "llada", "d_model": 4096, "max_sequence_length": 4096},
    "illada": {"model_type": "illada", "d_model": 4096, "max_sequence_length": 8192},
    "dream": {"model_type": "Dream", "hidden_size": 3584, "max_position_embeddings": 131072},
    "qwen3-diffusion": {"model_type": "a2d-qwen3", "hidden_size": 1024, "max_position_embeddings": 40960},
    "sdar": {"model_type": "sdar", "hidden_size": 2048, "max_position_embeddings": 32768, "block_size": 16},
    "llama": {"model_type": "llama", "hidden_size": 4096, "max_position_embeddings": 131072},
    "gpt2": {"model_type": "gpt2", "n_embd": 768, "n_positions": 1024},
}
SMALL = {"model_type": "gpt2", "n_embd": 32, "n_positions": 128}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return one project for all: nothing here is launched, so nothing in it changes."""
    return make_reviewed_project(tmp_path_factory.mktemp("project") / "voice")


def folder(project: Project, name: str, config: dict[str, Any]) -> str:
    made = project.root / "models" / name
    made.mkdir(parents=True, exist_ok=True)
    (made / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(made)


def line(form: Form, path: str) -> Line:
    return next(item for item in form.lines() if item.path == path)


def first(project: Project, name: str) -> RunSpec:
    return draft(project, model=folder(project, name, CONFIGS[name])).spec


def test_every_family_is_tried_here() -> None:
    assert {family.name for family in families()} == set(CONFIGS)


@pytest.mark.parametrize(
    ("name", "objective", "sampler", "rate"),
    [
        ("llada", "masked-diffusion", "block", 5e-5),
        ("illada", "masked-diffusion", "block", 2e-5),
        ("dream", "masked-diffusion", "block", 2e-5),
        ("qwen3-diffusion", "masked-diffusion", "block", 1e-4),
        ("sdar", "block-diffusion", "block", 2e-5),
        ("llama", "causal", "autoregressive", 1e-4),
        ("gpt2", "causal", "autoregressive", 2e-4),
    ],
)
def test_a_first_run_begins_as_its_family_does(
    project: Project, name: str, objective: Objective, sampler: str, rate: float
) -> None:
    spec = first(project, name)
    assert spec.train is not None
    assert (spec.objective, spec.sampling.sampler, spec.train.learning_rate) == (objective, sampler, rate)
    assert spec.model.dtype == ("float32" if name == "gpt2" else "bfloat16")
    assert launching.misfits(spec, known(spec.model.id, CONFIGS[name]) or pytest.fail("unknown")) == []


def test_a_first_run_of_a_small_model_begins_as_one_of_the_embedded_does(project: Project) -> None:
    spec = draft(project, model=folder(project, "tiny", SMALL)).spec
    assert spec.train is not None
    assert (spec.model.dtype, spec.train.learning_rate, spec.train.max_length) == ("float32", 1e-3, 128)


def test_a_block_causal_model_is_sampled_in_its_own_blocks(project: Project) -> None:
    sampling = first(project, "sdar").sampling
    assert (sampling.block_length, sampling.max_new_tokens % 16, sampling.steps) == (16, 0, sampling.max_new_tokens)


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "llada"])
def test_no_words_of_another_model_stand_beside_a_field(project: Project, name: str) -> None:
    found = known("x", CONFIGS[name])
    for item in FIELDS:
        assert "LLaDA" not in item.explained(found).replace("iLLaDA", ""), item.path
        assert "LLaDA" not in item.explained(None), item.path


def test_the_learning_rate_is_explained_by_what_was_published_of_the_model_at_hand(project: Project) -> None:
    rate = field("train.learning_rate")
    assert rate is not None
    said = {name: rate.explained(known("x", config)) for name, config in CONFIGS.items()}
    assert (
        "LLaDA: 1e-5 to 2e-5 on LLaDA-8B, 5e-5 the highest seen; 2e-4 destroyed a model (for an adapter), 2.5e-5"
        in said["llada"]
    )
    assert "Dream: 2e-6, as Dream-7B-Instruct was made (in full), nothing for an adapter" in said["dream"]
    assert "GPT-2: 2e-4 on GPT-2 medium and large" in said["gpt2"]
    assert "iLLaDA: nothing for an adapter, nothing in full" in said["illada"]
    assert "nothing for a model this small" in rate.explained(known("x", SMALL))
    assert "nothing for a model this small" in line(drafting.open_form(project, "train"), rate.path).explanation


def test_a_rate_above_the_highest_published_for_this_model_and_method_is_warned_of(project: Project) -> None:
    llada = draft(project, model=folder(project, "llada", CONFIGS["llada"]))
    loud = change(project, llada, {"train.learning_rate": 6e-5})
    assert any("above 5e-05, the highest published for LLaDA with LoRA" in text for text in loud.warnings)
    full = change(project, llada, {"train.method": "full", "train.learning_rate": 3e-5})
    assert any("above 2.5e-05, the highest published for LLaDA with full" in text for text in full.warnings)
    dream = draft(project, model=folder(project, "dream", CONFIGS["dream"]))
    assert not any(
        "highest published" in text for text in change(project, dream, {"train.learning_rate": 1e-3}).warnings
    )


def test_what_nobody_has_checked_is_said_before_a_launch(project: Project) -> None:
    assert any(
        "were not read" in text for text in draft(project, model=folder(project, "i", CONFIGS["illada"])).warnings
    )
    assert not any("were not read" in text for text in draft(project).warnings)


def test_a_length_beyond_what_the_model_was_made_for_is_warned_of(project: Project) -> None:
    dream = draft(project, model=folder(project, "dream", CONFIGS["dream"]))
    assert any("beyond the 2048 tokens" in text for text in change(project, dream, {"train.max_length": 3000}).warnings)


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("gpt2", {"objective": "masked-diffusion"}, r"objective: found masked-diffusion.*Expected causal"),
        ("gpt2", {"train.max_length": 2000}, r"train\.max_length: found 2000; GPT-2 has positions for 1024"),
        ("llada", {"sampling.sampler": "autoregressive"}, r"sampling\.sampler: found autoregressive.*Expected block"),
        ("sdar", {"sampling.block_length": 8}, r"sampling\.block_length: found 8.*blocks of 16"),
        (
            "llama",
            {"sampling.cfg_scale": 1.5},
            r"sampling\.cfg_scale: found 1\.5, and the sampler autoregressive does not",
        ),
        (
            "gpt2",
            {"train.complementary_masks": True},
            r"train\.complementary_masks: found true, and the objective causal",
        ),
        ("llada", {"sampling.top_k": 50}, r"sampling\.top_k: found 50, and the sampler block does not know it"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_a_launch(
    project: Project, name: str, changes: dict[str, Any], problem: str
) -> None:
    ready = draft(project, model=folder(project, name, CONFIGS[name]))
    with pytest.raises(SpecError, match=problem):
        change(project, ready, changes)


def test_another_model_in_the_form_brings_what_belongs_to_it_and_keeps_the_rest(project: Project) -> None:
    form = drafting.with_value(project, drafting.open_form(project, "train", parent=BASE_RUN), "train.max_steps", "7")
    form = drafting.with_value(project, form, "model.id", folder(project, "gpt2", CONFIGS["gpt2"]))
    assert form.ready
    spec = form.draft.spec
    assert spec.train is not None
    assert (spec.objective, spec.sampling.sampler, spec.train.learning_rate) == ("causal", "autoregressive", 2e-4)
    assert (spec.train.max_steps, spec.parent) == (7, BASE_RUN)
    assert {item.path for item in form.lines()} >= {"sampling.top_p", "sampling.repetition_penalty", "objective"}
    assert not {"sampling.block_length", "train.t_min", "train.eval_draws"} & {item.path for item in form.lines()}
    again = drafting.with_value(project, form, "train.learning_rate", "3e-4")
    assert again.draft.spec.train == dataclasses.replace(spec.train, learning_rate=3e-4)
    assert again.draft.spec.sampling == spec.sampling
    back = drafting.with_value(project, again, "model.id", "embedded")
    assert back.draft.spec.sampling.sampler == "block"
    assert back.draft.spec.objective == "masked-diffusion"


def test_a_copy_stays_with_its_parents_model_whatever_the_project_begins_with(project: Project) -> None:
    kept = project.settings
    project.settings = dataclasses.replace(kept, model=folder(project, "gpt2", CONFIGS["gpt2"]))
    try:
        assert draft(project).spec.model.id.endswith("gpt2")
        assert draft(project, parent=BASE_RUN).spec.model.id == "embedded"
        assert draft(project, parent=BASE_RUN).differences == ()
        assert draft(project, parent=BASE_RUN, model=project.settings.model).spec.sampling.sampler == "autoregressive"
    finally:
        project.settings = kept


def test_another_model_of_the_same_kind_is_one_variable(project: Project) -> None:
    first_one = draft(project, model=folder(project, "a", CONFIGS["llada"]))
    second = change(project, first_one, {"model.id": folder(project, "b", CONFIGS["llada"])})
    assert [path for path, _, _ in diff(first_one.spec, second.spec)] == ["model.id"]


def test_a_repository_that_is_not_here_yet_is_known_by_its_name(project: Project) -> None:
    spec = draft(project, model="meta-llama/Llama-3.1-8B").spec
    assert (spec.objective, spec.sampling.sampler) == ("causal", "autoregressive")
    assert draft(project, model="JetLM/SDAR-1.7B-Chat-b32").spec.sampling.block_length == 32


def test_of_a_model_that_nothing_is_known_of_the_job_decides(project: Project) -> None:
    ready = draft(project, model="somebody/some-model")
    assert ready.known is None
    assert ready.spec.objective is None


def test_a_folder_is_named_by_its_whole_path_wherever_it_is_typed(project: Project) -> None:
    made = folder(project, "gpt2", CONFIGS["gpt2"])
    assert draft(project, model="models/gpt2").spec.model.id == made
    assert change(project, draft(project), {"model.id": "models/gpt2"}).spec.model.id == made


def test_the_commit_a_project_pins_is_that_of_its_runs(project: Project) -> None:
    spec = draft(project, model=f"openai-community/gpt2@{'a' * 40}").spec
    assert (spec.model.id, spec.model.revision) == ("openai-community/gpt2", "a" * 40)


def test_a_copy_keeps_its_length_on_another_model_unless_there_are_no_positions_beyond(project: Project) -> None:
    long = change(project, draft(project, parent=BASE_RUN), {"train.max_length": 3000}).spec
    for name, expected in (("dream", 3000), ("gpt2", 1024)):
        carried = carried_over(project, long, folder(project, name, CONFIGS[name]))
        assert carried.train is not None
        assert carried.train.max_length == expected


def test_an_adapter_is_sampled_on_the_model_it_was_trained_on(project: Project) -> None:
    kept = project.settings
    project.settings = dataclasses.replace(kept, model=folder(project, "gpt2", CONFIGS["gpt2"]))
    try:
        spec = draft(project, task="sample", adapter_run=BASE_RUN).spec
        assert (spec.model.id, spec.sampling.sampler) == ("embedded", "block")
        assert draft(project, task="sample").spec.sampling.sampler == "autoregressive"
    finally:
        project.settings = kept
