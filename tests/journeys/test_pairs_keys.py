"""Pairs, by the keys that shape, skip and order: on one pair, on marked ones, and on all that the filter shows."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from curation.sentences import sentences
from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, essays, reshaping
from workbench.operations.project import Project
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed, one of them held out, eight accepted, four rejected."""
    return make_curated_project(tmp_path / "voice")


def proposed(project: Project) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


def pair(project: Project, key: int) -> tuple[str, str]:
    found = curating.pair_view(project, key).pair
    return found.prompt, found.response


def pairs_screen(app: Shell) -> PairsScreen:
    assert isinstance(app.screen, PairsScreen)
    return app.screen


def first_sentence(text: str) -> str:
    start, end = sentences(text)[0]
    return text[start:end].strip()


async def test_moving_a_boundary_says_what_moved(project: Project) -> None:
    first = proposed(project)[0]
    moved = first_sentence(pair(project, first)[1])
    async with opened(project.root, "pairs", size=(160, 45)) as (app, pilot):
        await press(pilot, "right_square_bracket")
        assert f"“{moved[:30]}" in shown(app.screen)
        assert "went to the prompt" in shown(app.screen)
        await press(pilot, "left_square_bracket")
        assert "went to the response" in shown(app.screen)


async def test_boundary_keys_leave_rejected_pairs_alone(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "tab", "tab")
        rejected = pairs_screen(app).pairs.current
        assert rejected is not None
        before = pair(project, rejected)
        for key in ("right_square_bracket", "left_square_bracket", "right_curly_bracket", "m"):
            await press(pilot, key)
            assert pair(project, rejected) == before
            assert "is rejected: put it back with o" in shown(app.screen)


async def test_brackets_trim_each_end_by_a_sentence(project: Project) -> None:
    first = proposed(project)[0]
    prompt, response = pair(project, first)
    async with opened(project.root, "pairs", size=(160, 45)) as (app, pilot):
        await press(pilot, "left_curly_bracket")
        assert pair(project, first) == (prompt[len(first_sentence(prompt)) :].lstrip(), response)
        assert "was cut from the prompt" in shown(app.screen)
        await press(pilot, "u", "right_parenthesis")
        assert pair(project, first) == (prompt, response[len(first_sentence(response)) :].lstrip())
        await press(pilot, "u", "right_curly_bracket")
        assert response.startswith(pair(project, first)[1])
        assert len(sentences(pair(project, first)[1])) == len(sentences(response)) - 1
        await press(pilot, "u", "left_parenthesis")
        assert prompt.startswith(pair(project, first)[0].strip())
        await press(pilot, "u", *["right_curly_bracket"] * 6)
        assert "only this sentence left" in shown(app.screen)
        assert len(sentences(pair(project, first)[1])) == 1


async def test_marked_pairs_are_shaped_together_by_one_edit(project: Project) -> None:
    ids = proposed(project)
    before = [pair(project, key) for key in ids]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "asterisk")
        assert "All 4 pairs shown here are marked" in shown(app.screen)
        await press(pilot, "right_square_bracket")
        assert "in 4 pairs" in shown(app.screen)
        assert all(pair(project, key) != old for key, old in zip(ids, before))
        await press(pilot, "u")
        assert [pair(project, key) for key in ids] == before
        await press(pilot, "escape", "g", "space", "space", "n")
        await press(pilot, *"two", "enter")
        assert [curating.pair_view(project, key).pair.note for key in ids] == ["two", "two", "", ""]


async def test_marked_pairs_that_follow_each_other_are_merged(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "tab", "space", "space", "m")
        screen = pairs_screen(app)
        assert len(screen.pairs.ids) == 7
        await press(pilot, "u")
        assert len(screen.pairs.ids) == 8


async def test_all_that_a_filter_by_words_shows_is_decided_by_two_keys_and_one_undo(project: Project) -> None:
    words, found = next(
        (words, found)
        for words in ("aunt", "queue", "boots", "cupboard", "pamphlets")
        if 0 < len(found := list(curating.pair_ids(project, PairFilter(statuses=("proposed",), words=words)))) < 4
    )
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "slash", *words)
        await pilot.pause(0.3)
        await press(pilot, "enter", "asterisk" if len(found) > 1 else "g", "x")
        assert {row.status for row in curating.pair_rows(project, found)} == {"rejected"}
        assert len(proposed(project)) == 4 - len(found)
        await press(pilot, "u")
        assert len(proposed(project)) == 4


async def test_a_skipped_pair_comes_back_last_in_the_queue(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        queue = list(screen.pairs.ids)
        assert queue == proposed(project)
        held = [row.id for row in curating.pair_rows(project, queue) if row.split == "holdout"]
        assert queue[-1:] == held
        await press(pilot, "z")
        assert list(screen.pairs.ids) == [*queue[1:], queue[0]]
        assert screen.pairs.current == queue[1]
        assert list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue")) == [*queue[1:], queue[0]]
        await press(pilot, "u", "O")
        assert list(screen.pairs.ids) == list(curating.pair_ids(project, PairFilter(statuses=("proposed",))))
        await press(pilot, "1", "2")
        assert list(screen.pairs.ids) == list(curating.pair_ids(project, PairFilter(statuses=("proposed",))))


async def test_skipping_in_an_empty_list_says_that_nothing_is_there(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        pairs_screen(app).action_show_filter("flagged")
        await settle(pilot)
        assert not len(pairs_screen(app).pairs.ids)
        await pilot.press("z")
        assert "There is nothing here to skip." in str(app.screen.query_one("StatusLine").render())


async def test_the_doubtful_come_first_and_say_why(project: Project) -> None:
    last = proposed(project)[-2]
    prompt, response = pair(project, last)
    reshaping.edit_pair(project, last, prompt=prompt, response="“Yours?” he said")
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "g")
        assert screen.pairs.current == last
        assert "very short" in shown(screen)
        assert "queue" in shown(screen)


async def test_h_holds_the_essay_out_and_its_pairs_look_different(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "j")
        row = pairs_screen(app).pairs.current_row
        assert row is not None
        assert row.split == "train"
        await press(pilot, "h")
        assert {item.slug: item.split for item in essays.essay_rows(project)}[row.source] == "holdout"
        assert f"{row.title}: held out" in shown(app.screen)
        assert " held" in shown(app.screen)
        assert any("·   h" in line and row.opening[:20] in line for line in shown(app.screen).splitlines())
        await press(pilot, "u")
        assert {item.slug: item.split for item in essays.essay_rows(project)}[row.source] == "train"


async def test_words_and_order_are_there_again_after_a_restart(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        pairs_screen(app).action_show_filter("all")
        await press(pilot, "O", "slash", *"bicycle")
        await pilot.pause(0.3)
        await press(pilot, "enter", "j")
        ids, left = list(pairs_screen(app).pairs.ids), pairs_screen(app).pairs.current
        assert 0 < len(ids) < 16
        await pilot.pause(0.6)
        await press(pilot, "1", "2")
    async with opened(project.root) as (app, pilot):
        screen = pairs_screen(app)
        assert list(screen.pairs.ids) == ids
        assert screen.pairs.current == left
        assert "bicycle" in shown(screen)
        await press(pilot, "escape")
        assert len(screen.pairs.ids) == 16


async def test_pairs_that_left_the_list_are_told(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "a", "1", "2")
        assert "2 pairs decided before are no longer in this list" in shown(app.screen)


async def test_progress_and_pace_stand_in_the_title_once_there_is_a_pace(project: Project) -> None:
    async with opened(project.root, "pairs", size=(200, 45)) as (app, pilot):
        screen = pairs_screen(app)
        times = iter(range(0, 4000, 4))
        screen.clock = lambda: float(next(times))  # type: ignore[method-assign,assignment]
        assert "12 of 16" in shown(screen)
        assert "a minute" not in shown(screen)
        await press(pilot, "a", "a", "a", "o", "k", "x")
        await settle(pilot)
        assert "15 of 16, 15 a minute, 1 minute left" in shown(screen) or "15/min" in shown(screen)


async def test_the_filter_in_force_is_seen_without_colour(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert "[4 left]" in shown(app.screen)
        await press(pilot, "tab")
        assert "[8 ✓]" in shown(app.screen)
        assert "[4 left]" not in shown(app.screen)


async def test_the_essay_opens_in_the_author_s_editor_and_is_read_again(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = curating.pair_rows(project, proposed(project)[:1])[0]
    path = project.root / "essays" / f"{row.source}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(essays.essay_view(project, row.source_id).text, encoding="utf-8")
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "path.write_text(path.read_text() + '\\nMore of it.\\n')\n"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    monkeypatch.setattr("textual.app.App.suspend", _no_suspend)
    async with opened(project.root, "pairs") as (_app, pilot):
        await press(pilot, "ctrl+e")
        assert essays.essay_view(project, row.source_id).text.endswith("More of it.\n")


def _no_suspend(self: object) -> AbstractContextManager[None]:
    return nullcontext()


async def test_a_split_says_so_and_shows_the_first_half_with_its_own_words(project: Project) -> None:
    async with opened(project.root, "pairs") as (app, pilot):
        screen = pairs_screen(app)
        await press(pilot, "a")
        first = screen.pairs.current
        assert first is not None
        before = screen.pairs.row(first)
        await press(pilot, "s", "up", "enter")
        assert "Split in two. u takes it back." in shown(app.screen)
        (row,) = curating.pair_rows(project, [first])
        assert screen.pairs.row(first) == row
        assert before is not None
        assert row.response_words < before.response_words
        await press(pilot, "x")
        assert "Split in two" not in shown(app.screen)


async def test_all_keys_are_shown_as_characters_with_a_legend_of_the_marks(project: Project) -> None:
    async with opened(project.root, "pairs", size=(120, 40)) as (app, pilot):
        await press(pilot, "question_mark")
        text = ""
        for _ in range(8):
            text += shown(app.screen)
            await press(pilot, "pagedown")
        assert "left_" not in text
        assert "asterisk" not in text
        assert "Focus Previous" not in text
        assert "cut the prompt's first sentence" in text
        assert "prompt's last sentence to the response" in text
        assert "i prompt to write" in " ".join(text.split())


async def test_enter_gives_the_pair_the_whole_screen_where_its_keys_work_and_esc_leads_back(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        first, second, *_ = screen.pairs.ids
        beside = screen.text.size.height
        await press(pilot, "enter")
        assert screen.text.size.height >= beside + 6
        assert "4 left" not in shown(screen)
        await press(pilot, "a")
        assert curating.pair_view(project, first).pair.status == "accepted"
        assert screen.pairs.current == second
        await press(pilot, "right_square_bracket")
        assert "went to the prompt." in shown(screen)
        await press(pilot, "escape")
        assert screen.text.size.height == beside
        assert "3 left" in shown(screen)
        await press(pilot, "enter", "enter")
        assert screen.text.size.height == beside
        await press(pilot, "enter", "tab")
        assert "[9 ✓]" in shown(screen)


async def test_why_a_pair_is_doubtful_stands_above_its_text_and_slight_signs_stand_nowhere(project: Project) -> None:
    first, second, *_ = proposed(project)
    response = curating.pair_view(project, first).pair.response
    reshaping.edit_pair(project, first, prompt="A long walk on gravel, it was.", response="Short. It was short.")
    reshaping.edit_pair(project, second, prompt="A long walk on gravel, it was.", response=response)
    for key, doubtful in ((first, True), (second, False)):
        (row,) = curating.pair_rows(project, [key])
        assert (row.doubt >= 3) is doubtful
        assert bool(curating.pair_view(project, key).doubts) is doubtful
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        screen.pairs.go_to(first)
        await settle(pilot)
        lines = shown(screen).splitlines()
        said = next(number for number, line in enumerate(lines) if "? very short" in line)
        assert said < next(number for number, line in enumerate(lines) if "A long walk" in line)
        screen.pairs.go_to(second)
        await settle(pilot)
        assert "mid-paragraph" not in shown(screen)
