"""Where sentences end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curation.discover import discover
from curation.essay import read_essay
from curation.markdown import plain
from curation.paragraphs import paragraphs
from curation.sentences import finer, sentences


def parts(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["I met Dr. Watson and Mr. and Mrs. Holmes.", "They left."],
        ["G. K. Chesterton met J.S. Mill.", "He laughed."],
        ["“Yes!” he said.", "“No.”", "Then he went."],
        ["(He was late.)", "Nobody minded."],
        ["It was over.”", "And then."],
        ["He said *no.*", "Then he left."],
        ["It was St. Paul who wrote No. 5 of them.", "I said no.", "He did."],
        ["Alas! child it is so.", "It is."],
        ["It is not so.", "’Tis a trick of the senses."],
        ["He waited… and left.", "She stayed."],
        ["nobody uses capitals here.", "it is a habit.", "so what."],
        ["He knew as much as I.", "The sun and moon met him."],
    ],
)
def test_sentences_are_parted_where_a_reader_parts_them(expected: list[str]) -> None:
    assert parts(" ".join(expected)) == expected


def test_a_blank_line_ends_a_sentence_without_a_stop() -> None:
    assert parts("A title\n\nA sentence.") == ["A title", "A sentence."]


def test_a_speech_is_one_sentence_and_its_finer_parts_are_more() -> None:
    text = "He said: “One came. Two left. Three stayed.” We agreed."
    assert parts(text)[0] == "He said: “One came. Two left. Three stayed.”"
    assert [text[a:b].strip() for a, b in finer(text)] == [
        "He said: “One came.", "Two left.", "Three stayed.”", "We agreed.",
    ]  # fmt: skip


def test_no_sentence_of_a_real_essay_ends_in_a_title_or_begins_with_a_closing_mark(essays_folder: Path) -> None:
    seen = 0
    for path in discover([essays_folder]).files:
        text = read_essay(path).text
        for block in paragraphs(text):
            if block.kind != "prose":
                continue
            spoken = parts(plain(text, block))
            for sentence in spoken[:-1]:
                assert not re.search(r"\b(Mr|Mrs|Dr|St|[A-HJ-Z])\.$", sentence), (path.name, sentence)
            for sentence in spoken[1:]:
                seen += 1
                assert sentence[0] not in "”)]»", (path.name, sentence)
    assert seen > 500
