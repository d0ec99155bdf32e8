"""A text that is edited, of which some spans are marked; what is typed in a mark parts it, and is none of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from rich.text import Text
from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.widgets import TextArea

from workbench.widgets.text_fields import TextField

Span = tuple[int, int]


class MarkedField(TextField):
    """A field whose marks stay with their words through every edit, until other marks are given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"marked-field--mark"}
    DEFAULT_CSS = """
    MarkedField {
        & > .marked-field--mark { color: $text-accent; text-style: italic; }
        &:ansi > .marked-field--mark { color: ansi_cyan; text-style: italic; }
    }
    """

    def __init__(self, text: str = "", *, id: str) -> None:
        # The style of the cursor's line is laid over what a line brings, and would take the colour of its marks away.
        super().__init__(text, id=id, soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False)
        self._spans: tuple[Span, ...] = ()
        self._spans_of = text
        self._columns: dict[int, list[Span]] = {}

    @property
    def spans(self) -> tuple[Span, ...]:
        """The marked spans, in characters of the text as it stands."""
        self._follow()
        return self._spans

    def mark(self, spans: Sequence[Span]) -> None:
        """Mark these spans, in order, and no others."""
        self._spans, self._spans_of = tuple(spans), self.text
        self._lay()

    def edit(self, edit: Edit) -> EditResult:
        """Edit, and have the marks go with their words before anything is drawn."""
        result = super().edit(edit)
        self._follow()
        return result

    def on_text_area_changed(self, _event: TextArea.Changed) -> None:
        """Follow what came by no edit: an undo, or another text."""
        self._follow()

    def _follow(self) -> None:
        before, text = self._spans_of, self.text
        if text != before:
            self._spans, self._spans_of = moved(self._spans, before, text), text
            self._lay()

    def _lay(self) -> None:
        lines = self.document.lines
        starts = list(accumulate((len(line) + len(self.document.newline) for line in lines), initial=0))
        columns: dict[int, list[Span]] = defaultdict(list)
        row = 0
        for start, end in self._spans:
            while row + 1 < len(lines) and starts[row + 1] <= start:
                row += 1
            at = row
            while at < len(lines) and starts[at] < end:
                columns[at].append((max(0, start - starts[at]), min(len(lines[at]), end - starts[at])))
                at += 1
        if columns != self._columns:
            self._columns = dict(columns)
            # Textual 8.2 keeps the lines it drew, by what it knows of them.
            self._line_cache.clear()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """Return a line with its marks."""
        line = super().get_line(line_index)
        if marks := self._columns.get(line_index):
            style = self.get_component_rich_style("marked-field--mark", partial=True)
            for start, end in marks:
                line.stylize(style, start, end)
        return line


def moved(spans: Sequence[Span], before: str, text: str) -> tuple[Span, ...]:
    """Return where spans of a text stand in what became of it: what was changed within one is none of it any more."""
    head = alike(before, text)
    tail = min(alike(before[::-1], text[::-1]), min(len(before), len(text)) - head)
    changed_to, by = len(before) - tail, len(text) - len(before)
    kept = []
    for start, end in spans:
        parts = ((start, min(end, head)), (max(start, changed_to) + by, end + by))
        kept += [part for part in parts if part[0] < part[1]]
    return tuple(kept)


def alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
