"""The steps of a replay in one row: as high and as coloured as they were sure, the present one standing out."""

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

    def show(self, confidences: Sequence[float], *, onset: int | None = None) -> None:
        """Show other steps.

        Args:
            confidences: mean of each frame, from 1.
            onset: the frame where the repetition begins; None for none.
        """
        self._confidences, self._onset, self._frame = tuple(confidences), onset, 0
        self.refresh()

    def go(self, frame: int) -> None:
        """Show which frame is present, from 0."""
        if frame != self._frame:
            self._frame = frame
            self.refresh()

    def render(self) -> Content:
        """Draw the row."""
        return step_cells(self._confidences, self._frame, self.size.width, onset=self._onset)

    def on_click(self, event: events.Click) -> None:
        """Go to the step under the mouse."""
        count = len(self._confidences)
        columns, cells = columns_of(count, self.size.width)
        clicked = event.get_content_offset(self)
        if clicked is not None and 0 <= clicked.x < columns * cells:
            self.post_message(self.Chosen(self, frames_of_column(clicked.x // cells, columns, count)[-1] + 1))


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
