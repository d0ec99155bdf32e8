"""Pasted notes: parted at their lines, named by their words, and known again when they come a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import EssayError
from curation.notes import is_notes, is_notes_csv, read_notes_csv, recognised, split_notes

PASTED = """\
---
title: My notes
---

# On kettles

A kettle is a promise.

---
The gull has learnt the bus times. It waits
at the stop.

----

```
---
```
A fence is no end.
---

---
"""


def test_each_section_is_a_note_with_its_line() -> None:
    notes, problems = split_notes(PASTED, "notes.md")
    assert [(note.line, note.key, note.title) for note in notes] == [
        (5, "on-kettles", "On kettles"),
        (10, "the-gull-has-learnt-the-bus-times-it", "The gull has learnt the bus times. It"),
        (15, "a-fence-is-no-end", "A fence is no end."),
    ]
    assert notes[0].text == "# On kettles\n\nA kettle is a promise."
    assert notes[2].text == "```\n---\n```\nA fence is no end."
    assert problems == []


def test_sections_without_words_and_ones_said_twice_are_named_by_line() -> None:
    notes, problems = split_notes("One.\n---\n# Only a heading\n---\nOne.\n---\nTwo.", "notes.md")
    assert [note.text for note in notes] == ["One.", "Two."]
    assert [str(problem) for problem in problems] == [
        "notes.md:3: this section holds no words of its own. Write it, or delete it.",
        "notes.md:5: says the same as the note at line 1, and is left out. Delete one of them.",
    ]


def test_two_notes_of_one_name_get_keys_of_their_own() -> None:
    notes, _ = split_notes("# A\n\nOne.\n\n---\n\n# A\n\nTwo.", "notes.md")
    assert [note.key for note in notes] == ["a", "a-2"]


@given(
    st.lists(st.sampled_from(["Words.", "---", "", "# T", "```", "~~~", " --- ", "-----", "\r", "a\r\nb", "\ufeff"]))
)
def test_no_line_of_a_note_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    notes, problems = split_notes(text, "notes.md")
    kept = "\n".join(note.text for note in notes)
    assert all(note.text in text for note in notes)
    if not problems:
        wanted = [line.strip() for line in lines if "Words" in line or line == "a\r\nb"]
        assert [line for line in wanted if line not in kept] == []


@pytest.mark.parametrize(
    ("name", "text", "several"),
    [
        ("notes.md", "One.\n---\nTwo.", True),
        ("substack-notes 2.md", "One.\n---\nTwo.", True),
        ("notes.md", "Only one.", False),
        ("notes.md", "One.\n\n***\n\nTwo.", False),
        ("the-gull.md", "One.\n---\nTwo.", False),
        ("notes-on-camp.md", "One.\n---\nTwo.", False),
        ("notes.md", "One.\n---\n" + "word " * 400, False),
    ],
)
def test_a_file_of_notes_is_known_by_name_and_shape(name: str, text: str, several: bool) -> None:
    assert is_notes(Path(name), text) is several


@pytest.mark.parametrize(
    ("name", "head", "notes"),
    [
        ("x.csv", b"date,body\n", True),
        ("x.csv", b'\xef\xbb\xbf"Title","Content"\r\n', True),
        ("notes.csv", b"text\n", True),
        ("x.csv", b"text\n", False),
        ("x.csv", b"prompt,text\n", False),
        ("x.csv", b"a,b\n", False),
        ("x.csv", b"", False),
    ],
)
def test_a_table_of_notes_is_known_by_its_columns(name: str, head: bytes, notes: bool) -> None:
    assert is_notes_csv(Path(name), head) is notes


def test_a_table_gives_a_note_a_row() -> None:
    text = 'Date,Title,Body\n2024-02-23,Kettles,"A kettle\nis a promise."\n,,"The gull."\n,Empty,\n'
    notes, problems = read_notes_csv(text, "notes.csv")
    assert [(note.line, note.key, note.title, note.text, note.about) for note in notes] == [
        (2, "kettles", "Kettles", "A kettle\nis a promise.", {"date": "2024-02-23"}),
        (4, "the-gull", "The gull.", "The gull.", {}),
    ]
    assert [problem.line for problem in problems] == [5]


def test_a_table_without_texts_is_refused_with_what_it_has() -> None:
    with pytest.raises(EssayError, match=r"notes.csv:1: has no column of texts \(body, .*found: a, b"):
        read_notes_csv("a,b\n1,2\n", "notes.csv")


def keys(text: str, known: dict[str, str]) -> list[str]:
    return [note.key for note in recognised(split_notes(text, "notes.md")[0], known)]


def test_notes_are_known_again_by_words_by_name_and_by_likeness() -> None:
    known = {
        "kettle": "A kettle is a promise.",
        "gull": "The gull has learnt the bus times and waits at the stop.",
        "buttons": "Buttons are the small change of clothes.",
        "gone": "Quite another thing.",
    }
    moved = "A new one, first.\n---\nBUTTONS are the small change of clothing!\n---\nA kettle is a promise.\n---\n"
    assert keys(moved, known) == ["a-new-one-first", "buttons", "kettle"]
    mended = "The old gull has learnt the bus times, and waits at the stop.\n---\n# Kettle\n\nA kettle lies."
    assert keys(mended, known) == ["gull", "kettle"]


def test_a_new_note_never_takes_the_key_of_one_that_is_gone() -> None:
    known = {"a": "# A\n\nOne thing entirely.", "b": "# B\n\nAnother."}
    assert keys("# A\n\nOne thing entirely.\n---\n# A\n\nSomething else again.", known) == ["a", "a-2"]
