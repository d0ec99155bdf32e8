"""Proposals of the tiers whose prompt is the author's to write: which responses, and that none is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.essay import read_essay
from curation.pairs import Proposal, Tier
from curation.paragraphs import paragraphs
from curation.tiers import TIERS, propose_tier

DEMO = Path(__file__).resolve().parents[2] / "workbench" / "demo" / "essays"
TEXT = """# A title

The first section has a paragraph of prose that is long enough to be worth an argument of its own. It says two things \
about kettles, and one about the sea.

It has a second paragraph, too, shorter than the first but long enough to stand, with a word or two about the tide \
and what it leaves behind.

## Another

Only this.

***

Here is the third section, which stands behind a scene break, and which is again long enough to be proposed by itself \
as something that a thesis could be written about.
"""


def words(text: str) -> int:
    return len(text.split())


def proposed(tier: Tier, text: str = TEXT, *, kind: str = "essay", longest: int = 300) -> list[Proposal]:
    return propose_tier(
        tier,
        text,
        paragraphs(text),
        source_kind=kind,
        count_tokens=words,
        response_tokens=60,
        context_tokens=40,
        longest_tokens=longest,
    )


def test_a_thesis_is_asked_of_each_section_that_has_enough_to_say() -> None:
    first, third = proposed("thesis")
    assert first.response.startswith("The first section")
    assert first.response.endswith("leaves behind.")
    assert third.response.startswith("Here is the third section")
    assert (first.prompt, first.tier) == ("", "thesis")
    assert TEXT[first.start : first.end] == first.response


def test_a_section_too_long_for_the_model_is_parted_at_a_paragraph() -> None:
    first, second, _third = proposed("thesis", longest=40)
    assert first.response.endswith("about the sea.")
    assert second.response.startswith("It has a second paragraph")


def test_a_rewrite_is_asked_of_each_paragraph_of_prose() -> None:
    assert [item.response[:12] for item in proposed("rewrite")] == ["The first se", "It has a sec", "Here is the "]
    quoted = proposed(
        "rewrite", "> " + "Quoted words of others. " * 12 + "\n\nMine, " + "and mine, " * 20 + "to the end.\n"
    )
    assert [item.response[:5] for item in quoted] == ["Mine,"]


def test_only_a_note_is_proposed_whole_as_a_note_without_its_headings() -> None:
    assert proposed("note") == []
    (note,) = proposed("note", kind="note")
    assert "Only this." in note.response
    assert "A title" not in note.response
    assert (note.tier, note.prompt) == ("note", "")
    assert proposed("note", "# Only a title\n", kind="note") == []


def test_every_tier_has_proposals_and_only_a_continuation_its_prompt() -> None:
    assert all(item.prompt for item in proposed("continuation"))
    assert not any(item.prompt for tier in set(TIERS) - {"continuation"} for item in proposed(tier, kind="note"))


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.md")), ids=lambda path: path.stem)
def test_sample_essays_give_whole_sentences_of_every_tier(path: Path) -> None:
    essay = read_essay(path)
    for tier in ("thesis", "rewrite"):
        for item in propose_tier(
            tier,
            essay.text,
            paragraphs(essay.text),
            source_kind="essay",
            count_tokens=words,
            response_tokens=140,
            context_tokens=110,
            longest_tokens=240,
        ):
            assert item.tier == tier
            assert words(item.response) >= 25
            assert not item.response[0].islower()
            assert not item.response.startswith("#")
