"""Texts of others drawn as plain text, in lines and cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.widgets.plain import cell, one_line, visible, wrap


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
