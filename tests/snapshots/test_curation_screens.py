"""How Welcome, Essays, Pairs and Datasets look: empty, busy and failed, at 80x24 and 120x40."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from curation.errors import Problem
from curation.findings import Finding
from tests.journeys.builders import fixed_time, make_curated_project
from tests.journeys.program import press, settle
from workbench.app import WorkbenchApp
from workbench.operations.freezing import freeze
from workbench.operations.intake import Arrival, ImportReport
from workbench.operations.project import Project
from workbench.screens.base import ProjectScreen
from workbench.screens.dataset_freeze import LeakDialog
from workbench.screens.essay_import import ImportPreview
from workbench.widgets.status_line import Progress

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40)]

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


def looks_right(
    compare: Compare,
    folder: Path,
    size: tuple[int, int],
    *,
    screen: str | None = None,
    keys: tuple[str, ...] = (),
    before: Callable[[Pilot[Any]], Awaitable[None]] | None = None,
) -> bool:
    """Open the program, press keys, and compare what it shows with what stands."""

    async def run(pilot: Pilot[Any]) -> None:
        while pilot.app.screen.id == "opening":
            await pilot.pause(0.02)
        await settle(pilot)
        await press(pilot, *keys)
        if before is not None:
            await before(pilot)
        await settle(pilot)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False

    return compare(WorkbenchApp(None, folder, screen=screen), run_before=run, terminal_size=size)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A project that holds nothing."""
    Project.create(tmp_path / "voice").close()
    return tmp_path / "voice"


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    """Four essays, sixteen pairs, three canary prompts."""
    make_curated_project(tmp_path / "voice").close()
    return tmp_path / "voice"


@pytest.mark.parametrize("screen", ["essays", "pairs", "datasets"])
def test_an_empty_project_says_what_to_do(
    snap_compare: Compare, empty: Path, size: tuple[int, int], screen: str
) -> None:
    assert looks_right(snap_compare, empty, size, screen=screen)


@pytest.mark.parametrize("screen", ["essays", "pairs", "datasets"])
def test_a_project_at_work(snap_compare: Compare, curated: Path, size: tuple[int, int], screen: str) -> None:
    assert looks_right(snap_compare, curated, size, screen=screen)


def test_pairs_decided_marked_flagged_and_noted(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    keys = ("tab", "tab", "tab", "tab", "exclamation_mark", "j", "space", "space", "j", "j")
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=keys)


def test_a_place_to_split_is_chosen(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=("s", "right"))


def test_what_the_model_sees(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=("v",))


def test_all_keys_of_pairs(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="pairs", keys=("question_mark",))


def test_an_essay_is_read(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="essays", keys=("enter",) if size[0] < 110 else ("tab",))


def test_a_dataset_and_its_report(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    with fixed_time():
        freeze(Project.open(curated))
    assert looks_right(snap_compare, curated, size, screen="datasets", keys=("j", "enter"))


def test_an_import_goes_on(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    async def importing(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        app.progress = Progress(title="Import", done=12, total=40, name="the-back-wheel.md")

    assert looks_right(snap_compare, curated, size, screen="essays", before=importing)


def test_an_action_that_failed(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    async def failing(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, ProjectScreen)
        screen.say("The disk is full. Make room, then press the key again.", "error")

    assert looks_right(snap_compare, curated, size, screen="pairs", before=failing)


def test_a_store_that_cannot_be_opened(
    snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "workbench.toml").write_text("esays = []\n", encoding="utf-8")
    # The message names the file by its whole path, which differs from run to run.
    monkeypatch.chdir(folder)
    monkeypatch.setattr("workbench.app.sentence_of", lambda error: str(error).replace(str(folder.resolve()), "…"))

    async def wait(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.pause(0.1)

    assert snap_compare(WorkbenchApp(None, folder), run_before=wait, terminal_size=size)


def test_a_folder_without_a_project(
    snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    (tmp_path / "voice").mkdir()
    monkeypatch.setattr("pathlib.Path.absolute", lambda self: Path("/home/author/voice"))

    async def wait(pilot: Pilot[Any]) -> None:
        while pilot.app.screen.id == "opening":
            await pilot.pause(0.02)
        await settle(pilot)

    assert snap_compare(WorkbenchApp(None, tmp_path / "voice"), run_before=wait, terminal_size=size)


def test_what_goes_of_an_essay(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, curated, size, screen="essays", keys=("c",))


def test_a_freeze_that_found_leaks(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    # Not by its key: the report behind the dialog would say when it was checked.
    meets = {"sandals": ("drawer", "13"), "wheel": ("drawer", "14"), "queue": ("scales", "scales")}
    leaks = [
        Finding(
            rule="near-copy" if number.isdigit() else "prompt-copy",
            severity="leak",
            scope="pair",
            subject=subject,
            source=source,
            other=number,
            other_source=other,
            message="",
        )
        for source, (other, number) in meets.items()
        for subject in ("1", "2")
    ]

    async def ask(pilot: Pilot[Any]) -> None:
        pilot.app.push_screen(LeakDialog(leaks))
        await pilot.pause()

    assert looks_right(snap_compare, curated, size, screen="datasets", before=ask)


def test_a_look_at_an_import(snap_compare: Compare, curated: Path, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        posts = [
            Arrival(
                outcome="added", what="note", name="salt", title="Salt", path="1.salt.html", words=63, paragraphs=4
            ),
            Arrival(outcome="changed", what="pair", name="gulls", title="Pairs", path="pairs.md", count=12, words=840),
        ]
        left = Problem("export.zip/posts.csv", 3, "the post “Not yet” is a draft and is left out.")
        wrong = Problem("export.zip/posts.csv", 5, "the post “The newest” has no file posts/8.newest.html.")
        report = ImportReport(
            arrivals=tuple(posts), problems=(wrong,), left_out=(left,), choices=("drafts",), dry_run=True
        )
        pilot.app.push_screen(ImportPreview(report))
        await pilot.pause()

    assert looks_right(snap_compare, curated, size, screen="essays", before=look)
