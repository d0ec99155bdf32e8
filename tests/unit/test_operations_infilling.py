"""Which span of a draft is meant, and what of the draft a model is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from runners.spec import RunSpec, SessionSpec
from workbench.operations.errors import WorkbenchError
from workbench.operations.infilling import (
    Gap,
    at,
    found_again,
    given,
    lines_of,
    marked,
    paragraph_after,
    paragraph_at,
    sentence_at,
)
from workbench.operations.project import Project

SPEC = RunSpec(name="t", task="session", session=SessionSpec())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "voice")


def test_a_marked_span_is_found_without_the_white_space_at_its_ends() -> None:
    gap = marked("One [[ two\n]]three.")
    assert gap == Gap(text="One  two\nthree.", start=5, end=8)
    assert gap.span == "two"
    assert gap.filled("2") == "One  2\nthree."


def test_marks_with_nothing_between_them_ask_for_words_there() -> None:
    assert marked("One [[]]two.") == Gap(text="One two.", start=4, end=4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One.", "found none"),
        ("One [[two.", "found them in line 1"),
        ("]]One[[", "found them in line 1"),
        ("[[a]]\n[[b]]", "found them in lines 1, 2"),
    ],
)
def test_anything_but_one_marked_span_is_refused_with_its_lines(text: str, found: str) -> None:
    with pytest.raises(WorkbenchError, match=found):
        marked(text)


def test_lines_are_counted_as_an_editor_does() -> None:
    text = "one\u2028still one\ntwo\r\nthree"
    assert lines_of(text, 2, 2).span == "two"
    assert lines_of(text, 1, 3).span == text
    with pytest.raises(WorkbenchError, match="Lines 3:4: the text has 3"):
        lines_of(text, 3, 4)


def test_a_further_paragraph_stands_between_blank_lines_wherever_it_is_asked_for() -> None:
    text = "One.\n\nTwo\nis long.\n\nThree.\n"
    assert paragraph_after(text).filled("New.") == "One.\n\nTwo\nis long.\n\nThree.\n\nNew.\n"
    assert paragraph_after(text, 8).filled("New.") == "One.\n\nTwo\nis long.\n\nNew.\n\nThree.\n"
    assert paragraph_after("").filled("New.") == "New.\n"
    assert paragraph_after("One.\r\n\r\nTwo.", 0).filled("New.") == "One.\r\n\r\nNew.\r\n\r\nTwo."


def test_words_take_on_the_line_ends_of_the_draft() -> None:
    assert at("a\r\nb", 3, 4).filled("x\ny") == "a\r\nx\r\ny"
    assert at("a\nb", 2, 3).filled("x\ny") == "a\nx\ny"


def test_a_short_draft_is_given_whole_and_the_answer_is_as_long_as_what_it_replaces(project: Project) -> None:
    text = "One.\r\n\r\nThe lane bends past a farm today.\r\n\r\nThree."
    start = text.index("past")
    found = given(project, at(text, start, start + len("past a farm")), SPEC, samples=2, seed=4)
    question = found.question
    assert (question.before, question.after) == ("One.\n\nThe lane bends ", " today.\n\nThree.")
    assert (question.kind, question.samples, question.seed) == ("infill", 2, 4)
    assert 3 <= question.tokens <= 6
    assert found.summary == "given 4 words before and 2 after"


def test_the_front_matter_of_an_essay_is_not_given(project: Project) -> None:
    text = "---\ntitle: Lanes\n---\n\nThe lane bends past a farm."
    found = given(project, at(text, text.index("farm"), len(text)), SPEC)
    assert found.question.before.strip() == "The lane bends past a"
    assert found.words_before == 5


def test_of_a_long_draft_the_paragraphs_next_to_the_place_are_given_and_it_says_so(project: Project) -> None:
    paragraphs = [f"Paragraph {number} is about a lane and a gate and a farm." for number in range(100)]
    text = "\n\n".join(paragraphs)
    start = text.index("lane", text.index("Paragraph 50 "))
    found = given(project, at(text, start, start + 4), SPEC, tokens=8)
    assert "Paragraph 49" in found.question.before
    assert found.question.before.endswith("Paragraph 50 is about a ")
    assert found.question.after.startswith(" and a gate and a farm.\n\nParagraph 51")
    assert found.question.before.startswith("Paragraph ")
    assert found.summary.endswith(", as many as fit")
    assert found.words_before > found.words_after > 50


def test_room_that_one_side_leaves_goes_to_the_other(project: Project) -> None:
    paragraphs = "\n\n".join(f"Paragraph {number} is about a lane and a gate and a farm." for number in range(100))
    first = given(project, at(paragraphs, 0, 9), SPEC, tokens=8)
    last = given(project, at(paragraphs, len(paragraphs) - 5, len(paragraphs)), SPEC, tokens=8)
    assert first.words_after > 200
    assert last.words_before > 200


def test_the_paragraph_of_the_place_is_given_whole_even_where_it_is_too_long(project: Project) -> None:
    long = "lane " * 2000
    found = given(project, at(long + "gate.", len(long), len(long) + 4), SPEC, tokens=8)
    assert found.words_before == 2000


def test_what_is_behind_a_further_paragraph_is_not_given(project: Project) -> None:
    found = given(project, paragraph_after("One.\n\nTwo.", 0), SPEC)
    assert (found.question.kind, found.question.before, found.question.after) == ("continue", "One.\n\n", "")
    assert found.question.tokens == 96


TEXT = "One lane. “Is it long?” she asked… Mr. Hill did. No!\n\nThe second\nparagraph.  \n\n"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("One", "One lane."),
        ("lane.", "One lane."),
        ("long", "“Is it long?” she asked…"),
        ("asked", "“Is it long?” she asked…"),
        ("Mr", "Mr. Hill did."),
        ("did", "Mr. Hill did."),
        ("No", "No!"),
        ("paragraph", "The second\nparagraph."),
    ],
)
def test_the_sentence_that_a_place_stands_in_is_found(word: str, sentence: str) -> None:
    start, end = sentence_at(TEXT, TEXT.index(word) + 1)
    assert TEXT[start:end] == sentence


def test_the_paragraph_that_a_place_stands_in_is_found_without_the_white_space_behind_it() -> None:
    start, end = paragraph_at(TEXT, TEXT.index("second"))
    assert TEXT[start:end] == "The second\nparagraph."
    assert paragraph_at("", 0) == (0, 0)
    assert sentence_at("", 0) == (0, 0)
    assert sentence_at("  Well. So.", 4) == (2, 7)


def test_a_place_is_found_again_after_typing_elsewhere_and_not_where_its_words_were_changed() -> None:
    text = "The lane bends past a farm. Another lane bends past a gate."
    gap = at(text, text.index("farm"), text.index("farm") + 4)
    moved = found_again(gap, "Well. " + text + " And on.")
    assert moved is not None
    assert moved.filled("mill") == "Well. The lane bends past a mill. Another lane bends past a gate. And on."
    assert found_again(gap, text.replace("farm", "house")) is None
    assert found_again(gap, "Something else entirely.") is None


def test_a_further_paragraph_goes_behind_the_same_one_wherever_that_is_now() -> None:
    gap = paragraph_after("One.\n\nTwo.", 0)
    found = found_again(gap, "Before.\n\nOne.\n\nTwo.")
    assert found is not None
    assert found.filled("New.") == "Before.\n\nOne.\n\nNew.\n\nTwo."
    assert found_again(gap, "One. One.") is None
    empty = found_again(paragraph_after(""), "")
    assert empty is not None
    assert empty.filled("New.") == "New.\n"
