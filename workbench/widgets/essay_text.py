"""Lay out an essay for reading: its paragraphs as they stand, with the kind of each in a dim gutter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from textual.content import Content

from workbench.widgets.plain import cell, visible, wrap
from workbench.widgets.text_view import MEASURE, Lines

_GUTTER = 9
# How much of a text is laid out at once, in characters; far beyond any essay, within 0.1 s.
_SHOWN = 400_000
_NAMES = {"front-matter": "front", "footnote": "footnote", "prose": ""}
_STYLES = {
    "heading": "bold",
    "front-matter": "$text-muted",
    "code": "$text-muted",
    "html": "$text-muted",
    "image": "$text-muted",
    "break": "$text-muted",
    "footnote": "$text-muted",
    "table": "$text-muted",
    "quote": "italic",
}


class Block(Protocol):
    """A paragraph: its kind, and its span in the text."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """One past its last."""


def essay_lines(text: str, paragraphs: Sequence[Block], width: int) -> Lines:
    """Lay out the text in lines of at most `width` cells, gutter included."""
    measure = min(MEASURE, width - _GUTTER)
    lines: Lines = []
    for block in paragraphs:
        if block.start > _SHOWN:
            lines.append(Content.styled("… the rest is in the file: e opens it", "$text-muted"))
            break
        name = _NAMES.get(block.kind, block.kind)
        style = _STYLES.get(block.kind, "")
        body = visible(text[block.start : block.end]).strip("\n")
        for number, (start, end) in enumerate(wrap(body, measure)):
            gutter = cell(name if number == 0 else "", _GUTTER)
            lines.append(Content.assemble((gutter, "$text-disabled"), (body[start:end], style)))
        lines.append(Content(""))
    return lines[:-1]
