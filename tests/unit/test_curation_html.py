"""A post's HTML becomes Markdown that says the same."""

from __future__ import annotations

import json
from html import escape

import pytest

from curation.cleaning import staying
from curation.cleaning_rules import CLEAN
from curation.html_markdown import html_to_markdown
from curation.markdown import plain
from curation.paragraphs import paragraphs


def markdown(html: str) -> str:
    return html_to_markdown(html).text


def kinds(html: str) -> list[str]:
    return [block.kind for block in paragraphs(markdown(html))]


def plains(html: str) -> list[str]:
    text = markdown(html)
    return [plain(text, block) for block in paragraphs(text)]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo.\n"),
        ("<p>One\n  wrapped\tline.</p>", "One wrapped line.\n"),
        ("<p>A <em>small </em>and <strong>a <em>loud</em></strong> word</p>", "A *small* and **a *loud*** word\n"),
        ("<p><em>One</em><em>run</em></p>", "*Onerun*\n"),
        ("<p>gone <s>away</s></p>", "gone ~~away~~\n"),
        ('<p>A <a href="https://v.example/a_(b)">link</a>.</p>', "A [link](https://v.example/a_%28b%29).\n"),
        ('<p><a href="javascript:x()">Only words</a></p>', "Only words\n"),
        ('<p><a href="https://v.example">https://v.example</a></p>', "https://v.example\n"),
        ("<h2>A <em>head</em></h2><h4></h4>", "## A *head*\n"),
        ("<h3>C #</h3>", "### C \\#\n"),
        ("<blockquote><p>One.</p><p>Two.</p></blockquote>", "> One.\n>\n> Two.\n"),
        ('<div class="pullquote"><p>Said.</p></div>', "> Said.\n"),
        ("<p>One.</p><div><hr></div><p>Two.</p>", "One.\n\n***\n\nTwo.\n"),
        ("<ul><li><p>a</p></li><li><p>b</p><ol start=3><li>c</li></ol></li></ul>", "- a\n- b\n  3. c\n"),
        ("<ul><li>a<li>b</ul>", "- a\n- b\n"),
        ("<pre><code>x = 1\n</code></pre>", "```\nx = 1\n```\n"),
        ("<p>Set <code>a `b`</code></p>", "Set `` a `b` ``\n"),
        ("<p>One<br>two</p>", "One  \ntwo\n"),
        ("<p>One<br><br>two</p>", "One\n\ntwo\n"),
        (
            "<table><tr><th>a|b</th><th>c</th></tr><tr><td>1</td></tr></table>",
            "| a\\|b | c |\n| --- | --- |\n| 1 |  |\n",
        ),
        ('<img src="https://v.example/a b.png" alt="a [jar]">', "![a jar](https://v.example/a%20b.png)\n"),
        ("<figure><figcaption>A jar</figcaption></figure>", "*A jar*\n"),
        ("", ""),
        ("<p> </p><div></div>", ""),
    ],
)
def test_each_mark_has_its_markdown(html: str, text: str) -> None:
    assert markdown(html) == text


def test_verse_keeps_its_lines_and_stanzas() -> None:
    html = "<pre>Roses are <em>red</em>,\n  Violets are `blue`.\n\nOne line alone</pre>"
    assert kinds(html) == ["verse"]
    assert plains(html) == ["Roses are *red*,\nViolets are `blue`.\n\nOne line alone"]


def test_notes_stand_in_the_text_and_at_the_end() -> None:
    html = (
        '<p>Said so.<a class="footnote-anchor" id="footnote-anchor-2" href="#footnote-2">2</a> More.</p>'
        '<div class="footnote"><a class="footnote-number" href="#footnote-anchor-2">2</a>'
        '<div class="footnote-content"><p>By whom?</p><p>By me.</p></div></div>'
    )
    assert markdown(html) == "Said so.[^2] More.\n\n[^2]: By whom?\n\n    By me.\n"
    assert kinds(html) == ["prose", "footnote", "footnote"]
    assert plains(html) == ["Said so. More.", "By whom?", "By me."]


def test_what_is_the_platforms_is_left_out_and_counted() -> None:
    html = (
        '<p>Mine.</p><p class="button-wrapper"><a href="x">Subscribe now</a></p>'
        '<div class="subscription-widget-wrap"><div><p>Thanks for reading!</p></div></div>'
        '<div class="captioned-image-container"><figure><img src="a"><button>Zoom</button></figure></div>'
        '<div class="tweet"><p>Others</p></div><div class="tweet">Others</div><iframe src="y"></iframe>'
        "<script>alert(1)</script><p>Mine too.</p>"
    )
    found = html_to_markdown(html)
    assert found.text == "Mine.\n\nMine too.\n"
    assert found.stripped == {
        "button-wrapper": 1,
        "subscription-widget-wrap": 1,
        "captioned-image-container": 1,
        "tweet": 2,
        "iframe": 1,
        "script": 1,
    }


def contained(caption: str) -> str:
    """Return an image as Substack's editor exports it."""
    return (
        '<div class="captioned-image-container"><figure><a class="image-link" href="https://v.example/a.png">'
        '<div class="image2-inset"><picture><source srcset="https://v.example/s.png">'
        '<img src="https://v.example/a.png" alt="A [jar]"></picture>'
        '<div class="image-link-expand"><button>Zoom</button></div></div></a>'
        f'<figcaption class="image-caption">{caption}</figcaption></figure></div>'
    )


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        ("The jar.", "*The jar.*"),
        ('By <a href="https://v.example/b">Ann</a>', "*By [Ann](https://v.example/b)*"),
        ("My <em>own</em> jar.", "_My *own* jar._"),
        ("<p>The jar.</p><p>- By Ann*</p>", "_The jar. \\- By Ann\\*_"),
        ("word " * 60 + "end.", "*" + "word " * 60 + "end.*"),
    ],
)
def test_the_words_under_an_image_are_kept_as_its_caption(caption: str, text: str) -> None:
    html = f"<p>Before.</p>{contained(caption)}<p>After.</p>"
    assert markdown(html) == f"Before.\n\n![A jar](https://v.example/a.png)\n{text}\n\nAfter.\n"
    assert kinds(html) == ["prose", "image", "caption", "prose"]
    source = markdown(html)
    blocks = paragraphs(source)
    assert [plain(source, block) for block in staying(source, blocks, CLEAN)] == ["Before.", "After."]
    assert html_to_markdown(html).stripped == {}


def test_a_caption_without_an_address_in_a_list_or_in_a_table_is_kept() -> None:
    bare = '<div class="captioned-image-container"><figure><figcaption>Jar</figcaption></figure></div>'
    assert kinds(bare) == ["image", "caption"]
    assert "*Jar*" in markdown(f"<ul><li>One {bare}</li></ul>")
    assert "*Jar*" in markdown(f"<table><tr><td>One</td>{bare}</tr></table>")
    assert markdown('<div class="captioned-image-container"><img src="https://v.example/a"></div>') == ""


def gallery(about: object) -> str:
    """Return several images as Substack's editor exports them: an empty element, and all else in an attribute."""
    return f'<div class="image-gallery-embed" data-attrs="{escape(json.dumps(about))}"></div>'


IMAGES = [{"type": "image/png", "src": "https://v.example/a.png"}, {"src": "https://v.example/b.png"}]


@pytest.mark.parametrize(
    ("caption", "text"),
    [("Three jars & a <lid>.", "*Three jars & a \\<lid>.*"), ("Two\n\njars", "*Two jars*")],
)
def test_the_words_under_a_gallery_are_kept_as_its_caption(caption: str, text: str) -> None:
    about = {"gallery": {"images": IMAGES, "caption": caption, "alt": "Jars"}, "isEditorNode": True}
    html = f"<p>Before.</p>{gallery(about)}<p>After.</p>"
    assert markdown(html) == f"Before.\n\n![Jars](https://v.example/a.png)\n{text}\n\nAfter.\n"
    assert kinds(html) == ["prose", "image", "caption", "prose"]
    assert html_to_markdown(html).stripped == {}


@pytest.mark.parametrize(
    "about",
    [{}, [], "x", {"gallery": 1}, {"gallery": {"caption": 3, "images": 4}}, {"gallery": {"images": IMAGES}},
     {"gallery": {"images": IMAGES, "caption": " "}}],
)  # fmt: skip
def test_a_gallery_without_words_is_left_out_and_counted(about: object) -> None:
    found = html_to_markdown(f"<p>Mine.</p>{gallery(about)}")
    assert found.text == "Mine.\n"
    assert found.stripped == {"image-gallery-embed": 1}


@pytest.mark.parametrize("images", [[], [7], [{"src": 7}], None])
def test_a_caption_of_a_gallery_whose_images_are_not_named_is_kept(images: object) -> None:
    html = gallery({"gallery": {"images": images, "caption": "The jars"}})
    assert markdown(html) == "![]()\n*The jars*\n"


def test_every_caption_of_several_images_in_one_container_is_kept() -> None:
    figures = "".join(
        f'<figure><img src="https://v.example/{name}.png"><figcaption>Jar {name}</figcaption></figure>' for name in "ab"
    )
    each = "![](https://v.example/a.png)\n*Jar a*\n\n![](https://v.example/b.png)\n*Jar b*\n"
    for name in ("captioned-image-container", "image-gallery-embed"):
        assert markdown(f'<div class="{name}">{figures}</div>') == each
    shared = (
        '<div class="image-gallery-embed"><figure><img src="https://v.example/a.png"><img src="https://v.example/b.png">'
        "<figcaption>Both jars</figcaption></figure></div>"
    )
    assert markdown(shared) == "![](https://v.example/a.png)\n*Both jars*\n"


def test_a_caption_that_stands_in_the_page_and_in_the_attribute_is_kept_once() -> None:
    about = escape(json.dumps({"gallery": {"images": IMAGES, "caption": "The jars"}}))
    html = (
        f'<div class="image-gallery-embed" data-attrs="{about}"><figcaption>The jars</figcaption>'
        '<img src="https://v.example/a.png"></div>'
    )
    assert markdown(html) == "![](https://v.example/a.png)\n*The jars*\n"


@pytest.mark.parametrize(
    "mention",
    [
        '<span class="mention-wrap" data-attrs="{&quot;name&quot;:&quot;Ana *M*&quot;,&quot;id&quot;:7}"></span>',
        '<span class="mention-wrap" data-attrs="not json">Ana *M*</span>',
    ],
)
def test_a_mention_keeps_its_name(mention: str) -> None:
    assert plains(f"<p>As {mention} says.</p>") == ["As Ana *M* says."]


@pytest.mark.parametrize(
    "text",
    [
        "# no heading", "> no quote", "- no item", "+ no item", "12. no item", "1984. I was eight.", "--- no", "=== no",
        "a * b * c", "snake_case and _no emphasis_", "[no](link)", "[^1]: no note", "![no](image)", "`no code`",
        "3 < 4 <b", "&amp; is an entity", "[[no wiki]]", "~~not gone~~", "~~~ no fence", "%%no comment%%", "C:\\path",
        "| no | table", "^[no note]", "\\* written so", "* * *", "--", "#", "+++",
    ],
)  # fmt: skip
def test_text_that_looks_like_markdown_comes_back_to_the_letter(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert " ".join(plains(f"<p>{escaped}</p><p>After.</p>")) in (f"{text} After.", " After.")
    assert text.strip("*-#+ ") in " ".join(plains(f"<p>Before {escaped}</p>"))


@pytest.mark.parametrize(
    "html",
    [
        "<p>One <b>two</p><p>three</b> four",
        "One <p>two <div>three</p> four</div>",
        "<ul>One<li>two<div>three</ul>four",
        "<table>One<tr>two<td>three</table>four",
        "</p></div>One two</em> three<p/>four<br/>",
        "<" * 3 + "p>One two <!-- three --> three <![CDATA[four",
        "<p>One two <script>three four",
        "One <!-- unclosed two three four",
        "<x-y>One <z>two</x-y> three</z> four",
        "One&nbsp;two&#32;three &bogus; &#x four",
    ],
)
def test_broken_markup_loses_no_word(html: str) -> None:
    words = " ".join(plains(html))
    assert [word for word in ("One", "two", "three", "four") if word not in words] == []


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<b>", "<b><p>x", "<a ", "<!--", "<![CDATA[", '<a "', "<table>x", "&", "</p>", "<li>", "<blockquote>",
     "<p><i>", "<ul><li>", "<pre>", "<", "<x y=", "<!", "<?", "<em>a</em>", "<br>"],
)  # fmt: skip
def test_odd_markup_in_any_number_is_read_to_its_end(piece: str) -> None:
    words = html_to_markdown(f'{piece * 3_000}">--></script><p>the end</p>').text.split()
    assert "end" in words[-2:]


def test_deep_nesting_is_flattened_and_its_text_kept() -> None:
    html = "".join(f"<div>w{number} " for number in range(3000))
    words = markdown(html).split()
    assert words == [f"w{number}" for number in range(3000)]
