"""A sample's text with its marks, and a word cursor that marks spans by key.

The decision to know: positions outside of this module are characters of the text as the model wrote it. What is drawn
may be longer, where control characters are made visible; `Shown` leads from one to the other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content, Span
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from curation.counted import counted
from workbench.widgets.plain import visible, wrap

MARK_KEYS = (("v", "voice"), ("c", "cliche"), ("o", "collapse"), ("l", "leak"), ("p", "copied"))
LABEL_NAMES = {"cliche": "cliché"}
# Colour and underline, and the tint behind it; a terminal's own colours cannot be mixed, so those get no tint.
MARK_COLOURS = {"voice": "success", "cliche": "warning", "collapse": "error", "leak": "accent", "copied": "secondary"}
_WORD = re.compile(r"\S+")
# White space, and characters that take no room: a text of nothing else would look like no text.
_NOTHING = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*")

State = Literal["reading", "start", "end", "label"]


@dataclass(frozen=True)
class Mark:
    """A marked span: characters `start` to `end` of the text, and the annotation's id."""

    id: int
    label: str
    start: int
    end: int


def mark_style(label: str, *, tinted: bool) -> str:
    """Return the style of a mark."""
    colour = MARK_COLOURS.get(label, "foreground")
    style = f"bold underline $text-{colour}" if label in MARK_COLOURS else "bold underline"
    return f"{style.removeprefix('bold ')} on ${colour} 20%" if tinted else style


class Shown:
    """A text as it is drawn, and where each of its characters went.

    Attributes:
        text: with control characters visible and tabs as spaces.
    """

    def __init__(self, raw: str) -> None:
        self.text = visible(raw)
        self._starts: list[int] | None = None
        if self.text != raw:
            pieces = [
                "" if char == "\r" and raw[index + 1 : index + 2] == "\n" else visible(char)
                for index, char in enumerate(raw)
            ]
            self.text = "".join(pieces)
            self._starts = [0, *accumulate(map(len, pieces))]

    def at(self, character: int) -> int:
        """Return where a character of the raw text is drawn."""
        return character if self._starts is None else self._starts[min(character, len(self._starts) - 1)]


class SampleText(Widget, can_focus=True):
    """One side of a comparison.

    Attributes:
        text: as the model wrote it.
        marks: the spans marked in it.
        state: `reading`, or how far the marking of a span is.
        word: index of the word under the cursor while marking.
        span_start: index of the word the span starts with, once it is set.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "word(-1)", "word before", show=False, id="mark.left"),
        Binding("l,right", "word(1)", "next word", key_display="h l", id="mark.right"),
        Binding("j,down", "line(1)", "next line", show=False, id="mark.down"),
        Binding("k,up", "line(-1)", "line before", key_display="j k", show=False, id="mark.up"),
        Binding("g,home", "edge(-1)", "first word", show=False, id="mark.first"),
        Binding("G,end", "edge(1)", "last word", show=False, id="mark.last"),
        Binding("space,enter", "set", "start, then end", key_display="space", id="mark.set"),
        Binding("d", "remove", "remove the mark here", id="mark.remove"),
        *(
            Binding(key, f"label('{label}')", LABEL_NAMES.get(label, label), id=f"mark.{label}")
            for key, label in MARK_KEYS
        ),
        Binding("escape", "leave", "leave", id="mark.leave"),
    ]
    DEFAULT_CSS = """
    SampleText { height: auto; width: 1fr; padding: 0 1; }
    """

    text: reactive[str] = reactive("", layout=True)
    marks: reactive[tuple[Mark, ...]] = reactive(())
    state: reactive[State] = reactive[State]("reading", bindings=True)
    word: reactive[int] = reactive(0)
    span_start: reactive[int | None] = reactive(None)

    @dataclass
    class Marked(Message):
        """A span was given a label."""

        pane: SampleText
        label: str
        start: int
        end: int

        @property
        def control(self) -> SampleText:
            """Let handlers select by id."""
            return self.pane

    @dataclass
    class Removed(Message):
        """The mark under the cursor is to go."""

        pane: SampleText
        mark: Mark

        @property
        def control(self) -> SampleText:
            """Let handlers select by id."""
            return self.pane

    @dataclass
    class StateChanged(Message):
        """Marking began, went on or ended."""

        pane: SampleText
        state: State

        @property
        def control(self) -> SampleText:
            """Let handlers select by id."""
            return self.pane

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._words: list[tuple[int, int]] = []
        self._shown = Shown("")
        self._lines: list[tuple[int, int]] = []
        self._laid_out_for: tuple[str, int] | None = None
        self._marked_here = False

    def validate_word(self, word: int) -> int:
        """Keep the cursor on a word."""
        return max(0, min(word, len(self._words) - 1))

    def watch_text(self, text: str) -> None:
        """Find the words of a new text; marking ends."""
        self._words = [match.span() for match in _WORD.finditer(text)]
        self._shown = Shown(text)
        self.state = "reading"
        self.span_start = None
        self.word = 0
        self._marked_here = False

    def watch_state(self, state: State) -> None:
        """Tell the screen, which says what the keys do now."""
        self.post_message(self.StateChanged(self, state))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines the text takes."""
        return max(1, len(self._layout_for(width)))

    def render(self) -> Content:
        """Draw the text, its marks and the cursor."""
        lines = self._layout_for(self.size.width)
        if _NOTHING.fullmatch(self.text):
            unseen = counted(len(self.text), "character that does not show", "characters that do not show")
            words = unseen if self.text else "the model ended at once"
            return Content.styled(f"(empty: {words})", "italic $foreground-muted")
        tinted = not self.app.current_theme.ansi
        spans = [(mark.start, mark.end, mark_style(mark.label, tinted=tinted)) for mark in self.marks]
        if self.state != "reading" and self._words:
            spans.append((*self.selection, "reverse"))
        return Content("\n").join(self._draw(line, spans) for line in lines)

    @property
    def selection(self) -> tuple[int, int]:
        """Characters from the anchor's word to the cursor's, whichever comes first."""
        first, last = sorted((self.word if self.span_start is None else self.span_start, self.word))
        return self._words[first][0], self._words[last][1]

    def begin(self) -> bool:
        """Begin to mark at the last mark or the first word in view; return False when there is no word to mark."""
        if not self._words:
            return False
        if self.state == "reading":
            self.state = "start"
            lines = self._layout_for(self.size.width)
            first, height = self._in_view()
            if not (
                self._marked_here and first <= self._row(self._shown.at(self._words[self.word][0])) < first + height
            ):
                self.word = self._word_at(lines[min(first, len(lines) - 1)][0])
            self._show_cursor()
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take keys only while marking: everywhere else they belong to the screen."""
        if action in ("word", "line", "edge", "set", "remove"):
            return self.state in ("start", "end")
        if action == "label":
            return self.state == "label"
        if action == "leave":
            return self.state != "reading"
        return True

    def action_word(self, words: int) -> None:
        """Move by words."""
        self.word += words
        self._show_cursor()

    def action_line(self, lines: int) -> None:
        """Move to the word nearest above or below; blank lines are passed over."""
        column = self._shown.at(self._words[self.word][0])
        row = self._row(column)
        column -= self._lines[row][0]
        target = row + lines
        while 0 <= target < len(self._lines) and self._lines[target][0] == self._lines[target][1]:
            target += lines
        if 0 <= target < len(self._lines):
            start, end = self._lines[target]
            self.word = self._word_at(min(start + column, max(start, end - 1)))
        self._show_cursor()

    def action_edge(self, side: int) -> None:
        """Move to the first or last word."""
        self.word = 0 if side < 0 else len(self._words) - 1
        self._show_cursor()

    def action_set(self) -> None:
        """Set the start of the span, then its end."""
        if self.state == "start":
            self.span_start = self.word
            self.state = "end"
        else:
            self.state = "label"

    def action_label(self, label: str) -> None:
        """Give the span its label; marking ends, so that the keys are the screen's again."""
        start, end = self.selection
        self.span_start = None
        self.state = "reading"
        self._marked_here = True
        self.post_message(self.Marked(self, label, start, end))

    def action_remove(self) -> None:
        """Remove the mark under the cursor, the shortest where several overlap."""
        start, end = self._words[self.word]
        here = [mark for mark in self.marks if mark.start < end and start < mark.end]
        if here:
            self.post_message(self.Removed(self, min(here, key=lambda mark: mark.end - mark.start)))

    def action_leave(self) -> None:
        """Take back the last step of marking; the first one leaves."""
        if self.state in ("end", "label"):
            self.span_start = None
            self.state = "start"
        else:
            self.state = "reading"

    def on_blur(self) -> None:
        """Stop marking when the focus goes to the other side."""
        self.span_start = None
        self.state = "reading"

    def _layout_for(self, width: int) -> list[tuple[int, int]]:
        if self._laid_out_for != (self.text, width):
            self._lines = wrap(self._shown.text, width)
            self._laid_out_for = (self.text, width)
        return self._lines

    def _draw(self, line: tuple[int, int], spans: Sequence[tuple[int, int, str]]) -> Content:
        first, last = line
        within = [
            Span(max(start, first) - first, min(end, last) - first, style)
            for start, end, style in (
                (self._shown.at(start), self._shown.at(end), style) for start, end, style in spans
            )
            if start < last and first < end
        ]
        return Content(self._shown.text[first:last], spans=within)

    def _in_view(self) -> tuple[int, int]:
        """Return how many of the text's lines are out of view above, and how many there is room for."""
        place = self.screen.find_widget(self)
        return max(0, place.clip.y - place.region.y), place.clip.height

    def _row(self, shown: int) -> int:
        return max(0, bisect_right(self._lines, shown, key=itemgetter(0)) - 1)

    def _word_at(self, shown: int) -> int:
        return max(0, bisect_right(self._words, shown, key=lambda word: self._shown.at(word[0])) - 1)

    def _show_cursor(self) -> None:
        row = self._row(self._shown.at(self._words[self.word][0]))
        for node in self.ancestors:
            if isinstance(node, Widget) and node.allow_vertical_scroll:
                node.scroll_to_region(Region(0, self.virtual_region.y + row, 1, 1), animate=False, force=True)
                return
