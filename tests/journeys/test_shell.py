"""What holds on every screen: opening, going about, all keys, every command, themes, and what failed."""

from __future__ import annotations

import ast
import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

import workbench
from store import migrating
from store.migrations import NAMES
from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from tests.journeys.screens import settle as until
from workbench.app import WorkbenchApp
from workbench.every_command import CLASSES, commands_elsewhere
from workbench.operations import curating, guide
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import essay_rows
from workbench.operations.project import Project
from workbench.screens.base import ProjectScreen
from workbench.screens.canary_form import CanaryForm
from workbench.screens.datasets import DatasetsScreen
from workbench.screens.shell import CancelledCall, ProgressCall
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


async def test_every_screen_is_mounted_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: list[str] = []
    on_mount = ProjectScreen.on_mount

    def counting(screen: ProjectScreen) -> None:
        mounted.append(screen.NAME)
        on_mount(screen)

    monkeypatch.setattr(ProjectScreen, "on_mount", counting)
    async with opened(project.root, "essays") as (_app, pilot):
        await press(pilot, "2", "3", "4", "5", "6")
    assert mounted == ["essays", "pairs", "datasets", "runs", "review", "experiments"]


def test_no_handler_calls_that_of_the_class_above_since_textual_calls_both() -> None:
    twice = []
    for path in sorted(Path(workbench.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name == "on_event":
                continue
            called = [inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
            if node.name.startswith("on_") and node.name in called:
                twice.append(f"{path.name}:{node.lineno}: {node.name}")
    assert twice == []


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


async def test_ctrl_c_says_in_the_status_line_how_the_program_is_closed(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "ctrl+c")
        assert "q closes the program, while you type ctrl+q. Everything is kept." in shown(app.screen).splitlines()[-2]
        assert not app._notifications
        app.set_keymap({"program.quit": "Q"})
        await press(pilot, "ctrl+c")
        assert "Q closes the program. Everything is kept." in shown(app.screen).splitlines()[-2]


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_every_command_of_the_screen_is_in_the_palette(project: Project, key: str) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        commands = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Accept and go on", "Undo", "Redo", "Theme", "Go to Review"} <= set(commands)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("escape")


async def choose_command(pilot: Pilot[Any], words: str) -> list[str]:
    """Find a command in the palette, choose the first, and return what was found."""
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    await pilot.press(*words)
    palette = pilot.app.screen

    def found() -> list[str]:
        commands = palette.query_one(CommandList)
        return [str(commands.get_option_at_index(index).prompt) for index in range(commands.option_count)]

    await until(pilot, lambda: bool(found()) and words.split()[-1] in found()[0])
    listed = found()
    await press(pilot, "enter")
    return listed


async def test_the_palette_knows_every_command_of_every_screen(project: Project) -> None:
    async with opened(project.root, "runs") as (app, _pilot):
        offered = {(item.name, item.binding.action) for item in commands_elsewhere("runs")}
        for name, make in app.SCREENS.items():
            assert CLASSES[name] == (type(make()).__module__, type(make()).__name__)
            for _key, binding in make()._bindings:
                mine = binding.id and not binding.id.endswith((".back", ".pane", ".side"))
                assert ((name, binding.action) in offered) == bool(mine and name != "runs"), binding


async def test_a_command_of_another_screen_is_found_gone_to_and_its_key_said(project: Project) -> None:
    async with opened(project.root, "runs") as (app, pilot):
        before = [row.status for row in curating.pair_rows(project, curating.pair_ids(project, PairFilter()))]
        listed = await choose_command(pilot, "pairs accept and")
        assert "Pairs: accept and go on" in listed[0]
        assert "key a in Pairs (2)" in listed[0]
        assert app.screen.id == "pairs"
        assert "Accept and go on: press a." in shown(app.screen)
        assert [row.status for row in curating.pair_rows(project, curating.pair_ids(project, PairFilter()))] == before


async def test_a_command_that_asks_by_itself_is_done_on_arrival(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await choose_command(pilot, "write a canary prompt")
        await settle(pilot)
        assert app.screen_stack[-2].id == "datasets"
        assert isinstance(app.screen, CanaryForm)


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


async def test_a_project_of_an_earlier_version_is_brought_up_behind_a_frame_that_says_so_and_answers_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "voice"
    Project.create(folder).close()
    for path in folder.glob("workbench.db*"):
        path.unlink()
    *older, last = [(name, migrating._function(name)) for name in NAMES]
    sqlite3.connect(folder / "workbench.db").execute("PRAGMA journal_mode = WAL").connection.close()
    migrating.migrate(folder / "workbench.db", folder / "backups", older)
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: object) -> None:
        begun.set()
        assert go_on.wait(20)
        last[1](db)

    monkeypatch.setattr(migrating, "_function", lambda name: slow if name == last[0] else dict(older)[name])
    assert migrating.is_behind(folder / "workbench.db")
    app = WorkbenchApp(None, folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await asyncio.to_thread(begun.wait, 20)
        await pilot.pause()
        assert "Bringing voice to this version of the program" in shown(app.screen)
        assert "can take a minute" in shown(app.screen)
        await pilot.press("question_mark")
        await pilot.pause(0.1)
        assert "All keys" in shown(app.screen)
        await pilot.press("escape")
        go_on.set()
        await settle(pilot)
        assert "import a folder of essays" in shown(app.screen)
    app.finish_writes()
    assert not migrating.is_behind(folder / "workbench.db")


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

    monkeypatch.setattr("workbench.operations.curating.decide_all", refuse)
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


async def test_a_write_finds_its_project_when_its_screen_is_gone(project: Project) -> None:
    go_on = threading.Event()
    app = WorkbenchApp(project, project.root, screen="essays")
    found = []
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, ProjectScreen) and app.screen.is_mounted)
        screen = app.screen
        assert isinstance(screen, ProjectScreen)
        app.write(lambda: go_on.wait(20))
        screen.act(lambda: found.append(screen.project.root))
    assert not screen.is_attached
    go_on.set()
    app.finish_writes()
    assert found == [project.root]


@pytest.mark.parametrize("told", [True, False])
async def test_a_program_that_is_closed_while_a_screen_is_mounted_ends_without_a_fault(
    project: Project, told: bool
) -> None:
    app = WorkbenchApp(project, project.root, screen="datasets")
    # What a screen raises is raised again here, when the program is closed.
    async with app.run_test():
        while not isinstance(app.screen, DatasetsScreen):
            await asyncio.sleep(0)
        assert not app.screen.query("#dataset-list")
        if told:
            app.exit()


async def test_the_keys_of_one_action_are_parted_by_a_comma_and_no_line_of_the_list_is_cut(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "question_mark")
        assert "…" not in "\n".join(line[:76] for line in shown(app.screen).splitlines())
        await press(pilot, *"line before")
        assert "↑, k   " in shown(app.screen)


async def test_writing_and_datasets_are_worked_on_beside_each_other_one_of_each(project: Project) -> None:
    gates = {name: threading.Event() for name in ("Import", "Check")}
    stopped: list[str] = []
    ended: list[str] = []

    def work(name: str) -> Callable[[ProgressCall, CancelledCall], str]:
        def operate(progress: ProgressCall, cancelled: CancelledCall) -> str:
            progress(1, 4, "an-essay")
            while not gates[name].wait(0.01):
                if cancelled():
                    stopped.append(name)
                    break
            return name

        return operate

    async with opened(project.root, "essays") as (app, pilot):
        assert app.background("Import", work("Import"), ended.append)
        assert app.background("Check", work("Check"), ended.append, about="datasets")
        assert not app.background("Propose", work("Import"), ended.append)
        await pilot.pause(0.3)
        assert "Import is still going on" in shown(app.screen)
        app.screen.outdate()  # type: ignore[attr-defined]
        await pilot.pause(0.3)
        assert "Check ━━━━────────────1 of 4" in shown(app.screen).replace(" 1 of", "1 of")
        assert "esc cancels  Import 25%" in shown(app.screen)
        await pilot.press("escape")
        while stopped != ["Check"] or app.is_at("datasets"):
            await pilot.pause(0.02)
        assert app.is_at("writing")
        gates["Import"].set()
        await settle(pilot)
        assert stopped == ["Check"]
        assert ended == ["Check", "Import"]
        assert app.progress is None


async def test_where_there_is_nothing_no_key_is_named_that_needs_something(tmp_path: Path) -> None:
    bare = Project.create(tmp_path / "bare")
    async with opened(bare.root, "pairs", size=(80, 24)) as (app, pilot):
        text = shown(app.screen)
        assert "There are no pairs yet. Press 1 for Essays" in text
        assert "accept" not in text.splitlines()[-1]
        await press(pilot, "5")
        assert "masked" not in shown(app.screen)
        await press(pilot, "1")
        for key in "hJP":
            await press(pilot, key)
            assert "There is no essay here" in shown(app.screen)


async def test_the_keys_of_a_pair_come_with_the_first_pair(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        assert "a accept" in shown(app.screen)
        await press(pilot, "slash", *"zzz", "enter")
        assert "a accept" not in shown(app.screen)
        await press(pilot, "escape")
        assert "a accept" in shown(app.screen)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_in_the_terminals_own_colours_the_line_under_the_cursor_is_read(project: Project, theme: str) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        app.theme = theme
        await press(pilot, "tab")
        line = next(line for line in app.screen._compositor.render_strips() if "slow-puncture" in line.text)
        styles = [segment.style for segment in line if segment.text.strip() and segment.style is not None]
        # The accent as a background would swallow what is muted or green.
        beside = [style for style in styles if style.reverse]
        assert len(beside) >= 4
        assert all(style.bgcolor is not None and style.bgcolor.is_default for style in beside)
        await press(pilot, "question_mark")
        first = next(line for line in app.screen._compositor.render_strips() if "this screen" in line.text)
        marked = {str(segment.style.bgcolor) for segment in first if segment.text.strip() and segment.style is not None}
        second = next(line for line in app.screen._compositor.render_strips() if "freeze what" in line.text)
        plain = {str(segment.style.bgcolor) for segment in second if segment.text.strip() and segment.style is not None}
        assert marked - plain
