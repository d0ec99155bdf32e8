"""What Pairs tells: tiers, numbers that add up, notes that are kept, and how a pair is found by its number."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, shown
from workbench.operations import curating
from workbench.operations.project import Project
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed, eight accepted, four rejected."""
    return make_curated_project(tmp_path / "voice")


def pairs_screen(app: Shell) -> PairsScreen:
    """Return the screen, which must be the one that is shown."""
    assert isinstance(app.screen, PairsScreen)
    return app.screen


def of(project: Project, *statuses: str) -> list[int]:
    """Return the ids of these statuses, in reading order."""
    return list(curating.pair_ids(project, PairFilter(statuses=statuses)))


async def test_one_tier_is_shown_at_a_time_and_kept_and_esc_shows_all(project: Project) -> None:
    thesis, *others = of(project, "proposed")
    curating.retag(project, [thesis], "thesis")
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        assert " thes " in shown(screen)
        assert " cont " in shown(screen)
        await press(pilot, "T")
        assert "1 pair: what is meant" in shown(app.screen)
        await press(pilot, "t")
        assert list(screen.pairs.ids) == [thesis]
        assert "1 found  queue  T thesis" in shown(screen)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        assert list(screen.pairs.ids) == [thesis]
        await press(pilot, "escape")
        assert set(screen.pairs.ids) == {thesis, *others}


async def test_a_project_of_one_tier_has_none_to_choose(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert " cont " not in shown(app.screen)
        await press(pilot, "T")
        assert "All pairs are of one tier: continuation." in shown(app.screen)
