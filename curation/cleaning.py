"""What a platform left in a text: the rules by which it goes when pairs are proposed; each can be switched off.

The text of a source stays what its file says. A rule takes something away from the prompts and responses that are
proposed from it; a rule that is off leaves it there as it is written. Notes are kept aside: they are writing too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from curation.cleaning_rules import Cleaning
from curation.front_matter import front_matter_end
from curation.markdown import footnote_start, plain_text
from curation.paragraphs import FOOTNOTE, FOOTNOTE_ANCHOR, Paragraph, is_platform_line

_DEFINITION = re.compile(r"[ ]{0,3}\[[^\]]{1,500}\]:")
_TEXT_KINDS = ("prose", "quote", "verse", "list")


@dataclass(frozen=True)
class Leftover:
    """Something a rule takes away.

    Attributes:
        rule: its name.
        start: first character in the text.
        end: one past its last.
        kept: what stands in its place: the words of a link.
    """

    rule: str
    start: int
    end: int
    kept: str = ""


@dataclass(frozen=True)
class Footnote:
    """A note of the author's, kept aside.

    Attributes:
        label: its number or name.
        text: as a reader reads it.
        start: first character in the text.
        end: one past its last.
    """

    label: str
    text: str
    start: int
    end: int


def staying(text: str, blocks: Sequence[Paragraph], cleaning: Cleaning) -> list[Paragraph]:
    """Return the paragraphs that no rule takes away whole; the closing break of a rule that is off becomes prose."""
    found = []
    for block, rule in _by_rule(text, blocks):
        if rule == "closing_break" and not cleaning.closing_break:
            found.append(replace(block, kind="prose"))
        elif not rule or rule == "closing_break" or not getattr(cleaning, rule):
            found.append(block)
    return found


def leftovers(text: str, blocks: Sequence[Paragraph], cleaning: Cleaning) -> list[Leftover]:
    """Return what goes of a text, in order: whole paragraphs, and what goes inside those that stay."""
    off = cleaning.off
    found: list[Leftover] = []
    for block, rule in _by_rule(text, blocks):
        if rule and rule not in off:
            found.append(Leftover(rule, block.start, block.end))
        elif block.kind in _TEXT_KINDS or rule:
            found += [
                Leftover(*_trimmed(text, gone.rule, gone.start, gone.end), gone.kept)
                for gone in plain_text(text, block, off).gone
            ]
    return found


def footnotes(text: str, blocks: Sequence[Paragraph]) -> list[Footnote]:
    """Return the notes of a text, in order; a note of several paragraphs is one."""
    groups: list[list[Paragraph]] = []
    for block in blocks:
        if block.kind != "footnote":
            continue
        begins = FOOTNOTE.match(text, block.start, block.end) or FOOTNOTE_ANCHOR.match(text, block.start, block.end)
        if begins or not groups:
            groups.append([block])
        else:
            groups[-1].append(block)
    return [
        Footnote(
            label=_label(text, group[0]),
            text="\n\n".join(filter(None, (plain_text(text, block).text for block in group))),
            start=group[0].start,
            end=group[-1].end,
        )
        for group in groups
    ]


def _label(text: str, block: Paragraph) -> str:
    mark = text[block.start : footnote_start(text, block.start, block.end)]
    found = re.match(r"\s*\[\^?([^\]]*)\]", mark)
    return found[1] if found else ""


def _by_rule(text: str, blocks: Sequence[Paragraph]) -> Iterator[tuple[Paragraph, str]]:
    """Yield each paragraph with the rule that takes it away whole, or an empty name."""
    closing = len(blocks)
    while closing and blocks[closing - 1].kind not in _TEXT_KINDS and blocks[closing - 1].kind not in ("code", "table"):
        closing -= 1
    for index, block in enumerate(blocks):
        following = blocks[index + 1].kind if index + 1 < len(blocks) else None
        yield block, _rule(text, block, following, last=index >= closing)


def _rule(text: str, block: Paragraph, following: str | None, *, last: bool) -> str:
    if block.kind == "front-matter":
        return "front_matter" if block.start == 0 and block.end == front_matter_end(text) else "date_line"
    if block.kind == "footnote":
        return "end_matter"
    if block.kind == "caption":
        return "captioned_images"
    if block.kind == "image":
        return "captioned_images" if text[block.start] == "[" or following == "caption" else "images"
    if block.kind == "html":
        source = text[block.start : block.end]
        return "platform_lines" if is_platform_line(source) else "links" if _DEFINITION.match(source) else "html"
    return "closing_break" if block.kind == "break" and last else ""


def _trimmed(text: str, rule: str, start: int, end: int) -> tuple[str, int, int]:
    piece = text[start:end]
    return rule, start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
