"""Score runs: they make runs comparable that were validated on different pairs, and are drafted to be comparable."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import essays
from tests.journeys.builders import fixed_time, train_spec
from tests.journeys.experiment_builders import ROOT, add, add_score, make_tree
from workbench.operations.drafting import open_form
from workbench.operations.errors import LaunchError
from workbench.operations.experiment_losses import loss_difference
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_view import compare_runs
from workbench.operations.experiment_words import loss_words
from workbench.operations.experiments import tree
from workbench.operations.freezing import dataset_rows, freeze, snapshot_of
from workbench.operations.launching import draft
from workbench.operations.project import Project

OTHER = "20261120-1200-embedded-lr0.001-0000"
SCORE = "20261120-1210-embedded-score-adapter-1111"
BASE_SCORE = "20261120-1220-embedded-score-base-2222"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A tree of runs on dataset 1, and one more run on dataset 2, whose held-out essay is another one."""
    project = make_tree(tmp_path / "voice")
    with fixed_time():
        for row in essays.rows(project.db):
            essays.set_split(project.db, [row.id], "holdout" if row.slug == "the-back-wheel" else "train")
        assert freeze(project).dataset.number == 2
    add(project, OTHER)
    return project


def held_out(project: Project, number: int) -> list[str]:
    frozen = snapshot_of(project, next(row.id for row in dataset_rows(project) if row.number == number))
    return sorted(pair.id for pair in frozen.pairs if pair.split == "holdout")


def score(project: Project, name: str, of: str | None, number: int, loss: float, **how: int) -> None:
    dataset_id = next(row.id for row in dataset_rows(project) if row.number == number)
    losses = {pair: loss + 0.01 * place for place, pair in enumerate(held_out(project, number))}
    add_score(project, name, of=of, dataset_id=dataset_id, losses=losses, **how)


def test_runs_on_other_pairs_are_not_comparable_and_the_remedy_is_said(project: Project) -> None:
    found = loss_difference(Records.read(project), OTHER, ROOT)
    assert found.value is None
    assert loss_words(found) == [
        "Not comparable: they have no two held-out pairs in common. Score one of them on the other's dataset."
    ]


def test_a_score_on_the_others_pairs_makes_them_comparable(project: Project) -> None:
    score(project, SCORE, ROOT, 2, 3.0)
    found = loss_difference(Records.read(project), OTHER, ROOT)
    assert found.scored == (SCORE,)
    assert found.one_by_one
    assert found.pairs == len(held_out(project, 2))
    assert found.value is not None
    assert f"Both as scored on the same held-out pairs by {SCORE}." in loss_words(found)


def test_a_score_on_another_number_of_masks_is_not_laid_beside_it(project: Project) -> None:
    score(project, SCORE, ROOT, 2, 3.0, draws=20)
    assert loss_difference(Records.read(project), OTHER, ROOT).value is None


def test_two_scores_are_compared_like_two_runs(project: Project) -> None:
    score(project, SCORE, ROOT, 1, 3.0)
    score(project, BASE_SCORE, None, 1, 4.5)
    found = loss_difference(Records.read(project), SCORE, BASE_SCORE)
    assert found.value == pytest.approx(-1.5)
    view = compare_runs(project, SCORE, BASE_SCORE)
    assert [(item.path, item.effect) for item in view.changes] == [("adapter.run", "training")]
    assert view.warning == ""
    assert found.scored == ()


def test_a_score_hangs_under_the_run_whose_adapter_it_is_of(project: Project) -> None:
    score(project, SCORE, ROOT, 2, 3.0)
    [branch] = [item for item in tree(project) if item.row.name == SCORE]
    assert (branch.above, branch.sort, branch.told) == (ROOT, "scoring", "scored on dataset 2")
    assert branch.row.val_loss == pytest.approx(3.0, abs=0.1)


def test_a_score_is_drafted_as_its_run_validated_on_the_newest_dataset(project: Project) -> None:
    spec = draft(project, task="score").spec
    recipe = train_spec(project, "any").train
    assert recipe is not None
    assert spec.score is not None
    assert (spec.score.draws, spec.score.max_length) == (recipe.eval_draws, recipe.max_length)
    assert spec.dataset_hash == dataset_rows(project)[0].content_hash
    assert spec.objective == "masked-diffusion"
    assert spec.canary_hash is None
    assert spec.train is None


def test_a_form_for_a_score_has_its_fields_and_none_of_sampling(project: Project) -> None:
    lines = [line.path for line in open_form(project, "score base").lines()]
    assert {"dataset", "score.draws", "score.max_length", "score.over_long"} <= set(lines)
    assert not [path for path in lines if path.startswith(("sampling.", "train."))]


def test_without_a_dataset_there_is_nothing_to_score(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice")
    with pytest.raises(LaunchError, match="There is no dataset to measure"):
        draft(project, task="score")
