"""Essays that another program writes while the workbench is open: seen, followed, settled by key, taken back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from store import pairs
from store.pairs import PairFilter
from tests.journeys.program import opened, press, settle, shown
from workbench import app as program
from workbench.operations import curating, settling
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.screens.pairs import PairsScreen

FIRST = "The gravel path was laid before anybody asked who would walk on it, which is the way with most paths."
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."
THIRD = "A key opens a drawer. The drawer holds a key, and that one opens nothing that anybody remembers or needs."
FOURTH = "So both are kept, the one for use and the other for hope, and hope has the better place in the drawer."


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch from the beginning; the tests know how to wait."""
    monkeypatch.setattr(program, "_WATCH_AFTER_S", 0.01)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.create(tmp_path / "voice", essays=("essays",))
    folder = tmp_path / "voice" / "essays"
    folder.mkdir()
    (folder / "gravel.md").write_text(f"# On Gravel\n\n{FIRST}\n\n{SECOND}\n")
    (folder / "keys.md").write_text(f"# On Keys\n\n{THIRD}\n\n{FOURTH}\n")
    import_paths(project, [])
    propose_pairs(project)
    curating.decide(project, list(pairs.ids(project.db, PairFilter())), "accepted")
    return project


def edit_elsewhere(path: Path, old: str, new: str) -> None:
    """Change a file as an editor does: another process writes beside it and renames."""
    script = (
        "import pathlib, sys; path, old, new = pathlib.Path(sys.argv[1]), *sys.argv[2:]; "
        "beside = path.with_name('.' + path.name + '.swp'); beside.write_text(path.read_text().replace(old, new)); "
        "beside.replace(path)"
    )
    subprocess.run([sys.executable, "-c", script, str(path), old, new], check=True)


async def until(pilot: Pilot[Any], seen: Callable[[], object], *, timeout_s: float = 20.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < end, f"it did not come to pass; the screen shows:\n{shown(pilot.app.screen)}"
        await pilot.pause(0.05)
    await settle(pilot)


async def test_an_essay_edited_elsewhere_marks_its_pair_which_is_settled_by_key_and_taken_back(
    project: Project,
) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await until(pilot, lambda: app._watching is not None)
        edit_elsewhere(project.root / "essays" / "gravel.md", "good shoes", "bad shoes")
        await until(pilot, lambda: "≠ 1 changed On Gravel" in shown(app.screen))
        assert "1 pair changed in On Gravel: settle with w" in shown(app.screen)
        await press(pilot, "w")
        assert "≠ changed" in shown(app.screen)
        assert "On Keys" not in shown(app.screen)
        await press(pilot, "w")
        assert "[-good-] {+bad+} shoes" in shown(app.screen)
        await press(pilot, "w")
        assert isinstance(app.screen, PairsScreen)
        await press(pilot, "w", "t")
        assert "The new text was taken. Nothing is left to settle." in shown(app.screen)
        assert "in bad shoes" in shown(app.screen)
        assert settling.changed_ids(project) == []
        await press(pilot, "u")
        assert "Undone: take the new text for a pair" in shown(app.screen)
        assert "≠ changed" in shown(app.screen)
        assert "in good shoes" in shown(app.screen)
        (pair,) = settling.changed_ids(project)
        await press(pilot, "w", "o")
        assert pairs.get(project.db, pair).response.startswith("My aunt walked on it once, in good shoes")
        assert pairs.get(project.db, pair).status == "accepted"
        await press(pilot, "w")
        assert "No pair is to be settled" in shown(app.screen)


async def test_a_changed_pair_is_taken_and_edited(project: Project) -> None:
    async with opened(project.root, "pairs", size=(160, 45)) as (app, pilot):
        await until(pilot, lambda: app._watching is not None)
        edit_elsewhere(project.root / "essays" / "gravel.md", "good shoes", "bad shoes")
        await until(pilot, lambda: settling.changed_ids(project))
        await until(pilot, lambda: "settle with w" in shown(app.screen))
        await press(pilot, "w")
        text = shown(app.screen)
        assert ("before" in text, "[-good-]" in text, "{+bad+}" in text) == (True, True, True)
        await press(pilot, "e", "M", "y", "space", "escape")
        (pair, *_) = (pairs.get(project.db, key) for key in pairs.ids(project.db, PairFilter(words="bad shoes")))
        assert pair.response.startswith("My My aunt walked on it once, in bad shoes")
        assert (pair.edited, pair.changed) == (True, False)


async def test_one_key_settles_each_changed_pair_after_the_other_wherever_the_author_stands(project: Project) -> None:
    for name, old, new in (("gravel", "good shoes", "bad shoes"), ("keys", "other for hope", "other for fun")):
        path = project.root / "essays" / f"{name}.md"
        path.write_text(path.read_text().replace(old, new))
    import_paths(project, ())
    first, second = settling.changed_ids(project)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        await press(pilot, "w")
        assert "On Gravel · continuation · accepted · 2 to settle" in shown(app.screen)
        await press(pilot, "o")
        assert "On Keys · continuation · accepted" in shown(app.screen)
        assert "The pair stays as it was." in shown(app.screen)
        assert settling.changed_ids(project) == [second]
        assert screen.pairs.current == second
        await press(pilot, "o")
        assert app.screen is screen
        assert "The pair stays as it was. Nothing is left to settle. u takes it back." in shown(screen)
        assert {pairs.get(project.db, key).status for key in (first, second)} == {"accepted"}


async def test_a_key_that_takes_an_acceptance_back_says_so(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "tab", "o")
        first = next(iter(curating.pair_ids(project, PairFilter(statuses=("proposed",)))))
        said = f"Pair {first} is a proposal again, no longer accepted: u takes it back."
        assert said in " ".join(shown(app.screen).split())


async def test_the_list_of_pairs_does_not_jump_when_an_essay_changes(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await until(pilot, lambda: app._watching is not None)
        await press(pilot, "tab", "j")
        before = [line for line in shown(app.screen).splitlines() if "▌" in line]
        edit_elsewhere(project.root / "essays" / "gravel.md", "good shoes", "bad shoes")
        await until(pilot, lambda: "≠" in shown(app.screen))
        after = [line for line in shown(app.screen).splitlines() if "▌" in line]
        assert [line[:9] for line in before] == [line[:9] for line in after]


async def test_files_that_come_go_and_are_renamed_are_shown_with_sign_and_word(project: Project) -> None:
    folder = project.root / "essays"
    async with opened(project.root, "essays") as (app, pilot):
        await until(pilot, lambda: app._watching is not None)
        (folder / "gravel.md").rename(folder / "paths.md")
        await until(pilot, lambda: "→ renamed On Gravel" in shown(app.screen))
        (folder / "keys.md").rename(folder.parent / "keys.md")
        await until(pilot, lambda: "? missing On Keys" in shown(app.screen))
        (folder / "hats.md").write_text("# On Hats\n\nThree hats and no head for any of them.\n")
        await until(pilot, lambda: "+ new On Hats" in shown(app.screen))
        (folder.parent / "keys.md").rename(folder / "keys.md")
        await until(pilot, lambda: "missing" not in shown(app.screen))
        assert {row.slug: row.accepted for row in essay_rows(project)} == {"gravel": 1, "keys": 1, "hats": 0}
        await press(pilot, "g", "j", "enter", "1")
        await until(pilot, lambda: "+ new" not in shown(app.screen))


async def test_a_key_looks_at_the_disk_at_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_WATCH_AFTER_S", 3600)
    async with opened(project.root, "essays") as (app, pilot):
        edit_elsewhere(project.root / "essays" / "gravel.md", SECOND, f"{SECOND}\n\n{SECOND.replace('aunt', 'uncle')}")
        await press(pilot, "R")
        assert "+ 1 ¶ new On Gravel" in shown(app.screen)
        assert "1 new paragraph that no pair covers: propose with p" in " ".join(shown(app.screen).split())


async def test_many_changes_at_once_are_read_by_another_process(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench import watching

    monkeypatch.setattr(watching, "_ASIDE_BYTES", 10)
    async with opened(project.root, "essays") as (app, pilot):
        await until(pilot, lambda: app._watching is not None)
        edit_elsewhere(project.root / "essays" / "gravel.md", "good shoes", "bad shoes")
        await until(pilot, lambda: "≠ 1 changed On Gravel" in shown(app.screen))
