"""What the author's own runs showed of one field: only runs that differ in it alone are laid beside each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import fixed_time
from tests.journeys.experiment_builders import ROOT, SLOWER, add, make_tree
from workbench.operations import reviewing
from workbench.operations.errors import WorkbenchError
from workbench.operations.experiment_fields import PATHS, field_shown, shown_words, varied
from workbench.operations.launching import change, draft
from workbench.operations.project import Project

RATE = "train.learning_rate"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_tree(tmp_path_factory.mktemp("tree") / "voice")


def copy_of(project: Project, run: str, **changes: object):  # type: ignore[no-untyped-def]
    return change(project, draft(project, parent=run), changes).spec  # type: ignore[arg-type]


def test_runs_that_differ_in_the_field_alone_are_laid_beside_each_other(project: Project) -> None:
    found = field_shown(project, RATE, copy_of(project, ROOT))
    assert found.here
    assert [(item.value, len(item.measured)) for item in found.values] == [("0.0005", 1), ("0.001", 3), ("0.01", 0)]
    assert found.difference is not None
    assert found.difference.finding == "lower"
    assert found.tried == ("0.0001",)


def test_the_words_name_values_losses_and_what_follows(project: Project) -> None:
    words = shown_words(field_shown(project, RATE, copy_of(project, ROOT)))
    assert words.startswith("Your runs, all else as here: 0.0005: loss 3.026 · 0.001: loss 3.428 (3 seeds)")
    assert "0.01: failed." in words
    assert "0.0005 is lower beyond the noise." in words
    assert words.endswith("With other changes: 0.0001.")


def test_a_draft_that_differs_in_another_field_has_runs_that_are_alike_among_themselves(project: Project) -> None:
    like = copy_of(project, ROOT, **{"train.max_steps": 1000})
    found = field_shown(project, RATE, like)
    assert not found.here
    assert shown_words(found).startswith("Your runs, alike in all else: 0.0005")


def test_a_field_that_every_run_has_alike_shows_only_the_runs_like_the_draft(project: Project) -> None:
    found = field_shown(project, "lora.r", copy_of(project, ROOT))
    assert [item.value for item in found.values] == ["16"]
    assert found.difference is None
    assert shown_words(found) == "Your runs, all else as here: 16: loss 3.428 (3 seeds)."


def test_what_was_only_changed_together_with_others_shows_nothing_of_itself(project: Project) -> None:
    found = field_shown(project, "train.weight_decay")
    assert found.values == ()
    assert shown_words(found) == (
        "Your runs had 0.01, 0.1, but with other changes too: of this field alone they show nothing."
    )


def test_a_field_without_any_effect_shows_nothing(project: Project) -> None:
    assert shown_words(field_shown(project, "train.checkpoint_every_steps", copy_of(project, ROOT))) == ""


def test_a_field_of_sampling_is_told_by_verdicts_alone(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    cooler = "20261120-1100-embedded-lr0.001-9999"
    add(project, cooler, parent=ROOT, sampling={"temperature": 0.5}, with_base=True, sampled=True)
    with fixed_time():
        for item in reviewing.review(project, cooler).comparisons[:2]:
            reviewing.judge(project, item, "left", masked=False)
    found = field_shown(project, "sampling.temperature", copy_of(project, ROOT))
    assert found.difference is None
    assert all(item.measured == () for item in found.values)
    words = shown_words(found)
    assert "0.5: run:base" in words
    assert "not judged" in words
    assert "loss" not in words


def test_a_dataset_is_told_like_a_field(project: Project) -> None:
    found = field_shown(project, "dataset", copy_of(project, SLOWER))
    assert [item.value for item in found.values] == ["1"]
    assert found.here


def test_only_fields_that_were_varied_are_listed(project: Project) -> None:
    assert [item.path for item in varied(project)] == [RATE, "train.max_steps", "train.weight_decay", "train.seed"]


def test_seeds_are_values_of_their_own_and_differ_by_the_noise(project: Project) -> None:
    found = field_shown(project, "train.seed", copy_of(project, ROOT))
    assert [(item.value, len(item.measured)) for item in found.values] == [("1", 1), ("2", 1), ("3", 1)]
    assert shown_words(found).endswith("What they differ by is the noise.")


def test_a_name_that_is_no_field_says_where_they_are_listed(project: Project) -> None:
    with pytest.raises(WorkbenchError, match=r"no field 'train\.speed'.*experiments fields"):
        field_shown(project, "train.speed")


def test_every_field_can_be_asked_for(project: Project) -> None:
    like = copy_of(project, ROOT)
    assert all(field_shown(project, path, like).path == path for path in PATHS)
