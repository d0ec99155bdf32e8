"""How Experiments looks: without runs, with a tree, and with two runs compared, at 80x24 and 120x40."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import fixed_time, make_curated_project, project_time
from tests.journeys.experiment_builders import ROOT, SLOWER, make_tree
from tests.snapshots.test_run_screens import Compare, looks_right
from workbench.operations import noting, reviewing
from workbench.operations.project import Project
from workbench.screens import run_lines

pytestmark = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lines, "present", project_time)
    monkeypatch.setattr("workbench.app.COLLECT_S", 3600.0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_tree(tmp_path / "voice")
    with fixed_time():
        verdicts: list[reviewing.Verdict] = ["right", "right", "left", "tie", "right", "both bad"]
        for item, verdict in zip(reviewing.review(project, SLOWER).comparisons, verdicts, strict=True):
            reviewing.judge(project, item, verdict, masked=False)
        noting.add_note(project, "Half the rate keeps the thread longer.\n\nIt still ends on a proverb.", run=SLOWER)
        noting.add_note(project, "Lower, and it reads better.", run=SLOWER, other_run=ROOT)
    return project


def test_experiments_without_runs(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, make_curated_project(tmp_path / "voice"), size, "experiments")


def test_experiments_with_a_tree(snap_compare: Compare, project: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, project, size, "experiments", "k", "k")


def test_experiments_with_two_runs_compared(snap_compare: Compare, project: Project, size: tuple[int, int]) -> None:
    keys = ("g", "j", "equals_sign", "G", "k", "k", "equals_sign")
    assert looks_right(snap_compare, project, size, "experiments", *keys)
