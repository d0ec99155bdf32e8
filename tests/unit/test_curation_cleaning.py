"""What goes of an essay by which rule, and that a rule that is off takes nothing away."""

from __future__ import annotations

import dataclasses

import pytest

from curation.atoms import join, sections
from curation.cleaning import footnotes, leftovers, staying
from curation.cleaning_rules import CLEAN, RULES, Cleaning
from curation.pairs import propose
from curation.paragraphs import paragraphs

ALL_OFF = Cleaning(**dict.fromkeys(RULES, False))

PASTED = """\
---
title: Salt
---

Feb 23, 2024

The first sentence has a note.[1](https://v.example/p/salt#footnote-1-99) The second has \
a [link to *bread*](https://v.example/bread "Bread") in it, and <span>a tag</span>.

[![A jar](https://cdn.example/a.jpeg)](https://cdn.example/a.jpeg)

A jar of salt

![Another](b.png)

The third names https://v.example/wine, the fourth has a note of her own.[^x] The fifth has [[Oil|some oil]].

Subscribe

[Share](https://v.example/share)

Thanks for reading Voice! Subscribe for free to receive new posts.

Like

Comment

Restack

#salt #bread

The sixth and last sentence stands before the break, and is long enough to be one.

***

[^x]: Her own note.

[1](https://v.example/p/salt#footnote-anchor-1-99)

The pasted note, of two paragraphs.

It goes on here.

Like / Comment / Restack
"""


def words(text: str) -> int:
    return len(text.split())


def offered(text: str, cleaning: Cleaning = CLEAN) -> str:
    """Return all that pairs may be made of."""
    kept = staying(text, paragraphs(text), cleaning)
    return "\n=\n".join(join(atoms) for atoms in sections(text, kept, words, 100, cleaning.off))


def gone(text: str, cleaning: Cleaning = CLEAN) -> list[tuple[str, str, str]]:
    found = leftovers(text, paragraphs(text), cleaning)
    return [(item.rule, " ".join(text[item.start : item.end].split()), item.kept) for item in found]


def test_every_rule_is_a_switch_and_says_what_it_takes() -> None:
    assert [field.name for field in dataclasses.fields(Cleaning)] == list(RULES)
    assert CLEAN.off == frozenset()
    assert ALL_OFF.off == frozenset(RULES)


def test_what_goes_of_a_pasted_page_is_listed_by_rule() -> None:
    found = gone(PASTED)
    assert [(rule, words) for rule, words, _ in found] == [
        ("front_matter", "--- title: Salt ---"),
        ("date_line", "Feb 23, 2024"),
        ("footnote_references", "[1](https://v.example/p/salt#footnote-1-99)"),
        ("links", '[link to *bread*](https://v.example/bread "Bread")'),
        ("html", "<span>"),
        ("html", "</span>"),
        ("captioned_images", "[![A jar](https://cdn.example/a.jpeg)](https://cdn.example/a.jpeg)"),
        ("captioned_images", "A jar of salt"),
        ("images", "![Another](b.png)"),
        ("bare_addresses", "https://v.example/wine"),
        ("footnote_references", "[^x]"),
        ("links", "[[Oil|some oil]]"),
        ("platform_lines", "Subscribe"),
        ("platform_lines", "[Share](https://v.example/share)"),
        ("platform_lines", "Thanks for reading Voice! Subscribe for free to receive new posts."),
        ("platform_lines", "Like"),
        ("platform_lines", "Comment"),
        ("platform_lines", "Restack"),
        ("platform_lines", "#salt #bread"),
        ("closing_break", "***"),
        ("end_matter", "[^x]: Her own note."),
        ("end_matter", "[1](https://v.example/p/salt#footnote-anchor-1-99)"),
        ("end_matter", "The pasted note, of two paragraphs."),
        ("end_matter", "It goes on here."),
        ("platform_lines", "Like / Comment / Restack"),
    ]
    assert [kept for _, _, kept in found if kept] == ["link to *bread*", "some oil"]


def test_what_is_left_is_the_authors_prose() -> None:
    assert offered(PASTED) == (
        "The first sentence has a note. The second has a link to *bread* in it, and a tag.\n\n"
        "The third names, the fourth has a note of her own. The fifth has some oil.\n\n"
        "The sixth and last sentence stands before the break, and is long enough to be one."
    )


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("front_matter", "title: Salt"),
        ("date_line", "Feb 23, 2024"),
        ("end_matter", "Her own note."),
        ("end_matter", "The pasted note, of two paragraphs."),
        ("footnote_references", "her own.[^x] The"),
        ("footnote_references", "note.[1](https://v.example/p/salt#footnote-1-99) The"),
        ("captioned_images", "[![A jar](https://cdn.example/a.jpeg)](https://cdn.example/a.jpeg)"),
        ("captioned_images", "A jar of salt"),
        ("images", "![Another](b.png)"),
        ("links", 'a [link to *bread*](https://v.example/bread "Bread") in'),
        ("links", "[[Oil|some oil]]"),
        ("bare_addresses", "names https://v.example/wine, the"),
        ("platform_lines", "Thanks for reading Voice!"),
        ("platform_lines", "Like / Comment / Restack"),
        ("closing_break", "***"),
        ("html", "<span>a tag</span>"),
    ],
)
def test_a_rule_that_is_off_leaves_what_it_would_take_as_it_is_written(rule: str, left: str) -> None:
    assert left not in offered(PASTED)
    cleaning = Cleaning(**{rule: False})
    assert left in offered(PASTED, cleaning)
    assert rule not in {name for name, _, _ in gone(PASTED, cleaning)}


def test_with_every_rule_off_nothing_goes() -> None:
    assert gone(PASTED, ALL_OFF) == []
    text = offered(PASTED, ALL_OFF)
    assert [word for word in PASTED.split() if word not in text] == []


def test_a_closing_break_that_stays_ends_the_last_response_and_is_none_itself() -> None:
    text = "One sentence of several words stands here. " * 12 + "\n\n***\n"
    found = propose(
        text,
        paragraphs(text),
        count_tokens=words,
        response_tokens=20,
        context_tokens=20,
        cleaning=Cleaning(closing_break=False),
    )
    assert len(found) > 1
    assert found[-1].response.endswith("here.\n\n***")
    assert text[found[-1].start : found[-1].end].endswith("***")


def test_a_break_in_the_middle_is_no_leftover() -> None:
    assert gone("One.\n\n***\n\nTwo.") == []


def test_spans_point_into_the_source_with_rules_on_and_off() -> None:
    for cleaning in (CLEAN, ALL_OFF, Cleaning(links=False)):
        found = propose(
            PASTED,
            paragraphs(PASTED),
            count_tokens=words,
            response_tokens=12,
            context_tokens=20,
            cleaning=cleaning,
        )
        assert found
        for item in found:
            span = PASTED[item.start : item.end]
            assert item.response.split()[0].strip("[") in span.split()[0]


def test_notes_are_kept_aside_whole_and_without_their_marks() -> None:
    found = footnotes(PASTED, paragraphs(PASTED))
    assert [(note.label, note.text) for note in found] == [
        ("x", "Her own note."),
        ("1", "The pasted note, of two paragraphs.\n\nIt goes on here."),
    ]
    assert PASTED[found[1].start : found[1].end].startswith("[1](")
