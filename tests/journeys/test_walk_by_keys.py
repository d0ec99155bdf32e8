"""A new user's walk by keys alone, with a real job: from an empty folder to a reviewed canary."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from store.pairs import PairFilter
from tests.conftest import ROOT, SAMPLE_ESSAYS, shared_essays
from workbench.app import WorkbenchApp
from workbench.operations import canaries, curating, essays, freezing, reviewing, running
from workbench.operations.project import Project
from workbench.screens.dataset_freeze import LeakDialog
from workbench.widgets.choose_many import ManyDialog

CANARIES = ROOT / "workbench" / "demo" / "canaries.md"
QUICK = {
    "train.max_steps": "4",
    "train.per_device_train_batch_size": "2",
    "train.warmup_steps": "1",
    "train.eval_every_steps": "0",
    "train.eval_draws": "1",
    "sampling.max_new_tokens": "16",
    "sampling.block_length": "8",
    "sampling.steps": "8",
}


async def until(pilot: Pilot[int], condition: Callable[[], object], *, timeout_s: float = 120.0) -> None:
    """Let the program go on until something is so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        await pilot.pause(0.1)


async def type_path(pilot: Pilot[int], path: Path) -> None:
    """Answer a dialog that asks for a path."""
    await until(pilot, lambda: pilot.app.screen.query(Input))
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")


@pytest.mark.parametrize("which", ["sample essays", "chesterton"])
async def test_from_an_empty_folder_to_a_reviewed_canary_by_keys_alone(which: str, tmp_path: Path) -> None:
    shared = shared_essays()
    if which == "chesterton" and shared is None:
        pytest.skip("the public-domain essays are not here; name their folder in WORKBENCH_ESSAYS")
    folder = SAMPLE_ESSAYS if which == "sample essays" or shared is None else shared / "chesterton"
    held_out = 4
    # Other tests of the same process may have loaded it; the program itself never does.
    torch_before = "torch" in sys.modules
    root = tmp_path / "voice"
    root.mkdir()
    app = WorkbenchApp(None, root)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.id == "welcome")
        await pilot.press("i")
        await type_path(pilot, folder)
        await until(pilot, lambda: app.screen.id == "essays")
        project = app.project
        expected = len(list(folder.rglob("*.md")))
        await until(pilot, lambda: len(essays.essay_rows(project)) == expected and app.progress is None)

        # Essays: propose from all, hold four out.
        await until(pilot, lambda: len(app.screen.sources.ids) == expected)  # type: ignore[attr-defined]
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ManyDialog))
        await pilot.press("enter")
        await until(pilot, lambda: curating.pair_counts(project).proposed >= 100 and app.progress is None)
        await pilot.press("g")
        for _ in range(held_out):
            await pilot.press("h")
            await pilot.pause(0.2)
            await pilot.press("j")
        await until(pilot, lambda: sum(row.split == "holdout" for row in essays.essay_rows(project)) == held_out)

        # Pairs: three by one key each, one rejected and taken back, the rest at once.
        await pilot.press("2")
        await until(pilot, lambda: app.screen.id == "pairs")
        await until(pilot, lambda: len(app.screen.pairs.ids) >= 100)  # type: ignore[attr-defined]
        await pilot.press("a", "a", "a")
        await until(pilot, lambda: curating.pair_counts(project).accepted == 3)
        await pilot.press("x")
        await until(pilot, lambda: curating.pair_counts(project).rejected == 1)
        await pilot.press("u")
        await until(pilot, lambda: curating.pair_counts(project).rejected == 0)
        await pilot.press("A")
        await pilot.pause(0.5)
        await pilot.press("y")
        await until(pilot, lambda: curating.pair_counts(project).accepted >= 100)
        assert not curating.pair_ids(project, PairFilter(statuses=("proposed",)))

        # Datasets: three canary prompts of a file, then freeze.
        await pilot.press("3")
        await until(pilot, lambda: app.screen.id == "datasets")
        await pilot.press("i")
        await type_path(pilot, CANARIES)
        await until(pilot, lambda: len(canaries.canary_rows(project)) == 5)
        await until(pilot, lambda: len(app.screen.canaries.ids) == 5)  # type: ignore[attr-defined]
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.canaries.has_focus)  # type: ignore[attr-defined]
        for left in (4, 3):
            await pilot.press("d")
            await until(pilot, lambda left=left: len(canaries.canary_rows(project)) == left)
            await until(pilot, lambda left=left: len(app.screen.canaries.ids) == left)  # type: ignore[attr-defined]
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, LeakDialog) or freezing.dataset_rows(project))
        if isinstance(app.screen, LeakDialog):
            # Essays of one author can repeat themselves across the split.
            await pilot.press("y")
        await until(pilot, lambda: freezing.dataset_rows(project) and app.progress is None)

        # Runs: the form, every field that makes it short, and launch.
        await pilot.press("4")
        await until(pilot, lambda: app.screen.id == "runs")
        await pilot.press("r")
        await launch_quickly(pilot)
        await until(pilot, lambda: running.run_rows(project), timeout_s=60)
        name = running.run_rows(project)[0].name
        await until(pilot, lambda: running.run_view(project, name).over, timeout_s=240)
        assert running.run_view(project, name).row.status == "finished"

        # Review: six pairs of samples; a verdict, a note and a mark by key.
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.id == "review")
        view = reviewing.review(project, name)
        assert len(view.comparisons) == 6
        await pilot.pause(1.0)
        await pilot.press("right")
        await until(pilot, lambda: reviewing.review(project, name).judged == 1)
        await pilot.press("left")
        await until(pilot, lambda: reviewing.review(project, name).judged == 2)
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = "nearer to her"
        await pilot.press("enter")
        await until(pilot, lambda: notes(project, name, "note"))
        await pilot.pause(0.5)
        await pilot.press("m", "space", "l", "l", "space", "v")
        await until(pilot, lambda: notes(project, name, "mark"))
        assert ("torch" in sys.modules) == torch_before, "the program loaded torch"
    # Everything is in the one file, and the program opens where it was left.
    again = WorkbenchApp(None, root)
    async with again.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: again.screen.id == "review")
        assert reviewing.review(Project.open(root), name).judged == 2


def notes(project: Project, run: str, kind: str) -> list[object]:
    """Return the annotations of one kind."""
    view = reviewing.review(project, run)
    return [note for rows in view.annotations.values() for note in rows if note.kind == kind]


async def launch_quickly(pilot: Pilot[int]) -> None:
    """Fill the form in so that the run is short, by its keys, and launch."""
    from workbench.screens.launch import LaunchScreen

    await until(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen))
    screen = pilot.app.screen
    assert isinstance(screen, LaunchScreen)
    await until(pilot, lambda: screen.current is not None)
    for field, value in QUICK.items():
        await pilot.press("g")
        for _ in range(60):
            if screen.current is not None and screen.current.path == field:
                break
            await pilot.press("j")
        assert screen.current is not None
        assert screen.current.path == field
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        focused = pilot.app.focused
        assert isinstance(focused, Input)
        focused.value = value
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.focused, Input))
        await pilot.pause(0.4)
    await pilot.press("r", "r")
