"""Which canary prompts a sample run takes, and what is frozen for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runners.rundir import RunDir
from store import canaries, datasets, runs
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from tests.journeys.command_line import run
from workbench.operations import blind, drafting, launching
from workbench.operations.canaries import canary_rows, canary_sets
from workbench.operations.errors import LaunchError
from workbench.operations.project import Project
from workbench.operations.prompt_choice import chosen, prompt_choices


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("workbench.operations.launching.start", lambda *_given, **_named: None)
    return make_reviewed_project(tmp_path / "voice", runs_made=1)


def test_prompts_with_a_real_piece_and_those_of_held_out_pairs_can_be_chosen(project: Project) -> None:
    assert prompt_choices(project, BASE_RUN) == {"all": 3, "with a real piece": 1}
    assert [row.slug for row in chosen(project, "with a real piece", BASE_RUN)] == ["slow-puncture"]
    added = blind.add_held_out_prompts(project, BASE_RUN)
    assert added
    # They come with what stands behind them, which is a real piece.
    assert prompt_choices(project, BASE_RUN) == {"all": 3 + added, "held out": added, "with a real piece": 1 + added}
    held = {pair.prompt for pair in datasets.pairs(project.db, 1) if pair.split == "holdout"}
    assert {row.prompt for row in chosen(project, "held out", None)} == held


def test_looking_through_the_choices_freezes_nothing_and_the_launch_what_was_chosen(project: Project) -> None:
    before = len(canary_sets(project))
    form = drafting.open_form(project, "sample adapter", adapter_run=BASE_RUN)
    (line,) = (line for line in form.lines() if line.path == "prompts")
    assert (line.value, line.choices) == ("all: 3", ("all: 3", "with a real piece: 1"))
    form = drafting.with_choice(project, form, "prompts", "with a real piece: 1")
    form = drafting.with_value(project, form, "sampling.samples_per_prompt", "4")
    form = drafting.with_choice(project, form, "place", "local")
    assert next(line.value for line in form.lines() if line.path == "prompts") == "with a real piece: 1"
    assert len(canary_sets(project)) == before
    name = launching.launch(project, form.draft)
    run_dir = RunDir(project.absolute(runs.get(project.db, name).dir))
    lines = run_dir.prompts_jsonl.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["slug"] for line in lines] == ["slow-puncture"]
    assert run_dir.spec().canary_hash == form.draft.spec.canary_hash
    assert len(canary_sets(project)) == before + 1
    assert launching.draft(project, task="train").spec.canary_hash == canary_sets(project)[0].content_hash


def test_a_training_run_samples_them_all_and_is_asked_nothing(project: Project) -> None:
    form = drafting.open_form(project, "train")
    assert "prompts" not in [line.path for line in form.lines()]
    assert form.draft.prompts == "all"


def test_a_choice_that_takes_none_says_how_to_come_by_some(project: Project) -> None:
    with pytest.raises(LaunchError, match="p in the blind test"):
        launching.draft(project, task="sample", adapter_run=BASE_RUN, prompts="held out")
    for row in canary_rows(project):
        canaries.change(project.db, row.id, reference="")
    with pytest.raises(LaunchError, match="No canary prompt has a real piece"):
        launching.draft(project, task="sample", prompts="with a real piece")


def test_the_command_line_takes_the_choice_and_says_how_long_it_takes(project: Project) -> None:
    asked = ("sample", "--adapter", BASE_RUN, "--dry-run", "--prompts")
    said = run(project.root, *asked, "real").stderr
    assert "2 samples of 1 prompt: about 4 s and loading the model" in said
    assert "No canary prompt is the prompt of a held-out pair" in run(project.root, *asked, "held-out", code=1).stderr
