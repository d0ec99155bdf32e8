"""Pairs stays where the author is: after an undo, after a search, after an edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, reshaping
from workbench.operations.project import Project
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell

SENTENCES = [
    f"This is sentence {number} of a pair that is longer than the pane it is read in, and so it takes two lines there."
    for number in range(9)
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed, one of them held out, eight accepted, four rejected."""
    return make_curated_project(tmp_path / "voice")


def queue(project: Project) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


def pairs_screen(app: Shell) -> PairsScreen:
    assert isinstance(app.screen, PairsScreen)
    return app.screen


async def words(pilot: Pilot[Any], text: str) -> None:
    """Type into the filter, and wait until it is asked for."""
    await press(pilot, "slash")
    await pilot.press(*text)
    await pilot.pause(0.3)
    await settle(pilot)


async def test_undoing_a_skip_puts_the_pair_back_where_it_was(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        before = list(screen.pairs.ids)
        await press(pilot, "a", "z", "u")
        assert list(screen.pairs.ids) == before
        assert screen.pairs.current == before[1]
        await press(pilot, "U")
        assert list(screen.pairs.ids) == [before[0], *before[2:], before[1]]
        await press(pilot, "u", "g", "j", "space", "space", "z")
        assert list(screen.pairs.ids) == [before[0], before[3], before[1], before[2]]
        await press(pilot, "u")
        assert list(screen.pairs.ids) == before


async def test_leaving_a_filter_by_words_leads_back_to_the_pair_before_it(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        screen.action_show_filter("all")
        await settle(pilot)
        found = curating.pair_ids(project, PairFilter(words="bicycle"))
        before = next(key for key in reversed(screen.pairs.ids) if key not in found)
        screen.pairs.go_to(before)
        await settle(pilot)
        await words(pilot, "bicycle")
        assert screen.pairs.current != before
        await press(pilot, "escape")
        assert screen.pairs.current == before
        assert len(screen.pairs.ids) == 16
        await words(pilot, "bicycle")
        await press(pilot, "enter", "j")
        assert "enter shows this pair among the others, esc goes back to where you were" in shown(screen)
        await press(pilot, "exclamation_mark", "escape")
        assert "among the others" not in shown(screen)
        assert screen.pairs.current == before
        assert len(screen.pairs.ids) == 16


async def test_enter_on_what_a_filter_found_opens_it_among_the_others(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        screen.action_show_filter("all")
        await settle(pilot)
        await press(pilot, "G")
        await words(pilot, "bicycle")
        await press(pilot, "enter", "j")
        found = screen.pairs.current
        await press(pilot, "enter")
        assert len(screen.pairs.ids) == 16
        assert screen.pairs.current == found
        await press(pilot, "escape")
        assert screen.pairs.current == found


async def test_leaving_a_number_leads_back_to_the_filter_and_the_pair_before_it(project: Project) -> None:
    rejected = curating.pair_ids(project, PairFilter(statuses=("rejected",)))[1]
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "j")
        before, ids = screen.pairs.current, list(screen.pairs.ids)
        await words(pilot, f"#{rejected}")
        assert screen.pairs.current == rejected
        await press(pilot, "escape")
        assert screen.pairs.current == before
        assert list(screen.pairs.ids) == ids


async def test_leaving_the_search_over_everything_leads_back(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "j", "j")
        before = screen.pairs.current
        await press(pilot, "F")
        await pilot.press(*"bicycle")
        await pilot.pause(0.3)
        await press(pilot, "down", "escape")
        assert screen.pairs.current == before


def lengthened(project: Project, *, prompt: int, response: int) -> int:
    """Give a pair long texts; return its id."""
    first = queue(project)[0]
    reshaping.edit_pair(project, first, prompt=" ".join(SENTENCES[:prompt]), response=" ".join(SENTENCES[-response:]))
    return first


def sees_boundary(screen: PairsScreen) -> bool:
    """Say whether the boundary is in view with the prompt's last line and the response's first."""
    first = screen.text.scroll_offset.y
    last = first + screen.text.scrollable_content_region.height - 1
    return first <= screen.text.boundary - 1 and screen.text.boundary + 1 <= last


@pytest.mark.parametrize(
    "key", ["right_square_bracket", "left_square_bracket", "left_parenthesis", "right_parenthesis"]
)
async def test_moving_a_boundary_keeps_it_in_view_with_the_prompt_s_end(project: Project, key: str) -> None:
    first = lengthened(project, prompt=6, response=6)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        screen.pairs.go_to(first)
        await settle(pilot)
        for _ in range(4):
            await press(pilot, key)
            assert sees_boundary(screen)
        await press(pilot, "u", "u")
        assert sees_boundary(screen)


async def test_what_is_cut_off_an_end_is_seen_there(project: Project) -> None:
    first = lengthened(project, prompt=8, response=8)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        screen.pairs.go_to(first)
        await settle(pilot)
        await press(pilot, "left_curly_bracket")
        assert screen.text.scroll_offset.y == 0
        assert "This is sentence 1 of" in shown(screen)
        await press(pilot, "right_curly_bracket")
        assert "This is sentence 7 of" in shown(screen)
        assert "This is sentence 8 of a pair that" not in shown(screen)


async def test_a_pair_that_was_split_or_merged_is_shown_from_its_prompt_s_end(project: Project) -> None:
    first = lengthened(project, prompt=6, response=8)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        screen.pairs.go_to(first)
        await settle(pilot)
        await press(pilot, "s", "down", "down", "enter")
        assert sees_boundary(screen)
        await press(pilot, "u")
        assert sees_boundary(screen)
        screen.action_show_filter("accepted")
        await settle(pilot)
        await press(pilot, *["J"] * 4, "m")
        assert sees_boundary(screen)


async def test_leaving_a_split_shows_the_pair_as_it_stood(project: Project) -> None:
    first = lengthened(project, prompt=2, response=8)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        screen.pairs.go_to(first)
        await settle(pilot)
        stood = screen.text.scroll_offset.y
        await press(pilot, "s", "down", "down")
        assert screen.text.scroll_offset.y != stood
        await press(pilot, "escape")
        assert screen.text.scroll_offset.y == stood


async def test_the_halves_of_a_split_are_neighbours_in_the_queue_with_the_first_under_the_cursor(
    project: Project,
) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "a")
        before = list(screen.pairs.ids)
        # The second half is of one sentence, and doubtful for that.
        await press(pilot, "s", "down", "down", "down", "enter")
        assert len(queue(project)) == 4
        assert screen.pairs.current == before[1]
        second = screen.pairs.ids[2]
        assert list(screen.pairs.ids) == [*before[:2], second, *before[2:]]
        assert second not in before
        await press(pilot, "1", "2")
        ids = list(screen.pairs.ids)
        assert ids.index(second) == ids.index(before[1]) + 1


async def test_the_halves_of_a_skipped_pair_are_skipped_both(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "z", "G")
        skipped = screen.pairs.current
        await press(pilot, "s", "down", "down", "down", "enter")
        assert queue(project)[-2] == skipped
        assert list(screen.pairs.ids) == queue(project)


async def test_a_merged_pair_stays_where_it_was_in_the_queue(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "a", "s", "down", "down", "down", "enter")
        before = list(screen.pairs.ids)
        await press(pilot, "m")
        assert list(screen.pairs.ids) == [*before[:2], *before[3:]]
        assert screen.pairs.current == before[1]


async def test_undoing_a_split_or_a_merge_leaves_every_other_pair_where_it_was(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "a")
        whole = list(screen.pairs.ids)
        await press(pilot, "s", "down", "down", "down", "enter")
        halves = list(screen.pairs.ids)
        await press(pilot, "u")
        assert list(screen.pairs.ids) == whole
        await press(pilot, "U")
        assert list(screen.pairs.ids) == halves
        assert screen.pairs.current == whole[1]
        await press(pilot, "m", "u")
        assert list(screen.pairs.ids) == halves
        await press(pilot, "U")
        assert list(screen.pairs.ids) == whole
        assert screen.pairs.current == whole[1]
