"""How the blind test looks: a text that is read, and a result, at 80x24 and 120x40."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.journeys.blind_builder import RUN, make_blind_project
from tests.journeys.builders import fixed_time
from tests.journeys.program import press, settle
from workbench.app import WorkbenchApp
from workbench.operations import blind, blind_result
from workbench.operations.project import Project

Compare = Callable[..., bool]

pytestmark = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.app.COLLECT_S", 3600.0)


@pytest.fixture
def begun(tmp_path: Path) -> Project:
    project = make_blind_project(tmp_path / "voice", with_base=True)
    with fixed_time():
        blind.begin(project, RUN, seed=11)
    return project


def answered(project: Project) -> None:
    test = blind.round_of(project, RUN)
    with fixed_time():
        for item in test.texts:
            rightly = item.position % 4 != 1
            blind.answer(
                project, item.id, answer="mine" if item.real == rightly else "not mine", sure=item.position % 3 + 1
            )
        blind.answer(project, test.texts[1].id, note="too even for me")


def looks_right(compare: Compare, project: Project, size: tuple[int, int], *keys: str) -> bool:
    async def run(pilot: Pilot[Any]) -> None:
        while pilot.app.screen.id == "opening":
            await pilot.pause(0.02)
        await settle(pilot)
        await press(pilot, *keys)
        await settle(pilot)

    return compare(WorkbenchApp(project, project.root, screen="review"), run_before=run, terminal_size=size)


def test_a_text_is_read(snap_compare: Compare, begun: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, begun, size, "b", "m", "2", "n", *"dry", "enter")


def test_a_result_and_its_sources(snap_compare: Compare, begun: Project, size: tuple[int, int]) -> None:
    answered(begun)
    assert looks_right(snap_compare, begun, size, "b", "enter")


def test_a_further_round_can_begin(snap_compare: Compare, begun: Project, size: tuple[int, int]) -> None:
    answered(begun)
    with fixed_time():
        blind_result.reveal(begun, blind.round_of(begun, RUN))
    assert looks_right(snap_compare, begun, size, "b")
