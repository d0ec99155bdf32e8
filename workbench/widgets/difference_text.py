"""Lay out the difference of two texts: what went stands struck out in `[-` and `-]`, what came in `{+` and `+}`.

The marks say it without colours, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from textual.content import Content

from workbench.widgets.plain import visible, wrap
from workbench.widgets.text_view import MEASURE, Lines

_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}"), "same": ("", "")}
_STYLES = {"gone": "$text-error strike", "new": "bold $text-success", "same": "$foreground"}


class Piece(Protocol):
    """A run of words that stayed, went or came."""

    @property
    def kind(self) -> Literal["same", "gone", "new"]:
        """Which of the three."""

    @property
    def text(self) -> str:
        """The words, with the white space before them."""


def difference_lines(parts: Sequence[Piece], width: int, *, without: str = "", style: str = "$foreground") -> Lines:
    """Lay the parts out in lines.

    Args:
        parts: in order.
        width: of the pane, in cells.
        without: `gone` or `new` to leave those out, and show one of the two texts.
        style: of what stayed.
    """
    text = ""
    spans: list[tuple[int, int, str]] = []
    for part in parts:
        if part.kind == without:
            continue
        shown = visible(part.text)
        bare = shown.lstrip()
        text += shown[: len(shown) - len(bare)]
        begin, end = _MARKS[part.kind]
        if not bare:
            # A paragraph that was broken or joined is a change that has no word to stand on.
            bare = "¶" if part.kind != "same" else ""
        marked = f"{begin}{bare.rstrip()}{end}{bare[len(bare.rstrip()) :]}"
        spans.append((len(text), len(text) + len(marked), style if part.kind == "same" else _STYLES[part.kind]))
        text += marked
    lines = []
    for first, last in wrap(text, min(MEASURE, width)):
        line = Content(text[first:last])
        for begin_at, end_at, of in spans:
            if begin_at < last and end_at > first:
                line = line.stylize(of, max(0, begin_at - first), min(last, end_at) - first)
        lines.append(line)
    return lines
