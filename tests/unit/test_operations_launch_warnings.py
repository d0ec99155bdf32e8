"""What is said of a run's data before it is launched."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import datasets
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from workbench.operations import launch_warnings
from workbench.operations.launch_warnings import data_warnings
from workbench.operations.launching import draft
from workbench.operations.project import Project
from workbench.operations.waiving import waive


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def warnings_of(project: Project) -> list[str]:
    ready = draft(project, parent=BASE_RUN)
    assert ready.dataset_id is not None
    return data_warnings(project, ready.spec, ready.dataset_id)


def test_a_small_holdout_is_told_by_the_smallest_difference_an_earlier_run_could_show(project: Project) -> None:
    held = datasets.rows(project.db)[-1].holdout_pairs
    assert 1 < held < 12
    (found,) = [item for item in warnings_of(project) if "holdout" in item]
    assert found.startswith(f"The holdout has {held} pairs: the smallest difference its loss could show alone is 0.30 ")


def test_without_an_earlier_run_it_is_told_in_spreads(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch_warnings.runs, "latest_validation", lambda db, dataset_hash: None)
    assert any("times the spread between its pairs" in item for item in warnings_of(project))


def test_a_model_that_is_not_here_is_named_with_what_to_do(project: Project) -> None:
    assert not any("is not here" in item for item in draft(project, parent=BASE_RUN).warnings)
    (said,) = [item for item in draft(project, model="foo/bar").warnings if "is not here" in item]
    assert said.startswith("foo/bar is not here: the job fetches it at launch")
    assert "`workbench models add foo/bar`" in said


def test_a_source_that_gives_most_of_the_pairs_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [("on-sandals", 9), ("the-back-wheel", 3)]
    monkeypatch.setattr(launch_warnings.datasets, "train_sources", lambda db, dataset_id: given)
    assert any(item.startswith("9 of 12 training pairs come from on-sandals") for item in warnings_of(project))


def test_what_the_author_waived_in_datasets_is_not_said_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [("on-sandals", 9), ("the-back-wheel", 3)]
    monkeypatch.setattr(launch_warnings.datasets, "train_sources", lambda db, dataset_id: given)
    assert len(warnings_of(project)) == 2
    waive(project, rule="source-share", scope="source", subject="on-sandals", reason="all there is")
    waive(project, rule="small-holdout", scope="dataset", subject="", reason="a first try")
    assert warnings_of(project) == []


def test_pairs_that_come_evenly_from_many_sources_are_not_warned_of(project: Project) -> None:
    sources = datasets.train_sources(project.db, datasets.rows(project.db)[-1].id)
    assert len(sources) > 2
    assert [count for _, count in sources] == sorted((count for _, count in sources), reverse=True)
    assert not any("training pairs come from" in item for item in warnings_of(project))
