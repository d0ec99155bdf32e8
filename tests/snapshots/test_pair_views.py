"""How the queue, the choice of tiers, the search and the history look, at 80x24 and 120x40."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.journeys.builders import make_curated_project
from tests.journeys.program import press
from tests.snapshots.test_curation_screens import SIZES, Compare, looks_right

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


@pytest.fixture
def curated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four essays, one held out, with pairs of every status; the clock on the wall shows UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    make_curated_project(tmp_path / "voice").close()
    return tmp_path / "voice"


def test_the_queue_with_a_skipped_and_a_held_out_pair(
    snap_compare: Compare, curated: Path, size: tuple[int, int]
) -> None:
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=("z", "G"))


def test_the_choice_of_tiers(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=("p", "t"))


def test_the_history(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="essays", keys=("L", "j"))


def test_the_search(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    async def search(pilot: Pilot[Any]) -> None:
        pilot.app.screen.query_one(Input).value = "pamphlets plain"
        await pilot.pause(0.3)
        await press(pilot, "down")

    assert looks_right(snap_compare, curated, size, screen="essays", keys=("F",), before=search)
