"""The difference of two texts: nothing of either is lost, and only what differs is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.difference import Part, difference

texts = st.text(st.sampled_from("ab .\n\t"), max_size=60)


@given(texts, texts)
def test_both_texts_can_be_read_from_their_difference(before, after):
    parts = difference(before, after)
    assert "".join(part.text for part in parts if part.kind != "new") == before
    assert "".join(part.text for part in parts if part.kind != "gone") == after
    assert all(part.text for part in parts)


@given(texts)
def test_a_text_that_is_the_same_differs_in_nothing(text):
    assert difference(text, text) == ([Part("same", text)] if text else [])


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("I rake it.", "I never rake it.", [("same", "I"), ("new", " never"), ("same", " rake it.")]),
        ("One. Two.", "One.\n\nTwo.", [("same", "One."), ("gone", " Two."), ("new", "\n\nTwo.")]),
        ("gone", "", [("gone", "gone")]),
    ],
)
def test_words_are_marked_whole(before, after, parts):
    assert [(part.kind, part.text) for part in difference(before, after)] == parts


def test_two_long_texts_without_a_common_word_are_not_compared_word_by_word():
    before, after = "a " * 3000, "b " * 3000
    assert [part.kind for part in difference(before, after)] == ["gone", "new", "same"]
