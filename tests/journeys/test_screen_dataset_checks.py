"""Datasets, by its keys: check, waive with a reason, compare; and a long freeze in the background."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from store.pairs import PairChange, PairFilter, change
from tests.journeys.builders import make_curated_project
from tests.journeys.command_line import run
from tests.journeys.program import opened, press, settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import checking, child, curating, reshaping, waiving
from workbench.operations.canaries import frozen_version
from workbench.operations.freezing import dataset_rows
from workbench.operations.project import Project
from workbench.screens.dataset_freeze import LeakDialog
from workbench.widgets.dialogs import ChoiceDialog, ConfirmDialog, TextDialog
from workbench.widgets.page_list import PageList

# So tall that a whole report is in view.
TALL = (120, 80)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Eight pairs accepted, two of them held out, three canary prompts, nothing frozen."""
    return make_curated_project(tmp_path / "voice")


def empty_prompts(project: Project, *pair_ids: int) -> None:
    """Leave pairs accepted and without a prompt."""
    change(project.db, "Emptied", [PairChange(id=pair_id, prompt="") for pair_id in pair_ids])


async def type_in(pilot: Any, text: str) -> None:
    """Fill the line of a dialog in and send it."""
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")


async def test_what_a_freeze_would_take_is_checked_by_key_and_an_edit_makes_that_old(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        text = shown(app.screen)
        assert "What a freeze would take now" in text
        assert "not checked yet" in text
        await press(pilot, "c")
        text = shown(app.screen)
        assert "  checked" in text
        assert "decide little" in text
        assert "Responses, in words" in text
        assert "▇" in text
        await press(pilot, "2", "a", "3")
        assert "edited since the check" in shown(app.screen)


async def test_a_finding_is_waived_with_a_reason_frozen_with_it_and_taken_back(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await press(pilot, "c", "W")
        assert isinstance(app.screen, ChoiceDialog)
        assert "Waive which finding?" in shown(app.screen)
        assert "small-holdout" in shown(app.screen)
        await press(pilot, "end", "up", "enter")
        assert isinstance(app.screen, TextDialog)
        await type_in(pilot, "")
        assert isinstance(app.screen, TextDialog)
        assert "needs its reason" in shown(app.screen)
        assert waiving.waiver_rows(project) == []
        await type_in(pilot, "a first try")
        assert [row.reason for row in waiving.waiver_rows(project)] == ["a first try"]
        await press(pilot, "f", "y")
        assert "small-holdout: a first try" in shown(app.screen)
        await press(pilot, "W", "end", "enter")
        assert isinstance(app.screen, ConfirmDialog)
        await press(pilot, "y")
        assert waiving.waiver_rows(project) == []
        # What was frozen with a reason keeps it.
        assert "small-holdout: a first try" in shown(app.screen)
        await press(pilot, "u")
        assert [row.reason for row in waiving.waiver_rows(project)] == ["a first try"]


async def test_what_was_frozen_is_compared_with_what_is_accepted_and_with_another(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await press(pilot, "D")
        assert "Mark two datasets" in shown(app.screen)
        await press(pilot, "f", "y", "2", "a", "3", "g", "D")
        text = shown(app.screen)
        assert "From dataset 1 to what is accepted" in text
        assert "1 added, 0 removed, 0 changed, 8 kept" in text
        assert " + " in text
        await press(pilot, "escape", "f", "y", "space", "space", "D")
        assert "From dataset 1 to dataset 2" in shown(app.screen)
        await press(pilot, "escape", "escape")
        assert not app.screen.query_one("#dataset-list").marked  # type: ignore[attr-defined]


async def test_two_sets_that_are_the_same_say_so(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await press(pilot, "f", "y", "g", "D")
        assert "They hold the same pairs." in shown(app.screen)


async def test_a_comparison_stands_though_what_is_shown_is_asked_for_anew(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await press(pilot, "f", "y", "g", "D")
        # As when another program, or a child of this one, has written to the store.
        app.screen.on_project_changed()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "They hold the same pairs." in shown(app.screen)
        await press(pilot, "escape")
        assert "They hold the same pairs." not in shown(app.screen)


async def test_a_warning_of_a_pair_is_waived_in_pairs(project: Project) -> None:
    pair = list(curating.pair_ids(project, PairFilter(statuses=("proposed",))))[0]
    reshaping.edit_pair(project, pair, prompt="Begin.", response="A whole sentence of the author, long enough.\n\n***")
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "O")
        await press(pilot, "g")
        assert "ends in a scene break" in shown(app.screen)
        await press(pilot, "W")
        assert "closing-break" in shown(app.screen)
        await press(pilot, "enter", "enter")
        await type_in(pilot, "the break belongs to it")
        assert [(row.rule, row.scope, row.subject) for row in waiving.waiver_rows(project)] == [
            ("closing-break", "pair", str(pair))
        ]
        assert "ends in a scene break" not in shown(app.screen)


async def test_other_work_keeps_a_freeze_from_starting_and_says_so(project: Project) -> None:
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await press(pilot, "f")
        await pilot.press("y", "f")
        await press(pilot, "2")
        assert len(dataset_rows(project)) == 1


async def test_leaks_are_said_before_anything_is_frozen_and_freezing_takes_one_key_more(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await press(pilot, "f")
        text = shown(app.screen)
        assert isinstance(app.screen, LeakDialog)
        assert dataset_rows(project) == []
        assert frozen_version(project) is None
        assert "6 leaks in what would be frozen" in text
        assert "near-copy: 2 pairs of on-sandals and held-out a-drawer-of-keys" in text
        assert "y freeze anyway · enter report · o their pairs · W waive · esc leave" in text
        # The key that opened it, pressed once more or held, freezes nothing.
        await press(pilot, "f", "escape")
        assert dataset_rows(project) == []
        assert "Nothing was frozen: 6 leaks. o goes to a pair of them, W waives with a reason." in shown(app.screen)
        await press(pilot, "f", "y")
        assert [row.leaks for row in dataset_rows(project)] == [6]
        assert "Dataset 1 frozen, with 6 leaks" in shown(app.screen)


async def test_from_the_leaks_their_report_their_pairs_and_their_waiver_are_one_key_away(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await press(pilot, "f", "enter")
        assert "What a freeze would take now" in shown(app.screen)
        assert "6 leaks" in shown(app.screen)
        await press(pilot, "escape", "f", "W")
        assert "Waive which finding?" in shown(app.screen)
        await press(pilot, "escape", "f", "o")
        assert "Go to which pair?" in shown(app.screen)
        await press(pilot, "enter")
        assert app.screen.id == "pairs"
    assert dataset_rows(project) == []


async def test_who_has_gone_to_another_screen_is_told_of_leaks_and_not_asked(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await pilot.press("f")
        await press(pilot, "2")
        assert app.screen.id == "pairs"
        assert "Nothing was frozen: 6 leaks. f in Datasets (3) says which." in shown(app.screen)
        assert dataset_rows(project) == []


async def test_without_a_leak_f_freezes_at_once(project: Project) -> None:
    waiving.waive(project, rule="near-copy", scope="dataset", subject="", reason="made so")
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "f")
        assert [row.leaks for row in dataset_rows(project)] == [0]
        assert "Dataset 1 frozen, with 0 leaks" in shown(app.screen)


def test_the_command_line_freezes_with_leaks_unless_it_is_told_not_to(project: Project) -> None:
    refused = run(project.root, "dataset", "freeze", "--no-leaks", code=1)
    assert "6 leaks found, and so nothing was frozen: `workbench check` lists them" in refused.stderr
    assert dataset_rows(project) == []
    run(project.root, "dataset", "freeze")
    assert [row.leaks for row in dataset_rows(project)] == [6]


async def test_a_check_is_cancelled_by_key(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # A child that never says anything.
    monkeypatch.setattr("workbench.operations.checking_job._MODULE", "asyncio")
    async with opened(project.root, "datasets", size=TALL) as (app, pilot):
        await pilot.press("c")
        await pilot.pause(0.05)
        await press(pilot, "escape")
        assert checking.last_check(project) is None


async def test_closing_the_program_ends_a_check_that_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    end = child._end

    def noted(process: subprocess.Popen[bytes]) -> None:
        end(process)
        ended.append(process.pid)

    monkeypatch.setattr(child, "_end", noted)
    monkeypatch.setattr("workbench.operations.checking_job._MODULE", "asyncio")
    app = WorkbenchApp(project, project.root, screen="datasets")
    async with app.run_test() as pilot:
        while app.screen.id != "datasets":
            await pilot.pause(0.02)
        await pilot.press("c")
        await pilot.pause(0.1)
        app.exit()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(ended) == 1


async def test_where_there_is_no_room_the_difference_is_read_and_left_again(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await press(pilot, "f", "y", "2", "a", "3", "g", "D")
        assert "1 added" in shown(app.screen)
        await press(pilot, "escape")
        assert "Canary prompts" in shown(app.screen)


async def test_a_refusal_that_names_pairs_goes_to_them_one_after_the_other(project: Project) -> None:
    first, second = curating.pair_ids(project, PairFilter(statuses=("accepted",)))[:2]
    empty_prompts(project, first, second)
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "f")
        text = shown(app.screen)
        assert f"Pair {first}" in text
        assert "o in Datasets goes to what is missing" in text
        assert dataset_rows(project) == []
        await press(pilot, "o")
        assert app.screen.id == "pairs"
        assert app.screen.query_one("#pairs-list", PageList).current == first
        await press(pilot, "3", "o")
        assert app.screen.query_one("#pairs-list", PageList).current == second


async def test_a_pair_that_the_report_names_is_gone_to_from_it(project: Project) -> None:
    pair_id = curating.pair_ids(project, PairFilter(statuses=("accepted",)))[1]
    empty_prompts(project, pair_id)
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "o")
        assert "names no pair" in shown(app.screen)
        await press(pilot, "c", "o")
        assert isinstance(app.screen, ChoiceDialog)
        assert "has no prompt" in shown(app.screen)
        await press(pilot, "enter")
        assert app.screen.id == "pairs"
        assert app.screen.query_one("#pairs-list", PageList).current == pair_id
