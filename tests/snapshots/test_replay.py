"""How the replay of a pair of samples looks, at 80x24 and 120x40."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import make_reviewed_project
from tests.snapshots.test_run_screens import Compare, looks_right
from workbench.operations.project import Project

pytestmark = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("workbench.app.COLLECT_S", 3600.0)
    return make_reviewed_project(tmp_path / "voice", traced=True)


def test_the_replay_where_it_begins_to_repeat(snap_compare: Compare, traced: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, traced, size, "review", "p", "c")


def test_the_masked_replay_at_its_last_step(snap_compare: Compare, traced: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, traced, size, "review", "M", "p", "G")
