"""Runs by keys: the list, the selected run, its four views, stopping, resuming, noting, and on to its review."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from runners.places.base import Handle, Poll
from runners.rundir import RunDir
from runners.spec import RunSpec
from store import runs
from tests.journeys.builders import (
    BASE_RUN,
    SECOND_RUN,
    add_run,
    make_curated_project,
    make_reviewed_project,
    make_smoke,
    train_spec,
)
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import collecting, guide, launching, running, starting
from workbench.operations.freezing import freeze
from workbench.operations.project import Project
from workbench.screens.review import ReviewScreen
from workbench.screens.runs import RunsScreen
from workbench.widgets.curve import Curve
from workbench.widgets.dialogs import ConfirmDialog
from workbench.widgets.text_view import TextView


class Place:
    """A place that notes what it was asked to do."""

    name = "local"
    remote = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def check(self, spec: RunSpec | None = None) -> list[str]:
        return []

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        self.asked.append("submit")
        return Handle(place="local", data={})

    def poll(self, handle: Handle) -> Poll:
        return Poll("running")

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        run_dir.request_stop()
        self.asked.append("stop")

    def kill(self, handle: Handle) -> None:
        self.asked.append("kill")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place()
    for module in (launching, collecting, running, starting):
        monkeypatch.setattr(module, "place", lambda project, name, **_: made)
    return made


@asynccontextmanager
async def runs_of(project: Project, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=size) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen.is_mounted)
        await settle(pilot, lambda: not app.screen.query_one("#runs-list")._loading)  # type: ignore[attr-defined]
        if runs.rows(project.db):
            await settle(pilot, lambda: shown(pilot, "#run-title"))
        yield pilot


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


@pytest.fixture
def living(tmp_path: Path, place: Place) -> Project:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    add_run(project, train_spec(project, BASE_RUN), with_base=True, steps_done=42)
    runs.add_attempt(project.db, BASE_RUN, 1, "local", {})
    runs.set_status(project.db, BASE_RUN, "running", None)
    return project


def screen_of(pilot: Pilot[int]) -> RunsScreen:
    assert isinstance(pilot.app.screen, RunsScreen)
    return pilot.app.screen


async def test_the_newest_run_is_selected_and_says_in_words_what_differs(project: Project) -> None:
    async with runs_of(project) as pilot:
        assert SECOND_RUN in shown(pilot, "#run-title")
        assert "one variable: train.learning_rate 0.001 → 0.0005" in shown(pilot, "#run-facts")
        curve = screen_of(pilot).query_one(Curve)
        assert len(curve.loss) == 60
        assert [step for step, *_ in curve.validation] == [0, 20, 40, 60]
        await pilot.press("j")
        await settle(pilot, lambda: BASE_RUN in shown(pilot, "#run-title"))


async def test_l_goes_round_curve_log_samples_validation_and_spec(project: Project) -> None:
    async with runs_of(project, (120, 40)) as pilot:
        screen = screen_of(pilot)

        def text() -> str:
            return "\n".join(line.plain for line in screen.query_one("#run-text", TextView)._lines)

        await pilot.press("l")
        await settle(pilot, lambda: "self-test" in text())
        await pilot.press("l")
        await settle(pilot, lambda: "adapter at step 60" in text())
        await pilot.press("l")
        await settle(pilot, lambda: "training probe" in text() and "95% over pairs" in text())
        assert [line.split()[0] for line in text().splitlines() if line.strip()[1:3] == "0%"][:5] == [
            "10%",
            "30%",
            "50%",
            "70%",
            "90%",
        ]
        assert "best" in next(line for line in text().splitlines() if line.startswith("60"))
        await pilot.press("l")
        await settle(pilot, lambda: "train.learning_rate" in text() and "parent 0.001" in text())
        await pilot.press("l")
        await settle(pilot, lambda: screen.query_one(Curve).display)


async def test_a_living_run_shows_its_phase_and_what_comes_in_by_itself(living: Project) -> None:
    async with runs_of(living) as pilot:
        await settle(pilot, lambda: "42 of 60" in shown(pilot, "#run-title"))
        log = RunDir(living.runs_folder / BASE_RUN).events(1)
        with log.open("a") as file:
            seq = sum(1 for _ in log.open()) + 1
            file.write(
                f'{{"attempt": 1, "seq": {seq}, "at": "2026-11-20T18:45:00.000Z", "type": "progress", '
                '"phase": "train", "done": 43, "total": 60}\n'
            )
        await settle(pilot, lambda: "43 of 60" in shown(pilot, "#run-title"))


async def test_stopping_and_killing_ask_first(living: Project, place: Place) -> None:
    async with runs_of(living) as pilot:
        await pilot.press("S")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("n")
        await settle(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert place.asked == []
        await pilot.press("S", "y")
        await settle(pilot, lambda: place.asked == ["stop"])
        await settle(pilot, lambda: "stopping" in shown(pilot, "#run-title"))
        await pilot.press("K", "y")
        await settle(pilot, lambda: place.asked == ["stop", "kill"])


async def test_a_run_that_is_over_is_neither_stopped_nor_resumed(project: Project, place: Place) -> None:
    async with runs_of(project) as pilot:
        await pilot.press("S", "K", "R")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, RunsScreen)
        assert place.asked == []


async def test_a_failed_run_says_why_and_what_to_do_and_can_be_resumed(tmp_path: Path, place: Place) -> None:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    why = "Step 30: the loss is no number. Try a lower learning_rate."
    add_run(project, train_spec(project, BASE_RUN), steps_done=30, error=why, diverges=True)
    async with runs_of(project) as pilot:
        facts = shown(pilot, "#run-facts")
        assert why in facts
        assert "l shows its log" in facts
        await pilot.press("l")
        await settle(pilot, lambda: "loss NaN" in shown(pilot, "#run-tabs"))
        await pilot.press("R")
        await settle(pilot, lambda: place.asked == ["submit"])


async def test_a_note_is_kept_and_marked_in_the_list(project: Project) -> None:
    async with runs_of(project) as pilot:
        await pilot.press("n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press(*"dry", "enter")
        await settle(pilot, lambda: running.run_view(project, SECOND_RUN).noted == "dry")
        await settle(pilot, lambda: "dry" in shown(pilot, "#run-facts"))


async def test_a_note_is_kept_by_esc_and_one_that_a_killed_program_left_is_there_again(project: Project) -> None:
    def note() -> str:
        return running.run_view(project, SECOND_RUN).noted

    async with runs_of(project) as pilot:
        await pilot.press("n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press(*"dry", "escape")
        await settle(pilot, lambda: note() == "dry")
        await settle(pilot, lambda: "dry" in shown(pilot, "#run-facts"))
        await pilot.press("n")
        await settle(pilot, lambda: bool(pilot.app.screen.query(Input)))
        await pilot.press("end", "backspace", *"ier")
        await settle(pilot, lambda: guide.recall(project, "runs.note") == {"run": SECOND_RUN, "text": "drier"})
        # The program ends here without leaving the note.
    assert note() == "dry"
    async with runs_of(project) as pilot:
        await settle(pilot, lambda: note() == "drier")
        await settle(pilot, lambda: "drier" in shown(pilot, "#run-facts"))
        assert guide.recall(project, "runs.note") is None


async def test_a_smoke_run_is_known_by_its_spec_whatever_its_note_says(project: Project) -> None:
    make_smoke(project, SECOND_RUN)
    running.set_note(project, SECOND_RUN, "too slow here")
    async with runs_of(project) as pilot:
        await settle(pilot, lambda: runs.SMOKE_NOTE in shown(pilot, "#run-facts"))
        assert "too slow here" in shown(pilot, "#run-facts")
    runs.set_note(project.db, BASE_RUN, runs.SMOKE_NOTE)
    assert {row.name: row.smoke for row in runs.rows(project.db)} == {BASE_RUN: False, SECOND_RUN: True}


@pytest.mark.parametrize("key", ["enter", "o"])
async def test_the_selected_run_is_reviewed(project: Project, key: str) -> None:
    async with runs_of(project) as pilot:
        await pilot.press("j")
        await settle(pilot, lambda: BASE_RUN in shown(pilot, "#run-title"))
        await pilot.press(key)
        await settle(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen) and pilot.app.screen.is_mounted)
        await settle(pilot, lambda: BASE_RUN[-4:] in shown(pilot, "#head-right"))


async def test_the_key_of_the_screen_goes_to_review_as_it_was_left_whatever_run_is_selected(project: Project) -> None:
    guide.remember(project, "review.place", {"run": BASE_RUN, "slug": "shop-scales", "index": 1})
    guide.remember(project, "review.known", SECOND_RUN)
    async with runs_of(project) as pilot:
        assert screen_of(pilot).selected == SECOND_RUN
        await pilot.press("5")
        await settle(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen) and pilot.app.screen.is_mounted)
        await settle(pilot, lambda: BASE_RUN[-4:] in shown(pilot, "#head-right"))
        assert "pair 4 of 6" in shown(pilot, "#review-head")


async def test_a_project_without_runs_says_how_to_launch_one(tmp_path: Path) -> None:
    async with runs_of(make_curated_project(tmp_path / "voice")) as pilot:
        assert "Press r to launch" in screen_of(pilot).runs._empty
        await pilot.press("l", "S", "K", "R", "n", "y", "tab", "j")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_a_run_that_ended_early_says_why(project: Project) -> None:
    attempt = RunDir(project.runs_folder / SECOND_RUN).events(1)
    seq = len(attempt.read_text().splitlines())
    reason = "The last 2 validations in a row were worse than the best, that of step 20, beyond the noise."
    row = {"attempt": 1, "seq": seq + 1, "at": "2026-11-20T18:30:00.000Z", "type": "early", "step": 60}
    with attempt.open("a") as file:
        file.write(json.dumps({**row, "reason": reason}) + "\n")
    collecting.collect(project, (SECOND_RUN,))
    async with runs_of(project, (120, 40)) as pilot:
        assert "Ended early. The last 2 validations" in shown(pilot, "#run-facts").replace("\n", " ")
