"""Canary prompts as Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.canaries import (
    CanaryText,
    canary_set_hash,
    format_canaries,
    is_bare,
    may_be_bare,
    parse_canaries,
)

SALT = CanaryText(slug="salt", prompt="The salt was\n\nin the jar.", topic="known", length="short", reference="")
MOON = CanaryText(slug="moon", prompt="On the moon", topic="novel", length="long", reference="It is far.\n\nAnd cold.")


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse_canaries(text, "c.md")[1]]


def test_a_file_with_all_its_parts() -> None:
    text = (
        "# My canaries\n\nA word before.\n\n## salt\n\nThe salt was\n\nin the jar.\n\n"
        "## Moon\ntopic: novel\nLength: LONG\n\nOn the moon\n\n### reference\nIt is far.\n\nAnd cold.\n"
    )
    assert parse_canaries(text, "c.md") == ([SALT, MOON], [])
    assert parse_canaries(text.replace("\n", "\r\n"), "c.md") == ([SALT, MOON], [])


def test_the_older_form_with_a_tier_is_read() -> None:
    assert parse_canaries("## salt\ntier: 3\n\nThe salt was\n\nin the jar.", "c.md") == ([SALT], [])


def test_what_is_written_is_read_again() -> None:
    odd = replace(
        SALT, slug="odd", prompt="topic: salt\n## not a block\n### reference\n\\## so\n# fine", reference="## x"
    )
    assert parse_canaries(format_canaries([SALT, MOON, odd]), "c.md") == ([SALT, MOON, odd], [])


def test_all_faults_are_named_by_line_and_good_blocks_come_in() -> None:
    text = "## salt\ntopic: old\nlength: tall\n\nText.\n\n## empty\n\n## moon\n\nOne.\n\n## Moon\n\nTwo.\n"
    found, faults = parse_canaries(text, "c.md")
    assert [item.slug for item in found] == ["moon"]
    assert [fault.line for fault in faults] == [2, 3, 7, 13]
    assert "known or novel" in faults[0].message
    assert "stands at line 9 already" in faults[3].message


def test_a_file_without_prompts_says_how_to_write_one() -> None:
    assert problems("Just text.") == [
        "c.md: holds no canary prompts. Begin each with a line `## name`, then a blank line and the prompt."
    ]


@pytest.mark.parametrize("change", [{"prompt": "x"}, {"topic": "novel"}, {"length": "long"}, {"reference": "x"}])
def test_the_hash_of_a_set_depends_on_every_field_and_the_order(change: dict[str, str]) -> None:
    digest = canary_set_hash([SALT, MOON])
    assert digest.startswith("sha256:")
    assert digest == canary_set_hash([replace(SALT), MOON])
    assert digest != canary_set_hash([MOON, SALT])
    assert digest != canary_set_hash([replace(SALT, **change), MOON])


@pytest.mark.parametrize(
    ("text", "sure", "maybe"),
    [
        ("## salt\n\nThe salt was\n\n## open-sea\n\nAt sea\n", True, True),
        ("\n## salt\nThe salt was\n\n### Reference\n" + "A word. " * 400 + "\n\n## sea\nAt sea\n", True, True),
        ("## salt\n\nThe salt was\n\n## empty\n\n## sea\n\nAt sea\n", True, True),
        ("## salt\n\nThe salt was\n", False, True),
        ("## Of Salt\n\nThe salt was\n\n## Of the Sea\n\nAt sea\n", False, True),
        ("## Of Salt\n\nThe salt was\n", False, False),
        ("# Salt\n\n## salt\n\nThe salt was\n\n## sea\n\nAt sea\n", False, False),
        ("Salt and sea.\n\n## salt\n\nThe salt was\n\n## sea\n\nAt sea\n", False, False),
        ("## salt\n\nThe salt was\n\n### more\n\n## sea\n\nAt sea\n", False, False),
        ("## salt\n\n" + "The salt was. " * 60 + "\n\n## sea\n\nAt sea\n", False, False),
        ("No heading at all.\n", False, False),
        ("", False, False),
    ],
)
def test_blocks_that_say_no_topic_are_prompts_only_where_nothing_speaks_for_an_essay(
    text: str, sure: bool, maybe: bool
) -> None:
    assert (is_bare(text), may_be_bare(text)) == (sure, maybe)
