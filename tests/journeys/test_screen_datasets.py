"""Datasets, by its keys: freeze, read the report, and keep the canary prompts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from tests.conftest import ROOT
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations.canaries import canary_rows, canary_sets
from workbench.operations.freezing import dataset_rows, dataset_view
from workbench.operations.project import Project
from workbench.screens.canary_form import CanaryForm
from workbench.screens.datasets import DatasetsScreen
from workbench.screens.report_lines import dataset_lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Eight pairs accepted, two of them held out, three canary prompts, nothing frozen."""
    return make_curated_project(tmp_path / "voice")


async def test_f_freezes_and_the_report_stands_beside_it(project: Project) -> None:
    async with opened(project.root, "datasets", size=(120, 80)) as (app, pilot):
        assert "Nothing is frozen yet" in shown(app.screen)
        await press(pilot, "f", "y")
        rows = dataset_rows(project)
        assert [row.train_pairs + row.holdout_pairs for row in rows] == [8]
        text = shown(app.screen)
        assert "6 pairs to train on, 2 held out" in text
        assert "continuation           6        2" in text
        assert "frozen as version 1" in text
        assert "a model may learn" in text


async def test_freezing_the_same_pairs_again_says_that_the_dataset_stands(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "f", "y", "f", "y")
        assert len(dataset_rows(project)) == 1
        assert "stands already" in shown(app.screen)
        assert "Checked now: " in shown(app.screen)


async def test_the_list_the_report_and_the_sentence_say_the_same_number_of_leaks(project: Project) -> None:
    async with opened(project.root, "datasets", size=(120, 80)) as (app, pilot):
        await press(pilot, "f", "y")
        (row,) = dataset_rows(project)
        assert f"{row.leaks} leaks and " in shown(app.screen)
        assert f"  {row.leaks} leaks" in shown(app.screen)
    report = [line.plain.strip() for line in dataset_lines(dataset_view(project, row.id), 100)]
    after = report[report.index(f"{row.leaks} leaks") + 1 :]
    told = " ".join(after[: after.index("")])
    # Sentences that tell of several say of how many.
    several = [int(found) for found in re.findall(r": (\d+) leaks, pairs of", told)]
    assert several
    assert sum(several) + told.count("Training pair") - len(several) == row.leaks


async def test_a_second_dataset_tells_the_difference(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "f", "y", "2", "a", "3", "f", "y")
        assert [row.number for row in dataset_rows(project)] == [2, 1]
        assert "1 added, 0 removed, 8 kept" in shown(app.screen)


async def test_nothing_accepted_is_said_with_the_key(tmp_path: Path) -> None:
    bare = Project.create(tmp_path / "bare")
    async with opened(bare.root, "datasets") as (app, pilot):
        await press(pilot, "f")
        assert "accept some in Pairs with a" in shown(app.screen)
        assert dataset_rows(bare) == []


async def test_a_canary_prompt_is_written_edited_removed_and_brought_back(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n")
        assert isinstance(app.screen, CanaryForm)
        await press(pilot, *"Umbrellas", "escape")
        assert [row.slug for row in canary_rows(project)][-1] == "umbrellas"
        await press(pilot, "tab", "G", "e", *"Of ", "escape")
        assert canary_rows(project)[-1].prompt == "Of Umbrellas"
        await press(pilot, "d")
        assert len(canary_rows(project)) == 3
        assert "Removed umbrellas: u brings it back." in shown(app.screen)
        await press(pilot, "u")
        assert [row.slug for row in canary_rows(project)][-1] == "umbrellas"


async def test_leaving_an_empty_form_adds_nothing(project: Project) -> None:
    async with opened(project.root, "datasets") as (_app, pilot):
        await press(pilot, "n", "escape")
        assert len(canary_rows(project)) == 3


async def test_a_changed_prompt_makes_a_new_version_at_the_next_freeze(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "f", "y", "tab", "e", *"Now ", "escape")
        assert "changed since they were frozen" in shown(app.screen)
        await press(pilot, "f", "y")
        assert [item.version for item in canary_sets(project)] == [1, 2]


async def test_prompts_are_imported_from_a_file(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "i")
        app.screen.query_one(Input).value = str(ROOT / "workbench" / "demo" / "canaries.md")
        await press(pilot, "enter")
        assert len(canary_rows(project)) > 3
        assert "canary prompts imported" in shown(app.screen)


async def test_where_there_is_no_room_enter_opens_the_report_and_esc_leaves_it(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await press(pilot, "f", "y", "enter")
        assert "pairs to train on" in shown(app.screen)
        await press(pilot, "escape")
        assert "Canary prompts" in shown(app.screen)
        assert isinstance(app.screen, DatasetsScreen)
        assert app.screen.datasets.has_focus


async def test_where_there_is_no_room_tab_goes_through_lists_and_text_and_the_titles_say_so(project: Project) -> None:
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        assert isinstance(app.screen, DatasetsScreen)
        text = shown(app.screen)
        assert "Datasets · enter reads the report" in text
        assert "tab goes there" in text
        await press(pilot, "tab")
        assert "tab reads it" in shown(app.screen)
        await press(pilot, "j", "tab")
        text = shown(app.screen)
        assert "esc back to the lists" in text
        assert "shop-scales" in text
        assert "known topic, long" in text
        await press(pilot, "escape")
        assert app.screen.canaries.has_focus
        await press(pilot, "tab", "tab")
        assert app.screen.datasets.has_focus


async def test_where_there_is_room_tab_goes_to_the_report_too_and_nothing_says_how(project: Project) -> None:
    async with opened(project.root, "datasets", size=(160, 45)) as (app, pilot):
        assert isinstance(app.screen, DatasetsScreen)
        assert "reads the report" not in shown(app.screen)
        assert "esc back" not in shown(app.screen)
        await press(pilot, "tab", "tab")
        assert app.screen.report.has_focus


async def test_a_prompt_without_its_opening_stands_in_its_form_again_after_a_kill(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n", "tab", *"hats", "tab", "space", "tab", "tab", *"Of a hat.")
        assert isinstance(app.screen, CanaryForm)
        # The program ends here without leaving the form.
    async with opened(project.root, "datasets") as (app, pilot):
        assert isinstance(app.screen, CanaryForm)
        typed = app.screen.typed
        assert (typed.slug, typed.novel, typed.prompt, typed.reference) == ("hats", True, "", "Of a hat.")
        # Killed once more, with nothing typed in between.
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, *"A hat", "escape")
        assert canary_rows(project)[-1].slug == "hats"
        assert canary_rows(project)[-1].prompt == "A hat"
    async with opened(project.root, "datasets") as (app, pilot):
        assert isinstance(app.screen, DatasetsScreen)
        assert len(canary_rows(project)) == 4


async def test_an_old_prompt_whose_opening_was_emptied_when_the_program_was_killed_keeps_the_rest(
    project: Project,
) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "tab", "j", "e")
        app.screen.query_one("#canary-prompt", TextArea).text = ""
        app.screen.query_one("#canary-reference", TextArea).text = "Of scales."
        await press(pilot, "x", "backspace")
    async with opened(project.root, "datasets") as (app, pilot):
        assert isinstance(app.screen, CanaryForm)
        await press(pilot, *"The scales", "escape")
        row = next(row for row in canary_rows(project) if row.slug == "shop-scales")
        assert (row.prompt, row.reference) == ("The scales", "Of scales.")


async def test_a_prompt_half_written_when_the_program_was_killed_is_there_again(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n", *"Of hats")
        assert isinstance(app.screen, CanaryForm)
        # The program ends here without leaving the form.
    assert len(canary_rows(project)) == 3
    async with opened(project.root, "datasets") as (app, pilot):
        assert canary_rows(project)[-1].prompt == "Of hats"
        assert "was kept" in shown(app.screen)
        await press(pilot, "u")
        assert len(canary_rows(project)) == 3


async def test_a_prompt_that_would_be_empty_is_refused_and_the_old_one_stands(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        before = canary_rows(project)[0].prompt
        await press(pilot, "tab", "e")
        app.screen.query_one("#canary-prompt", TextArea).text = ""
        await press(pilot, "escape")
        assert canary_rows(project)[0].prompt == before
        assert "empty" in shown(app.screen)


async def test_a_name_that_is_taken_gives_what_was_typed_back(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n")
        app.screen.query_one("#canary-name", Input).value = "shop-scales"
        await press(pilot, *"Of hats", "escape")
        assert isinstance(app.screen, CanaryForm)
        assert app.screen.typed.prompt == "Of hats"
        assert len(canary_rows(project)) == 3
        assert "shop-scales" in str(app.screen.query_one("#canary-keys").render())
        assert not app._notifications
        app.screen.query_one("#canary-name", Input).value = "hats"
        await settle(pilot)
        assert "esc keep and go back" in str(app.screen.query_one("#canary-keys").render())
        await press(pilot, "escape")
        assert canary_rows(project)[-1].slug == "hats"


async def test_a_name_without_an_opening_is_not_thrown_away_without_a_word(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n", "tab", *"hats", "escape")
        assert isinstance(app.screen, CanaryForm)
        assert "The opening is missing" in str(app.screen.query_one("#canary-keys").render())
        assert app.screen.typed.slug == "hats"
        await press(pilot, *"Of hats")
        assert "The opening is missing" not in str(app.screen.query_one("#canary-keys").render())
        await press(pilot, "escape")
        assert (canary_rows(project)[-1].slug, canary_rows(project)[-1].prompt) == ("hats", "Of hats")
        await press(pilot, "n", "tab", "x", "escape", "escape")
        assert not isinstance(app.screen, CanaryForm)
        assert len(canary_rows(project)) == 4


async def test_the_name_is_changed_in_the_form_and_undo_takes_it_back(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        before = canary_rows(project)[0]
        await press(pilot, "tab", "g", "e", "tab")
        assert isinstance(app.screen, CanaryForm)
        assert "Its name: its topic" in shown(app.screen)
        await press(pilot, "ctrl+u", *"bells", "escape")
        assert canary_rows(project)[0].slug == "bells"
        assert canary_rows(project)[0].prompt == before.prompt
        await press(pilot, "u")
        assert canary_rows(project)[0].slug == before.slug


async def test_a_switch_of_the_form_reads_without_colour(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "n", "tab", "tab")
        assert "[ ] novel" in shown(app.screen)
        await press(pilot, "space")
        assert "[x] novel" in shown(app.screen)
        assert "[ ] long" in shown(app.screen)
