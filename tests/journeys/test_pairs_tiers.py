"""Pairs of the tiers whose prompt the author writes: proposed by a dialog, written by one key, then accepted by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import TextArea

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, shown
from workbench.operations import curating, guide
from workbench.operations.project import Project
from workbench.screens.pair_edit import EditPair
from workbench.screens.pairs import PairsScreen
from workbench.widgets.choose_many import ManyDialog


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_curated_project(tmp_path / "voice")


def of_tier(project: Project, tier: str) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(tier=tier)))


async def test_p_asks_which_tiers_and_remembers_them(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "p")
        assert isinstance(app.screen, ManyDialog)
        text = shown(app.screen)
        assert "[x] continuation" in text
        assert "[ ] thesis" in text
        await press(pilot, "c", "t", "enter")
        theses = of_tier(project, "thesis")
        assert len(theses) >= 1
        assert not any(curating.pair_view(project, item).pair.prompt for item in theses)
        assert len(of_tier(project, "continuation")) == 16
        assert guide.recall(project, "pairs.tiers") == ["thesis"]
        await press(pilot, "p")
        assert "[x] thesis" in shown(app.screen)


async def test_nothing_switched_on_proposes_nothing(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "p", "c", "enter")
        assert isinstance(app.screen, ManyDialog)
        await press(pilot, "escape")
        assert len(curating.pair_ids(project, PairFilter())) == 16


async def test_a_thesis_is_not_accepted_until_it_is_written_and_then_by_one_key(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "O")
        await press(pilot, "g")
        await press(pilot, "p", "c", "t", "enter")
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        thesis = of_tier(project, "thesis")[0]
        await press(pilot, "g")
        assert screen.pairs.current == thesis
        assert "Press i and write your thesis here." in shown(screen)
        assert "⚠" not in shown(screen)
        await press(pilot, "a")
        assert "Its prompt is not written yet" in shown(screen)
        assert curating.pair_view(project, thesis).pair.status == "proposed"
        assert screen.pairs.current == thesis
        await press(pilot, "i")
        assert isinstance(app.screen, EditPair)
        assert "prompt: your thesis" in shown(app.screen)
        assert app.screen.query_one("#edit-prompt", TextArea).has_focus
        await press(pilot, *"Keys", "escape")
        assert curating.pair_view(project, thesis).pair.prompt == "Keys"
        await press(pilot, "a")
        assert curating.pair_view(project, thesis).pair.status == "accepted"
        await press(pilot, "u", "u")
        assert curating.pair_view(project, thesis).pair.prompt == ""


async def test_accepting_all_leaves_those_without_a_prompt(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "p", "c", "t", "enter", "g")
        waiting = len(of_tier(project, "thesis"))
        await press(pilot, "asterisk", "a")
        assert f"{waiting} still need their prompt" in shown(app.screen)
        assert len(curating.pair_ids(project, PairFilter(statuses=("proposed",)))) == waiting


async def test_what_was_written_outlives_proposing_again(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "O")
        await press(pilot, "g")
        await press(pilot, "p", "c", "t", "enter")
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        theses = of_tier(project, "thesis")
        thesis = theses[0]
        await press(pilot, "g", "i", *"Keys", "escape", "p", "enter")
        assert curating.pair_view(project, thesis).pair.prompt == "Keys"
        assert len(of_tier(project, "thesis")) == len(theses)


async def test_the_boundary_of_a_thesis_does_not_move_and_its_essay_is_shown_alone(project: Project) -> None:
    first = list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))[0]
    curating.retag(project, [first], "thesis")
    before = curating.pair_view(project, first).pair
    async with opened(project.root, "pairs") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        screen.pairs.go_to(first)
        for key in ("left_square_bracket", "right_square_bracket"):
            await press(pilot, key)
            assert "The prompt of a thesis is written, not cut from the essay: write it with i." in shown(screen)
        assert curating.pair_view(project, first).pair == before
        await press(pilot, "e", "escape")
        assert "Nothing was changed." in shown(screen)
        await press(pilot, "e", "M", "escape")
        assert f"Pair {first} is changed: u takes it back." in shown(screen)
        await press(pilot, "S")
        assert list(screen.pairs.ids) == [first]
        await press(pilot, "escape")
        assert len(screen.pairs.ids) == 4
