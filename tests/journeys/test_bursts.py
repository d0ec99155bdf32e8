"""Keys that come in one burst take effect in the order they were pressed, in every field that text is typed into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tests.journeys.builders import (
    BASE_RUN,
    SECOND_RUN,
    add_run,
    make_curated_project,
    make_reviewed_project,
    train_spec,
)
from tests.journeys.experiment_builders import make_tree
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, guide, noting
from workbench.operations.canaries import canary_rows
from workbench.operations.essays import essay_view
from workbench.operations.project import Project
from workbench.screens.launch import LaunchScreen
from workbench.screens.pair_edit import DRAFT, EditPair
from workbench.widgets.dialogs import ConfirmDialog, TextDialog
from workbench.widgets.page_list import PageList
from workbench.widgets.path_dialog import PathDialog
from workbench.widgets.text_fields import LineField, TextField


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_curated_project(tmp_path / "voice")


async def burst(pilot: Pilot[Any], *keys: str) -> None:
    """Send keys at once, as a terminal does that had them waiting."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else key_to_character(key)))
    for _ in range(3):
        await settle(pilot)


def list_of(app: App[Any]) -> PageList[Any]:
    """Return the list of Pairs."""
    return app.screen.query_one("#pairs-list", PageList)


class Field(App[None]):
    """A program of one field."""

    def __init__(self, field: Widget) -> None:
        super().__init__()
        self._field = field

    def compose(self) -> ComposeResult:
        yield self._field


BURSTS = [
    (["a", "b", "c", "backspace", "d"], "abd"),
    (["a", "b", "c", "left", "d"], "abdc"),
    (["a", "b", "c", "home", "d"], "dabc"),
    (["a", "b", "home", "delete", "c", "end", "d"], "cbd"),
    (["a", "b", "ctrl+u", "c"], "c"),
]


@pytest.mark.parametrize(("keys", "text"), BURSTS)
async def test_a_line_takes_a_burst_in_order(keys: list[str], text: str) -> None:
    field = LineField()
    async with Field(field).run_test() as pilot:
        field.focus()
        await burst(pilot, *keys)
        assert field.value == text


@pytest.mark.parametrize(("keys", "text"), [*BURSTS, (["a", "enter", "b", "up", "c"], "ac\nb")])
async def test_a_text_takes_a_burst_in_order(keys: list[str], text: str) -> None:
    field = TextField()
    async with Field(field).run_test() as pilot:
        field.focus()
        await burst(pilot, *keys)
        assert field.text == text


async def test_the_pair_editor_keeps_all_that_was_typed_before_esc_and_nothing_after_it(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g", "e")
        assert isinstance(app.screen, EditPair)
        before, pair = app.screen.typed.response, app.screen.typed.pair_id
        await burst(pilot, "X", "Y", "left", "Z", "escape", "j")
        assert not isinstance(app.screen, EditPair)
        assert curating.pair_view(project, pair).pair.response == f"XZY{before}"
    assert guide.recall(project, DRAFT) is None


async def test_tab_in_a_burst_parts_the_two_texts(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g", "e")
        assert isinstance(app.screen, EditPair)
        before = app.screen.typed
        await burst(pilot, "X", "backspace", "Y", "tab", "home", "V")
        assert app.screen.typed.response == f"Y{before.response}"
        assert app.screen.typed.prompt.count("V") == before.prompt.count("V") + 1


async def test_the_filter_line_gives_keys_behind_enter_to_the_list(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "slash")
        await burst(pilot, "c", "h", "x", "backspace", "e", "enter", "j")
        assert app.screen.query_one("#filter", Input).value == "che"
        await press(pilot, "slash")
        await burst(pilot, "z", "escape", "j")
        assert app.screen.query_one("#filter", Input).value == ""


async def test_a_path_is_completed_in_the_midst_of_a_burst(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.md").write_text("Of keys.", encoding="utf-8")
    app: App[None] = App()
    async with app.run_test() as pilot:
        taken: list[str | None] = []
        app.push_screen(PathDialog("Import", root=tmp_path), taken.append)
        await pilot.pause()
        await burst(pilot, "l", "e", "tab", "o", "tab", "enter")
        assert taken == ["letters/one.md"]


async def test_a_note_typed_and_closed_in_one_burst_is_whole() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        taken: list[str | None] = []
        app.push_screen(TextDialog("Note"), taken.append)
        await pilot.pause()
        await burst(pilot, "d", "r", "t", "backspace", "y", "enter")
        assert taken == ["dry"]


async def test_a_canary_prompt_typed_in_one_burst_is_whole(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n")
        for field in app.screen.query(TextArea):
            if field.id == "canary-prompt":
                field.focus()
        await settle(pilot)
        await burst(pilot, "O", "f", " ", "x", "backspace", "h", "a", "t", "s", "escape")
        assert canary_rows(project)[-1].prompt == "Of hats"
        assert "Of hats" in shown(app.screen) or "of-hats" in shown(app.screen)


async def test_keys_behind_enter_in_a_dialog_go_to_the_screen_below_in_order(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g")
        first, second = list_of(app).ids[:2]
        await press(pilot, "n")
        await burst(pilot, *"dry", "enter", "j", "exclamation_mark")
        assert curating.pair_view(project, first).pair.note == "dry"
        assert not curating.pair_view(project, first).pair.flagged
        assert curating.pair_view(project, second).pair.flagged


async def test_letters_behind_the_key_that_opens_a_dialog_go_into_it(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g")
        first, second = list_of(app).ids[:2]
        await burst(pilot, "n", *"axe", "enter", "j", "n", *"mat", "enter", "k", "exclamation_mark")
        assert [curating.pair_view(project, item).pair.note for item in (first, second)] == ["axe", "mat"]
        assert curating.pair_view(project, first).pair.flagged
        assert not curating.pair_view(project, second).pair.flagged


async def test_keys_behind_a_choice_go_to_the_screen_below(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g")
        first, second = list_of(app).ids[:2]
        await burst(pilot, "t", "n", "j", "t", "k", "j", "j", "enter", "exclamation_mark")
        assert curating.pair_view(project, first).pair.tier == "note"
        assert not curating.pair_view(project, first).pair.flagged
        assert curating.pair_view(project, second).pair.flagged


async def test_keys_behind_a_key_of_the_list_of_all_keys_come_after_it(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g")
        first, second = list_of(app).ids[:2]
        await burst(pilot, "question_mark", *"flag", "enter", "j", "n", *"so", "enter")
        assert curating.pair_view(project, first).pair.flagged
        assert curating.pair_view(project, second).pair.note == "so"


async def test_a_screen_that_is_gone_to_takes_the_keys_behind(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await burst(pilot, "3", "n", *"Of hats", "escape", "2")
        assert canary_rows(project)[-1].prompt == "Of hats"
        assert app.screen.id == "pairs"


async def test_a_hundred_keys_at_once_all_arrive(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "g")
        pairs = list_of(app)
        await burst(pilot, *["j", "exclamation_mark", "exclamation_mark", "k"] * 25, "j", "exclamation_mark")
        assert pairs.cursor == 1
        flagged = [item for item in pairs.ids if curating.pair_view(project, item).pair.flagged]
        assert flagged == [pairs.ids[1]]


@pytest.fixture
def ran(tmp_path: Path) -> Project:
    """A project of two training runs."""
    return make_reviewed_project(tmp_path / "voice")


def titled(app: App[Any]) -> str:
    """Return what the dialog on top shows."""
    return shown(app.screen)


@pytest.mark.parametrize(("way", "run"), [(["j"], BASE_RUN), (["j", "k"], SECOND_RUN), (["G"], BASE_RUN)])
async def test_a_note_in_runs_is_on_the_run_under_the_cursor_however_fast(
    ran: Project, way: list[str], run: str
) -> None:
    async with opened(ran.root, "runs") as (_app, pilot):
        await press(pilot, "g")
        await burst(pilot, *way, "n", *"wry", "enter")
    assert [item.run for item in noting.notes(ran) if item.body == "wry"] == [run]


async def test_a_run_that_is_killed_or_stopped_is_the_one_under_the_cursor(ran: Project) -> None:
    for hour, name in ((19, "20261120-1900-embedded-lr1-aaaa"), (20, "20261120-2000-embedded-lr1-bbbb")):
        at = f"2026-11-20T{hour}:00:00.000Z"
        add_run(ran, train_spec(ran, name), created_at=at, steps_done=5, status="running")
    for key in ("K", "S"):
        async with opened(ran.root, "runs") as (app, pilot):
            await press(pilot, "g")
            await burst(pilot, "j", key)
            assert isinstance(app.screen, ConfirmDialog)
            assert "lr1-aaaa?" in titled(app)


async def test_the_run_that_is_copied_is_the_one_under_the_cursor(ran: Project) -> None:
    async with opened(ran.root, "runs") as (app, pilot):
        await press(pilot, "g")
        await burst(pilot, "j", "r")
        assert isinstance(app.screen, LaunchScreen)
        assert "lr0.001-3f9c" in titled(app)


async def test_the_run_that_is_reviewed_is_the_one_under_the_cursor(ran: Project) -> None:
    async with opened(ran.root, "runs") as (app, pilot):
        await press(pilot, "g")
        await burst(pilot, "j", "o")
        assert app.screen.id == "review"
        assert "lr0.001-3f9c" in titled(app)


async def test_a_note_in_experiments_is_on_the_line_under_the_cursor_however_fast(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    async with opened(project.root, "experiments") as (app, pilot):
        await press(pilot, "g")
        await burst(pilot, "j", "n", *"wry", "escape")
        first = app.screen.query_one("#tree", PageList).current_row.row.name  # type: ignore[union-attr]
        assert [item.run for item in noting.notes(project) if item.body == "wry"] == [first]
        await burst(pilot, "k", "n", *"dim", "escape")
        assert [item.run for item in noting.notes(project) if item.body == "dim"] == [None]
        await burst(pilot, "j", "e", *" and dry", "escape")
        assert [item.body for item in noting.notes(project) if item.run == first] == ["wry and dry"]


async def test_the_text_that_is_copied_is_that_of_the_essay_under_the_cursor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ((120, 40), (80, 24)):
        async with opened(project.root, "essays", size=size) as (app, pilot):
            copied: list[str] = []
            monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
            await press(pilot, "g")
            await burst(pilot, "j", "y")
            second = app.screen.query_one("#essays-list", PageList).current
            assert second is not None
            assert copied == [essay_view(project, second).text]
