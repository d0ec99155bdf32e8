"""How Runs, the launch form and Review look: empty, busy, failed and at work, at 80x24 and 120x40."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from runners.places.base import Poll
from runners.places.contact import lost, reached
from store import runs
from tests.journeys.builders import (
    BASE_RUN,
    NOW,
    SECOND_RUN,
    add_run,
    make_curated_project,
    make_reviewed_project,
    project_time,
    train_spec,
)
from tests.journeys.program import press, settle
from workbench.app import WorkbenchApp
from workbench.following import Following
from workbench.operations.freezing import freeze
from workbench.operations.project import Project
from workbench.screens import run_lines

Compare = Callable[..., bool]

pytestmark = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lines, "present", project_time)
    monkeypatch.setattr("workbench.app.COLLECT_S", 3600.0)


def looks_right(compare: Compare, project: Project, size: tuple[int, int], screen: str, *keys: str) -> bool:
    async def run(pilot: Pilot[Any]) -> None:
        while pilot.app.screen.id == "opening":
            await pilot.pause(0.02)
        await settle(pilot)
        await press(pilot, *keys)
        await settle(pilot)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False

    return compare(WorkbenchApp(project, project.root, screen=screen), run_before=run, terminal_size=size)


async def idle(_self: Following) -> None:
    """Ask no host, and collect nothing."""


def send_far(project: Project, run: str, place: str) -> None:
    """Let a run be one of another place."""
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET place = ? WHERE name = ?", (place, run))


@pytest.fixture
def reviewed(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


@pytest.fixture
def frozen(tmp_path: Path) -> Project:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    return project


def test_runs_without_any_run(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, frozen, size, "runs")


def test_runs_with_a_run_that_waits_on_a_cluster(
    snap_compare: Compare, frozen: Project, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = add_run(frozen, train_spec(frozen, BASE_RUN), with_base=True, steps_done=42, status="submitted")
    send_far(frozen, BASE_RUN, "uni")
    note = "Waiting for resources to go on where its last node left it: Priority, other jobs go first."
    with mock.patch("runners.places.contact.utc_now", return_value=NOW):
        reached(run_dir, 1, Poll("waiting", note=note))
    monkeypatch.setattr("workbench.following.Following.tick", idle)
    assert looks_right(snap_compare, frozen, size, "runs")


def test_runs_with_a_run_going_on(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    warning = "Of the holdout, 1 pair was skipped: longer than 512 tokens."
    add_run(frozen, train_spec(frozen, BASE_RUN), with_base=True, steps_done=42, status="running", warning=warning)
    assert looks_right(snap_compare, frozen, size, "runs")


def test_runs_with_a_run_whose_host_is_away(
    snap_compare: Compare, frozen: Project, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = add_run(frozen, train_spec(frozen, BASE_RUN), with_base=True, steps_done=42, status="running")
    send_far(frozen, BASE_RUN, "gpu")
    with mock.patch("runners.places.contact.utc_now", return_value=NOW):
        reached(run_dir, 1, Poll("running"))
        lost(run_dir, 1, "gpu: it did not answer. Is it switched on, and are you online?")
    monkeypatch.setattr("workbench.screens.run_panel.clock", lambda at: "14:03")
    monkeypatch.setattr("workbench.following.Following.tick", idle)
    assert looks_right(snap_compare, frozen, size, "runs")


def test_runs_with_a_failed_run(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    why = "Step 30: the loss is no number. Try a lower learning_rate."
    add_run(frozen, train_spec(frozen, BASE_RUN), steps_done=30, error=why, diverges=True)
    assert looks_right(snap_compare, frozen, size, "runs")


def test_runs_with_finished_runs(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    runs.set_note(reviewed.db, BASE_RUN, "Finds the sandals, loses the thread.")
    assert looks_right(snap_compare, reviewed, size, "runs")


def test_runs_showing_samples(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "runs", "l", "l")


def test_runs_showing_the_validation(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "runs", "l", "l", "l")


def test_runs_showing_the_spec(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "runs", "l", "l", "l", "l")


def test_the_launch_form_with_one_change(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "runs", "r", "2", "e", "minus", "4", "enter")


def test_the_launch_form_with_a_value_that_does_not_hold(
    snap_compare: Compare, reviewed: Project, size: tuple[int, int]
) -> None:
    assert looks_right(snap_compare, reviewed, size, "runs", "r", "2", "e", "minus", "4", "enter", "j", "0", "enter")


def test_review_of_the_first_pair(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "review")


def test_review_masked_with_a_mark_and_a_note(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    keys = ("M", "m", "space", "l", "l", "space", "v", "escape", "n", "d", "r", "y", "enter")
    assert looks_right(snap_compare, reviewed, size, "review", *keys)


def test_review_while_a_span_is_marked(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "review", "m", "l", "space", "l", "l", "j")


def test_review_while_a_tagged_sample_is_rated(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    keys = ("tab", "t", *"loop dry", "enter", "c", "4", "2", "escape", "c", "j")
    assert looks_right(snap_compare, reviewed, size, "review", *keys)


def test_review_with_the_real_piece(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, reviewed, size, "review", "R")


def test_review_at_its_end(snap_compare: Compare, reviewed: Project, size: tuple[int, int]) -> None:
    keys = ("right", "right", "equals_sign", "left", "x", "right")
    assert looks_right(snap_compare, reviewed, size, "review", *keys)


def test_review_without_a_run(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, frozen, size, "review")


def test_review_of_a_run_that_still_trains(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    add_run(frozen, train_spec(frozen, SECOND_RUN), with_base=True, steps_done=42, status="running")
    assert looks_right(snap_compare, frozen, size, "review")


def test_review_without_base_samples(snap_compare: Compare, frozen: Project, size: tuple[int, int]) -> None:
    add_run(frozen, train_spec(frozen, BASE_RUN), sampled=True)
    assert looks_right(snap_compare, frozen, size, "review")
