"""Which are mine?, by keys: a round from its beginning to its result, undone, left and opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.journeys.blind_builder import RUN, make_blind_project
from tests.journeys.builders import make_curated_project, make_reviewed_project
from tests.journeys.program import opened, press, settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import blind, blind_result, guide
from workbench.operations.canaries import canary_rows
from workbench.operations.freezing import freeze
from workbench.operations.project import Project
from workbench.screens.blind import BlindScreen
from workbench.screens.review import ReviewScreen


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_blind_project(tmp_path / "voice", with_base=True, per_prompt=1)


@asynccontextmanager
async def blind_test(
    project: Project, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[Any]]]:
    async with opened(project.root, "review", size=size) as (app, pilot):
        await press(pilot, "b")
        assert isinstance(app.screen, BlindScreen)
        yield app, pilot


async def test_a_round_is_begun_read_and_answered_and_only_then_told(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        assert "Real paragraphs that this run never saw" in shown(app.screen)
        assert "All texts are made alike" in shown(app.screen)
        await press(pilot, "enter")
        test = blind.round_of(project, RUN)
        count = len(test.texts)
        assert f"round 1, text 1 of {count}" in shown(app.screen)
        assert f"{count} of {count} to answer" in shown(app.screen)
        for item in test.texts[:-1]:
            await press(pilot, "m" if item.real else "x")
            seen = shown(app.screen)
            assert "rightly" not in seen
            assert "wrongly" not in seen
            assert "held-out" not in seen
        await press(pilot, "3", "s")
        assert f"{count - 1} texts have an answer, 1 skipped." in shown(app.screen)
        assert blind.round_of(project, RUN).round.revealed_at is None
        await press(pilot, "enter")
        assert f"You told {count - 1} of {count - 1} rightly, 100 %" in shown(app.screen)
        await press(pilot, "G")
        assert "skipped, sure 3" in shown(app.screen)
        found = blind_result.result(project, RUN)
        assert (found.all.right, found.skipped) == (count - 1, 1)


async def test_an_answer_is_undone_and_redone_at_its_text(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter", "m", "x", "m")
        assert "text 4 of" in shown(app.screen)
        await press(pilot, "u", "u")
        assert "text 2 of" in shown(app.screen)
        assert [item.answer for item in blind.round_of(project, RUN).texts][:3] == ["mine", None, None]
        await press(pilot, "U")
        assert "text 2 of" in shown(app.screen)
        assert "not mine" in shown(app.screen).splitlines()[0]


async def test_how_sure_and_a_note_stand_with_the_text_and_answers_can_be_changed_before_the_end(
    project: Project,
) -> None:
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter", "2", "n", *"smooth", "enter", "m", "left_square_bracket")
        seen = shown(app.screen)
        assert "mine, sure 2 of 3" in seen.splitlines()[0]
        assert "note  smooth" in seen
        await press(pilot, "x", "left_square_bracket")
        first = blind.round_of(project, RUN).texts[0]
        assert (first.answer, first.sure, first.note) == ("not mine", 2, "smooth")


async def test_a_round_goes_on_where_it_was_left_after_a_restart(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter", "m", "m")
        third = blind.round_of(project, RUN).texts[2].text
        await press(pilot, "escape")
        assert isinstance(app.screen, ReviewScreen)
    async with blind_test(project) as (app, pilot):
        assert "text 3 of" in shown(app.screen)
        assert third.split()[0] in shown(app.screen)
        assert len(blind.rounds(project)) == 1


async def test_a_note_that_a_killed_program_left_is_taken_in(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter", "n", *"dry")
        await settle(pilot)
        first = blind.round_of(project, RUN).texts[0]
        assert guide.recall(project, "blind.note") == {"of": first.id, "text": "dry"}
        # The program ends here without leaving the note.
    async with blind_test(project) as (app, pilot):
        assert blind.round_of(project, RUN).texts[0].note == "dry"
        assert guide.recall(project, "blind.note") is None


async def test_a_round_is_ended_early_after_a_question_and_undo_goes_on_with_it(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter", "m", "e", "n")
        assert blind.round_of(project, RUN).left == len(blind.round_of(project, RUN).texts) - 1
        await press(pilot, "e", "y")
        assert "1 text has an answer" in shown(app.screen)
        await press(pilot, "u")
        assert "text 2 of" in shown(app.screen)
        await press(pilot, "e", "y", "enter")
        assert "of 1 rightly" in shown(app.screen)


async def test_rounds_stand_below_one_another_and_each_can_be_read_again(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "voice", per_prompt=3, held_out=30)
    for seed in (1, 2):
        test = blind.begin(project, RUN, wanted=8, seed=seed)
        blind.answer(project, test.texts[0].id, answer="mine")
        blind.skip_rest(project, test)
        blind_result.reveal(project, test)
    async with blind_test(project) as (app, pilot):
        seen = shown(app.screen)
        assert seen.count("of 1 rightly") == 2
        await press(pilot, "left_square_bracket")
        assert "round 2, result" in shown(app.screen)
        await press(pilot, "left_square_bracket")
        assert "round 1, result" in shown(app.screen)
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert "enter draws a round" in shown(app.screen)
        await press(pilot, "left_square_bracket", "enter", "enter")
        assert "round 3, text 1 of" in shown(app.screen)


async def test_a_round_whose_texts_were_changed_is_passed_over(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "voice", per_prompt=3, held_out=30)
    for seed in (1, 2):
        test = blind.begin(project, RUN, wanted=8, seed=seed)
        blind.skip_rest(project, test)
        blind_result.reveal(project, test)
    with project.db.transaction() as connection:
        connection.execute("UPDATE blind_text SET text = 'Another.' WHERE round_id = 2 AND position = 0")
    async with blind_test(project) as (app, pilot):
        assert "no result: its texts were changed" in shown(app.screen)
        await press(pilot, "left_square_bracket")
        assert "round 1, result" in shown(app.screen)
        await press(pilot, "right_square_bracket", "enter")
        assert "round 3, text 1 of" in shown(app.screen)


async def test_what_is_missing_is_said_where_a_round_cannot_be_drawn(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with blind_test(project) as (app, pilot):
        await press(pilot, "enter")
        seen = " ".join(shown(app.screen).split())
        assert "needs 6 pairs of a real and a generated text" in seen
        assert "hold more essays out (1, h)" in seen
        assert blind.rounds(project) == []


async def test_held_out_prompts_are_added_and_taken_back_by_keys(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "voice", prompts=False)
    before = len(canary_rows(project))
    async with blind_test(project) as (app, pilot):
        await press(pilot, "p")
        assert "Added 16 canary prompts. Sample the adapter with them: 4, s, held out." in shown(app.screen)
        assert len(canary_rows(project)) == before + 16
        await press(pilot, "u")
        assert len(canary_rows(project)) == before


async def test_without_a_run_it_says_how_to_get_one(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    async with blind_test(project) as (app, pilot):
        assert "press 4, then r" in shown(app.screen)
        await press(pilot, "enter", "m", "x", "1", "n", "e", "p", "a", "left_square_bracket", "escape")
        assert isinstance(app.screen, ReviewScreen)


async def test_the_pages_offer_their_own_keys_and_all_of_them_are_listed(project: Project) -> None:
    async with blind_test(project) as (app, pilot):
        assert "m mine" not in shown(app.screen)
        await press(pilot, "enter")
        assert "m mine  x not mine" in shown(app.screen)
        await press(pilot, "question_mark", *"sure")
        assert "hardly sure" in shown(app.screen)
        await press(pilot, "escape", "colon", *"mine")
        assert "This text is mine" in shown(app.screen)


async def test_a_masked_review_stays_masked(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 40)) as (app, pilot):
        await press(pilot, "M", "b", "enter", "m", "e", "y", "enter")
        assert "stays hidden" in " ".join(shown(app.screen).split())
        assert "the run's held-out" not in shown(app.screen)
