"""The steps of a replay in one row: as high and as coloured as they were sure, the present one standing out.

Before the row stands which step it begins with, and behind it the last, so that it reads as the time line it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from workbench.widgets.canvas_text import confidence_style

_HEIGHTS = "▁▂▃▄▅▆▇█"
# Where the repetition begins.
_ONSET = "▼"
_PRESENT = "┃"
_FIRST = "step 1 "
# Where there is less room for the row itself, the first and the last step are not named, in cells.
_LEAST_ROW = 30


class StepLine(Widget):
    """One cell a step, or the mean of several where they are more than there is room for; a click goes to a step."""

    DEFAULT_CSS = """
    StepLine { height: 1; padding: 0 1 0 2; }
    """

    @dataclass
    class Chosen(Message):
        """A step was clicked: a frame from 1."""

        line: StepLine
        frame: int

        @property
        def control(self) -> StepLine:
            """Let handlers select by id."""
            return self.line

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._confidences: tuple[float, ...] = ()
        self._onset: int | None = None
        self._frame = 0
        self._last = 0

    def show(self, confidences: Sequence[float], *, onset: int | None = None, last: int = 0) -> None:
        """Show other steps.

        Args:
            confidences: mean of each frame, from 1.
            onset: the frame where the repetition begins; None for none.
            last: the number of the last step.
        """
        self._confidences, self._onset, self._frame, self._last = tuple(confidences), onset, 0, last
        self.refresh()

    def go(self, frame: int) -> None:
        """Show which frame is present, from 0."""
        if frame != self._frame:
            self._frame = frame
            self.refresh()

    def render(self) -> Content:
        """Draw the row, between its first step and its last."""
        before, behind = self._around
        row = step_cells(self._confidences, self._frame, self._room, onset=self._onset)
        return Content.assemble((before, "$text-muted"), row, (behind, "$text-muted"))

    @property
    def _around(self) -> tuple[str, str]:
        behind = f" {self._last}"
        named = self._confidences and self.size.width - len(_FIRST) - len(behind) >= _LEAST_ROW
        return (_FIRST, behind) if named else ("", "")

    @property
    def _room(self) -> int:
        return self.size.width - sum(map(len, self._around))

    def on_click(self, event: events.Click) -> None:
        """Go to the step under the mouse."""
        count = len(self._confidences)
        columns, cells = columns_of(count, self._room)
        clicked = event.get_content_offset(self)
        x = clicked.x - len(self._around[0]) if clicked is not None else -1
        if 0 <= x < columns * cells:
            self.post_message(self.Chosen(self, frames_of_column(x // cells, columns, count)[-1] + 1))


def step_cells(confidences: Sequence[float], frame: int, width: int, *, onset: int | None = None) -> Content:
    """Draw steps in at most `width` cells.

    Args:
        confidences: mean of each frame, from 1.
        frame: the present one; 0 for before the first.
        width: in cells.
        onset: the frame where the repetition begins; None for none.
    """
    count = len(confidences)
    columns, cells = columns_of(count, width)
    parts = []
    for column in range(columns):
        inside = frames_of_column(column, columns, count)
        mean = sum(confidences[at] for at in inside) / len(inside)
        glyph = _HEIGHTS[min(len(_HEIGHTS) - 1, int(mean * len(_HEIGHTS)))]
        drawn = glyph * cells
        if onset is not None and onset - 1 in inside:
            drawn = _ONSET + drawn[1:]
        style = confidence_style(mean, bar=True) if frame > inside[0] else "$text-disabled"
        if frame - 1 in inside:
            parts.append((_PRESENT, "bold $accent"))
            drawn = drawn[1:]
        parts.append((drawn, style))
    return Content.assemble(*parts)


def columns_of(count: int, width: int) -> tuple[int, int]:
    """Return how many columns so many steps take in so many cells, and the cells of a column, three at most."""
    columns = min(count, width)
    return columns, max(1, min(3, width // count)) if count else 1


def frames_of_column(column: int, columns: int, count: int) -> range:
    """Return the frames, from 0, that a column of the row stands for; never none."""
    return range(column * count // columns, (column + 1) * count // columns)
