"""What is said of a run's data before it is launched."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from store import datasets
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from workbench.operations import launch_warnings
from workbench.operations.checking import check
from workbench.operations.launch_warnings import data_warnings
from workbench.operations.launching import draft
from workbench.operations.project import Project
from workbench.operations.waiving import waive

# The rules that a launch looks at too.
_SHARED = {"source-share", "small-holdout"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def warnings_of(project: Project) -> list[str]:
    ready = draft(project, parent=BASE_RUN)
    assert ready.dataset_id is not None
    return data_warnings(project, ready.spec, ready.dataset_id)


def set_rules(project: Project, **values: object) -> None:
    project.settings = replace(project.settings, rules=replace(project.settings.rules, **values))


def give(monkeypatch: pytest.MonkeyPatch, **sources: dict[str, int]) -> None:
    monkeypatch.setattr(launch_warnings.datasets, "sources", lambda db, dataset_id, split: sources[split])


def test_a_small_holdout_is_told_as_the_checks_tell_it_with_what_an_earlier_run_measured(project: Project) -> None:
    held = datasets.rows(project.db)[-1].holdout_pairs
    (found,) = [item for item in warnings_of(project) if "held-out" in item]
    assert found.startswith(f"{held} held-out pairs from ")
    assert re.search(r" An earlier run on it measured a loss of [0-9.]+ ± 0\.30\.$", found)


def test_without_an_earlier_run_nothing_is_said_of_a_measured_loss(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_warnings.runs, "latest_validation", lambda db, dataset_hash: None)
    (found,) = [item for item in warnings_of(project) if "held-out" in item]
    assert "earlier run" not in found


def test_launch_and_checks_warn_by_the_same_rules(project: Project) -> None:
    checked = {item.rule: item.message for item in check(project).warnings if item.rule in _SHARED}
    assert set(checked) == _SHARED
    assert all(any(said.startswith(message) for said in warnings_of(project)) for message in checked.values())
    set_rules(project, max_source_share=0.0, min_holdout_pairs=2, min_holdout_sources=1)
    assert not _SHARED & {item.rule for item in check(project).warnings}
    assert warnings_of(project) == []


def test_a_rule_that_is_off_is_not_looked_at(project: Project) -> None:
    set_rules(project, off=("small-holdout", "source-share"))
    assert warnings_of(project) == []


def test_a_model_that_is_not_here_is_named_with_what_to_do(project: Project) -> None:
    assert not any("is not here" in item for item in draft(project, parent=BASE_RUN).warnings)
    (said,) = [item for item in draft(project, model="foo/bar").warnings if "is not here" in item]
    assert said.startswith("foo/bar is not here: the job fetches it at launch")
    assert "`workbench models add foo/bar`" in said


def test_the_sources_above_their_share_are_one_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    set_rules(project, max_source_share=0.3, min_holdout_pairs=4, min_holdout_sources=1)
    give(monkeypatch, train={"salt": 4, "bread": 9, "sand": 7, "rust": 1}, holdout={"held": 4})
    assert warnings_of(project) == [
        "bread gives 43% of the training pairs: above 30% a model may learn that one essay. Accept pairs from others, "
        "or reject some of it. 1 more source is above it."
    ]


def test_what_the_author_waived_in_datasets_is_not_said_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_rules(project, max_source_share=0.5)
    give(monkeypatch, train={"on-sandals": 9, "the-back-wheel": 3}, holdout={"held": 4})
    assert len(warnings_of(project)) == 2
    waive(project, rule="source-share", scope="source", subject="on-sandals", reason="all there is")
    waive(project, rule="small-holdout", scope="dataset", subject="", reason="a first try")
    assert warnings_of(project) == []
