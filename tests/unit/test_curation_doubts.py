"""What makes a proposal doubtful, sign by sign, and that a good one has none."""

from __future__ import annotations

import pytest

from curation.doubts import doubts, weight

GOOD = "The bicycle has a back wheel. " * 12 + "Nobody has ever thrown away a key."


def names(prompt: str, response: str, *, tier: str = "continuation", tokens: int = 100, warnings: int = 0) -> set[str]:
    found = doubts(tier, prompt, response, tokens=tokens, max_tokens=512, target_tokens=200, warnings=warnings)
    return {doubt.name for doubt in found}


def test_whole_paragraphs_behind_whole_paragraphs_are_not_doubtful() -> None:
    assert names("Some words stand before it.\n\n", GOOD) == set()


@pytest.mark.parametrize(
    ("prompt", "response", "sign"),
    [
        ("Before.\n\n", "Only this.", "very short"),
        ("Before.\n\n", "Only this, and then some more of it. " * 3, "short"),
        ("Before.\n\n", "A title\n\n" + GOOD, "first line like a heading"),
        ("Before.\n\n", "## A title\n\n" + GOOD, "first line like a heading"),
        ("Before.\n\n", GOOD + " She said “and then", "a quotation cut"),
        ("Before.\n\n", GOOD + ' She said "and then.', "a quotation cut"),
        ("Before.\n\n", GOOD + " And he says that", "no end"),
        ("Before.\n\n", GOOD + " This is the list:", "ends on a colon"),
        ("Before.\n\n", GOOD + " “Yours?” he said.", "an answer cut off"),
        ("Before.\n\n", GOOD.replace(". ", ", "), "one sentence"),
        ("Before.\n\n", GOOD[0].lower() + GOOD[1:], "begins inside a sentence"),
        ("“Well,” he said, “no.”\n\n", "“Quite.” " + GOOD, "a dialogue cut"),
        ("Before.\n\n", "“Quite,” as they say. " + GOOD, "begins with a quotation"),
        ("Before.", GOOD, "begins in mid-paragraph"),
        ("Before.", "It has. " + GOOD, "leans on the sentence before"),
        ("Why?\n\n", GOOD, "begins with an answer"),
        ("Before.\n\n", "", "empty"),
    ],
)
def test_each_sign_is_named(prompt: str, response: str, sign: str) -> None:
    assert sign in names(prompt, response)


def test_a_pair_over_the_limit_is_more_doubtful_than_a_long_one() -> None:
    assert "over the model's limit" in names("Before.\n\n", GOOD, tokens=513)
    assert "long" in names("Before.\n\n", GOOD, tokens=501)


def test_how_it_follows_is_asked_of_a_continuation_only() -> None:
    assert names("", GOOD, tier="thesis") == set()
    assert names("A thesis.", GOOD, tier="thesis") == set()


def test_warnings_count_and_the_weightiest_doubt_comes_first() -> None:
    found = doubts("note", "", "Short", tokens=600, max_tokens=512, target_tokens=200, warnings=2)
    assert [doubt.name for doubt in found][0] == "over the model's limit"
    assert "2 warnings" in {doubt.name for doubt in found}
    assert weight(found) == sum(doubt.weight for doubt in found) > weight([]) == 0


def test_a_question_after_a_question_is_no_answer() -> None:
    assert "begins with an answer" in names("Was it wise?\n", "It was not. Or was it? Nobody knew. " * 9)
    assert "begins with an answer" not in names("Was it wise?\n", "Did he think it sensible to smoke? No. " * 9)
