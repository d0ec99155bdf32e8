"""What to look at in one pair."""

from __future__ import annotations

import pytest

from curation.findings import LintPair
from curation.lint import pair_findings, warnings

TEXT = (
    "The salt stood in a blue jar on the shelf above the stove, "
    "and nobody in that house had ever been known to fill it."
)


def of(response: str, *, prompt: str = "Begin here.", tokens: int = 10) -> list[str]:
    pair = LintPair(id="1", source="salt", split="train", tier="continuation", prompt=prompt, response=response)
    return warnings(pair, tokens=tokens, max_tokens=20)


def test_a_good_pair_has_none() -> None:
    assert of(TEXT) == []


@pytest.mark.parametrize("end", ["\n\n***", "\n* * *\n", "\n---", "\n⁂"])
def test_a_response_that_ends_in_a_scene_break(end: str) -> None:
    assert "scene break" in of(TEXT + end)[0]


def test_bold_words_at_the_end_are_no_scene_break() -> None:
    assert of(TEXT + " He said ***no***") == []


def test_too_long_empty_short_or_repeating_the_prompt() -> None:
    assert of(TEXT, tokens=25) == ["25 tokens, 5 more than the 20 the model sees. Split it, or move the boundary."]
    assert of("  ") == ["The response is empty. Write it, or reject the pair."]
    assert "prompt is empty" in of(TEXT, prompt="")[0]
    assert "only 3 words" in of("Far too short.")[0]
    assert "repeats the whole prompt" in of(TEXT + " More.", prompt=TEXT)[0]


def test_each_names_its_rule_and_its_pair_so_that_it_can_be_waived() -> None:
    pair = LintPair(id="7", source="salt", split="train", tier="note", prompt="", response=TEXT + "\n***")
    found = pair_findings(pair, tokens=30, max_tokens=20)
    assert [(item.rule, item.scope, item.subject, item.source) for item in found] == [
        ("empty", "pair", "7", "salt"),
        ("closing-break", "pair", "7", "salt"),
        ("token-cap", "pair", "7", "salt"),
    ]
