"""No text, however odd, loses a character on its way through paragraphs and sentences."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.markdown import count_words, plain_text
from curation.pairs import propose
from curation.paragraphs import paragraphs
from curation.sentences import finer, sentences

PIECES = st.sampled_from(
    [
        "# Title", "Title\n===", "A sentence. And Mr. X said “no.” Then", "> quoted\n> more", "> verse,  \n> line",
        "- item", "1. item", "***", "---", "\n\n", "\n", "\r\n", "\r", "    indented", "```\ncode", "```", "![a](b)",
        "[^1]: note", "[a]: b", "[link](url)", "| a |\n|---|", "<div>", "</div>", "\t", " ", "*emph*", "\\", "[^1]",
        "`", "&amp;", "\ufeff", "\0", "\u2028", "\x0b", "\x0c", "\x85", "😀", "手紙。", "---\ntitle: x\n---\n",
        "+++\na = 1\n+++", "[[a|b]]", "<br>", "^[note]", "~~~ poem", "Feb 23, 2024", "[1](x#footnote-anchor-1-2)",
        "1984. I was", "§",
    ]
)  # fmt: skip
MARKDOWN = st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=12).map("\n".join)
TEXTS = MARKDOWN | st.text(max_size=300)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_spans_and_gaps_give_the_text_back_and_gaps_are_white_space(text: str) -> None:
    last = 0
    for block in paragraphs(text):
        assert last <= block.start < block.end <= len(text)
        assert not text[last : block.start].strip()
        assert not text[block.start].isspace()
        assert not text[block.end - 1].isspace()
        last = block.end
    assert not text[last:].strip()


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_plain_text_points_into_its_own_paragraph(text: str) -> None:
    for block in paragraphs(text):
        source = plain_text(text, block)
        origins = [source.origin(position) for position in range(len(source.text))]
        assert all(block.start <= origin < block.end for origin in origins)
        assert origins == sorted(origins)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_sentences_cover_the_text_and_hold_more_than_white_space(text: str) -> None:
    for spans in (sentences(text), finer(text)):
        assert "".join(text[start:end] for start, end in spans) == text
        assert all(text[start:end].strip() for start, end in spans) or not text.strip()


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 60), st.integers(1, 60))
def test_proposals_are_in_order_and_never_overlap(text: str, response_tokens: int, context_tokens: int) -> None:
    found = propose(
        text,
        paragraphs(text),
        count_tokens=count_words,
        response_tokens=response_tokens,
        context_tokens=context_tokens,
    )
    last = 0
    for item in found:
        assert last <= item.start < item.end <= len(text)
        assert item.prompt.strip()
        assert item.response.strip()
        last = item.end
