"""Writing with the model by keys: a span anew, a paragraph more, others, undo; nothing that is typed is ever lost."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from store import program
from store.database import Database
from tests.journeys.builders import (
    BASE_RUN,
    SECOND_RUN,
    add_run,
    make_curated_project,
    make_reviewed_project,
    train_spec,
)
from tests.journeys.fake_session import WORDS, instead_of_a_model
from tests.journeys.program import opened, press, settle, shown
from workbench.app import WorkbenchApp
from workbench.operations import sessions
from workbench.operations.project import Project
from workbench.operations.taking import taken
from workbench.screens.draft import DraftScreen
from workbench.widgets.help_overlay import HelpOverlay
from workbench.widgets.marked_field import MarkedField

TEXT = "The lane bends past a farm. It is good to walk there. The end of it is a pond."


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_curated_project(tmp_path / "voice")
    with instead_of_a_model():
        yield made
        (made.runs_folder / "hold").unlink(missing_ok=True)
        for view in sessions.session_views(made):
            if view.lives:
                sessions.stop(made, view.name)
        await_end(made)


@asynccontextmanager
async def drafting(
    project: Project, text: str = TEXT, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[Any], DraftScreen]]:
    """Open the program with the draft over the essays, and a text in it."""
    if text:
        program.remember(project.db, "draft.text.", {"standing": "", "text": text})
    async with opened(project.root, "essays", size=size) as (app, pilot):
        await press(pilot, "I")
        screen = app.screen
        assert isinstance(screen, DraftScreen)
        await settle(pilot)
        yield app, pilot, screen


def await_end(project: Project) -> None:
    while any(view.lives for view in sessions.session_views(project)):
        time.sleep(0.01)


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never held"
        await pilot.pause(0.02)


def select(screen: DraftScreen, words: str) -> None:
    """Select words of a text of one line."""
    start = screen.area.text.index(words)
    screen.area.selection = type(screen.area.selection)((0, start), (0, start + len(words)))


async def asked(pilot: Pilot[Any], screen: DraftScreen, *keys: str) -> None:
    """Press keys that ask, and wait for the answers."""
    before = screen._asked
    await pilot.press(*keys)
    await until(pilot, lambda: screen._asked is not None and screen._asked is not before)
    await settle(pilot)


async def test_a_span_is_written_anew_taken_and_undone(project: Project) -> None:
    async with drafting(project) as (app, pilot, screen):
        assert "not loaded" in shown(screen)
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        assert screen.focused is screen.answers
        assert f"2  {WORDS[1]}" in shown(screen)
        assert f"It is good to {WORDS[0]}." in " ".join(shown(screen).split())
        await press(pilot, "j", "enter")
        assert screen.area.text == TEXT.replace("walk there", WORDS[1])
        assert screen.focused is screen.area
        assert "These words are remembered as the model's." in shown(screen)
        await press(pilot, "ctrl+z")
        assert screen.area.text == TEXT
        assert [row.body for row in taken(project)] == [WORDS[1]]
        await until(pilot, lambda: "loaded, the last answer took 0.3 s" in shown(screen))


async def test_a_digit_goes_to_the_answer_of_that_number_and_enter_takes_it(project: Project) -> None:
    async with drafting(project) as (_, pilot, screen):
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        assert "1 to 3 goes there" in screen.next_here()
        await press(pilot, "3")
        assert f"It is good to {WORDS[2]}." in " ".join(shown(screen).split())
        await press(pilot, "2", "enter")
        assert screen.area.text == TEXT.replace("walk there", WORDS[1])
        await press(pilot, "2")
        assert screen.area.text == TEXT.replace("walk there", f"{WORDS[1]}2"), "in the text a digit is typed"


async def test_words_of_the_model_are_shown_as_its_until_they_are_changed_and_after_a_restart(project: Project) -> None:
    def marked(screen: DraftScreen) -> list[str]:
        field = screen.query_one(MarkedField)
        return [field.text[start:end] for start, end in field.spans]

    async with drafting(project) as (_, pilot, screen):
        assert "the model's" not in shown(screen)
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        await press(pilot, "j", "j", "enter")
        await until(pilot, lambda: marked(screen) == [WORDS[2]])
        assert "7 of 24 words the model's, in italics" in shown(screen)
        screen.area.move_cursor((0, screen.area.text.index("the way")))
        await press(pilot, *"all ")
        assert screen.area.text.count("forget all the way") == 1
        assert marked(screen) == ["forget ", "the way home, which is longer"], "at once, before it is looked up"
        await until(pilot, lambda: marked(screen) == [])
        await press(pilot, "ctrl+z")
        await until(pilot, lambda: marked(screen) == [WORDS[2]])
        screen.leave_text()
    async with drafting(project, "") as (_, pilot, screen):
        await until(pilot, lambda: marked(screen) == [WORDS[2]])


async def test_an_answer_is_taken_to_be_edited_and_stands_selected(project: Project) -> None:
    async with drafting(project) as (_, pilot, screen):
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+@")
        await press(pilot, "e")
        assert screen.area.selected_text == WORDS[0]
        await press(pilot, "x")
        assert screen.area.text == TEXT.replace("walk there", "x")


async def test_others_are_others_and_esc_closes_them_before_it_leaves(project: Project) -> None:
    async with drafting(project) as (app, pilot, screen):
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        first = screen._asked
        await asked(pilot, screen, "r")
        assert screen._asked is not None
        assert first is not None
        assert screen._asked.given.question.seed == first.given.question.seed + 3
        await press(pilot, "escape")
        assert screen._asked is None
        assert app.screen is screen
        await press(pilot, "escape")
        assert app.screen is not screen


async def test_longer_and_shorter_ones_are_asked_for_in_the_same_place(project: Project) -> None:
    async with drafting(project, "One.") as (_, pilot, screen):
        await asked(pilot, screen, "ctrl+n")
        lengths = []
        for key in ("plus", "minus", "minus"):
            await asked(pilot, screen, key)
            assert screen._asked is not None
            lengths.append(screen._asked.given.question.tokens)
        assert lengths == [144, 96, 64]


async def test_the_answer_has_as_many_lines_as_it_takes_and_scrolls(project: Project) -> None:
    async with drafting(project, "One.") as (_, pilot, screen):
        await asked(pilot, screen, "ctrl+n")
        view = screen.query_one("#draft-in-place")
        assert view.size.height == 1
        assert screen._asked is not None
        long = replace(screen._asked.answer.samples[0], text="It goes on and on. " * 60)
        answer = replace(screen._asked.answer, samples=(long,))
        screen._show(replace(screen._asked, answer=answer), still=True)
        await settle(pilot)
        assert view.size.height == 8
        await press(pilot, "J", "J", "K")
        assert view.scroll_offset.y == 1


async def test_a_further_paragraph_goes_behind_the_one_of_the_cursor(project: Project) -> None:
    async with drafting(project, "One.\n\nTwo.\n\nThree.") as (_, pilot, screen):
        screen.area.move_cursor((2, 1))
        await asked(pilot, screen, "ctrl+n")
        await press(pilot, "enter")
        new = f"{WORDS[0].capitalize()}, and be the happier for it."
        assert screen.area.text == f"One.\n\nTwo.\n\n{new}\n\nThree."
        assert screen.area.cursor_location == (4, len(new))
        await press(pilot, "ctrl+z")
        assert screen.area.text == "One.\n\nTwo.\n\nThree."


async def test_she_types_on_while_the_model_writes_and_the_answer_finds_its_place(project: Project) -> None:
    (project.runs_folder / "hold").touch()
    async with drafting(project) as (app, pilot, screen):
        select(screen, "walk there")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: any(view.open for view in sessions.session_views(project)))
        screen.area.move_cursor((0, 0))
        await pilot.press("S", "o", ",", "space")
        await pilot.press("ctrl+g")
        assert "still writing" in shown(screen)
        (project.runs_folder / "hold").unlink()
        await until(pilot, lambda: screen._asked is not None)
        await settle(pilot)
        assert screen.focused is screen.area
        assert "tab goes to the answers" in shown(screen)
        await press(pilot, "tab", "enter")
        assert screen.area.text == "So, " + TEXT.replace("walk there", WORDS[0])


async def test_where_the_words_around_were_changed_nothing_is_put_anywhere(project: Project) -> None:
    async with drafting(project) as (_, pilot, screen):
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        screen.area.load_text("Something else.")
        await press(pilot, "enter")
        assert screen.area.text == "Something else."
        assert "What stood around the place was changed" in shown(screen)
        assert taken(project) == []


async def test_esc_takes_a_question_back_and_a_second_one_leaves(project: Project) -> None:
    (project.runs_folder / "hold").touch()
    async with drafting(project) as (app, pilot, screen):
        await pilot.press("ctrl+n")
        await until(pilot, lambda: any(view.open for view in sessions.session_views(project)))
        await pilot.press("escape")
        await until(pilot, lambda: "The question was taken back." in shown(screen))
        assert not any(view.open for view in sessions.session_views(project))
        assert app.screen is screen
        await press(pilot, "escape")
        assert app.screen is not screen


async def test_a_model_that_cannot_be_loaded_is_said_with_its_reason(project: Project) -> None:
    (project.runs_folder / "fail").touch()
    async with drafting(project) as (_, pilot, screen):
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "The model is too large." in " ".join(shown(screen).split()))
        assert screen._asking is None
    (project.runs_folder / "fail").unlink()


async def test_every_key_is_kept_at_once_and_there_when_the_program_is_opened_again(project: Project) -> None:
    async with drafting(project, "") as (app, pilot, screen):
        await pilot.press("M", "i", "n", "e", ".")
        await settle(pilot)
        await app.writes_finished()
        # What a program that was killed now would have left.
        other = Database.open(project.root / "workbench.db")
        assert program.recall(other, "draft.text.") == {"standing": "", "text": "Mine."}
        await press(pilot, "left", "left")
        await until(pilot, lambda: program.recall(other, "draft.cursor") == ["", 0, 3])
        other.close()
        await press(pilot, "escape")
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "I")
        await settle(pilot)
        assert isinstance(app.screen, DraftScreen)
        assert app.screen.area.text == "Mine."
        assert app.screen.area.cursor_location == (0, 3)


async def test_letters_that_come_in_one_burst_with_the_key_are_not_lost(project: Project) -> None:
    program.remember(project.db, "draft.text.", {"standing": "", "text": "Mine. "})
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await pilot.press("I", "A", "n", "d")
        await settle(pilot)
        assert isinstance(app.screen, DraftScreen)
        assert app.screen.area.text == "Mine. And"


async def test_a_file_is_opened_and_written_by_a_key_only_beside_a_copy_of_the_old_one(project: Project) -> None:
    path = project.root / "gates.md"
    path.write_text("One.\r\n\r\nTwo.\r\n")
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "ctrl+o")
        app.screen.query_one(Input).value = "gates.md"
        await press(pilot, "enter")
        assert "Draft · gates.md" in shown(screen)
        screen.area.move_cursor((0, 0))
        await asked(pilot, screen, "ctrl+n")
        await press(pilot, "enter")
        new = f"{WORDS[0].capitalize()}, and be the happier for it."
        assert path.read_bytes() == b"One.\r\n\r\nTwo.\r\n"
        await press(pilot, "ctrl+s")
        assert path.read_bytes().decode() == f"One.\r\n\r\n{new}\r\n\r\nTwo.\r\n"
        said = " ".join(shown(screen).split())
        assert "gates.md: written. The old text is in backups/drafts. 8 words in it are the model's" in said
        await press(pilot, "ctrl+s")
        assert "says this already" in shown(screen)
        await press(pilot, "ctrl+o", "enter")
        assert screen.area.text == TEXT


async def test_a_new_text_is_asked_where_to_and_a_place_that_is_taken_is_refused(project: Project) -> None:
    (project.root / "taken.md").write_text("Another's.")
    async with drafting(project) as (app, pilot, screen):
        for name in ("taken.md", "drafts/lanes.md"):
            await press(pilot, "ctrl+s")
            app.screen.query_one(Input).value = name
            await press(pilot, "enter")
        assert (project.root / "taken.md").read_text() == "Another's."
        assert (project.root / "drafts" / "lanes.md").read_text() == TEXT
        assert "Draft · lanes.md" in shown(screen)


async def test_a_file_that_is_not_there_leaves_the_draft_as_it_is(project: Project) -> None:
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "ctrl+o")
        app.screen.query_one(Input).value = "none.md"
        await press(pilot, "enter")
        assert "none.md: no such file" in shown(screen)
        assert screen.area.text == TEXT


async def test_the_sentence_and_then_the_paragraph_is_selected(project: Project) -> None:
    async with drafting(project) as (_, pilot, screen):
        screen.area.move_cursor((0, 35))
        await press(pilot, "ctrl+l")
        assert screen.area.selected_text == "It is good to walk there."
        await press(pilot, "ctrl+l")
        assert screen.area.selected_text == TEXT


async def test_who_writes_is_chosen_and_stays_chosen(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    with instead_of_a_model():
        async with drafting(project) as (_, pilot, screen):
            assert f"model  {BASE_RUN} · not loaded" in shown(screen)
            await press(pilot, "ctrl+t", "2")
            assert "model  embedded as it is · not loaded" in shown(screen)
        async with drafting(project) as (_, pilot, screen):
            assert "model  embedded as it is · not loaded" in shown(screen)


async def test_who_is_loaded_writes_after_a_restart_though_a_newer_run_came(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    with instead_of_a_model():
        async with drafting(project, size=(120, 40)) as (_, pilot, screen):
            select(screen, "walk there")
            await asked(pilot, screen, "ctrl+g")
        at = "2026-11-21T18:02:00.000Z"
        add_run(project, train_spec(project, SECOND_RUN, parent=BASE_RUN), created_at=at, sampled=True)
        async with drafting(project, size=(120, 40)) as (_, pilot, screen):
            await until(pilot, lambda: f"model  {BASE_RUN} · loaded" in shown(screen))
        # A session that another program began, of who was not chosen here.
        program.remember(project.db, "draft.writer", None)
        async with drafting(project, size=(120, 40)) as (_, pilot, screen):
            await until(pilot, lambda: f"model  {BASE_RUN} · loaded" in shown(screen))
            await press(pilot, "ctrl+t", "3")
            await until(pilot, lambda: "not loaded; loaded is embedded-lr0.001-3f9c" in shown(screen))
        sessions.stop(project, sessions.session_views(project)[0].name)
        await_end(project)


async def test_what_stays_loaded_is_said_on_leaving_and_can_be_ended(project: Project) -> None:
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "escape")
        assert "stays loaded" not in shown(app.screen)
        await press(pilot, "I")
        assert isinstance(screen := app.screen, DraftScreen)
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        await until(pilot, lambda: "loaded, the last answer" in shown(screen))
        await press(pilot, "escape", "escape")
        assert "The model stays loaded for 30 minutes of rest: I, then ctrl+t ends it." in shown(app.screen)
        await press(pilot, "I")
        assert isinstance(again := app.screen, DraftScreen)
        await until(pilot, lambda: again.living)
        await press(pilot, "ctrl+t")
        assert "ends after 30 minutes without a question" in " ".join(shown(app.screen).replace("▌", "").split())
        await press(pilot, "n")
        await until(pilot, lambda: "not loaded" in shown(again))
        assert sessions.loaded(project) is None


async def test_the_keys_of_the_answers_are_shown_there_only(project: Project) -> None:
    async with drafting(project) as (_, pilot, screen):
        assert "r others" not in shown(screen)
        assert "Kept as you type." in shown(screen)
        select(screen, "walk there")
        await asked(pilot, screen, "ctrl+g")
        assert "e edit  r others" in shown(screen)


async def test_the_line_of_keys_names_a_key_for_all_of_them_that_is_no_letter_here(project: Project) -> None:
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "question_mark")
        assert screen.area.text == TEXT + "?"
        assert shown(screen).splitlines()[-1].rstrip().endswith("f1 all keys")
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpOverlay)
        await press(pilot, "escape")
        await asked(pilot, screen, "ctrl+n")
        assert shown(screen).splitlines()[-1].rstrip().endswith("? all keys")
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpOverlay)


@pytest.mark.parametrize("data", [b"One.\r\nTwo.\n", b"Caf\xe9.\n"], ids=["line ends of two kinds", "Latin-1"])
async def test_what_is_typed_over_a_draft_that_cannot_be_opened_any_more_is_kept(project: Project, data: bytes) -> None:
    path = project.root / "gates.md"
    path.write_bytes(data)
    program.remember(project.db, "draft.current", "gates.md")
    async with drafting(project, "Mine.") as (app, pilot, screen):
        assert "gates.md" in " ".join(shown(screen).split())
        assert "Draft · a new text" in shown(screen)
        await press(pilot, "!")
        await press(pilot, "escape")
        await app.writes_finished()
        assert program.recall(project.db, "draft.text.") == {"standing": "", "text": "Mine.!"}
    assert path.read_bytes() == data


async def test_a_draft_that_is_refused_leaves_the_one_that_is_open_for_the_next_time(project: Project) -> None:
    (project.root / "gates.md").write_bytes(b"One.\r\nTwo.\n")
    (project.root / "lanes.md").write_text("Lanes.")
    async with drafting(project) as (app, pilot, screen):
        for name in ("lanes.md", "gates.md"):
            await press(pilot, "ctrl+o")
            app.screen.query_one(Input).value = name
            await press(pilot, "enter")
        assert "line ends of several kinds" in " ".join(shown(screen).split())
        assert screen.area.text == "Lanes."
        await app.writes_finished()
        assert program.recall(project.db, "draft.current") == "lanes.md"


async def test_a_file_that_changed_while_she_wrote_is_left_alone_and_another_one_asked_for(project: Project) -> None:
    path = project.root / "gates.md"
    path.write_text("One.")
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "ctrl+o")
        app.screen.query_one(Input).value = "gates.md"
        await press(pilot, "enter", "!")
        path.write_text("Another's.")
        await press(pilot, "ctrl+s")
        assert "ctrl+s asks for another file now." in " ".join(shown(screen).split())
        await press(pilot, "ctrl+s")
        app.screen.query_one(Input).value = "mine.md"
        await press(pilot, "enter")
        assert (project.root / "mine.md").read_text() == "One.!"
    assert path.read_text() == "Another's."


async def test_what_is_typed_while_a_new_text_is_written_goes_with_its_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr("workbench.operations.taking.words_of_a_model", lambda *_given: int(not held.wait(20)))
    async with drafting(project) as (app, pilot, screen):
        await press(pilot, "ctrl+s")
        app.screen.query_one(Input).value = "lanes.md"
        await pilot.press("enter")
        await until(pilot, (project.root / "lanes.md").exists)
        await pilot.press("!")
        held.set()
        await until(pilot, lambda: "Draft · lanes.md" in shown(screen))
        await app.writes_finished()
        await app.writes_finished()
        assert program.recall(project.db, "draft.text.") is None
        assert program.recall(project.db, "draft.text.lanes.md") == {"standing": TEXT, "text": TEXT + "!"}
