"""Words of others in quotation marks."""

from __future__ import annotations

import pytest

from curation.quoted import quoted


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("a man wears sandals", 0, "“a man wears sandals”"),
        ("“Yours?” he said.", 0, "‘“Yours?” he said.’"),
        ('"Yours?" he said.', 0, '‘"Yours?" he said.’'),
        ("it is his neighbours’ opinion", 0, "“it is his neighbours’ opinion”"),
        ("a man wears sandals", 12, "“a man wears…”"),
        ("“Yours?” he said.", 9, "‘“Yours?”…’"),
        ("a man", 5, "“a man”"),
        ("", 5, "“”"),
    ],
)
def test_the_marks_that_words_carry_are_not_doubled(text, longest, expected):
    assert quoted(text, longest) == expected
