"""Review by keys: judging, marking, noting, masking, undoing, and what it says when there is nothing to review."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.journeys.builders import (
    BASE_RUN,
    SECOND_RUN,
    add_run,
    make_curated_project,
    make_reviewed_project,
    train_spec,
)
from tests.journeys.program import press
from tests.journeys.program import settle as at_rest
from tests.journeys.program import shown as all_shown
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import guide
from workbench.operations.freezing import freeze
from workbench.operations.project import Project
from workbench.operations.reviewing import review, tally
from workbench.screens.review import ReviewScreen
from workbench.screens.review_columns import Columns
from workbench.widgets.dialogs import ChoiceDialog, ConfirmDialog
from workbench.widgets.sample_text import SampleText
from workbench.widgets.status_line import StatusLine


@asynccontextmanager
async def reviewing(project: Project, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    app = WorkbenchApp(project, project.root, screen="review")
    async with app.run_test(size=size) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, ReviewScreen) and not _loading(app.screen))
        yield pilot


def _loading(screen: ReviewScreen) -> bool:
    return not screen.is_mounted or "Opening" in str(screen.query_one("#review-head", Static).render())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def screen_of(pilot: Pilot[int]) -> ReviewScreen:
    assert isinstance(pilot.app.screen, ReviewScreen)
    return pilot.app.screen


async def test_a_verdict_is_stored_and_the_next_unjudged_pair_stands_there(project: Project) -> None:
    async with reviewing(project) as pilot:
        assert "pair 1 of 6" in shown(pilot, "#review-head")
        await pilot.press("right")
        await settle(pilot, lambda: review(project, SECOND_RUN).judged == 1)
        assert "pair 2 of 6" in shown(pilot, "#review-head")
        assert review(project, SECOND_RUN).comparisons[0].verdict == "right"
        assert not review(project, SECOND_RUN).comparisons[0].masked
        assert "Pair 1 of 6: run better; on to 2" in shown(pilot, "StatusLine")


async def test_all_four_verdicts_are_counted_at_the_end(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("left", "right", "equals_sign", "x", "right", "right")
        await settle(pilot, lambda: review(project, SECOND_RUN).judged == 6)
        assert tally(review(project, SECOND_RUN)) == {"base": 1, "run": 3, "tie": 1, "both bad": 1}
        message = shown(pilot, "#message")
        assert "of 6 pairs: run 3, base 1, ties 1, both bad 1" in message
        assert "not a score" in message
        await settle(
            pilot,
            lambda: (
                "is judged: see what changed, and what is noise, with 6" in pilot.app.screen.query_one(StatusLine).hint
            ),
        )
    async with reviewing(project) as pilot:
        await settle(pilot, lambda: "of 6 pairs: run 3, base 1" in shown(pilot, "#message"))


async def test_the_next_step_is_of_the_run_that_is_shown(project: Project) -> None:
    def hint(pilot: Pilot[int]) -> str:
        return pilot.app.screen.query_one(StatusLine).hint

    async with reviewing(project) as pilot:
        await settle(pilot, lambda: hint(pilot).startswith("6 of 6 to judge"))
        screen_of(pilot)._wanted = BASE_RUN
        screen_of(pilot).on_project_changed()
        await settle(pilot, lambda: screen_of(pilot)._stand.view.run == BASE_RUN)  # type: ignore[union-attr]
        await pilot.press("right")
        await settle(pilot, lambda: hint(pilot).startswith("5 of 6 to judge"))
        await pilot.press("right", "right", "right", "right", "right")
        # This one is judged, and another is not.
        await settle(pilot, lambda: hint(pilot).startswith(f"{SECOND_RUN} is to be judged, 6 of 6 pairs"))
        assert hint(pilot).endswith("go there with O")


async def test_undo_takes_the_verdict_back_and_goes_to_its_pair(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("right", "left")
        await settle(pilot, lambda: review(project, SECOND_RUN).judged == 2)
        await pilot.press("u")
        await settle(pilot, lambda: "pair 2 of 6" in shown(pilot, "#review-head"))
        assert review(project, SECOND_RUN).comparisons[1].verdict is None
        assert "not judged" in shown(pilot, "#review-head")


async def test_masked_nothing_on_the_screen_names_base_or_run_until_it_is_revealed(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("M")
        await settle(pilot, lambda: "masked" in shown(pilot, "#review-head"))
        screen = screen_of(pilot)
        for _ in range(6):
            heads = shown(pilot, "#head-left") + shown(pilot, "#head-right") + shown(pilot, "#review-head")
            assert "base" not in heads
            assert "run" not in heads
            await pilot.press("right_square_bracket")
        await pilot.press("left_square_bracket", "v")
        await settle(pilot, lambda: "revealed" in shown(pilot, "#review-head"))
        comparison = review(project, SECOND_RUN).comparisons[5]
        left = screen.query_one("#left", SampleText)
        assert left.text == (comparison.adapter if comparison.swapped else comparison.base).text
        assert ("the run" if comparison.swapped else "the base") in shown(pilot, "#head-left")


async def test_masked_verdicts_name_the_right_model_whatever_side_it_stood_on(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("M")
        await settle(pilot, lambda: "masked" in shown(pilot, "#review-head"))
        for _ in range(6):
            screen = screen_of(pilot)
            looping = "the tyre was flat, and the tyre" in screen.query_one("#left", SampleText).text
            await pilot.press("right" if looping else "left")
        await settle(pilot, lambda: review(project, SECOND_RUN).judged == 6)
        view = review(project, SECOND_RUN)
        assert {item.swapped for item in view.comparisons} == {True, False}, "the sides must really be shuffled"
        assert [item.verdict for item in view.comparisons] == ["right"] * 6
        assert all(item.masked for item in view.comparisons)
        assert "masked" in shown(pilot, "#message")


async def test_a_verdict_after_revealing_does_not_count_as_masked(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("M", "v", "x")
        await settle(pilot, lambda: review(project, SECOND_RUN).judged == 1)
        assert not review(project, SECOND_RUN).comparisons[0].masked


async def test_masking_is_remembered_and_the_review_opens_where_it_was_left(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("M", "right_square_bracket", "right_square_bracket")
        await settle(pilot, lambda: "pair 3 of 6" in shown(pilot, "#review-head"))
    async with reviewing(project) as pilot:
        await settle(pilot, lambda: "pair 3 of 6" in shown(pilot, "#review-head"))
        assert "masked" in shown(pilot, "#review-head")


async def test_a_review_of_another_run_opens_where_it_was_left_after_a_restart(project: Project) -> None:
    async with reviewing(project) as pilot:
        assert SECOND_RUN[-4:] in shown(pilot, "#head-right")
        await pilot.press("4")
        await at_rest(pilot)
        await pilot.press("j", "enter")
        await settle(pilot, lambda: BASE_RUN[-4:] in shown(pilot, "#head-right"))
        await at_rest(pilot)
    pilot.app.finish_writes()  # type: ignore[attr-defined]
    async with reviewing(project) as pilot:
        assert BASE_RUN[-4:] in shown(pilot, "#head-right")
        assert "pair 1 of 6" in shown(pilot, "#review-head")
        assert "Newer samples" not in shown(pilot, "StatusLine"), "she has seen that run"


async def test_samples_of_a_newer_run_are_told_where_she_left_with_the_key_that_goes_there(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with reviewing(project) as pilot:
        await pilot.press("right_square_bracket")
        await settle(pilot, lambda: "pair 2 of 6" in shown(pilot, "#review-head"))
    pilot.app.finish_writes()  # type: ignore[attr-defined]
    add_run(
        project, train_spec(project, SECOND_RUN, parent=BASE_RUN), created_at="2026-11-21T18:02:00.000Z", sampled=True
    )
    for _ in range(2):  # until she has been there
        async with reviewing(project) as pilot:
            await settle(
                pilot, lambda: f"Newer samples came, of {SECOND_RUN}: O goes there" in shown(pilot, "StatusLine")
            )
            assert "pair 2 of 6" in shown(pilot, "#review-head")
            assert BASE_RUN[-4:] in shown(pilot, "#head-right")
        pilot.app.finish_writes()  # type: ignore[attr-defined]
    async with reviewing(project) as pilot:
        await pilot.press("O")
        await settle(pilot, lambda: SECOND_RUN[-4:] in shown(pilot, "#head-right"))
        await pilot.press("O")
        await settle(pilot, lambda: "This is the newest run" in shown(pilot, "StatusLine"))


async def test_a_verdict_with_the_names_shown_replaces_a_masked_one_only_when_she_says_so(project: Project) -> None:
    def first() -> tuple[str | None, bool]:
        comparison = review(project, SECOND_RUN).comparisons[0]
        return comparison.verdict, comparison.masked

    async with reviewing(project) as pilot:
        await pilot.press("M", "equals_sign", "M", "left_square_bracket")
        await settle(pilot, lambda: first() == ("tie", True))
        assert "tie, judged masked" in shown(pilot, "#review-head")
        await pilot.press("x")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        assert "hidden: tie" in shown(pilot, ".dialog-words")
        await pilot.press("n")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        assert "pair 1 of 6" in shown(pilot, "#review-head")
        assert first() == ("tie", True)
        await pilot.press("equals_sign")
        await settle(pilot, lambda: "It stays as you judged it masked." in shown(pilot, "StatusLine"))
        await at_rest(pilot)
        assert first() == ("tie", True)
        await pilot.press("left_square_bracket", "right")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("y")
        await settle(pilot, lambda: first() == ("right", False))
        assert "run better; on to 2" in shown(pilot, "StatusLine")
        await pilot.press("u")
        await settle(pilot, lambda: first() == ("tie", True))


async def test_a_pair_that_is_masked_is_judged_again_without_a_question(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("M", "equals_sign", "left_square_bracket", "x")
        await settle(pilot, lambda: review(project, SECOND_RUN).comparisons[0].verdict == "both bad")
        assert review(project, SECOND_RUN).comparisons[0].masked
        await pilot.press("left_square_bracket", "v", "equals_sign")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))


async def test_a_span_is_marked_word_by_word_and_the_mark_can_go_again(project: Project) -> None:
    async with reviewing(project) as pilot:
        text = screen_of(pilot).query_one("#left", SampleText).text
        await pilot.press("m", "l", "space", "l", "l", "space", "o")
        await settle(pilot, lambda: bool(review(project, SECOND_RUN).annotations))
        base = review(project, SECOND_RUN).comparisons[0].base
        (mark,) = review(project, SECOND_RUN).annotations[base.id]
        assert (mark.label, text[mark.start : mark.end]) == ("collapse", " ".join(text.split()[1:4]))
        await settle(pilot, lambda: "collapse" in shown(pilot, "#foot-left"))
        assert "m marks another" in shown(pilot, "StatusLine")
        assert not _marking(pilot)
        await pilot.press("m", "d")
        await settle(pilot, lambda: not review(project, SECOND_RUN).annotations)


async def test_after_a_mark_the_keys_are_those_of_the_screen_again(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("m", "l", "space", "l", "space", "o", "n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press(*"dry", "enter")
        base = review(project, SECOND_RUN).comparisons[0].base
        await settle(pilot, lambda: len(review(project, SECOND_RUN).annotations.get(base.id, ())) == 2)
        assert sorted(item.kind for item in review(project, SECOND_RUN).annotations[base.id]) == ["mark", "note"]


async def test_while_marking_no_key_judges_or_leaves_the_pair(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("m", "right", "left", "x", "right_square_bracket", "v", "M", "R")
        await pilot.pause(0.2)
        assert review(project, SECOND_RUN).judged == 0
        assert "pair 1 of 6" in shown(pilot, "#review-head")
        assert _marking(pilot)
        await pilot.press("escape")
        assert not _marking(pilot)


def _marking(pilot: Pilot[int]) -> bool:
    return screen_of(pilot).query_one("#left", SampleText).state != "reading"


async def test_tab_gives_the_keys_to_the_other_side_and_a_note_goes_there(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("tab", "n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press(*"dry", "enter")
        await settle(pilot, lambda: bool(review(project, SECOND_RUN).annotations))
        adapter = review(project, SECOND_RUN).comparisons[0].adapter
        assert [item.body for item in review(project, SECOND_RUN).annotations[adapter.id]] == ["dry"]
        await settle(pilot, lambda: "dry" in shown(pilot, "#foot-right"))
        await pilot.press("exclamation_mark")
        await settle(pilot, lambda: "⚑" in shown(pilot, "#head-right"))


async def test_a_note_is_kept_by_esc_and_one_that_a_killed_program_left_is_there_again(project: Project) -> None:
    sample = review(project, SECOND_RUN).comparisons[0].base

    def notes() -> list[str]:
        return [item.body for item in review(project, SECOND_RUN).annotations.get(sample.id, ())]

    async with reviewing(project) as pilot:
        await pilot.press("n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press(*"dry", "escape")
        await settle(pilot, lambda: notes() == ["dry"])
        await pilot.press("n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press("end", "backspace", *"ier")
        await settle(pilot, lambda: guide.recall(project, "review.note") == {"sample": sample.id, "text": "drier"})
        # The program ends here without leaving the note.
    assert notes() == ["dry"]
    async with reviewing(project) as pilot:
        await settle(pilot, lambda: notes() == ["drier"])
        assert guide.recall(project, "review.note") is None


async def test_an_empty_note_where_there_was_none_is_not_said_to_be_removed(project: Project) -> None:
    async with reviewing(project) as pilot:
        for keys in (("enter",), ("space", "enter"), ("space", "escape")):
            await press(pilot, "n", *keys)
            assert "Note removed" not in all_shown(pilot.app.screen)
        await press(pilot, "n", "h", "enter")
        assert "Noted." in all_shown(pilot.app.screen)
        await press(pilot, "n", "backspace", "enter")
        assert "Note removed." in all_shown(pilot.app.screen)


async def test_both_texts_scroll_together(project: Project) -> None:
    async with reviewing(project, (80, 16)) as pilot:
        screen = screen_of(pilot)
        before = [screen.query_one(f"#{side}", SampleText).region.y for side in ("left", "right")]
        await pilot.press("j", "j")
        await settle(pilot, lambda: screen.query_one(Columns).scroll_offset.y == 2)
        after = [screen.query_one(f"#{side}", SampleText).region.y for side in ("left", "right")]
        assert [a - b for a, b in zip(after, before)] == [-2, -2]


async def test_the_real_piece_is_shown_under_the_prompt_and_where_there_is_none_it_says_so(project: Project) -> None:
    async with reviewing(project, (120, 40)) as pilot:
        await pilot.press("R")
        await settle(pilot, lambda: screen_of(pilot).query_one("#prompt").size.height > 3)
        await pilot.press("right_square_bracket", "right_square_bracket", "R")
        await settle(pilot, lambda: "no real piece" in shown(pilot, "StatusLine"))


async def test_another_run_can_be_chosen(project: Project) -> None:
    async with reviewing(project) as pilot:
        await pilot.press("o")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))
        await pilot.press("down", "enter")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        await settle(pilot, lambda: BASE_RUN[-4:] in shown(pilot, "#head-right"))


async def test_escapes_and_markup_in_a_sample_are_shown_never_obeyed(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with reviewing(project) as pilot:
        # A review that is asked for again would write the text back.
        await at_rest(pilot)
        pane = screen_of(pilot).query_one("#left", SampleText)
        pane.text = "[bold]no[/] \x1b[31mno\tno\x07"
        await pilot.pause()
        assert str(pane.render()) == "[bold]no[/] ␛[31mno    no␇"


async def test_a_project_without_runs_says_how_to_get_one(tmp_path: Path) -> None:
    async with reviewing(make_curated_project(tmp_path / "voice")) as pilot:
        await settle(pilot, lambda: "press 4, then r" in shown(pilot, "#message"))
        await pilot.press("right", "x", "m", "n", "y", "v", "R", "left_square_bracket", "exclamation_mark")


async def test_a_run_that_still_trains_says_how_far_it_is(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    add_run(project, train_spec(project, BASE_RUN), with_base=True, steps_done=42, status="running")
    async with reviewing(project) as pilot:
        await settle(pilot, lambda: "train 42 of 60" in shown(pilot, "#message"))
        assert "when it has trained" in shown(pilot, "#message")


async def test_missing_base_samples_are_named_with_the_keys_that_make_them(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    add_run(project, train_spec(project, BASE_RUN), sampled=True)
    async with reviewing(project) as pilot:
        await settle(pilot, lambda: "the base was never sampled" in shown(pilot, "#message"))
        assert "press 4, then s" in shown(pilot, "#message")
