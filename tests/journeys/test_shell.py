"""What holds on every screen: opening, going about, all keys, every command, themes, and what failed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from tests.journeys.screens import settle as until
from workbench.app import WorkbenchApp
from workbench.operations import guide
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import essay_rows
from workbench.operations.project import Project
from workbench.screens.base import ProjectScreen
from workbench.widgets.help_overlay import HelpOverlay


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four essays with pairs."""
    return make_curated_project(tmp_path / "voice")


async def test_the_keys_1_to_5_go_to_the_screens_and_the_last_is_remembered(project: Project) -> None:
    async with opened(project.root) as (app, pilot):
        seen = []
        for key in "54321":
            await press(pilot, key)
            seen.append(app.screen.id)
        assert seen == ["review", "runs", "datasets", "pairs", "essays"]
        await press(pilot, "3")
    assert guide.recall(project, "program.screen") == "datasets"
    async with opened(project.root) as (app, _pilot):
        assert app.screen.id == "datasets"


async def test_a_click_on_a_tab_goes_there(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        line = shown(app.screen).splitlines()[0]
        await pilot.click("Tabs", offset=(line.index("2 Pairs") + 1, 0))
        await settle(pilot)
        assert app.screen.id == "pairs"


async def test_an_empty_folder_is_welcomed_and_import_makes_a_project_there(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    (folder / "essays").mkdir(parents=True)
    (folder / "essays" / "one.md").write_text("# One\n\nA paragraph.\n", encoding="utf-8")
    async with opened(folder, size=(80, 24)) as (app, pilot):
        assert app.screen.id == "welcome"
        assert "no project yet" in shown(app.screen)
        await press(pilot, "i")
        app.screen.query_one(Input).value = "essays"
        await press(pilot, "enter")
        await settle(pilot)
        assert app.screen.id == "essays"
        assert [row.title for row in essay_rows(Project.open(folder))] == ["One"]
        assert Project.open(folder).settings.essays == ("essays",)


async def test_the_welcome_opens_another_folder(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    async with opened(folder, size=(80, 24)) as (app, pilot):
        await press(pilot, "o")
        app.screen.query_one(Input).value = str(project.root)
        await press(pilot, "enter")
        await settle(pilot)
        assert isinstance(app.screen, ProjectScreen)
        assert app.project.root == project.root


async def test_all_keys_are_listed_and_searchable_and_can_be_pressed_there(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpOverlay)
        await press(pilot, *"model sees")
        assert "what the model sees" in shown(app.screen)
        assert "boundary on" not in shown(app.screen)
        await press(pilot, "enter")
        assert "What embedded sees" in shown(app.screen)


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_every_command_of_the_screen_is_in_the_palette(project: Project, key: str) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        commands = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Accept and go on", "Undo", "Redo", "Theme", "Go to Review"} <= set(commands)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("escape")


async def test_nothing_to_undo_is_said(tmp_path: Path) -> None:
    bare = Project.create(tmp_path / "bare")
    async with opened(bare.root, "pairs") as (app, pilot):
        await press(pilot, "u")
        assert "Nothing to undo" in shown(app.screen)


async def test_a_broken_store_is_a_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    Project.create(folder).close()
    for path in folder.glob("workbench.db*"):
        path.unlink()
    (folder / "workbench.db").write_bytes(b"this is no database at all, whatever its name says" * 40)
    async with _opening(folder) as text:
        assert "cannot be opened" in text
        assert "workbench.db" in text


async def test_a_broken_settings_file_is_a_sentence_too(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    Project.create(folder).close()
    (folder / "workbench.toml").write_text("essays = [", encoding="utf-8")
    async with _opening(folder) as text:
        assert "cannot be opened" in text
        assert "not TOML" in text


class _opening:
    """Open a folder that cannot be opened, and give what is shown."""

    def __init__(self, folder: Path) -> None:
        self._app = WorkbenchApp(None, folder)
        self._context = self._app.run_test(size=(100, 24))

    async def __aenter__(self) -> str:
        pilot = await self._context.__aenter__()
        await settle(pilot)
        await pilot.pause(0.1)
        return shown(self._app.screen)

    async def __aexit__(self, *error: Any) -> None:
        await self._context.__aexit__(*error)
        self._app.finish_writes()


async def test_a_write_that_fails_says_so_and_shows_what_stands(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> int:
        raise WorkbenchError("The disk is full. Make room, then press the key again.")

    monkeypatch.setattr("workbench.operations.curating.decide", refuse)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a")
        assert "The disk is full" in shown(app.screen)
        await press(pilot, "k")
        assert "✓" not in "".join(shown(app.screen).splitlines()[2:4])


async def test_a_fault_of_the_program_in_a_worker_is_said_and_does_not_end_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_given: object) -> object:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("workbench.operations.seen.see", break_down)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "v")
        assert "A fault of the program" in shown(app.screen)
        await press(pilot, "escape")
        await press(pilot, "a")
        assert "3 left" in shown(app.screen)


@pytest.mark.parametrize("theme", ["night", "paper", "ansi-dark", "ansi-light"])
async def test_every_theme_draws_every_screen(project: Project, theme: str) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        app.theme = theme
        for key in "12345":
            await press(pilot, key)
            assert shown(app.screen).strip()
    async with opened(project.root) as (app, _pilot):
        assert app.theme == theme


async def test_the_last_write_is_waited_for(project: Project) -> None:
    app = WorkbenchApp(None, project.root)
    done = []
    async with app.run_test():

        def slow() -> None:
            time.sleep(0.3)
            done.append(True)

        app.write(slow)
    app.finish_writes()
    assert done


async def test_the_keys_of_one_action_are_parted_by_a_comma_and_no_line_of_the_list_is_cut(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "question_mark")
        text = shown(app.screen)
        assert "e, E   " in text
        assert "open the file in $EDITOR, and read it" in text
        assert "                again " in text
        assert "…" not in "\n".join(line[:76] for line in text.splitlines())
        await press(pilot, *"line before")
        assert "↑, k" in shown(app.screen)
