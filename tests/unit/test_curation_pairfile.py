"""Pairs in Markdown: what is read, what is named, what is escaped."""

from __future__ import annotations

import pytest

from curation.filepair import FilePair, match_source, source_slug
from curation.pairfile import read_pairfile, write_pairfile

GOOD = """\
# My pairs

A word about them, which is no pair.

---

## pair: back_wheel
tier: 3

### prompt
The wheel turns.

It always has.

### response
Until it does not.

---

And then one walks.

---

## pair: salt
tier: 1

### prompt
Rough.

### response
Finished.
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_pairfile(text, "p.md")[1]]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_file_with_all_its_parts(ends: str) -> None:
    pairs, faults = read_pairfile(GOOD.replace("\n", ends), "p.md")
    assert faults == []
    assert pairs == [
        FilePair(
            prompt="The wheel turns.\n\nIt always has.",
            response="Until it does not.\n\n---\n\nAnd then one walks.",
            line=7,
            tier="continuation",
            source="back-wheel",
        ),
        FilePair(prompt="Rough.", response="Finished.", line=24, tier="rewrite", source="salt"),
    ]


@pytest.mark.parametrize(
    ("number", "tier"), [("1", "rewrite"), ("2", "thesis"), ("3", "continuation"), ("4", "note"), ("Note", "note")]
)
def test_tiers_are_named(number: str, tier: str) -> None:
    assert read_pairfile(GOOD.replace("tier: 1", f"tier: {number}"), "p.md")[0][1].tier == tier


def test_all_faults_are_named_at_once_and_the_good_blocks_come_in() -> None:
    text = (
        "## pair: a\n\n### prompt\nP\n\n### response\nR\n\n---\n\n"
        "## pair: b\ntier: 5\nstray words\n\n### prompt\nP\n\n---\n\n"
        "## pair:\ntier: 3\ntier: 3\n\n### prompt\nP\n\n### response\n\n---\n" + GOOD
    )
    pairs, _ = read_pairfile(text, "p.md")
    assert [pair.source for pair in pairs] == ["back-wheel", "salt"]
    assert problems(text) == [
        "p.md:1: this pair has no tier. Write `tier: 1`, 2, 3 or 4 under its first line.",
        'p.md:11: this pair has no "### response" section. Add one, or delete lines 11 to 18.',
        "p.md:12: the tier is '5'. Write 1, 2, 3 or 4.",
        "p.md:13: “stray words” stands before the prompt. Move it into the prompt, or delete it.",
        "p.md:20: this pair has no slug. Write a part of its essay's file name after `## pair:`.",
        "p.md:22: this pair has a tier at line 21 already. Delete one of the two lines.",
    ]


def test_an_empty_section_is_named_at_its_line() -> None:
    assert problems("## pair: a\ntier: 3\n\n### prompt\n\n### response\nR\n---\n") == [
        "p.md:4: the prompt is empty. Write it, or delete lines 1 to 8."
    ]


def test_a_mark_inside_a_text_is_named_by_its_line() -> None:
    text = GOOD.replace("And then one walks.", "### response\nAnd then one walks.")
    pairs, _ = read_pairfile(text, "p.md")
    assert [pair.source for pair in pairs] == ["salt"]
    assert problems(text)[0].startswith('p.md:20: a text holds the line "### response", which marks a section.')


def test_a_mark_inside_a_text_is_escaped_and_said_with_its_line() -> None:
    odd = FilePair(
        prompt="Then:\n### response\nno", response="## pair: x\n\\## pair: y\n---", tier="note", source="odd"
    )
    text, said = write_pairfile([odd], title="Odd", path="out.md")
    lines = text.split("\n")
    assert [lines[(item.line or 0) - 1] for item in said] == ["\\### response", "\\## pair: x", "\\\\## pair: y"]
    assert str(said[0]).startswith("out.md:")
    (back,), faults = read_pairfile(text, "out.md")
    assert faults == []
    assert (back.prompt, back.response, back.tier, back.source) == (odd.prompt, odd.response, "note", "odd")


def test_a_file_without_pairs_is_a_problem() -> None:
    assert problems("# Essay\n\nText.\n") == ["p.md: holds no pairs. Begin each with a line `## pair: slug`."]
    assert problems("# Essay\n\nThe line ## pair: x inside.\n") == problems("# Essay\n\nText.\n")


def test_a_slug_finds_its_essay_whole_or_as_the_only_one_it_is_a_part_of() -> None:
    known = ["the-back-wheel", "salt", "salt-and-bread"]
    assert match_source(source_slug("Back_Wheel"), known) == "the-back-wheel"
    assert match_source("salt", known) == "salt"
    assert match_source("wheel-b", known) is None
    assert match_source("salt", ["salt-a", "salt-b"]) is None
