"""A pair for reading: the prompt dim above, the response bright below, and a cursor in it for splitting."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message

from workbench.widgets.plain import visible, wrap
from workbench.widgets.text_view import MEASURE, Lines, TextView

_WORD = re.compile(r"(?<=\s)\S")


@dataclass(frozen=True, kw_only=True)
class PairTexts:
    """What the pane shows; note, warnings and doubts stand below the response.

    Attributes:
        prompt: what is given.
        response: what is to be written.
        note: the author's.
        warnings: sentences.
        doubts: a few words each.
        to_write: what the prompt is to be, said in its place where it is not written yet.
    """

    prompt: str = ""
    response: str = ""
    note: str = ""
    warnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    to_write: str = ""


class PairText(TextView):
    """The pair under the list's cursor; it takes the focus only while a place to split is chosen."""

    can_focus = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "split", "split here", id="split.here"),
        Binding("escape", "leave", "leave it whole", id="split.leave"),
        Binding("left,h", "word(-1)", "word back", show=False, id="split.word-back"),
        Binding("right,l", "word(1)", "word on", show=False, id="split.word-on"),
        Binding("up,k", "sentence(-1)", "sentence back", show=False, id="split.sentence-back"),
        Binding("down,j", "sentence(1)", "sentence on", show=False, id="split.sentence-on"),
    ]

    @dataclass
    class SplitChosen(Message):
        """Split the response at this character of it; None: leave it whole."""

        offset: int | None

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self._texts = PairTexts()
        self._words: list[int] = []
        self._sentences: list[int] = []
        self._cursor: int | None = None
        self._cursor_line = 0
        self._scrolled_to = 0
        self._measure = MEASURE
        # The line between prompt and response.
        self.boundary = 0

    @property
    def splitting(self) -> bool:
        """Whether a place to split is being chosen."""
        return self._cursor is not None

    def show(self, texts: PairTexts, *, stay: bool = False) -> None:
        """Show a pair.

        Args:
            texts: of the pair.
            stay: it is the pair that is shown already: stay where the pane is scrolled to, unless the texts changed
                where that is out of view.
        """
        before, self._texts = self._texts, texts
        self._cursor = None
        self.can_focus = False
        self.lay(self._lines_for, keep_scroll=True)
        if not stay:
            # A long prompt must not push the text being judged out of view.
            height = self.scrollable_content_region.height
            above = max(0, self.boundary - max(2, height // 3)) if self.virtual_size.height > height else 0
            self.scroll_to(y=above, animate=False, immediate=True)
        elif (before.prompt, before.response) != (texts.prompt, texts.response):
            self._show_lines(*self._changed_lines(before))

    def _changed_lines(self, before: PairTexts) -> tuple[int, int]:
        """Return the lines to be seen after an edit: those around its place, with the boundary where there is room."""
        texts, height = self._texts, self.scrollable_content_region.height
        if texts.prompt != before.prompt:
            line = self._line_in(texts.prompt, before.prompt)
        else:
            line = self.boundary + 1 + self._line_in(texts.response, before.response)
        around = max(1, height // 3)
        first, last = min(line - 1, self.boundary - around), max(line + 1, self.boundary + around)
        # Where the text is short there is less around it.
        first, last = max(0, first), min(last, len(self._lines) - 1)
        return (first, last) if last - first < height else (line - 1, line + 1)

    def _line_in(self, text: str, other: str) -> int:
        """Return the line of a text on which it begins to differ from another."""
        shown, there = text.strip("\n"), other.strip("\n")
        same = next((at for at, (left, right) in enumerate(zip(shown, there)) if left != right), len(shown))
        return max(0, len(_plain_lines(shown[: min(same, len(there))], self._measure)) - 1)

    def _show_lines(self, first: int, last: int) -> None:
        """Scroll as little as brings these lines into view."""
        region = Region(0, max(0, first), 1, max(1, last - max(0, first) + 1))
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def choose_split(self, sentences: Sequence[int]) -> bool:
        """Begin to choose a place, at the sentence nearest the middle; return False when there is no place.

        Args:
            sentences: the character of the response at which each sentence begins.
        """
        response = self._texts.response
        self._words = [match.start() for match in _WORD.finditer(response)]
        self._sentences = [start for start in sentences if 0 < start < len(response)]
        places = self._sentences or self._words
        if not places:
            return False
        self._cursor = min(places, key=lambda place: abs(place - len(response) // 2))
        self._scrolled_to = self.scroll_offset.y
        self.can_focus = True
        self.focus()
        self._redraw()
        return True

    def action_word(self, step: int) -> None:
        """Move by a word."""
        self._move(self._words, step)

    def action_sentence(self, step: int) -> None:
        """Move by a sentence."""
        self._move(self._sentences or self._words, step)

    def action_split(self) -> None:
        """Split at the cursor."""
        self._finish(self._cursor)

    def action_leave(self) -> None:
        """Leave it whole."""
        self._finish(None)

    def on_blur(self) -> None:
        """Leave it whole when the author turns elsewhere."""
        if self.splitting:
            self._finish(None)

    def _finish(self, offset: int | None) -> None:
        self._cursor = None
        self.can_focus = False
        self._redraw()
        if offset is None:
            self.scroll_to(y=self._scrolled_to, animate=False, immediate=True)
        self.post_message(self.SplitChosen(offset))

    def _move(self, places: Sequence[int], step: int) -> None:
        if self._cursor is None:
            return
        index = bisect_right(places, self._cursor) if step > 0 else bisect_left(places, self._cursor) - 1
        if 0 <= index < len(places):
            self._cursor = places[index]
            self._redraw()

    def _redraw(self) -> None:
        self.lay(self._lines_for, keep_scroll=True)
        if self._cursor is not None:
            self.show_line(self._cursor_line)

    def _lines_for(self, width: int) -> Lines:
        texts = self._texts
        self._measure = measure = min(MEASURE, width)
        if not (texts.prompt or texts.response):
            return []
        lines = [Content.styled(line, "$text-muted") for line in _plain_lines(texts.prompt.strip("\n"), measure)]
        if not texts.prompt.strip() and texts.to_write:
            lines = [Content.styled(line, "italic $accent") for line in _plain_lines(texts.to_write, measure)]
        self.boundary = len(lines)
        lines.append(Content.styled("─" * min(12, measure), "$accent"))
        lines += self._response_lines(measure, len(lines))
        for warning in texts.warnings:
            lines.append(Content(""))
            lines += [Content.styled(line, "$text-warning") for line in _plain_lines(f"⚠ {warning}", measure)]
        if texts.doubts:
            lines.append(Content(""))
            doubts = f"? {', '.join(texts.doubts)}"
            lines += [Content.styled(line, "$text-muted") for line in _plain_lines(doubts, measure)]
        if texts.note:
            lines.append(Content(""))
            lines += [Content.styled(line, "italic $accent") for line in _plain_lines(f"note: {texts.note}", measure)]
        return lines

    def _response_lines(self, measure: int, first: int) -> Lines:
        response = self._texts.response
        if self._cursor is None:
            return [Content.styled(line, "$foreground") for line in _plain_lines(response.strip("\n"), measure)]
        # The offsets of the cursor count characters of the response itself: show what is before it and what is after
        # it apart, so that visible control characters cannot shift it.
        before = _plain_lines(response[: self._cursor].rstrip(), measure)
        after = _plain_lines(response[self._cursor :], measure)
        lines = [Content.styled(line, "$foreground") for line in before]
        self._cursor_line = first + len(lines)
        lines.append(Content.styled("┄" * measure, "bold $accent"))
        head = re.match(r"\S+", after[0]) if after else None
        end = head.end() if head else 0
        lines += [Content.assemble((after[0][:end], "reverse"), (after[0][end:], "$foreground"))] if after else []
        lines += [Content.styled(line, "$foreground") for line in after[1:]]
        return lines


def _plain_lines(text: str, measure: int) -> list[str]:
    shown = visible(text)
    return [shown[start:end] for start, end in wrap(shown, measure)]
