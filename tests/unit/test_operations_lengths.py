"""What is said before a launch of pairs longer than `train.max_length` is what the job finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runners.layouts import lay_out
from runners.spec import RunSpec
from store import datasets
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from workbench.cli.main import cli
from workbench.operations import counting, lengths, targets
from workbench.operations.counting import end_child
from workbench.operations.launching import draft
from workbench.operations.lengths import length_warnings, lengths_of, over_long_sentences
from workbench.operations.project import Project

MEND = "raise train.max_length, or make shorter pairs."
# Side, tokens in front of the response, tokens in all.
PAIRS = [("train", 10, 100), ("train", 10, 300), ("train", 280, 400), ("holdout", 10, 300)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_reviewed_project(tmp_path / "voice")
    yield made
    end_child(made)


def spec_of(project: Project, **changes: Any) -> tuple[RunSpec, int]:
    ready = draft(project, parent=BASE_RUN)
    assert ready.spec.train is not None
    assert ready.dataset_id is not None
    return replace(ready.spec, train=replace(ready.spec.train, **changes)), ready.dataset_id


def by_the_layout(project: Project, dataset_id: int) -> list[tuple[str, int]]:
    """Return side and length of each pair, laid out as the job does it."""
    reading = targets.read(targets.targets(project)[0], project)
    assert reading.tokenizer is not None
    assert reading.layout is not None
    encode = reading.tokenizer.encode
    return [
        (pair.split, len(lay_out(reading.layout, encode, pair.prompt, pair.response).input_ids))
        for pair in datasets.pairs(project.db, dataset_id)
    ]


def test_the_pairs_that_would_be_skipped_are_those_longer_than_the_limit_as_the_layout_counts_them(
    project: Project,
) -> None:
    _, dataset_id = spec_of(project)
    laid = by_the_layout(project, dataset_id)
    limit = sorted(length for split, length in laid if split == "train")[-3]
    spec, _ = spec_of(project, max_length=limit)
    said = length_warnings(project, spec, dataset_id)
    for side, name in (("train", "training"), ("holdout", "holdout")):
        every = [length for split, length in laid if split == side]
        longer = sum(length > limit for length in every)
        start = f"{longer} of {len(every)} {name} pairs are longer than {limit} tokens and would be skipped"
        assert any(sentence.startswith(start) for sentence in said) == (0 < longer < len(every) and longer > 1)
    assert any("training pairs" in sentence for sentence in said)


def test_nothing_is_said_where_every_pair_fits_and_of_a_run_that_takes_none(project: Project) -> None:
    spec, dataset_id = spec_of(project, max_length=4096)
    assert length_warnings(project, spec, dataset_id) == ()
    sample = draft(project, task="sample")
    assert length_warnings(project, sample.spec, sample.dataset_id) == ()


def test_each_fate_of_a_long_pair_has_its_sentence() -> None:
    def said(over_long: Any, limit: int = 256) -> list[str]:
        return over_long_sentences(PAIRS, max_length=limit, over_long=over_long)

    assert said("skip") == [
        f"2 of 3 training pairs are longer than 256 tokens and would be skipped: {MEND}",
        "The only holdout pair is longer than 256 tokens and would be skipped, which leaves none to validate on: "
        + MEND,
    ]
    assert said("cut") == [
        "2 of 3 training pairs are longer than 256 tokens and would be cut (1) or, where the prompt alone fills them, "
        f"skipped (1): {MEND}",
        "The only holdout pair is longer than 256 tokens and would be cut, so that the model sees no end of them: "
        + MEND,
    ]
    refused = "and with train.over_long refuse the run would end before it starts"
    assert said("refuse")[0] == f"2 of 3 training pairs are longer than 256 tokens, {refused}: {MEND}"
    assert said("skip", 50)[0] == (
        f"All 3 training pairs are longer than 50 tokens and would be skipped, which leaves none to train on: {MEND}"
    )
    assert said("skip", 300) == [f"1 of 3 training pairs is longer than 300 tokens and would be skipped: {MEND}"]
    assert said("skip", 400) == []


def test_a_model_whose_tokenizer_is_not_here_is_estimated_and_said_to_be(project: Project) -> None:
    spec, dataset_id = spec_of(project, max_length=16)
    spec = replace(spec, model=replace(spec.model, id="GSAI-ML/LLaDA-8B-Base", revision=None))
    said = length_warnings(project, spec, dataset_id)
    assert said[0].startswith("All ")
    assert said[-1].startswith("These lengths are estimates. GSAI-ML/LLaDA-8B-Base is not here.")


def test_a_large_tokenizer_counts_in_the_child_in_slices_and_a_count_that_was_given_up_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, dataset_id = spec_of(project)
    total = len(by_the_layout(project, dataset_id))
    monkeypatch.setattr(targets, "_SMALL_BYTES", -1)
    monkeypatch.setattr(lengths, "SLICE", 3)
    monkeypatch.setattr(lengths, "_counted", {})
    asked: list[int] = []

    def ask(of: Project, question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question["start"])
        return counting.ask_child(of, question)

    monkeypatch.setattr(lengths, "ask_child", ask)
    chosen = targets.targets(project)[0]
    answers = iter([False, True])
    assert lengths_of(project, chosen, dataset_id, cancelled=lambda: next(answers)) is None
    found = lengths_of(project, chosen, dataset_id)
    assert asked == list(range(0, total, 3))
    assert found is not None
    assert [(side, length) for side, _, length in found.pairs] == by_the_layout(project, dataset_id)
    assert lengths_of(project, chosen, dataset_id) == found
    assert len(asked) == len(range(0, total, 3))


def test_a_dry_run_says_it_and_prints_the_spec_alone(project: Project) -> None:
    command = ["-p", str(project.root), "run", "--parent", BASE_RUN, "--set", "train.max_length=16", "--dry-run"]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.stderr
    assert RunSpec.from_json(result.stdout).train.max_length == 16  # type: ignore[union-attr]
    assert "tokens and would be skipped, which leaves none to train on" in result.stderr
