"""The text a pair gets from a paragraph: what a reader reads, without what only a page needs.

Links become their words; images, footnote references, bare addresses and tags go, each unless its rule of `cleaning` is
off; hard wraps are joined, except in verse; emphasis and the marks of quotes and lists stay, since a model is to learn
them. Every character knows where in the source it stood, so that a response cut from the plain text still has its span.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from curation.paragraphs import FOOTNOTE, FOOTNOTE_ANCHOR, IMAGE, LINE, Paragraph

Keep = Collection[str]
NOTHING: Keep = frozenset()

_WORD = re.compile(r"[^\W_]+(?:[’'.,:\-‐‑][^\W_]+)*")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_QUOTE_MARK = re.compile(r"[ \t]*>[ \t]?")
_HARD_BREAK = re.compile(r"(?:[ ]{2,}|\\)\Z")
_TAG = r"</?[A-Za-z][A-Za-z0-9-]{0,30}(?:\s[^<>]{0,2000})?/?>|<!--.{0,1000}?-->"

# In this order: what stands first wins where two could begin. Repeats are bounded, so that no text takes long.
_INLINE = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`{1,5})(?!`)[^`]{1,2000}(?P=ticks)(?!`))"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    rf"|(?P<image>[ \t]*(?:{IMAGE.pattern}))"
    r"|(?P<note>[ \t]*(?:\[\^[^\]\s]{1,80}\]|\^\[[^\]]{1,2000}\]|\[\d{1,4}\]\([^)\s]*\#footnote-[^)\s]*\)))"
    r"|\[\[(?:[^\]|\n]{1,300}\|)?(?P<wiki>[^\]|\n]{1,300})\]\]"
    r"|\[(?P<link>(?:[^\[\]]|\[[^\[\]]{0,200}\]){1,1000})\]"
    r"(?:\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:\s+[\"'(][^\n]{0,300}?[\"')])?[ \t]*\)|\[[^\[\]]{0,200}\])"
    r"|(?P<address>[ \t]*(?:<(?:https?://|mailto:)[^\s<>]{1,2000}>|https?://[^\s<>()\[\]“”\"]{1,2000}(?<![.,;:!?*_’'])))"
    r"|(?P<br><br[ \t]*/?>[ \t]*\n?)"
    r"|(?P<sup><sup>[ \t]*\[?\d{1,4}\]?[ \t]*</sup>)"
    rf"|(?P<tag>{_TAG})"
    r"|(?P<entity>&(?:[A-Za-z]{2,30}|\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6});)"
    r"|(?P<comment>%%[^%]{1,2000}%%)"
    r"|(?P<space>[ \t\u00a0]*\n[ \t\u00a0]*|[ \t\u00a0]{2,}|[\t\u00a0])",
    re.DOTALL,
)
# Where one of them may begin, but for the white space before it, two spaces, and `http`.
_BEGINS = re.compile(r"[`\\!\[\^<&%\n\t\u00a0]")


@dataclass(frozen=True)
class Gone:
    """What of a paragraph is not in its plain text.

    Attributes:
        rule: the rule of `cleaning` it went by.
        start: its first character in the source.
        end: one past its last.
        kept: what stands in its place.
    """

    rule: str
    start: int
    end: int
    kept: str


@dataclass
class PlainText:
    """Plain text that knows where each of its pieces stood in the source.

    Attributes:
        text: what a reader reads.
        positions: where each piece begins in `text`, rising.
        origins: where that piece begins in the source.
        lengths: how many characters of the source it stands for.
        gone: what was left out, in order.
    """

    text: str = ""
    positions: list[int] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)

    def origin(self, position: int) -> int:
        """Return the offset in the source of a character of the plain text."""
        index = max(bisect_right(self.positions, position) - 1, 0)
        return self.origins[index] + min(position - self.positions[index], max(self.lengths[index] - 1, 0))


class _Builder:
    def __init__(self, keep: Keep) -> None:
        self.keep = keep
        self.parts: list[str] = []
        self.length = 0
        self.last = ""
        self.out = PlainText()

    def add(self, piece: str, origin: int, length: int | None = None) -> None:
        if self.last in ("", " ", "\n") and piece[:1] == " ":
            cut = len(piece) - len(piece.lstrip(" "))
            piece, origin = piece[cut:], origin + (cut if length is None else 0)
        if not piece:
            return
        self.out.positions.append(self.length)
        self.out.origins.append(origin)
        self.out.lengths.append(len(piece) if length is None else length)
        self.parts.append(piece)
        self.length += len(piece)
        self.last = piece[-1]

    def mark(self, piece: str, origin: int) -> None:
        """Add layout, such as `> `, that no character of the source stands for."""
        self.out.positions.append(self.length)
        self.out.origins.append(origin)
        self.out.lengths.append(1)
        self.parts.append(piece)
        self.length += len(piece)
        self.last = piece[-1]

    def done(self) -> PlainText:
        self.out.text = "".join(self.parts).rstrip()
        return self.out


def plain(text: str, paragraph: Paragraph, keep: Keep = NOTHING) -> str:
    """Return what a pair gets of a paragraph; images, breaks and front matter give nothing."""
    return plain_text(text, paragraph, keep).text


def count_words(text: str) -> int:
    """Count words: runs of letters and digits, with the marks inside them (`o’clock`, `well-known`, `1.5` are one)."""
    return len(_WORD.findall(text))


def plain_text(text: str, paragraph: Paragraph, keep: Keep = NOTHING) -> PlainText:
    """Return what a pair gets of a paragraph, with the offsets of the source.

    Args:
        text: the essay.
        paragraph: one of its paragraphs.
        keep: names of the rules that are off: what they would take away stays as it is written.
    """
    builder = _Builder(keep)
    start, end, kind = paragraph.start, paragraph.end, paragraph.kind
    if kind in ("prose", "heading", "caption", "footnote", "html") or (kind == "image" and keep):
        if kind == "heading":
            start, end = _inside_heading(text, start, end)
        elif kind == "footnote" and "footnote_references" not in keep:
            start = footnote_start(text, start, end)
        _inline(builder, text, _lines(text, start, end), " ")
    elif kind == "verse" and text[start] not in ">`~":
        _inline(builder, text, _lines(text, start, end), "\n")
    elif kind == "verse" and text[start] in "`~":
        _inline(builder, text, _lines(text, start, end)[1:-1], "\n")
    elif kind in ("quote", "verse"):
        _quote(builder, text, paragraph)
    elif kind == "list":
        _list(builder, text, paragraph)
    elif kind in ("code", "table") or (kind == "front-matter" and keep):
        builder.add(text[start:end], start)
    return builder.done()


def footnote_start(text: str, start: int, end: int) -> int:
    """Return where the words of a note begin, behind its mark."""
    note = FOOTNOTE.match(text, start, end) or FOOTNOTE_ANCHOR.match(text, start, end)
    return note.end() if note else start


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    for found in LINE.finditer(text, start, end):
        spans.append((start, found.start()))
        start = found.end()
    return [*spans, (start, end)]


def _inside_heading(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start] == "#":
        marks = re.compile(r"#{1,6}[ \t]*").match(text, start, end)
        closing = re.compile(r"[ \t]+#+[ \t]*\Z").search(text, marks.end() if marks else start, end)
        return (marks.end() if marks else start), (closing.start() if closing else end)
    lines = _lines(text, start, end)
    underlined = len(lines) > 1 and not text[slice(*lines[-1])].strip(" \t=-")
    return start, lines[-2][1] if underlined else end


def _quote(builder: _Builder, text: str, paragraph: Paragraph) -> None:
    """Add a quotation: each of its paragraphs one line behind `> `, verse line by line."""
    group: list[tuple[int, int]] = []
    groups: list[list[tuple[int, int]]] = []
    for start, end in _lines(text, paragraph.start, paragraph.end):
        while mark := _QUOTE_MARK.match(text, start, end):
            start = mark.end()
        if text[start:end].strip():
            group.append((start, end))
        elif group:
            groups.append(group)
            group = []
    for index, lines in enumerate([*groups, group] if group else groups):
        if index:
            builder.mark("\n>\n", lines[0][0])
        builder.mark("> ", lines[0][0])
        verse = paragraph.kind == "verse" or all(_HARD_BREAK.search(text[a:b]) for a, b in lines[:-1])
        _inline(builder, text, lines, "\n> " if verse else " ")


def _list(builder: _Builder, text: str, paragraph: Paragraph) -> None:
    """Add a list: each item one line, with its mark and its depth."""
    items: list[list[tuple[int, int]]] = []
    for start, end in _lines(text, paragraph.start, paragraph.end):
        if not text[start:end].strip():
            continue
        if not items or _LIST_ITEM.match(text, start, end):
            items.append([(start, end)])
        else:
            items[-1].append((start, end))
    for index, lines in enumerate(items):
        start, end = lines[0]
        mark = _LIST_ITEM.match(text, start, end)
        if index:
            builder.mark("\n", start)
        if mark:
            builder.mark(mark[0].replace("\t", "    "), start)
            lines = [(mark.end(), end), *lines[1:]]
        _inline(builder, text, lines, " ")


def _inline(builder: _Builder, text: str, lines: list[tuple[int, int]], joint: str) -> None:
    """Add lines of running text, the line ends given as `joint`."""
    if not lines:
        return
    pieces, starts, origins, length = [], [], [], 0
    for start, end in lines:
        starts.append(length)
        origins.append(start)
        piece = text[start:end]
        pieces.append(piece.removesuffix("\\") if len(lines) > 1 else piece)
        length += len(pieces[-1]) + 1
    source = "\n".join(pieces)

    def origin(position: int) -> int:
        index = bisect_right(starts, position) - 1
        return origins[index] + position - starts[index]

    for start, end, given, rule in _pieces(source, 0, len(source), joint, builder.keep):
        if rule:
            builder.out.gone.append(Gone(rule, origin(start), origin(end - 1) + 1, given or ""))
        elif given is None:
            builder.add(source[start:end], origin(start))
        else:
            builder.add(given, origin(start), end - start)


def _matches(source: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield what `_INLINE.finditer` yields, in a fifth of the time: most letters begin nothing."""
    while start < end:
        first = _BEGINS.search(source, start, end)
        place = first.start() if first else end
        for begins in ("  ", "http"):
            earlier = source.find(begins, start, min(end, place + len(begins) - 1))
            place = place if earlier < 0 else earlier
        if place == end:
            return
        # What stands before an image, a note, an address or a line end belongs to it.
        begin = place
        while begin > start and source[begin - 1] in " \t":
            begin -= 1
        for position in range(begin, place + 1):
            found = _INLINE.match(source, position, end)
            if found:
                yield found
                start = found.end()
                break
        else:
            start = place + 1


_Piece = tuple[int, int, str | None, str]


def _pieces(source: str, start: int, end: int, joint: str, keep: Keep) -> Iterator[_Piece]:
    """Yield spans of the source with what stands for them (None is the source itself), or the rule they go by."""
    last = start
    for found in _matches(source, start, end):
        if found.start() > last:
            yield last, found.start(), None, ""
        last = found.end()
        rule = _RULES.get(found.lastgroup or "", "")
        if found["image"] is not None and found["image"].lstrip().startswith("["):
            rule = "captioned_images"
        if rule and rule in keep:
            yield from _verbatim(*found.span(), source, joint)
        elif rule == "links":
            inside = found.span("link" if found["link"] is not None else "wiki")
            yield *found.span(), source[slice(*inside)], rule
            if found["link"] is not None:
                yield from _pieces(source, *inside, joint, keep)
            else:
                yield *inside, None, ""
        elif rule:
            yield *found.span(), "", rule
        else:
            yield from _read(found, source, joint)
    if last < end:
        yield last, end, None, ""


# By the last group of `_INLINE` that matched; what has no rule is read, and never goes.
_RULES = {
    "image": "images",
    "note": "footnote_references",
    "sup": "footnote_references",
    "wiki": "links",
    "link": "links",
    "address": "bare_addresses",
    "tag": "html",
    "comment": "html",
}


def _verbatim(start: int, end: int, source: str, joint: str) -> Iterator[_Piece]:
    """Yield a span as it is written, but for its line ends."""
    while (line := source.find("\n", start, end)) >= 0:
        yield start, line, None, ""
        yield line, line + 1, joint, ""
        start = line + 1
    yield start, end, None, ""


def _read(found: re.Match[str], source: str, joint: str) -> Iterator[_Piece]:
    """Yield what is read of a match that no rule takes away."""
    start, end = found.span()
    if found["code"] is not None:
        yield start, end, found[0].replace("\n", " "), ""
    elif found["escape"] is not None:
        yield end - 1, end, None, ""
    elif found["entity"] is not None:
        yield start, end, html.unescape(found[0]).replace("\u00a0", " ").replace("\n", " "), ""
    elif found["br"] is not None:
        yield start, end, "\n" if joint == " " else joint, ""
    elif found["space"] is not None:
        yield start, end, joint if "\n" in found[0] else " ", ""
