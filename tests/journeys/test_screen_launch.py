"""The launch form by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from runners.places.base import Handle, Poll
from runners.rundir import RunDir
from runners.spec import RunSpec
from store import runs
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_curated_project, make_reviewed_project, make_smoke
from tests.journeys.experiment_builders import make_tree
from tests.journeys.program import shown as drawn
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import collecting, guide, launching, running, starting
from workbench.operations.project import Project
from workbench.screens.launch import LaunchScreen
from workbench.screens.launch_lines import VALUE_AT
from workbench.screens.runs import RunsScreen
from workbench.widgets.status_line import StatusLine


class StillPlace:
    """A place that takes jobs and never runs them."""

    name = "local"
    remote = False

    def check(self, spec: RunSpec | None = None) -> list[str]:
        return []

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        return Handle(place="local", data={})

    def poll(self, handle: Handle) -> Poll:
        return Poll("running")


@pytest.fixture(autouse=True)
def _no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (launching, collecting, running, starting):
        monkeypatch.setattr(module, "place", lambda project, name, **_: StillPlace())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


@asynccontextmanager
async def form(project: Project, key: str = "r", size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=size) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen.is_mounted)
        await settle(pilot, lambda: app.screen._view is not None or not runs.rows(project.db))  # type: ignore[attr-defined]
        await pilot.press(key)
        await settle(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.is_mounted)
        await settle(pilot, lambda: "Opening" not in shown(pilot, "#launch-title"))
        yield pilot


def form_screen(pilot: Pilot[int]) -> LaunchScreen:
    assert isinstance(pilot.app.screen, LaunchScreen)
    return pilot.app.screen


def spec_of_newest(project: Project) -> RunSpec:
    return RunSpec.from_json(runs.get(project.db, runs.rows(project.db)[-1].name).spec_json)


async def test_one_changed_value_is_named_and_launched(project: Project) -> None:
    async with form(project) as pilot:
        assert SECOND_RUN in shown(pilot, "#launch-title")
        await pilot.press(*"2e-4", "enter")
        await settle(pilot, lambda: "one variable" in shown(pilot, "#launch-summary"))
        assert "train.learning_rate 0.0005 → 0.0002" in shown(pilot, "#launch-summary")
        await pilot.press("r", "r")
        await settle(pilot, lambda: len(runs.rows(project.db)) == 3)
        spec = spec_of_newest(project)
        assert spec.parent == SECOND_RUN
        assert spec.train is not None
        assert spec.train.learning_rate == 2e-4
        await settle(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        await settle(pilot, lambda: spec.name[-4:] in shown(pilot, "#run-title"))


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_value_is_typed_at_its_own_line_where_it_stands(project: Project, size: tuple[int, int]) -> None:
    async with form(project, size=size) as pilot:
        screen = form_screen(pilot)
        lines = [line.path for line in screen._lines]
        for path in ("train.learning_rate", "train.warmup_steps", "sampling.max_new_tokens"):
            screen.fields.go_to(lines.index(path))
            await pilot.pause()
            await pilot.press("enter")
            await settle(pilot, lambda: screen.editor.is_open and isinstance(pilot.app.focused, Input))
            await pilot.pause()
            row = next(row for row in drawn(pilot.app.screen).splitlines() if path in row)
            name, value = row.split()[-2:]
            assert name == path
            assert value == screen._lines[lines.index(path)].value
            assert row.index(value) == VALUE_AT
            await settle(pilot, lambda: "enter takes the value" in pilot.app.screen.query_one(StatusLine).hint)
            await pilot.press("escape")
            assert not screen.editor.is_open


async def test_a_click_on_another_line_takes_the_value_that_was_typed_for_its_own(project: Project) -> None:
    async with form(project) as pilot:
        screen = form_screen(pilot)
        await pilot.press(*"2e-4")
        await pilot.click("#launch-list", offset=(5, 7))
        await settle(pilot, lambda: "train.learning_rate 0.0005 → 0.0002" in shown(pilot, "#launch-summary"))
        assert not screen.editor.is_open
        assert screen.current is not None
        assert screen.current.path == "train.max_steps"


async def test_what_was_changed_in_a_form_that_is_left_stands_there_when_it_is_opened_again(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press(*"2e-4", "enter")
        await settle(pilot, lambda: "one variable" in shown(pilot, "#launch-summary"))
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        await settle(pilot, lambda: "What you changed is kept" in shown(pilot, "StatusLine"))
        await pilot.press("r")
        await settle(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen) and pilot.app.screen.is_mounted)
        await settle(pilot, lambda: "train.learning_rate 0.0005 → 0.0002" in shown(pilot, "#launch-summary"))
        assert "As you left it" in shown(pilot, "StatusLine")


async def test_what_was_changed_stands_there_though_the_program_was_killed_in_the_form(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press(*"2e-4", "enter")
        await settle(pilot, lambda: "one variable" in shown(pilot, "#launch-summary"))
        await settle(pilot, lambda: 2e-4 in kept_changes(project))
        # What is kept now is all that a kill leaves.
        held = dict(project.db.all("SELECT key, value_json FROM place_in_program"))
    with project.db.transaction() as connection:
        connection.execute("DELETE FROM place_in_program")
        connection.executemany("INSERT INTO place_in_program (key, value_json) VALUES (?, ?)", list(held.items()))
    async with form(project) as pilot:
        await settle(pilot, lambda: "train.learning_rate 0.0005 → 0.0002" in shown(pilot, "#launch-summary"))
        assert "As you left it" in shown(pilot, "StatusLine")


async def test_what_was_launched_is_not_kept_as_left(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press(*"2e-4", "enter")
        await settle(pilot, lambda: 2e-4 in kept_changes(project))
        await pilot.press("r", "r")
        await settle(pilot, lambda: len(runs.rows(project.db)) == 3)
        await settle(pilot, lambda: kept_changes(project) == [])


def kept_changes(project: Project) -> list[object]:
    """Return the values that are kept of the training form as it was left."""
    found = guide.recall(project, f"launch.left train {SECOND_RUN} - {SECOND_RUN}")
    return list(found.values()) if isinstance(found, dict) else []


async def test_digits_typed_faster_than_the_focus_comes_are_all_taken(project: Project) -> None:
    async with form(project) as pilot:
        for letter in "2e-4":
            pilot.app.post_message(events.Key(letter, letter))
        box = pilot.app.screen.query_one(Input)
        await settle(pilot, lambda: box.value == "2e-4" and box.has_focus)


async def test_a_second_variable_is_a_warning(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press(*"2e-4", "enter")
        await settle(pilot, lambda: "one variable" in shown(pilot, "#launch-summary"))
        await pilot.press("j", *"30", "enter")
        await settle(pilot, lambda: "More than one variable" in shown(pilot, "#launch-summary"))
        await pilot.press("x")
        await settle(pilot, lambda: "one variable" in shown(pilot, "#launch-summary"))


async def test_r_pressed_twice_on_runs_opens_the_form_and_starts_nothing(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("r")
        await pilot.pause(1.0)
        assert "Enter or r starts it" in shown(pilot, "StatusLine")
        assert len(runs.rows(project.db)) == 2


async def test_a_value_that_does_not_hold_is_told_at_its_field_and_nothing_is_launched(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("e")
        pilot.app.screen.query_one(Input).value = "-1"
        await pilot.press("enter")
        await settle(pilot, lambda: "expected above 0" in shown(pilot, "#launch-explanation"))
        await pilot.press("r", "r")
        await settle(pilot, lambda: "does not hold" in shown(pilot, "StatusLine"))
        assert len(runs.rows(project.db)) == 2
        await pilot.press("x")
        await settle(pilot, lambda: "expected above 0" not in shown(pilot, "#launch-explanation"))


async def test_letters_typed_into_a_value_are_letters(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("enter")
        box = pilot.app.screen.query_one(Input)
        box.value = ""
        await pilot.press(*"rexjk1")
        assert box.value == "rexjk1"
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen))
        assert len(runs.rows(project.db)) == 2
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


async def test_a_choice_goes_on_to_its_next_and_back(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("g", "right")
        await settle(pilot, lambda: "samples of the base" in shown(pilot, "#launch-title"))
        await pilot.press("left")
        await settle(pilot, lambda: "a training run" in shown(pilot, "#launch-title"))


async def test_the_last_line_launches_with_enter(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("G", "enter")
        await settle(pilot, lambda: len(runs.rows(project.db)) == 3)
        assert spec_of_newest(project).train is not None


async def test_s_offers_the_adapter_of_the_selected_run(project: Project) -> None:
    async with form(project, "s") as pilot:
        await settle(pilot, lambda: "samples of an adapter" in shown(pilot, "#launch-title"))
        screen = pilot.app.screen
        assert isinstance(screen, LaunchScreen)
        assert screen._form is not None
        assert screen._form.adapter_run == SECOND_RUN


async def test_without_a_dataset_the_form_says_what_to_do(tmp_path: Path) -> None:
    async with form(make_curated_project(tmp_path / "voice")) as pilot:
        assert "cannot be launched" in shown(pilot, "#launch-title")
        await pilot.press("r", "e", "x", "right", "j", "3", "escape")
        await settle(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


async def test_a_parent_can_be_chosen(project: Project) -> None:
    async with form(project) as pilot:
        await pilot.press("g", "j", "j", "right")
        await settle(pilot, lambda: BASE_RUN in shown(pilot, "#launch-title"))


async def test_the_form_says_what_a_run_takes_and_f_shows_it_for_every_card(project):
    from workbench.widgets.dialogs import TextOverlay

    async with form(project, size=(120, 40)) as pilot:
        await settle(pilot, lambda: "GiB of" in shown(pilot, "#launch-summary"))
        assert "time not measured: s runs a smoke step" in shown(pilot, "#launch-summary")
        await pilot.press("f")
        await settle(pilot, lambda: isinstance(pilot.app.screen, TextOverlay))
        page = str(pilot.app.screen._body)
        assert all(name in page for name in ("T4", "A100-40", "H200", "this machine", "weights", "AdamW's moments"))


async def test_a_run_too_large_for_this_machine_is_made_to_fit_by_key(project, monkeypatch):
    from runners.forecast.cards import Card
    from runners.forecast.memory import PROCESS_BYTES
    from workbench.operations import place_checks

    small = Card(name="this machine", usable_bytes=PROCESS_BYTES + 150 * 1024**2, cuda=False)
    monkeypatch.setattr(place_checks, "this_machine", lambda: small)
    async with form(project, size=(120, 40)) as pilot:
        await settle(pilot, lambda: "c makes it fit" in shown(pilot, "#launch-summary"))
        await pilot.press("c")
        await settle(pilot, lambda: not isinstance(pilot.app.screen, LaunchScreen))
        await pilot.press("1")
        await settle(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen))
        await settle(pilot, lambda: "✓" in shown(pilot, "#launch-summary"))
        assert pilot.app.screen._form.draft.differences


async def test_a_smoke_run_takes_three_steps_and_is_copied_by_nobody(project):
    async with form(project) as pilot:
        await settle(pilot, lambda: "GiB of" in shown(pilot, "#launch-summary"))
        before = {row.name for row in runs.rows(project.db)}
        await pilot.press("s")
        await settle(pilot, lambda: {row.name for row in runs.rows(project.db)} - before)
        (name,) = {row.name for row in runs.rows(project.db)} - before
        spec = RunSpec.from_json(runs.get(project.db, name).spec_json)
        assert spec.train is not None
        assert spec.train.max_steps == 3
        assert isinstance(pilot.app.screen, LaunchScreen)
        await settle(pilot, lambda: runs.rows(project.db)[-1].smoke)
        assert launching.draft(project).spec.parent != name


async def test_a_run_that_ran_out_of_memory_offers_a_copy_that_fits(project):
    from dataclasses import replace

    from workbench.screens.launch_forecast import fitting_choices

    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen._view is not None)
        view = app.screen._view
        wanted = {"train.per_device_train_batch_size": 1, "train.gradient_accumulation_steps": 8}
        told = {
            "step": 1, "pairs": 8, "tokens": 400, "used_bytes": 10, "usable_bytes": 20,
            "alternatives": [{"changes": wanted, "words": "one pair a pass", "bytes": 9}],
        }  # fmt: skip
        assert fitting_choices([(wanted, "one pair a pass", 9)])[0].value == wanted
        app.screen._view = replace(view, row=replace(view.row, status="failed"), shortage=told)
        app.screen.refresh_bindings()
        await pilot.press("f")
        await pilot.pause(0.3)
        await pilot.press("1")
        await settle(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen._form is not None)
        train = app.screen._form.draft.spec.train
        assert (train.per_device_train_batch_size, train.gradient_accumulation_steps) == (1, 8)


async def test_the_form_says_how_many_pairs_are_too_long_as_soon_as_they_are_counted(project, monkeypatch):
    from workbench.operations import counting, targets

    monkeypatch.setattr(targets, "_SMALL_BYTES", -1)
    try:
        async with form(project, size=(120, 40)) as pilot:
            assert "tokens and would be skipped" not in shown(pilot, "#launch-summary")
            form_shown = pilot.app.screen
            index = next(i for i, line in enumerate(form_shown._lines) if line.path == "train.max_length")
            form_shown.fields.go_to(index)
            await pilot.press(*"16", "enter")
            await settle(pilot, lambda: "tokens and would be skipped" in shown(pilot, "#launch-summary"))
            assert "All " in shown(pilot, "#launch-summary")
            assert "which leaves none to train on: raise train.max_length" in shown(pilot, "#launch-summary")
            await pilot.press("x")
            await settle(pilot, lambda: "would be skipped" not in shown(pilot, "#launch-summary"))
    finally:
        counting.end_child(project)


async def test_r_on_a_smoke_run_copies_the_run_it_was_tried_for(project):
    make_smoke(project, SECOND_RUN)
    async with form(project) as pilot:
        await settle(pilot, lambda: pilot.app.screen._form is not None)
        assert pilot.app.screen._form.draft.spec.parent != SECOND_RUN


async def test_a_field_says_what_ones_own_runs_showed(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "tree")
    async with form(project) as pilot:
        await settle(pilot, lambda: "0.0005 is lower beyond the noise" in shown(pilot, "#launch-own"))
        await pilot.press("j")
        await settle(pilot, lambda: "60: failed. With other changes: 40." in shown(pilot, "#launch-own"))
