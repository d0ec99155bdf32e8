"""The paragraphs of a text: what kind each is, and where it stands, so that nothing of the text is ever lost.

markdown-it-py says where blocks begin and end; what an essayist means by them is decided here: a row of asterisks is a
break, short lines are verse, a line under an image is its caption. Spans are in order and never overlap, and between
them is only white space.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from curation.front_matter import front_matter_end

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Kind = Literal[
    "front-matter", "heading", "prose", "quote", "verse", "list", "code", "table", "caption", "footnote", "break",
    "image", "html",
]  # fmt: skip

LINE = re.compile(r"\r\n|\r|\n")
FOOTNOTE = re.compile(r"[ ]{0,3}\[\^[^\]\s]{1,80}\]:")
# A note at the end of a page pasted from Substack: its number links back to the text.
FOOTNOTE_ANCHOR = re.compile(r"\[\d{1,4}\]\([^)\s]*#footnote-anchor-\d+[^)\s]*\)")
# Its parts are bounded, as an address of a megabyte (an image inlined as data) is the longest there is.
_ALT, _ADDRESS = r"[^\]\[]{0,1000}", r"\((?:data:[^)]*|[^)(]{0,2000}(?:\([^)(]{0,200}\)[^)(]{0,200})?)\)"
IMAGE = re.compile(
    rf"\[!\[{_ALT}\]{_ADDRESS}{_ALT}\]{_ADDRESS}|!\[{_ALT}\]{_ADDRESS}|!\[\[{_ALT}\]\]|!\[{_ALT}\]\[{_ALT}\]"
)
_CAPTION_MARKS = re.compile(r"(\*|_)(?!\1)(?:\\.|(?!\1)[^\\])+\1\Z", re.DOTALL)
_CAPTION_WORDS = 30
# One that is all emphasis and stands right under its image may tell a story.
_LONG_CAPTION_WORDS = 200
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})"
)
_SAID_OF = r"(?:(?:first |originally )?(?:posted|published|written|updated)(?: on| in)?:? )?"
_DATE_LINE = re.compile(rf"{_SAID_OF}{_DATE}\.?\Z", re.IGNORECASE)
# In emphasis alone also a month or season with its year, and a name or place parted from it by a mark.
_DATELINE = re.compile(
    rf"(?:[^\W\d_][^\d.!?\n]{{0,60}}[,·•|–—] ?)?{_SAID_OF}"
    rf"(?:{_DATE}|(?:{_MONTH}|spring|summer|autumn|fall|winter) \d{{4}})\.?\Z",
    re.IGNORECASE,
)
_EMPHASISED = re.compile(r"([*_]{1,3})(?![\s*_])([^*_]+)(?<!\s)\1\Z")
_DATE_LINES = 5
_SUBTITLE_WORDS = 30
_PLATFORM_LINE = re.compile(
    r"\[?(?:subscribe(?: now)?|share(?: this post)?|leave a comment|upgrade to paid|like|comments?|restacks?"
    r"|like ?/ ?comment ?/ ?restack|give a gift subscription|refer a friend|discussion about this post|the end|finis"
    r"|thanks for reading\b.{0,160}|.{1,80} is a reader-supported publication\b.{0,240})"
    r"\]?(?:\([^)]{0,2000}\))?[.!]?\Z",
    re.IGNORECASE,
)
# What Jekyll and Hugo put in their own place: `{: .note}`, `{% include x %}`, `{{< figure >}}`.
_TEMPLATE_LINE = re.compile(r"\{(?::[^{}]{0,500}|%.{0,500}%|\{.{0,500}\})\}\Z")
_LONGEST_FURNITURE = 3_000
_TAG_LINE = re.compile(r"(?:#[^\W\d][\w/-]*\s*)+\Z")
_ORDINAL = re.compile(r"(\d+)[.)]\s")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)\Z")
_VERSE_LINE = 58
_VERSE_INFO = ("verse", "poem", "poetry")


@dataclass(frozen=True)
class Paragraph:
    """A block of a text.

    Attributes:
        kind: what it is.
        start: first character in the text.
        end: one past its last character.
    """

    kind: Kind
    start: int
    end: int


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # 0.06 s, so it waits for the first text.
    from markdown_it import MarkdownIt

    # Inline marks are read later and per paragraph; here they would only cost time.
    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


def paragraphs(text: str) -> list[Paragraph]:
    """Return the paragraphs of a text, in order.

    Every line that holds more than white space belongs to one, link definitions and footnotes too; the spans with what
    lies between them are the text.
    """
    return list(_paragraphs(text))


# The last text is asked for twice: for its title, and for its paragraphs.
@lru_cache(maxsize=2)
def _paragraphs(text: str) -> tuple[Paragraph, ...]:
    found: list[Paragraph] = []
    body = front_matter_end(text)
    if body:
        found.append(Paragraph("front-matter", 0, body))
    lines = _lines(text, body)
    parsed: list[Paragraph] = []
    covered = 0
    for kind, first, last in _blocks(text[body:], len(lines)):
        parsed += _uncovered(text, lines, covered, first)
        parsed += _classify(text, kind, lines[first:last])
        covered = max(covered, last)
    parsed += _uncovered(text, lines, covered, len(lines))
    found += _in_context(text, parsed, lines)
    return tuple(found)


def _lines(text: str, body: int) -> list[tuple[int, int]]:
    spans, start = [], body
    for end in LINE.finditer(text, body):
        spans.append((start, end.start()))
        start = end.end()
    spans.append((start, len(text)))
    return spans


def _blocks(body: str, line_count: int) -> Iterator[tuple[str, int, int]]:
    done = 0
    for token in _parser().parse(body):
        if token.level or token.nesting < 0 or token.map is None:
            continue
        first, last = max(token.map[0], done), min(token.map[1], line_count)
        if first >= last:
            continue
        done = last
        kind = token.type.removesuffix("_open")
        if kind == "fence" and token.info.strip().lower() in _VERSE_INFO:
            kind = "verse_fence"
        if kind == "heading" and token.markup in ("=", "-"):
            kind = "setext"
        yield kind, first, last


def _uncovered(text: str, lines: list[tuple[int, int]], first: int, last: int) -> Iterator[Paragraph]:
    """Yield the lines that markdown-it makes no block of: link definitions, and footnotes of one word."""
    for start, end in lines[first:last]:
        kind: Kind = "footnote" if FOOTNOTE.match(text, start, end) else "html"
        yield from _trimmed(text, kind, start, end)


def _trimmed(text: str, kind: Kind, start: int, end: int) -> Iterator[Paragraph]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Paragraph(kind, start, end)


def _classify(text: str, block: str, lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    """Yield the paragraphs of one Markdown block: mostly one."""
    start, end = lines[0][0], lines[-1][1]
    source = [text[a:b] for a, b in lines]
    if block == "paragraph":
        yield from _prose(text, lines)
    elif block == "setext":
        yield from _setext(text, lines)
    elif block == "blockquote":
        inner = [line.lstrip(" >") for line in source]
        yield from _trimmed(text, "verse" if _is_verse(inner) else "quote", start, end)
    elif block in ("bullet_list", "ordered_list"):
        yield from _list(text, lines)
    elif block == "code_block":
        yield from _trimmed(text, _indented(source), start, end)
    elif block == "html_block":
        whole = text[start:end]
        hr = re.fullmatch(r"(?:<[^>]*>|\s)*<hr\b[^>]*>(?:<[^>]*>|\s)*", whole, re.IGNORECASE)
        heading = re.match(r"<h[1-6]\b", whole.lstrip(), re.IGNORECASE)
        yield from _trimmed(text, "break" if hr else "heading" if heading else "html", start, end)
    elif block == "heading":
        # `###` alone is a scene break by hand.
        yield from _trimmed(text, "heading" if source[0].strip(" \t#") else "break", start, end)
    else:
        kinds: dict[str, Kind] = {"hr": "break", "fence": "code", "verse_fence": "verse", "table": "table"}
        yield from _trimmed(text, kinds.get(block, "html"), start, end)


def _list(text: str, lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    """Yield a list; a mark alone between empty lines is an empty item to Markdown, and to a writer a scene break."""
    begin = 0
    for index, (start, end) in enumerate(lines):
        alone = all(
            not text[slice(*lines[beside])].strip() for beside in (index - 1, index + 1) if 0 <= beside < len(lines)
        )
        if alone and text[start:end].strip() in ("*", "-", "+"):
            yield from _items(text, lines[begin:index])
            yield from _trimmed(text, "break", start, end)
            begin = index + 1
    yield from _items(text, lines[begin:])


def _items(text: str, lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    if not lines:
        return
    source = [text[a:b] for a, b in lines]
    start, end = lines[0][0], lines[-1][1]
    whole = text[start:end].strip()
    kind: Kind = "break" if _is_break(whole) else "prose" if _is_year(source) else "list"
    yield from _trimmed(text, kind, start, end)


def _prose(text: str, lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    """Yield a paragraph of text, with footnotes, images and captions that lean on it taken apart."""
    notes = [index for index, (start, end) in enumerate(lines) if FOOTNOTE.match(text, start, end)]
    if notes:
        if notes[0]:
            yield from _prose(text, lines[: notes[0]])
        for index, following in zip(notes, [*notes[1:], len(lines)]):
            yield from _trimmed(text, "footnote", lines[index][0], lines[following - 1][1])
        return
    images = 0
    while images < len(lines) and _only_images(text[slice(*lines[images])]):
        images += 1
    if images:
        yield from _trimmed(text, "image", lines[0][0], lines[images - 1][1])
        if images < len(lines):
            rest = text[lines[images][0] : lines[-1][1]].strip()
            long = len(rest.split()) <= _LONG_CAPTION_WORDS and bool(_CAPTION_MARKS.match(rest))
            kind: Kind = "caption" if long or _is_caption(rest) else "prose"
            yield from _trimmed(text, kind, lines[images][0], lines[-1][1])
        return
    whole = text[lines[0][0] : lines[-1][1]].strip()
    yield from _trimmed(text, _kind_of_text(whole, [text[a:b] for a, b in lines]), lines[0][0], lines[-1][1])


def _kind_of_text(whole: str, source: list[str]) -> Kind:
    if _is_break(whole):
        return "break"
    if (whole.startswith("%%") and whole.endswith("%%")) or is_platform_line(whole):
        return "html"
    return "verse" if _is_verse(source) else "prose"


def _is_break(whole: str) -> bool:
    return (
        len(whole) <= 20
        and not any(letter.isalnum() for letter in whole)
        and not whole.strip("*_~-–—•·.#§⁂\\ \t\r\n=+^◊❦☙")
    )


def is_platform_line(whole: str) -> bool:
    """Say whether a paragraph is a platform's and not the author's: `Subscribe`, `Thanks for reading!`, tags."""
    if len(whole) > _LONGEST_FURNITURE:
        return False
    if _TAG_LINE.match(whole):
        return True
    lines = [line.strip() for line in LINE.split(whole)]
    return all(_PLATFORM_LINE.match(line) or _TEMPLATE_LINE.match(line) for line in lines)


def _setext(text: str, lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    """Yield a heading; or a paragraph and a break, where `---` was put right under a sentence."""
    title = text[lines[0][0] : lines[-2][1]].strip()
    is_sentence = len(title.split()) > 16 or (title[-1:] in '.!?…”"' and len(title.split()) > 6) or len(lines) > 3
    if is_sentence or _only_images(title):
        yield from _prose(text, lines[:-1])
        yield from _trimmed(text, "break", *lines[-1])
    else:
        yield from _trimmed(text, "heading", lines[0][0], lines[-1][1])


def _only_images(line: str) -> bool:
    return "![" in line and not IMAGE.sub("", line).strip()


def _is_caption(text: str) -> bool:
    return len(text.split()) <= _CAPTION_WORDS and text[-1:] not in '.!?…:;,”"’'


def _is_date(text: str) -> bool:
    if _DATE_LINE.match(text.strip("*_ ")):
        return True
    emphasised = _EMPHASISED.match(text)
    return bool(emphasised and _DATELINE.match(emphasised[2]))


def _is_subtitle(text: str) -> bool:
    return len(text.split()) <= _SUBTITLE_WORDS and bool(_EMPHASISED.match(text))


def _is_verse(source: list[str]) -> bool:
    lines = [line for line in source if line.strip()]
    if len(lines) < 2:
        return False
    hard = sum(bool(_HARD_BREAK.search(line)) for line in lines[:-1])
    if hard * 2 >= len(lines) - 1:
        return True
    if len(lines) < 3 or any(len(line.strip()) > _VERSE_LINE for line in lines):
        return False
    capitals = sum(line.lstrip(" >*_“‘’\"'(—")[:1].isupper() for line in lines)
    return capitals * 5 >= len(lines) * 4


def _is_year(source: list[str]) -> bool:
    """Say whether an ordered list is a sentence that begins with a year, as `1984. I was eight.` does."""
    first = _ORDINAL.match(source[0].strip())
    return bool(first and int(first[1][:9]) > 50 and sum(bool(_ORDINAL.match(line.strip())) for line in source) == 1)


def _indented(source: list[str]) -> Kind:
    """Return what an indented block is: old typists indent a paragraph, poets a stanza."""
    lines = [line for line in source if line.strip()]
    if _is_verse(source) and len(lines) > 2:
        return "verse"
    words = " ".join(lines).split()
    wordy = sum(word.strip("“”‘’\"'.,;:!?()—…-").isalpha() for word in words)
    return "prose" if len(words) >= 12 and wordy * 10 >= len(words) * 9 else "code"


def _in_context(text: str, found: list[Paragraph], lines: list[tuple[int, int]]) -> Iterator[Paragraph]:
    """Yield the paragraphs with the kind that only their neighbours tell: captions, notes that go on, a date line."""
    first = next((index for index, (start, end) in enumerate(lines) if text[start:end].strip()), 0)
    fifth_line = lines[min(first + _DATE_LINES - 1, len(lines) - 1)][0]
    starts = [start for start, _ in lines]
    before: Kind | None = None
    endmatter = date_seen = prose_seen = False
    for block in found:
        kind = block.kind
        source = text[block.start : block.end]
        endmatter = endmatter or (kind in ("prose", "list") and bool(FOOTNOTE_ANCHOR.match(source)))
        indented = block.start - starts[bisect_left(starts, block.start + 1) - 1] >= 4 or source[:1] == "\t"
        # What a platform put under the notes is none of them.
        if (endmatter and kind not in ("html", "break")) or (
            before == "footnote" and kind in ("code", "verse", "prose") and indented
        ):
            kind = "footnote"
        elif kind == "prose" and before == "image" and _is_caption(source):
            kind = "caption"
        elif kind == "prose" and not (date_seen or prose_seen) and block.start <= fifth_line and _is_date(source):
            kind, date_seen = "front-matter", True
        # A date may stand under the subtitle that stands under the title.
        prose_seen = prose_seen or (kind == "prose" and not (before == "heading" and _is_subtitle(source)))
        before = kind
        yield Paragraph(kind, block.start, block.end)
