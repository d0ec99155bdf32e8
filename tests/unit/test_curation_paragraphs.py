"""What each block of a text is, and the text a pair gets of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from curation.discover import discover
from curation.essay import read_essay
from curation.markdown import count_words, plain, plain_text
from curation.paragraphs import paragraphs
from curation.sentences import sentences


def kinds(text: str) -> list[str]:
    return [block.kind for block in paragraphs(text)]


def plains(text: str) -> list[str]:
    return [plain(text, block) for block in paragraphs(text)]


def test_an_essay_of_every_kind() -> None:
    text = (
        "---\ntitle: Salt\n---\n\nFeb 23, 2024\n\n# Salt\n\nOne pinch.\n\n> He said.\n\n> Roses,  \n> and rue.\n\n"
        "- a\n- b\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![jar](j.png)\n\n*A jar.*\n\n***\n\n"
        "More.[^1]\n\n<div>box</div>\n\n[^1]: A note.\n\n    It goes on.\n\n[ref]: https://example.org\n"
    )
    assert kinds(text) == [
        "front-matter", "front-matter", "heading", "prose", "quote", "verse", "list", "code", "table", "image",
        "caption", "break", "prose", "html", "footnote", "footnote", "html",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "mark", ["***", "* * *", "*", "-", "  *", "---", "⁂", "\\* \\* \\*", "~", "•••", "###", "<hr>"]
)
def test_scene_breaks_by_hand_are_breaks(mark: str) -> None:
    assert kinds(f"One.\n\n{mark}\n\nTwo.") == ["prose", "break", "prose"]


def test_a_mark_alone_beside_a_list_is_a_break_and_one_inside_it_an_empty_item() -> None:
    assert kinds("* salt\n* rue\n\n*\n\nThen.") == ["list", "break", "prose"]
    assert kinds("One.\n\n-\n\n- salt\n- rue") == ["prose", "break", "list"]
    assert kinds("* salt\n*\n* rue") == ["list"]
    assert kinds("One.\n\n1.\n\nTwo.") == ["prose", "list", "prose"]


@pytest.mark.parametrize(
    "line",
    [
        "*March 3rd, 2021*",
        "_3 March 2021_",
        "**Wednesday, March 3rd, 2021.**",
        "*Published on March 3rd, 2021*",
        "*London, March 2021*",
        "*Ann Lund · Spring 2021*",
        "Published on 2021-03-03",
    ],
)
@pytest.mark.parametrize("above", ["", "# Salt\n\n", "---\na: b\n---\n\n# Salt\n\n*On jars and their keepers*\n\n"])
def test_a_date_alone_near_the_top_is_front_matter(line: str, above: str) -> None:
    assert kinds(f"{above}{line}\n\nSalt is in a jar.\n\n{line}\n")[-3:] == ["front-matter", "prose", "prose"]


@pytest.mark.parametrize(
    "line", ["*I was born in March 2021*", "March 2021", "London, March 3, 2021", "*It was May 3, 2021. I slept.*"]
)
def test_a_sentence_with_a_date_in_it_is_a_sentence(line: str) -> None:
    assert kinds(f"# Salt\n\n{line}\n\nSalt is in a jar.") == ["heading", "prose", "prose"]


def test_dashes_right_under_a_sentence_are_a_break_and_no_heading() -> None:
    assert kinds("She came in, sat down, and said nothing.\n---\nThen left.") == ["prose", "break", "prose"]
    assert kinds("Practical\n---\nThen left.") == ["heading", "prose"]


def test_short_lines_are_verse_and_wrapped_lines_prose() -> None:
    assert kinds("Roses are red\nViolets are blue\nSugar is sweet") == ["verse"]
    wrapped = "It was a day on which nothing at all\nhappened, and we were the better for\nit, as one is."
    assert kinds(wrapped) == ["prose"]
    assert plains(wrapped) == [wrapped.replace("\n", " ")]


def test_a_year_at_the_beginning_makes_no_list() -> None:
    text = "1984. I was eight, and nobody had told me."
    assert kinds(text) == ["prose"]
    assert plains(text) == [text]


def test_indented_prose_is_prose_and_indented_code_is_code() -> None:
    assert kinds("    It was the best of times and the worst of times, they said, and we agreed.") == ["prose"]
    assert kinds("    x = f(1)\n    y[2] = 3") == ["code"]


def test_an_image_with_its_caption_in_one_block_is_taken_apart() -> None:
    text = "![jar](jar.png)\nA jar of salt\n\nProse follows here."
    assert kinds(text) == ["image", "caption", "prose"]


def test_prose_behind_an_image_stays_prose() -> None:
    assert kinds("![jar](jar.png)\n\nThe jar broke.") == ["image", "prose"]


def test_a_pasted_page_loses_its_furniture_and_its_endmatter() -> None:
    text = (
        "Prose.[1](https://x.example/p/y#footnote-1-99) More.\n\nSubscribe\n\n[Share](https://x.example)\n\n"
        "Thanks for reading!\n\n[1](https://x.example/p/y#footnote-anchor-1-99)\n\nThe note.\n"
    )
    assert kinds(text) == ["prose", "html", "html", "html", "footnote", "footnote"]
    assert plains(text)[0] == "Prose. More."


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('A [link](http://a.example "t") here', "A link here"),
        ("A [link *with*\nwords](u_(v)) here", "A link *with* words here"),
        ("A [[Page|wiki link]] and [[Page]]", "A wiki link and Page"),
        ("Ends.[^1] Next", "Ends. Next"),
        ("An ![image](a.png) inside", "An inside"),
        ("*kept* and **kept** and `a[b](c)`", "*kept* and **kept** and `a[b](c)`"),
        ("Not \\*this\\* &amp; that&nbsp;too", "Not *this* & that too"),
        ("See <https://a.example> or https://b.example/x. Yes", "See or. Yes"),
        ("H<sub>2</sub>O <!-- hidden --> here", "H2O here"),
        ("One<br>two", "One\ntwo"),
        ("[brackets] alone stay, and 3 < 4", "[brackets] alone stay, and 3 < 4"),
    ],
)
def test_what_a_pair_gets_of_running_text(source: str, result: str) -> None:
    assert plains(source) == [result]


def test_quotes_and_lists_keep_their_marks_and_lose_their_wraps() -> None:
    assert plains("> One\n> line.\n>\n> Two.") == ["> One line.\n>\n> Two."]
    assert plains("- one\n  more\n- two") == ["- one more\n- two"]
    assert plains("> Roses,  \n> and rue.") == ["> Roses,\n> and rue."]


@pytest.mark.parametrize("source", ["# Salt #", "Salt\n====", "## Salt"])
def test_a_heading_gives_its_words(source: str) -> None:
    assert plains(source) == ["Salt"]


def test_every_character_knows_its_place_in_the_source() -> None:
    text = "# T\n\nA [link](u) and\r\n*more* here.[^1] End."
    source = plain_text(text, paragraphs(text)[1])
    for position, letter in enumerate(source.text):
        if not letter.isspace():
            assert text[source.origin(position)] == letter


def test_words_are_counted_as_a_reader_counts() -> None:
    assert count_words("It’s well-known: 1.5 o'clock — isn’t it? *Yes.*") == 7
    assert count_words(" *** ") == 0


@pytest.mark.parametrize("piece", [">", "[", "![a](", "<a ", "`", "<!--", "[a](", "%%", "“a. ", "a\n", "[![a]("])
def test_of_no_text_however_odd_a_word_is_read_twice(piece: str) -> None:
    text = piece * 2_000
    blocks = paragraphs(text)
    assert all(before.end <= after.start for before, after in itertools.pairwise(blocks))
    for block in blocks:
        shown = plain(text, block)
        spans = sentences(shown)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
        assert not spans or (spans[0][0] >= 0 and spans[-1][1] <= len(shown))


def test_an_image_inlined_as_data_is_dropped_whole() -> None:
    text = f"Here ![a](data:image/png;base64,{'A' * 100_000}) it is."
    assert plains(text) == ["Here it is."]


def test_real_essays_lose_nothing_but_white_space_between_paragraphs(essays_folder: Path) -> None:
    for path in discover([essays_folder]).files:
        essay = read_essay(path)
        last = 0
        for block in paragraphs(essay.text):
            assert not essay.text[last : block.start].strip(), path
            last = block.end
        assert not essay.text[last:].strip(), path
