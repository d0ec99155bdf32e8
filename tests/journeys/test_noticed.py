"""What the program notices by itself: changes from elsewhere, time that goes on, a terminal without room, failures."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project, make_reviewed_project
from tests.journeys.program import opened, press, settle, shown
from tests.journeys.screens import settle as until
from workbench.operations import curating
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project
from workbench.screens import run_lines, runs
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.page_list import PageList


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four essays with pairs."""
    return make_curated_project(tmp_path / "voice")


async def test_a_pair_rejected_on_the_command_line_shows_at_once_and_the_cursor_stays(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        pairs = app.screen.query_one("#pairs-list", PageList)
        await press(pilot, "j", "j")
        stood = pairs.current
        other = next(item for item in curating.pair_ids(project, PairFilter(statuses=("proposed",))) if item != stood)
        await until(pilot, lambda: app._noticer is not None and app._noticer._noticing is not None)
        command = [sys.executable, "-m", "workbench", "-p", str(project.root), "pairs", "reject", str(other)]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True)
        assert done.returncode == 0, done.stderr
        await until(pilot, lambda: (row := pairs.row(other)) is not None and row.status == "rejected")
        assert pairs.current == stood


async def test_an_edit_by_key_is_no_change_from_elsewhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await until(pilot, lambda: app._noticer is not None and app._noticer._noticing is not None)
        told: list[bool] = []
        monkeypatch.setattr(app._noticer, "_changed", lambda: told.append(True))
        assert app._noticer is not None
        # What the program counts in a process of its own counts as elsewhere, and may be under way.
        await press(pilot, "exclamation_mark")
        await app._noticer.tick()
        told.clear()
        await press(pilot, "exclamation_mark")
        await app._noticer.tick()
        assert told == []
        await asyncio.to_thread(curating.flag, project, list(curating.pair_ids(project, PairFilter()))[:1])
        await app._noticer.tick()
        assert told == [True]


async def test_ages_of_runs_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    monkeypatch.setattr(runs, "AGES_S", 0.05)
    began = run_lines.present()
    monkeypatch.setattr(run_lines, "present", lambda: began)
    async with opened(project.root, "runs") as (app, pilot):
        before = shown(app.screen)
        monkeypatch.setattr(run_lines, "present", lambda: began + timedelta(weeks=90))
        await until(pilot, lambda: shown(app.screen) != before)


async def test_a_terminal_without_room_says_so_and_shows_all_again_when_it_has_room(project: Project) -> None:
    async with opened(project.root, "pairs", size=(38, 20)) as (app, pilot):
        assert shown(app.screen).split() == "The terminal is too small: make it at least 60x16.".split()
        await pilot.resize_terminal(60, 16)
        await pilot.pause()
        assert "too small" not in shown(app.screen)
        assert shown(app.screen).splitlines()[0].split()[-3:] == ["4", "5", "6"]
        await pilot.resize_terminal(100, 11)
        await pilot.pause()
        assert "too small" in shown(app.screen)


async def test_the_launch_form_says_too_that_there_is_no_room(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with opened(project.root, "runs", size=(80, 24)) as (app, pilot):
        await press(pilot, "r")
        assert app.screen.id == "launch"
        await pilot.resize_terminal(38, 20)
        await settle(pilot)
        assert shown(app.screen).split() == "The terminal is too small: make it at least 60x16.".split()


async def test_every_tab_can_be_seen_at_40_columns(project: Project) -> None:
    async with opened(project.root, "pairs", size=(40, 20)) as (app, _pilot):
        assert shown(app.screen).splitlines()[0].split()[-7:] == ["1", "2", "Pairs", "3", "4", "5", "6"]


async def test_the_search_of_keys_goes_by_keys_and_words_of_the_action_alone(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "question_mark")
        every = app.screen.query_one(OptionList).option_count
        await press(pilot, "i")
        assert app.screen.query_one(OptionList).option_count < every / 3
        app.screen.query_one(Input).value = "this screen"
        await pilot.pause()
        assert "No key does “this screen”" in shown(app.screen)
        await press(pilot, "enter")
        app.screen.query_one(Input).value = "acc"
        await pilot.pause()
        assert "accept" in shown(app.screen)


async def test_a_long_warning_stands_whole_in_the_status_line_and_not_over_the_text(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        words = [f"word{number}" for number in range(40)]
        app.say(" ".join(words), "warning")
        await pilot.pause()
        assert all(word in shown(app.screen) for word in words)
        assert not app._notifications
        app.say("done")
        await pilot.pause()
        assert app.screen.query_one("StatusLine").size.height == 1


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_work_that_fails_on_another_screen_is_said_over_that_and_esc_removes_it(
    project: Project, elsewhere: bool
) -> None:
    go = threading.Event()

    def operate(progress: ProgressCall, cancelled: CancelledCall) -> None:
        go.wait(20)
        raise WorkbenchError("The disk is full.")

    async with opened(project.root, "essays") as (app, pilot):
        app.background("Import", operate, lambda _none: None)
        await pilot.pause()
        if elsewhere:
            await pilot.press("2")
            await until(pilot, lambda: app.screen.id == "pairs")
        go.set()
        await until(pilot, lambda: not app.is_at("writing"))
        # Notices are not drawn in tests.
        await until(pilot, lambda: app._notifications or "The disk is full." in shown(app.screen))
        assert ("The disk is full." in shown(app.screen)) is not elsewhere
        assert [notice.message for notice in app._notifications] == [
            "The disk is full. (esc removes this.)"
        ] * elsewhere
        await press(pilot, "escape")
        assert not app._notifications
