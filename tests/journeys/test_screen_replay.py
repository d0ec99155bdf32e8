"""Replay by keys: playing, stepping, blocks, the collapse, both sides, masks, and where there is nothing to see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from store import samples
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project
from tests.journeys.program import press, shown
from tests.journeys.program import settle as at_rest
from tests.journeys.screens import settle
from tests.journeys.traces import trace
from workbench.app import WorkbenchApp
from workbench.operations.project import Project
from workbench.operations.replaying import canvas_text, replay
from workbench.operations.reviewing import review
from workbench.screens.replay import SPEEDS, ReplayScreen
from workbench.screens.review import ReviewScreen
from workbench.widgets.canvas_text import CanvasText
from workbench.widgets.status_line import StatusLine
from workbench.widgets.step_line import StepLine

WIDE, NARROW = (120, 40), (80, 24)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice", traced=True)


@asynccontextmanager
async def replaying(
    project: Project, size: tuple[int, int] = WIDE, *, keys: tuple[str, ...] = (), pause: bool = True
) -> AsyncIterator[Pilot[int]]:
    """Open the replay of the first pair, paused at the empty canvas."""
    app = WorkbenchApp(project, project.root, screen="review")
    async with app.run_test(size=size) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, ReviewScreen) and app.screen._stand is not None)
        await at_rest(pilot)
        await press(pilot, *keys, "p")
        await settle(pilot, lambda: isinstance(app.screen, ReplayScreen) and len(app.screen._found) == 2)
        if pause:
            await press(pilot, "g")
        yield pilot
    app.finish_writes()


def screen_of(pilot: Pilot[int]) -> ReplayScreen:
    assert isinstance(pilot.app.screen, ReplayScreen)
    return pilot.app.screen


def canvas(pilot: Pilot[int], side: str) -> CanvasText:
    return screen_of(pilot).query_one(f"#canvas-{side}", CanvasText)


async def test_p_plays_both_canvases_from_empty_to_full(project: Project) -> None:
    async with replaying(project, pause=False) as pilot:
        assert screen_of(pilot).playing
        await press(pilot, *["plus"] * len(SPEEDS))
        await settle(pilot, lambda: not screen_of(pilot).playing)
        screen = screen_of(pilot)
        comparison = review(project, SECOND_RUN).comparisons[0]
        for side, sample in (("left", comparison.base), ("right", comparison.adapter)):
            found = replay(project, sample.id)
            assert canvas(pilot, side).frame == len(found.frames)
        text = " ".join(shown(screen).split())
        assert f"step {screen.step} of {screen.step}" in text
        assert "space plays" in text
        assert "▒" not in text
        await press(pilot, "space")
        assert screen.playing
        assert screen.step < screen._last, "it begins again"


async def test_steps_go_on_and_back_and_pause(project: Project) -> None:
    async with replaying(project) as pilot:
        screen = screen_of(pilot)
        assert (screen.step, screen.playing) == (0, False)
        assert "0 of " in shown(screen)
        await press(pilot, "l", "right", "l", "h")
        assert screen.step == 2
        await press(pilot, "left", "left", "left")
        assert screen.step == 0
        await press(pilot, "space", "l")
        assert not screen.playing
        await press(pilot, "G")
        assert screen.step == screen._last
        await press(pilot, "l")
        assert screen.step == screen._last
        await press(pilot, "g")
        assert screen.step == 0


async def test_a_step_draws_what_it_commits_and_nothing_else_moves(project: Project) -> None:
    async with replaying(project) as pilot:
        comparison = review(project, SECOND_RUN).comparisons[0]
        found = replay(project, comparison.base.id)
        before = shown(screen_of(pilot)).splitlines()
        await press(pilot, "l")
        after = shown(screen_of(pilot)).splitlines()
        (commit,) = found.frames[0].commits
        assert found.texts[commit.position].strip() in "\n".join(after)
        changed = [row for row, (old, new) in enumerate(zip(before, after, strict=True)) if old[:58] != new[:58]]
        # The side's head, its steps, the canvas's one line, and the line of the step.
        assert len(changed) <= 4


async def test_brackets_go_from_block_to_block(project: Project) -> None:
    async with replaying(project) as pilot:
        screen = screen_of(pilot)
        await press(pilot, "right_square_bracket")
        assert screen.step == 1
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert screen.step == 33
        assert "block 3 of " in shown(screen)
        await press(pilot, "l", "left_square_bracket")
        assert screen.step == 33
        await press(pilot, "left_square_bracket")
        assert screen.step == 17
        await press(pilot, "G", "right_square_bracket")
        assert "last block" in shown(screen)


async def test_c_goes_to_where_the_repetition_begins(project: Project) -> None:
    async with replaying(project) as pilot:
        screen = screen_of(pilot)
        base = replay(project, review(project, SECOND_RUN).comparisons[0].base.id)
        assert base.facts.begins is not None
        assert "c goes to where the repetition begins" in shown(screen)
        await press(pilot, "c")
        assert screen.step == base.facts.begins[0]
        assert "▸" in shown(screen)
        text = " ".join(shown(screen).split())
        assert "Repetition takes over after" in text
        await press(pilot, "tab", "c")
        assert "No repetition takes over in this sample" in shown(screen)
        assert screen.step == base.facts.begins[0]


async def test_tab_shows_the_other_side_at_the_same_step_where_there_is_room_for_one(project: Project) -> None:
    comparison = review(project, SECOND_RUN).comparisons[0]
    async with replaying(project, NARROW) as pilot:
        screen = screen_of(pilot)
        await press(pilot, "l", "l", "l")
        assert "base" in shown(screen)
        assert not screen.query_one("#side-right").display
        await press(pilot, "tab")
        assert "base" not in shown(screen)
        assert short_of(SECOND_RUN) in shown(screen)
        assert screen.step == 3
        assert canvas(pilot, "right").frame == 3
        await press(pilot, "y")
        assert pilot.app.clipboard == canvas_text(replay(project, comparison.adapter.id), 3)
        await press(pilot, "shift+tab", "G", "y")
        assert pilot.app.clipboard.startswith(comparison.base.text)


def short_of(run: str) -> str:
    return run[-4:]


async def test_it_opens_on_the_side_that_had_the_focus(project: Project) -> None:
    async with replaying(project, NARROW, keys=("tab",)) as pilot:
        assert short_of(SECOND_RUN) in shown(screen_of(pilot))


async def test_a_window_that_grows_shows_both_sides_in_step(project: Project) -> None:
    async with replaying(project, NARROW) as pilot:
        await press(pilot, "l", "l")
        await pilot.resize_terminal(*WIDE)
        await at_rest(pilot)
        screen = screen_of(pilot)
        assert screen.query_one("#side-right").display
        assert canvas(pilot, "left").frame == canvas(pilot, "right").frame == 2
        assert len(shown(screen).split("░")) > 10


async def test_masked_nothing_says_which_side_is_the_base(project: Project) -> None:
    for path in (project.root / "runs" / BASE_RUN / "traces").glob("base-*"):
        path.write_text("{")
    comparison = review(project, SECOND_RUN).comparisons[0]
    async with replaying(project, keys=("M",)) as pilot:
        text = shown(screen_of(pilot))
        assert "masked" in text
        assert "The trace is not whole" in text or "The trace has no prompt_tokens" in text
        for word in ("base", "adapter", BASE_RUN[-4:], SECOND_RUN[-4:], "embedded"):
            assert word not in text
        side = "right" if comparison.swapped else "left"
        assert screen_of(pilot).query_one(f"#reason-{side}").display


@pytest.mark.parametrize("key", ["escape", "p", "q"])
async def test_leaving_goes_back_to_the_pair_and_judges_nothing(project: Project, key: str) -> None:
    async with replaying(project, keys=("right_square_bracket",)) as pilot:
        assert "pair 2 of 6" in shown(screen_of(pilot))
        await press(pilot, "right", "left", key)
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert "pair 2 of 6" in shown(pilot.app.screen)
        assert review(project, SECOND_RUN).judged == 0


async def test_a_click_on_the_steps_goes_there(project: Project) -> None:
    async with replaying(project) as pilot:
        await pilot.click(screen_of(pilot).query_one("#steps-left", StepLine), offset=(2 + len("step 1 ") + 10, 0))
        await at_rest(pilot)
        screen = screen_of(pilot)
        frames = len(replay(project, review(project, SECOND_RUN).comparisons[0].base.id).frames)
        assert 0 < screen.step < frames
        assert not screen.playing


async def test_samples_without_a_trace_say_why_there_is_nothing_to_see(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    for size in (NARROW, WIDE):
        async with replaying(project, size) as pilot:
            text = " ".join(shown(screen_of(pilot)).split())
            assert "This sample has no trace" in text
            await press(pilot, "space", "l", "c", "y", "tab", "right_square_bracket", "plus", "G")
            assert not screen_of(pilot).playing
            await press(pilot, "escape")


async def test_beside_a_side_without_a_trace_the_other_plays_as_fast_as_ever(project: Project) -> None:
    comparison = review(project, SECOND_RUN).comparisons[0]
    (project.root / "runs" / BASE_RUN / str(comparison.base.trace_path)).unlink()
    async with replaying(project, NARROW) as pilot:
        assert "is not there any more" in " ".join(shown(screen_of(pilot)).split())
        await press(pilot, "tab")
        await pilot.press("space")
        assert screen_of(pilot).playing
        assert f"· {SPEEDS[0]} a second" not in shown(screen_of(pilot))


async def test_without_a_tokenizer_squares_fill_and_how_to_fetch_it_is_said(project: Project) -> None:
    with project.db.transaction() as connection:
        connection.execute('UPDATE run SET spec_json = replace(spec_json, \'"id":"embedded"\', \'"id":"a/LLaDA"\')')
        connection.execute('UPDATE run SET spec_json = replace(spec_json, \'"id": "embedded"\', \'"id": "a/LLaDA"\')')
    async with replaying(project, NARROW) as pilot:
        await press(pilot, "G")
        text = " ".join(shown(screen_of(pilot)).split())
        assert "workbench models add a/LLaDA" in text
        canvas_ids = samples.token_ids(project.db, review(project, SECOND_RUN).comparisons[0].base.id)
        assert canvas_ids is not None
        assert text.count("■") == len(canvas_ids)


async def test_a_text_written_on_from_its_end_says_that_no_canvas_fills(project: Project) -> None:
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET spec_json = replace(spec_json, '\"block\"', '\"autoregressive\"')")
    async with replaying(project, NARROW) as pilot:
        text = " ".join(shown(screen_of(pilot)).split())
        assert "Written left to right, each step the token after the last" in text
        await press(pilot, "right_square_bracket")
        assert "one block" in shown(screen_of(pilot))


async def test_playing_never_keeps_a_key_from_its_effect(project: Project) -> None:
    async with replaying(project, pause=False) as pilot:
        await press(pilot, *["plus"] * len(SPEEDS))
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        assert pilot.app.screen.query_one(StatusLine)


async def test_a_canvas_filled_all_over_does_not_jump_up_and_down_while_it_plays(project: Project) -> None:
    sample = review(project, SECOND_RUN).comparisons[0].base
    ids = samples.token_ids(project.db, sample.id)
    assert ids is not None
    path = project.root / "runs" / BASE_RUN / str(sample.trace_path)
    path.write_text(json.dumps(trace(ids, seed="all over", block=len(ids))))
    async with replaying(project, (60, 14), pause=False) as pilot:
        screen, shown_canvas = screen_of(pilot), canvas(pilot, "left")
        assert shown_canvas.max_scroll_y > 0
        await press(pilot, *["plus"] * len(SPEEDS))
        await settle(pilot, lambda: not screen.playing)
        assert shown_canvas.scroll_offset.y == 0
        found = replay(project, sample.id)
        last = max(range(found.canvas), key=lambda at: found.frames[at].commits[0].position)
        await press(pilot, "g", *["l"] * (last + 1))
        assert shown_canvas.scroll_offset.y > 0, "a step by key is followed"


async def test_it_pauses_under_the_list_of_keys_which_names_its_keys_and_signs(project: Project) -> None:
    async with replaying(project, pause=False) as pilot:
        screen = screen_of(pilot)
        await press(pilot, "question_mark")
        assert not screen.playing
        text = " ".join(shown(pilot.app.screen).split())
        for words in ("→, l one step on", "where the repetition begins"):
            assert words in text
        legend = str(pilot.app.screen.query_one("#help-legend", Static).render())
        for words in ("a bar a step", "1 is left to right", "half a character"):
            assert words in legend
        step = screen.step
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert screen.step == step
        assert "▷" in shown(screen)


async def test_p_marks_a_copied_span_while_one_is_marked(project: Project) -> None:
    app = WorkbenchApp(project, project.root, screen="review")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, ReviewScreen) and app.screen._stand is not None)
        await at_rest(pilot)
        await press(pilot, "m", "p")
        assert isinstance(app.screen, ReviewScreen)
        await press(pilot, "space", "l", "space", "p")
        await settle(pilot, lambda: bool(review(project, SECOND_RUN).annotations))
        assert isinstance(app.screen, ReviewScreen)
    app.finish_writes()
