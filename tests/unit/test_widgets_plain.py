"""Texts of others drawn as plain text, in lines and cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.widgets.plain import cell, one_line, sentence, visible, wrap


def test_escapes_are_shown_and_not_obeyed() -> None:
    assert visible("a\x1b[31mred\x07") == "a␛[31mred␇"
    assert visible("\x9b1m\x7f") == "‹009b›1m␡"


def test_marks_that_turn_the_text_around_are_shown() -> None:
    assert visible("a\u202eb") == "a‹202e›b"


def test_line_ends_become_newlines_and_tabs_become_spaces() -> None:
    assert visible("a\r\nb\tc") == "a\nb   c"


def test_one_line_has_no_line_ends() -> None:
    assert one_line(" a\n b\r\nc ") == "a b c"


@given(st.text(), st.integers(min_value=1, max_value=40), st.booleans())
def test_a_cell_is_exactly_as_wide_as_asked(text: str, width: int, right: bool) -> None:
    assert cell_len(cell(one_line(text), width, right=right)) == width


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cf", "Mn", "Me"))), st.integers(2, 40))
def test_lines_fit_their_width_and_lose_no_word(text: str, width: int) -> None:
    lines = [text[start:end] for start, end in wrap(text, width)]
    assert all(cell_len(line.strip()) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_lines_break_between_words() -> None:
    text = "the quick brown fox"
    assert [text[start:end] for start, end in wrap(text, 10)] == ["the quick", "brown fox"]


def test_a_word_longer_than_the_line_is_cut() -> None:
    text = "abcdefghij kl"
    assert [text[start:end] for start, end in wrap(text, 4)] == ["abcd", "efgh", "ij", "kl"]


def test_an_empty_line_stays_a_line() -> None:
    assert wrap("a\n\nb", 10) == [(0, 1), (2, 2), (3, 4)]


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_a_sentence_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(sentence(text, width)) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2 pairs changed in On Sandals: settle with w", "2 pairs changed in On Sandals: settle with w"),
        (
            "4 pairs changed in Concluding Remarks on the Importance of Orthodoxy: settle with w",
            "4 pairs changed in Concluding Remarks on the Importance of O…: settle with w",
        ),
        (
            "4 pairs changed in Paganism: A Reply to Mr. Lowes Dickinson, at Length: settle with w, in Pairs (2)",
            "4 pairs changed in Paganism: A Reply to Mr. Lo…: settle with w, in Pairs (2)",
        ),
        (
            "Concluding Remarks on the Importance of Orthodoxy and of Much Else is held out. u takes it back.",
            "Concluding Remarks on the Importance of Orthodoxy and of …. u takes it back.",
        ),
        (
            "Wrote dataset 2 as jsonl: 2 files in /home/someone/work/projects/voice/exports/dataset-2",
            "Wrote dataset 2 as jsonl: 2 files in …/work/projects/voice/exports/dataset-2",
        ),
        (
            "Wrote dataset 2: 2 files in exports/a/very/long/way/down/to/where/the/author/keeps/them/dataset-2.",
            "Wrote dataset 2: 2 files in …/down/to/where/the/author/keeps/them/dataset-2.",
        ),
        (
            "What this sentence says has no end that names a key, and so it is cut where the line is full",
            "What this sentence says has no end that names a key, and so it is cut where…",
        ),
        (
            "Undone: edit the text of an essay whose title is so long that it would not fit into any line",
            "Undone: edit the text of an essay whose title is so long that it would not …",
        ),
    ],
)
def test_a_sentence_that_is_too_long_keeps_its_key_and_the_name_of_its_file(text: str, shown: str) -> None:
    assert sentence(text, 76).rstrip() == shown
