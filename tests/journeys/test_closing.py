"""Closing the program while a screen still waits for its data: it ends, without a fault."""

from __future__ import annotations

import gc
import threading
import warnings
from pathlib import Path

import pytest

from runners.places.contact import Contact
from tests.journeys.builders import make_curated_project
from workbench.app import WorkbenchApp
from workbench.operations.collecting import CollectReport


async def test_an_answer_that_comes_while_the_program_closes_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_curated_project(tmp_path / "voice")
    asked, closed = threading.Event(), threading.Event()
    told: list[object] = []
    app = WorkbenchApp(None, project.root, screen="pairs")

    def slow() -> int:
        asked.set()
        closed.wait(20)
        return 1

    async with app.run_test() as pilot:
        while app.screen.id != "pairs":
            await pilot.pause(0.02)
        app.screen.ask(slow, told.append, group="slow")  # type: ignore[attr-defined]
        while not asked.is_set():
            await pilot.pause(0.02)
        # As the program's end does before it takes the widgets away.
        app._running = False
        closed.set()
        await app.workers.wait_for_complete([worker for worker in app.workers if worker.group == "slow"])
        app._running = True
    assert told == []


async def test_what_was_to_be_looked_at_as_the_program_closes_is_not_begun_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    project = make_curated_project(tmp_path / "voice")
    app = WorkbenchApp(None, project.root, screen="pairs")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with app.run_test() as pilot:
            while app.screen.id != "pairs":
                await pilot.pause(0.02)
            app._follow()
            app._notice()
            # As closing the program does, before their first step.
            app.workers.cancel_group(app, "collect")
            await pilot.pause(0.02)
        gc.collect()
    assert [str(item.message) for item in warned if "never awaited" in str(item.message)] == []


@pytest.mark.parametrize("fails", [False, True])
async def test_what_jobs_wrote_is_not_told_of_while_the_program_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    project = make_curated_project(tmp_path / "voice")
    told: list[object] = []
    app = WorkbenchApp(None, project.root, screen="pairs")
    async with app.run_test() as pilot:
        while app.screen.id != "pairs":
            await pilot.pause(0.02)
        following = app._following
        assert following is not None

        def closes() -> tuple[CollectReport, dict[str, Contact]]:
            # As the program's end does before it takes the widgets away.
            app._running = False
            if fails:
                raise RuntimeError
            return CollectReport(events=1, problems=("A problem.",)), {}

        await app.workers.wait_for_complete()
        monkeypatch.setattr(following, "_collect", closes)
        monkeypatch.setattr(following, "_collected", told.append)
        monkeypatch.setattr(app, "say", lambda *said: told.append(said))
        await following.tick()
        app._running = True
    assert told == []
