"""Pairs, by its keys: every decision is one key, is stored, and can be taken back."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, guide, reshaping
from workbench.operations.project import Project
from workbench.screens.pair_edit import EditPair
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell
from workbench.widgets.dialogs import ConfirmDialog


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed, eight accepted, four rejected."""
    return make_curated_project(tmp_path / "voice")


def proposed(project: Project) -> list[int]:
    """Return the ids of what is proposed."""
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


def pairs_screen(app: Shell) -> PairsScreen:
    """Return the screen, which must be the one that is shown."""
    assert isinstance(app.screen, PairsScreen)
    return app.screen


def words_of(dialog: Screen[Any]) -> str:
    """Return the words of a dialog, without what lies under it."""
    return " ".join(str(line.render()) for line in dialog.query(Static))


async def test_a_accepts_and_the_next_pair_stands_there_at_once(project: Project) -> None:
    first, second, *_ = proposed(project)
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        assert screen.pairs.current == first
        await pilot.press("a")
        assert screen.pairs.current == second
        assert curating.pair_view(project, second).pair.response[:40] in shown(screen)
        await settle(pilot)
        assert curating.pair_view(project, first).pair.status == "accepted"
        row = screen.pairs.row(first)
        assert row is not None
        assert row.status == "accepted"
        assert "3 left" in shown(screen)
        assert "9 ✓" in shown(screen)


async def test_keys_pressed_quickly_are_all_stored_and_in_order(project: Project) -> None:
    ids = proposed(project)
    async with opened(project.root, "pairs") as (_app, pilot):
        await pilot.press("a", "x", "a", "x", "u", "u")
        await settle(pilot)
        statuses = [curating.pair_view(project, item).pair.status for item in ids]
        assert statuses == ["accepted", "rejected", "proposed", "proposed"]


async def test_a_key_too_many_does_not_turn_the_last_decision_over(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        ids = proposed(project)
        await press(pilot, "a", "a", "a", "a", "x")
        assert proposed(project) == []
        assert {row.status for row in curating.pair_rows(project, ids)} == {"accepted"}
        assert "the last pair of this list" in shown(app.screen)
        await press(pilot, "o", "x")
        assert curating.pair_rows(project, ids)[-1].status == "rejected"


async def test_undo_says_what_it_undid_and_goes_to_the_pair(project: Project) -> None:
    first, *_ = proposed(project)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "x", "j", "u")
        screen = pairs_screen(app)
        assert screen.pairs.current == first
        assert curating.pair_view(project, first).pair.status == "proposed"
        assert "Undone: reject a pair" in shown(screen)
        await press(pilot, "U")
        assert curating.pair_view(project, first).pair.status == "rejected"


async def test_an_empty_list_says_how_many_pairs_are_left_elsewhere_and_the_key_that_shows_them(
    project: Project,
) -> None:
    left = len(proposed(project))
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        screen.only_source(10_000, "Art")
        screen.action_show_filter("proposed")
        await settle(pilot)
        assert f"No pair fits in Art. {left} pairs elsewhere: esc shows them" in " ".join(
            shown(screen).replace("▏", " ").split()
        )
        await press(pilot, "escape")
        assert len(screen.pairs.ids) == left


async def test_undo_goes_to_a_pair_that_the_filter_hides(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "tab", "tab")
        assert pairs_screen(app).pairs.current not in proposed(project)
        await press(pilot, "u")
        assert pairs_screen(app).pairs.current == proposed(project)[0]


async def test_marked_pairs_are_decided_together_by_one_edit(project: Project) -> None:
    ids = proposed(project)
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "space", "space", "x")
        assert [curating.pair_view(project, item).pair.status for item in ids[:3]] == [
            "rejected",
            "rejected",
            "proposed",
        ]
        await press(pilot, "u")
        assert proposed(project) == ids


async def test_accepting_all_asks_first_and_names_the_number(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "A")
        assert isinstance(app.screen, ConfirmDialog)
        assert "Accept 4 pairs unread?" in shown(app.screen)
        await press(pilot, "n")
        assert len(proposed(project)) == 4
        await press(pilot, "A", "y")
        assert proposed(project) == []
        assert "Nothing is left to read" in shown(app.screen)
        await press(pilot, "u")
        assert len(proposed(project)) == 4


async def test_accepting_all_is_of_what_the_list_shows_and_of_nothing_says_so(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        screen.action_show_filter("over")
        await settle(pilot)
        await press(pilot, "A")
        assert "There is nothing here to accept: no pair is shown." in shown(app.screen)
        screen.action_show_filter("accepted")
        await settle(pilot)
        await press(pilot, "A")
        assert "There is nothing here to accept: 8 are accepted already." in shown(app.screen)
        screen.action_show_filter("all")
        await settle(pilot)
        await press(pilot, "A")
        asked = words_of(app.screen)
        assert "Accept 4 pairs unread?" in asked
        assert "This list shows 16 pairs. Left out: 8 are accepted already, 4 are rejected." in asked
        await press(pilot, "n")
        assert len(proposed(project)) == 4


async def test_accepting_all_is_narrowed_by_the_words_the_list_is_narrowed_to(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "slash")
        await pilot.press(*"gravel")
        await pilot.pause(0.3)
        await press(pilot, "enter")
        found = list(pairs_screen(app).pairs.ids)
        assert 0 < len(found) < 4
        left = [item for item in proposed(project) if item not in found]
        await press(pilot, "A")
        assert f"Accept {curating.some(len(found)).replace('a pair', '1 pair')} unread?" in shown(app.screen)
        assert "All that this list shows." in shown(app.screen)
        await press(pilot, "y")
        assert proposed(project) == left


async def test_what_was_rejected_a_moment_ago_is_not_accepted_with_the_rest(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "x", "A")
        asked = words_of(app.screen)
        assert "Accept 3 pairs unread?" in asked
        assert "Left out: 1 is rejected." in asked
        await press(pilot, "y")
        assert proposed(project) == []
        assert len(curating.pair_ids(project, PairFilter(statuses=("rejected",)))) == 5


async def test_tab_goes_through_the_filters(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        seen = []
        for _ in range(6):
            seen.append(len(pairs_screen(app).pairs.ids))
            await press(pilot, "tab")
        assert seen == [4, 8, 4, 0, 16, 0]


async def test_slash_filters_by_words_and_esc_shows_all_again(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "tab", "tab", "tab", "tab", "slash")
        await pilot.press(*"bicycle")
        await pilot.pause(0.3)
        await press(pilot, "enter")
        screen = pairs_screen(app)
        found = len(screen.pairs.ids)
        assert 0 < found < 16
        assert found == len(curating.pair_ids(project, PairFilter(words="bicycle")))
        assert screen.pairs.has_focus
        await press(pilot, "escape")
        assert len(screen.pairs.ids) == 16


async def test_the_boundary_moves_by_a_sentence_and_back(project: Project) -> None:
    first = proposed(project)[0]
    before = curating.pair_view(project, first).pair
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "right_square_bracket")
        moved = curating.pair_view(project, first).pair
        assert len(moved.response) < len(before.response)
        assert moved.edited
        await press(pilot, "left_square_bracket")
        again = curating.pair_view(project, first).pair
        assert again.response.split() == before.response.split()


async def test_a_boundary_that_cannot_move_says_why(project: Project) -> None:
    first = proposed(project)[0]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, *["right_square_bracket"] * 6)
        assert curating.pair_view(project, first).pair.response.strip()
        assert "only this sentence left" in shown(app.screen)


async def test_s_splits_at_the_cursor_and_esc_leaves_it_whole(project: Project) -> None:
    first = proposed(project)[0]
    before = curating.pair_view(project, first).pair.response
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "s")
        assert screen.text.splitting
        await press(pilot, "a", "escape")
        assert not screen.text.splitting
        assert curating.pair_view(project, first).pair.response == before
        assert curating.pair_view(project, first).pair.status == "proposed"
        await press(pilot, "s", "up", "up", "up", "enter")
        assert len(proposed(project)) == 5
        head = curating.pair_view(project, first).pair.response
        assert before.startswith(head.strip())
        assert len(curating.sentence_starts(head)) == 1
        assert screen.pairs.has_focus
        await press(pilot, "u")
        assert curating.pair_view(project, first).pair.response == before
        assert len(proposed(project)) == 4


async def test_m_merges_with_the_next_of_the_essay(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "tab", "m")
        screen = pairs_screen(app)
        whole = screen.pairs.current
        assert whole is not None
        assert len(screen.pairs.ids) == 7
        assert len(curating.pair_view(project, whole).pair.response.split()) > 100
        await press(pilot, "u")
        assert len(screen.pairs.ids) == 8


async def test_the_tier_is_chosen_by_its_letter(project: Project) -> None:
    first = proposed(project)[0]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "t", "r")
        assert curating.pair_view(project, first).pair.tier == "rewrite"
        assert "rewrite" in shown(app.screen)


async def test_a_note_and_a_flag_are_kept_and_shown(project: Project) -> None:
    first = proposed(project)[0]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "exclamation_mark", "n")
        app.screen.query_one(Input).value = "ask [bold]her[/bold]"
        await press(pilot, "enter")
        pair = curating.pair_view(project, first).pair
        assert pair.flagged
        assert pair.note == "ask [bold]her[/bold]"
        assert "note: ask [bold]her[/bold]" in shown(app.screen)
        assert "1 !" in shown(app.screen)


async def test_typing_in_the_editor_is_kept_without_being_saved(project: Project) -> None:
    first = proposed(project)[0]
    before = curating.pair_view(project, first).pair
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "e")
        assert isinstance(app.screen, EditPair)
        await press(pilot, *"Well.", "escape")
        pair = curating.pair_view(project, first).pair
        assert pair.response == "Well." + before.response
        assert pair.prompt == before.prompt
        await press(pilot, "u")
        assert curating.pair_view(project, first).pair.response == before.response


async def test_what_was_typed_when_the_program_was_killed_is_there_again(project: Project) -> None:
    first = proposed(project)[0]
    before = curating.pair_view(project, first).pair.response
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "e", *"Half")
        assert isinstance(app.screen, EditPair)
        # The program ends here without leaving the editor.
    assert curating.pair_view(project, first).pair.response == before
    async with opened(project.root, "pairs") as (app, _pilot):
        assert curating.pair_view(project, first).pair.response == "Half" + before
        assert guide.recall(project, "pairs.draft") is None
        assert "was kept" in shown(app.screen)


async def test_ctrl_z_in_the_editor_undoes_typing_only(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "e", "X", "ctrl+z")
        assert not app.screen.query_one("#edit-response", TextArea).text.startswith("X")
        assert isinstance(app.screen, EditPair)


async def test_the_program_opens_where_it_was_left(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "tab", "j", "j", "j")
        left = pairs_screen(app).pairs.current
        await pilot.pause(0.6)
        await press(pilot, "1", "2")
    async with opened(project.root) as (app, _pilot):
        screen = pairs_screen(app)
        assert screen.pairs.current == left
        assert len(screen.pairs.ids) == 8


async def test_escapes_in_a_pair_are_shown_and_not_obeyed(project: Project) -> None:
    first = proposed(project)[0]
    reshaping.edit_pair(project, first, prompt="a \x1b[31mred", response="[bold]x[/bold] \x1b]0;title\x07 end of it.")
    async with opened(project.root, "pairs") as (app, _pilot):
        text = shown(app.screen)
        assert "␛[31mred" in text
        assert "[bold]x[/bold] ␛]0;title␇" in text


async def test_the_author_s_own_editor_gives_both_texts_back(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "path.write_text(path.read_text().replace('### response\\n\\n', '### response\\n\\nSo. '))\n"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    monkeypatch.setattr("textual.app.App.suspend", _no_suspend)
    first = proposed(project)[0]
    before = curating.pair_view(project, first).pair
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "E")
        after = curating.pair_view(project, first).pair
        assert after.response == "So. " + before.response
        assert after.prompt == before.prompt


def _no_suspend(self: object) -> AbstractContextManager[None]:
    return nullcontext()


async def test_a_hundred_keys_leave_the_list_where_it_should_be(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "tab", "tab", "tab", "tab")
        await pilot.press(*["j"] * 100, *["k"] * 3)
        await settle(pilot)
        screen = pairs_screen(app)
        assert screen.pairs.cursor == 12
        assert screen.pairs.current_row is not None
        assert screen.pairs.current_row.opening[:30] in shown(screen)
