"""Whatever the texts of pairs hold, what is written in a format is read again to the letter, and no reader crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import CurationError
from curation.filepair import TIERS, FilePair
from curation.jsonl import FORMS, read_jsonl, write_jsonl
from curation.pairfile import read_pairfile, write_pairfile
from curation.rows import SEPARATOR
from curation.tables import read_csv, write_csv

PIECES = st.sampled_from(
    [
        "## pair: x", "### prompt", "### response", "### Response ", "\\### response", "\\\\## pair: y", "##  pair:",
        "tier: 3", "---", "----", "# Title", "\n", "\n\n", "\r", "\r\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x1e",
        "\x85", "\0", "\ufeff", "\u200b", "\\", '"', '""', ",", ";", "\t", " ", "A sentence.", "手紙。", "😀", "{}",
        "[", "\n\n---\n\n", "=1", "null",
    ]
)  # fmt: skip
TEXTS = (st.lists(PIECES, min_size=1, max_size=12).map("".join) | st.text(min_size=1, max_size=80)).filter(
    lambda text: bool(text.strip())
)
SLUGS = st.lists(st.sampled_from(["salt", "wheel", "a", "2", "手紙"]), min_size=1, max_size=3).map("-".join)
PAIRS = st.builds(
    FilePair,
    prompt=TEXTS.map(str.strip),
    response=TEXTS.map(str.strip),
    tier=st.sampled_from(TIERS),
    source=SLUGS,
    split=st.sampled_from(["train", "holdout"]),
)
LISTS = st.lists(PAIRS, min_size=1, max_size=4)


def texts(pairs: list[FilePair]) -> list[tuple[str, str]]:
    return [(pair.prompt, pair.response) for pair in pairs]


def whole(pairs: list[FilePair]) -> list[tuple[object, ...]]:
    return [(pair.prompt, pair.response, pair.tier, pair.source, pair.split) for pair in pairs]


def encoded(text: str) -> str:
    """Go through a file: UTF-8 bytes and back."""
    return text.encode().decode()


@settings(max_examples=400, deadline=None)
@given(LISTS)
def test_markdown_gives_the_same_pairs_back_and_every_escaped_line_is_said(pairs: list[FilePair]) -> None:
    text, said = write_pairfile(pairs, title="T", path="p.md")
    back, problems = read_pairfile(encoded(text), "p.md")
    assert problems == []
    assert [item[:4] for item in whole(back)] == [item[:4] for item in whole(pairs)]
    lines = _lines(text)
    assert all(lines[(item.line or 0) - 1].startswith("\\") for item in said)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=200, deadline=None)
@given(pairs=LISTS)
def test_every_form_of_json_lines_gives_the_same_pairs_back_or_refuses_by_name(
    form: str, pairs: list[FilePair]
) -> None:
    torn = [pair for pair in pairs if form == "text" and SEPARATOR in (pair.prompt + SEPARATOR)[:-1]]
    if torn:
        with pytest.raises(CurationError, match="has a line --- in its prompt"):
            write_jsonl(pairs, form=form)
        pairs = [pair for pair in pairs if pair not in torn]
    text = write_jsonl(pairs, form=form, labels=True)
    # One object a line for a reader that knows LF alone.
    assert len([json.loads(line) for line in encoded(text).split("\n") if line]) == len(pairs)
    back, problems = read_jsonl(encoded(text), "p.jsonl")
    assert not pairs or problems == []
    assert whole(back) == whole(pairs)
    assert texts(read_jsonl(write_jsonl(pairs, form=form), "p.jsonl")[0]) == texts(pairs)


@settings(max_examples=300, deadline=None)
@given(LISTS)
def test_csv_gives_the_same_pairs_back(pairs: list[FilePair]) -> None:
    back, problems = read_csv(encoded(write_csv(pairs)), "p.csv")
    assert problems == []
    assert whole(back) == whole(pairs)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=200))
def test_no_text_however_odd_crashes_a_reader_or_loses_a_pair_without_a_word(text: str) -> None:
    for read in (read_pairfile, read_jsonl, read_csv):
        pairs, problems = read(text, "p")
        assert pairs or problems
    blocks = read_pairfile(text, "p")
    marks = sum(line.lower().startswith(("## pair:", "##  pair:")) for line in _lines(text))
    named = {problem.line for problem in blocks[1]}
    assert len(blocks[0]) + len(named) >= marks


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
