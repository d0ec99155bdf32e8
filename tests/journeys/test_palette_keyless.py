"""What has no key is in the command palette, is done in the background, and says where the file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot

from tests.journeys.builders import make_curated_project, make_reviewed_project
from tests.journeys.program import opened, press, settle, shown
from tests.journeys.screens import settle as until
from workbench.operations.freezing import freeze
from workbench.widgets.path_dialog import PathDialog


async def choose(pilot: Pilot[Any], words: str, wanted: str) -> str:
    """Find a command by its words in the palette, choose it, and return what was found first."""
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    await pilot.press(*words)
    commands = pilot.app.screen.query_one(CommandList)

    def found() -> str:
        return str(commands.get_option_at_index(0).prompt) if commands.option_count else ""

    await until(pilot, lambda: wanted in found())
    first = found()
    await press(pilot, "enter")
    await settle(pilot)
    return first


async def test_a_backup_is_made_from_the_palette_and_said_where(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    async with opened(project.root, "pairs") as (app, pilot):
        await choose(pilot, "back up", "Back up")
        (made,) = (project.root / "backups").glob("*by-hand.db")
        assert "Backed up:" in shown(app.screen)
        assert made.stat().st_size > 0


async def test_export_is_found_where_its_line_says_write(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    async with opened(project.root, "datasets") as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"export")
        commands = app.screen.query_one(CommandList)

        def listed() -> str:
            return " ".join(str(commands.get_option_at_index(index).prompt) for index in range(commands.option_count))

        await until(pilot, lambda: "Export a review" in listed() and "Write the dataset to files" in listed())
        await pilot.press("escape")


async def test_the_newest_dataset_is_exported_from_any_screen(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    async with opened(project.root, "pairs", size=(160, 40)) as (app, pilot):
        await choose(pilot, "export pairs", "Export pairs")
        assert "Nothing is frozen yet" in shown(app.screen)
        freeze(project)
        await choose(pilot, "export pairs", "Export pairs")
        await press(pilot, "7", "enter")
        assert isinstance(app.screen, PathDialog)
        await press(pilot, "enter")
        assert "Wrote dataset 1 as markdown" in shown(app.screen)
    assert (project.root / "exports" / "dataset-1-markdown" / "train.md").is_file()


async def test_a_review_is_exported_from_any_screen_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with opened(project.root, "essays", size=(160, 40)) as (app, pilot):
        await choose(pilot, "export review", "Export a review")
        assert isinstance(app.screen, PathDialog)
        await press(pilot, "enter")
        assert "Written:" in shown(app.screen)
        (written,) = (project.root / "exports").glob("review-*.md")
        text = written.read_text()
        assert text.startswith("# Review of")
        written.write_text("mine")
        await choose(pilot, "export review", "Export a review")
        await press(pilot, "enter", "n")
        assert written.read_text() == "mine"
        await choose(pilot, "export review", "Export a review")
        await press(pilot, "enter", "y")
        assert written.read_text() == text
