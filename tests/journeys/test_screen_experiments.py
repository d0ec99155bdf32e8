"""Experiments by keys: the tree, what is said of a run, comparing, noting, launching copies, and the ways elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from store import notebook, program
from store.search import everything
from tests.journeys.builders import make_curated_project, make_smoke
from tests.journeys.experiment_builders import AGAIN, BROKEN, ROOT, SEVERAL, SLOWER, THIRD, make_tree
from tests.journeys.program import opened, press, settle
from workbench.app import WorkbenchApp
from workbench.operations import reviewing
from workbench.operations.project import Project
from workbench.screens.experiment_notes import NOTE, NoteText
from workbench.screens.experiments import ExperimentsScreen
from workbench.screens.launch import LaunchScreen
from workbench.screens.review import ReviewScreen
from workbench.screens.runs import RunsScreen
from workbench.widgets.dialogs import ConfirmDialog
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.text_view import TextView

WIDE, NARROW = (120, 40), (80, 24)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_tree(tmp_path / "voice")


@asynccontextmanager
async def experiments_of(project: Project, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[Any]]:
    async with opened(project.root, "experiments", size=size) as (_app, pilot):
        yield pilot


def screen_of(pilot: Pilot[Any]) -> ExperimentsScreen:
    assert isinstance(pilot.app.screen, ExperimentsScreen)
    return pilot.app.screen


def said(pilot: Pilot[Any]) -> str:
    """Return what the pane says, its lines put together."""
    return " ".join(line.plain.strip() for line in screen_of(pilot).query_one("#detail", TextView)._lines)


def here(pilot: Pilot[Any]) -> str | None:
    branch = screen_of(pilot).branch
    return branch.row.name if branch is not None else None


def message(pilot: Pilot[Any]) -> str:
    from workbench.widgets.status_line import StatusLine

    return (pilot.app.screen.query_one(StatusLine).message or ("", ""))[0]


async def go_to(pilot: Pilot[Any], run: str) -> None:
    await press(pilot, "g")
    while here(pilot) != run:
        await press(pilot, "j")


async def test_the_newest_run_is_chosen_and_the_pane_follows_the_cursor(project: Project) -> None:
    async with experiments_of(project) as pilot:
        assert here(pilot) == BROKEN
        assert f"{BROKEN} has not finished (failed)" in said(pilot)
        await press(pilot, "k")
        assert here(pilot) == SEVERAL
        assert "3 variables changed at once" in said(pilot)
        assert "Seeds: not known: one run each, no replicate." in said(pilot)
        await go_to(pilot, SLOWER)
        assert "Lower beyond the noise of the pairs and of the seeds." in said(pilot)
        assert "Tried from here" in said(pilot)


async def test_the_cursor_stands_where_it_was_left(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, THIRD)
        await press(pilot, "4", "6")
        assert here(pilot) == THIRD
    async with experiments_of(project) as pilot:
        assert here(pilot) == THIRD


async def test_in_a_narrow_terminal_tab_goes_to_the_pane_and_back(project: Project) -> None:
    async with experiments_of(project, NARROW) as pilot:
        screen = screen_of(pilot)
        assert not screen.pane.region.height
        await press(pilot, "tab")
        assert screen.pane.has_focus
        assert screen.pane.region.height
        await press(pilot, "escape")
        assert screen.tree_list.has_focus


async def test_the_focus_of_a_pane_that_a_narrow_terminal_hides_never_falls_to_the_closed_filter(
    project: Project,
) -> None:
    async with opened(project.root, "experiments", size=(160, 45)) as (app, pilot):
        await press(pilot, "tab", "4")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await press(pilot, "6", "I", "escape")
        screen = screen_of(pilot)
        assert not screen.query_one(FilterLine).has_focus
        assert screen.tree_list.has_focus
        await press(pilot, "1")
        assert app.screen.id == "essays"
        assert screen.query_one(FilterLine).value == ""


async def test_two_runs_are_marked_and_compared(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, ROOT)
        await press(pilot, "equals_sign")
        assert "is marked" in message(pilot)
        await go_to(pilot, SLOWER)
        await press(pilot, "equals_sign")
        assert screen_of(pilot).comparing == (SLOWER, ROOT)
        assert not screen_of(pilot).tree_list.marked
        assert said(pilot).startswith(f"{SLOWER} against {ROOT}")
        await press(pilot, "k")
        assert screen_of(pilot).comparing is None
        assert said(pilot).startswith(THIRD)


async def test_runs_marked_with_space_are_compared_from_anywhere_and_three_are_too_many(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, AGAIN)
        await press(pilot, "space", "space")
        assert here(pilot) == SLOWER
        await press(pilot, "equals_sign")
        assert screen_of(pilot).comparing == (THIRD, AGAIN)
        await press(pilot, "escape")
        assert screen_of(pilot).comparing is None
        await go_to(pilot, AGAIN)
        await press(pilot, "space", "space", "space", "equals_sign")
        assert message(pilot).startswith("3 are marked")
        await press(pilot, "escape")
        assert not screen_of(pilot).tree_list.marked


async def test_a_note_is_written_on_a_run_edited_and_undone(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        await press(pilot, "n")
        assert isinstance(pilot.app.screen, NoteText)
        await press(pilot, *"keeps", "enter", *"the thread", "escape")
        (note,) = notebook.rows(project.db)
        assert (note.run, note.other_run, note.body) == (SLOWER, None, "keeps\nthe thread")
        assert "keeps the thread" in said(pilot)
        await press(pilot, "e", *" well", "escape")
        assert notebook.rows(project.db)[0].body == "keeps\nthe thread well"
        await press(pilot, "u")
        assert notebook.rows(project.db)[0].body == "keeps\nthe thread"
        assert "thread well" not in said(pilot)
        await press(pilot, "u")
        assert notebook.rows(project.db) == []
        await press(pilot, "U")
        assert "keeps the thread" in said(pilot)


async def test_a_note_is_on_what_is_compared_or_on_the_project(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, ROOT)
        await press(pilot, "equals_sign")
        await go_to(pilot, SLOWER)
        await press(pilot, "equals_sign", "n", *"lower", "escape")
        assert "Notes on this comparison" in said(pilot)
        assert said(pilot).endswith("lower")
        await press(pilot, "g", "n", *"more", "escape")
        found = [(note.run, note.other_run, note.body) for note in notebook.rows(project.db)]
        assert found == [(SLOWER, ROOT, "lower"), (None, None, "more")]
        assert said(pilot).startswith("What was learnt")
        # Of several the one to edit is chosen, the newest first.
        await press(pilot, "e", "enter", *"!", "escape")
        assert notebook.rows(project.db)[1].body == "more!"


async def test_an_empty_note_is_none_and_one_that_is_emptied_is_removed(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await press(pilot, "n", "space", "escape")
        assert notebook.rows(project.db) == []
        await press(pilot, "e")
        assert message(pilot).startswith("Nothing is noted here yet")
        await press(pilot, "n", *"x", "escape", "e", "backspace", "escape")
        assert notebook.rows(project.db) == []
        await press(pilot, "u")
        assert [note.body for note in notebook.rows(project.db)] == ["x"]


async def test_what_was_typed_when_the_program_was_killed_is_a_note(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        await press(pilot, "n", *"half")
        await pilot.app.writes_finished()  # type: ignore[attr-defined]
        kept = program.recall(project.db, NOTE)
        assert kept == {"run": SLOWER, "other": None, "text": "half"}
    async with experiments_of(project) as pilot:
        await settle(pilot)
        assert [(note.run, note.body) for note in notebook.rows(project.db)] == [(SLOWER, "half")]
        assert program.recall(project.db, NOTE) is None


async def test_a_note_is_edited_in_the_authors_editor(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.screens import editor

    number = notebook.add(project.db, "first", run=SLOWER)
    monkeypatch.setattr(editor, "edit_file", lambda app, path, stands: path.write_text("by another hand\n"))
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        await press(pilot, "E")
        assert notebook.get(project.db, number).body == "by another hand"
        await press(pilot, "E")
        assert message(pilot) == "Nothing was changed."


async def test_a_copy_is_launched_on_the_same_data_and_a_replicate_with_another_seed(project: Project) -> None:
    from store import pairs
    from store.pairs import PairChange, PairFilter
    from workbench.operations.freezing import freeze

    (first, *_) = pairs.ids(project.db, PairFilter(statuses=("accepted",)))
    pairs.change(project.db, "reject", [PairChange(id=first, status="rejected")])
    freeze(project)
    async with experiments_of(project) as pilot:
        await go_to(pilot, ROOT)
        await press(pilot, "R")
        form = form_of(pilot)
        assert [(path, old, new) for path, old, new in form.draft.differences] == [("train.seed", 1, 4)]
        await press(pilot, "escape")
        await press(pilot, "r")
        assert form_of(pilot).draft.differences == ()
        assert form_of(pilot).draft.spec.parent == ROOT


def form_of(pilot: Pilot[Any]) -> Any:
    assert isinstance(pilot.app.screen, LaunchScreen)
    assert pilot.app.screen._form is not None
    return pilot.app.screen._form


async def test_a_smoke_run_is_not_copied_but_the_run_it_was_tried_for(project: Project) -> None:
    make_smoke(project, SLOWER)
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        await press(pilot, "r")
        assert form_of(pilot).draft.spec.parent == ROOT


async def test_enter_reviews_a_run_with_samples_and_shows_another_in_runs(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert pilot.app.screen._stand is not None
        assert pilot.app.screen._stand.view.run == SLOWER
        await press(pilot, "6")
        await go_to(pilot, AGAIN)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, RunsScreen)
        assert pilot.app.screen.selected == AGAIN


async def test_words_filter_the_tree_and_a_leaves_out_what_failed(project: Project) -> None:
    async with experiments_of(project) as pilot:
        await press(pilot, "slash", *"seed")
        await settle(pilot)
        await pilot.pause(0.3)
        await settle(pilot)
        await press(pilot, "enter")
        assert [item.row.name for item in screen_of(pilot)._branches] == [AGAIN, THIRD]
        await press(pilot, "escape")
        await settle(pilot)
        assert len(screen_of(pilot)._branches) == 6
        await press(pilot, "a")
        assert BROKEN not in [item.row.name for item in screen_of(pilot)._branches]
    async with experiments_of(project) as pilot:
        assert len(screen_of(pilot)._branches) == 5


async def test_a_note_that_was_found_is_opened_at_its_run(project: Project) -> None:
    notebook.add(project.db, "The harpsichord came through.", run=SLOWER)
    assert [hit.kind for hit in everything(project.db, "harpsichord")] == ["notebook"]
    async with opened(project.root, "essays", size=WIDE) as (app, pilot):
        await press(pilot, "F")
        app.screen.query_one(Input).value = "harpsichord"
        await settle(pilot)
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert here(pilot) == SLOWER


async def test_counts_of_a_masked_review_are_not_shown_while_it_goes_on(project: Project) -> None:
    program.remember(project.db, "review.masked", True)
    for index, item in enumerate(reviewing.review(project, SLOWER).comparisons[:3]):
        reviewing.judge(project, item, "right", masked=index > 0)
    async with experiments_of(project) as pilot:
        await go_to(pilot, SLOWER)
        assert "3 of 6 pairs of samples judged, 2 of them masked" in said(pilot)
        assert "better than the base" not in said(pilot)
        branch = screen_of(pilot).branch
        assert branch is not None
        assert branch.tally is not None
        assert branch.tally.better == 0


async def test_without_runs_the_screen_says_what_to_do_and_takes_a_note(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    async with experiments_of(project, NARROW) as pilot:
        assert "press 4, then r" in screen_of(pilot).tree_list._empty
        await press(pilot, "r", "R", "equals_sign", "y", "tab", "enter", "escape")
        await press(pilot, "n", *"begin", "escape")
        assert [note.body for note in notebook.rows(project.db)] == ["begin"]
        assert isinstance(pilot.app, WorkbenchApp)


async def test_the_experiments_are_exported_by_keys_and_nothing_of_hers_is_replaced_unasked(project: Project) -> None:
    path = project.root / "exports" / "experiments-report.md"
    async with experiments_of(project) as pilot:
        await press(pilot, "x", "enter", "enter")
        assert path.read_text(encoding="utf-8").startswith("# What was learnt in voice")
        assert message(pilot).startswith("6 runs written as Markdown")
        path.write_text("hers", encoding="utf-8")
        await press(pilot, "x", "enter", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await press(pilot, "n")
        assert path.read_text(encoding="utf-8") == "hers"
        await press(pilot, "x", "j", "j", "enter", "enter")
        assert message(pilot).startswith("There is no preference pair to write")
