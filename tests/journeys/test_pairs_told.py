"""What Pairs tells: tiers, numbers that add up, notes that are kept, and how a pair is found by its number."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from store.pairs import PairFilter, PairRow
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, guide, reshaping
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.screens.pair_change import SettlePair
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell
from workbench.widgets.width_line import WidthLine, WidthLines

GRAVEL = "The gravel path was laid before anybody asked who would walk on it, which is the way with most paths."
AUNT = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed, eight accepted, four rejected."""
    return make_curated_project(tmp_path / "voice")


def pairs_screen(app: Shell) -> PairsScreen:
    """Return the screen, which must be the one that is shown."""
    assert isinstance(app.screen, PairsScreen)
    return app.screen


def of(project: Project, *statuses: str) -> list[int]:
    """Return the ids of these statuses, in reading order."""
    return list(curating.pair_ids(project, PairFilter(statuses=statuses)))


def queue(project: Project) -> list[int]:
    """Return what is proposed, as the list has it."""
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


async def test_one_tier_is_shown_at_a_time_and_kept_and_esc_shows_all(project: Project) -> None:
    thesis, *others = of(project, "proposed")
    curating.retag(project, [thesis], "thesis")
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        assert " thes " in shown(screen)
        assert " cont " in shown(screen)
        await press(pilot, "T")
        assert "1 pair: what is meant" in shown(app.screen)
        await press(pilot, "t")
        assert list(screen.pairs.ids) == [thesis]
        assert "1 found  queue  T thesis" in shown(screen)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        assert list(screen.pairs.ids) == [thesis]
        await press(pilot, "escape")
        assert set(screen.pairs.ids) == {thesis, *others}


async def test_a_project_of_one_tier_has_none_to_choose(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert " cont " not in shown(app.screen)
        await press(pilot, "T")
        assert "All pairs are of one tier: continuation." in shown(app.screen)


def unwritten(project: Project, *ids: int) -> None:
    """Take the prompts of pairs away, as those that are proposed for a thesis have none."""
    for pair_id in ids:
        reshaping.edit_pair(project, pair_id, prompt="", response=curating.pair_view(project, pair_id).pair.response)


async def test_accepting_all_asks_with_the_number_that_is_accepted_and_says_what_is_left_out(project: Project) -> None:
    unwritten(project, *of(project, "proposed")[:3])
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "A")
        asked = shown(app.screen)
        assert "Accept 1 pair unread?" in asked
        assert "Left out: 3 still need their prompt (i)." in " ".join(asked.replace("▌", " ").split())
        await press(pilot, "y")
        assert "1 pair accepted, 3 still need their prompt (i). u takes it back." in shown(app.screen)
        await press(pilot, "A")
        assert "None of these pairs can be accepted yet: 3 still need their prompt (i)." in shown(app.screen)


async def test_the_numbers_of_a_decision_on_all_add_up(project: Project) -> None:
    accepted = len(of(project, "accepted"))
    first, *others = of(project, "proposed")
    unwritten(project, first)
    async with opened(project.root, "pairs") as (app, pilot):
        pairs_screen(app).action_show_filter("all")
        await settle(pilot)
        await press(pilot, "asterisk", "a")
        rejected = 4
        said = (
            f"{len(others) + rejected} pairs accepted, 1 still needs its prompt (i), {accepted} were accepted already."
        )
        assert said in shown(app.screen)


async def test_flagging_several_says_how_many(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "asterisk", "exclamation_mark")
        assert "4 pairs flagged." in shown(app.screen)
        await press(pilot, "asterisk", "exclamation_mark")
        assert "4 pairs no longer flagged." in shown(app.screen)


async def test_pairs_are_settled_one_at_a_time_and_that_is_said(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "asterisk", "w")
        assert "One pair is settled at a time" in shown(app.screen)


async def test_without_any_pair_the_key_that_proposes_is_named(tmp_path: Path) -> None:
    (tmp_path / "voice" / "essays").mkdir(parents=True)
    (tmp_path / "voice" / "essays" / "salt.md").write_text("# Salt\n\nIt is taken with salt.\n")
    project = Project.create(tmp_path / "voice", essays=("essays",))
    import_paths(project, ())
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert "There are no pairs yet. Press 1 for Essays, and p there" in shown(app.screen)
        screen = pairs_screen(app)
        screen.only_source(essay_rows(project)[0].id, "Salt")
        screen.on_project_changed()
        await settle(pilot)
        assert "There are no pairs yet: p proposes them from Salt." in shown(screen)


async def test_a_note_that_is_left_by_esc_is_kept_and_shown_above_its_pair(project: Project) -> None:
    first = queue(project)[0]
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "n", *"salt", "escape")
        assert curating.pair_view(project, first).pair.note == "salt"
        assert "note: salt" in shown(app.screen)
        await press(pilot, "n", "escape")
        assert curating.pair_view(project, first).pair.note == "salt"
        await press(pilot, "n", *["backspace"] * 4, "escape")
        assert curating.pair_view(project, first).pair.note == ""
        assert guide.recall(project, "pairs.note") is None


async def test_esc_from_a_note_on_several_that_was_not_begun_leaves_their_notes(project: Project) -> None:
    ids = queue(project)
    curating.note(project, ids, "salt")
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "asterisk", "n", "escape")
        assert {curating.pair_view(project, item).pair.note for item in ids} == {"salt"}


async def test_a_note_that_was_typed_when_the_program_was_killed_is_there_again(project: Project) -> None:
    first = queue(project)[0]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "n", *"salt")
        assert guide.recall(project, "pairs.note") == {"ids": [first], "text": "salt"}
        # The program ends here without leaving the note.
    assert curating.pair_view(project, first).pair.note == ""
    async with opened(project.root, "pairs") as (app, _pilot):
        assert curating.pair_view(project, first).pair.note == "salt"
        assert guide.recall(project, "pairs.note") is None
        assert "The note on 1 pair that was not finished was kept." in shown(app.screen)


async def test_a_pair_is_found_by_its_number_wherever_it_is(project: Project) -> None:
    rejected = of(project, "rejected")[1]
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "slash", *f"#{rejected}", "enter")
        assert list(screen.pairs.ids) == [rejected]
        assert screen.pairs.current == rejected
        await press(pilot, "escape", "slash", *str(rejected), "enter")
        assert screen.pairs.current == rejected


async def test_the_search_over_everything_finds_a_pair_by_its_number(project: Project) -> None:
    rejected = of(project, "rejected")[1]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "F", *f"#{rejected}")
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert pairs_screen(app).pairs.current == rejected


def of_gravel(folder: Path) -> Project:
    """Make a project of one essay of two paragraphs, with its pairs proposed."""
    (folder / "essays").mkdir(parents=True)
    project = Project.create(folder, essays=("essays",))
    write_gravel(project, AUNT)
    propose_pairs(project)
    return project


def write_gravel(project: Project, *further: str) -> None:
    """Write the essay anew, and take it in; `further` are the paragraphs after its first."""
    paragraphs = "\n\n".join(["# On Gravel", GRAVEL, *further])
    (project.root / "essays" / "gravel.md").write_text(paragraphs + "\n")
    import_paths(project, ())


async def test_taking_the_new_text_of_a_pair_that_never_had_a_prompt_says_so(tmp_path: Path) -> None:
    project = of_gravel(tmp_path / "voice")
    unwritten(project, *queue(project))
    write_gravel(project, AUNT.replace("good", "bad"))
    async with opened(project.root, "pairs", size=(120, 24)) as (app, pilot):
        await press(pilot, "w", "t")
        assert "The new text was taken; its prompt is still to be written, with i." in shown(app.screen)
        assert "in bad shoes" in shown(app.screen)


async def test_why_a_text_that_is_gone_cannot_be_taken_stands_in_the_view_itself(tmp_path: Path) -> None:
    project = of_gravel(tmp_path / "voice")
    write_gravel(project)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "w", "t")
        view = app.screen
        assert isinstance(view, SettlePair)
        said = "The response is gone from the essay; the prompt is not. o keeps the pair, x in the list rejects it."
        assert said in " ".join(shown(view).split())
        assert not app._notifications


async def test_an_answer_from_before_a_write_does_not_draw_over_what_the_key_drew(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = curating.pair_rows, curating.skip
    answered, go_on = threading.Event(), threading.Event()

    def seen(*given: Any) -> list[PairRow]:
        rows = read(*given)
        answered.set()
        return rows

    def slow(*given: Any) -> int:
        go_on.wait(10)
        return write(*given)

    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = pairs_screen(app)
        first = screen.pairs.ids[0]
        monkeypatch.setattr(curating, "pair_rows", seen)
        monkeypatch.setattr(curating, "skip", slow)
        await pilot.press("z")
        screen.pairs.reload()
        await pilot.pause()
        assert await asyncio.to_thread(answered.wait, 10)
        await pilot.pause(0.1)
        go_on.set()
        await settle(pilot)
        row = screen.pairs.row(first)
        assert row is not None
        assert row.skipped


async def test_the_line_of_the_filters_is_laid_out_again_when_its_own_room_changes(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        title = app.screen.query_one("#pairs-title", WidthLine)
        # As in the first layout, before the screen knows that it is narrow: the terminal's width stays the same.
        title.styles.width = 30
        await settle(pilot)
        assert "[left]" in shown(app.screen)
        title.styles.width = "100%"
        await settle(pilot)
        assert "[4 left] 8 ✓" in shown(app.screen)


async def test_the_head_of_a_pair_and_its_note_are_laid_out_again_when_their_own_room_changes(project: Project) -> None:
    curating.note(project, of(project, "proposed"), "A note that fills the most of a line.")
    async with opened(project.root, "pairs", size=(120, 40)) as (app, pilot):
        lines = (app.screen.query_one("#pair-head", WidthLine), app.screen.query_one("#pair-tokens", WidthLines))

        def widths() -> list[int]:
            return [max(len(row) for row in str(line.render()).split("\n")) for line in lines]

        whole = widths()
        # As in the first layout, before the screen knows how wide it is: the terminal's width stays the same.
        for line in lines:
            line.styles.width = 40
        await settle(pilot)
        assert max(widths()) <= 36 < min(whole)
        for line in lines:
            line.styles.width = "100%"
        await settle(pilot)
        assert widths() == whole


async def test_the_sentence_of_accepting_all_stands_also_where_pairs_decided_before_leave_the_list(
    project: Project,
) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "A", "y")
        assert list(pairs_screen(app).pairs.ids) == []
        assert "3 pairs accepted. u takes them back." in shown(app.screen)
