"""The scale that rates one text by a few criteria: it lies below the text, and takes the digits while it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.widgets.dialogs import Dialog
from workbench.widgets.plain import cell, one_line

VALUES = (1, 2, 3, 4, 5)


class RatingDialog(Dialog[None]):
    """Asks for a number from 1 to 5 for each criterion; each is told at once, and leaving changes nothing.

    Attributes:
        row: which criterion the digits are for.
    """

    KEYS = "1 to 5 rate · 0 takes it away · ↑ ↓ move · enter or esc go back"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(value), f"rate({value})", f"rate {value} of 5", show=False, id=f"rate.{value}")
            for value in VALUES
        ),
        Binding("0,backspace,delete", "rate(0)", "take the rating away", show=False, id="rate.none"),
        Binding("down,j", "move(1)", "next criterion", show=False, id="rate.down"),
        Binding("up,k", "move(-1)", "criterion before", show=False, id="rate.up"),
        Binding("enter,q", "leave", "go back", show=False, id="rate.leave"),
    ]
    # The text that is rated stays in sight above, and is not dimmed: the style of Review says so.
    DEFAULT_CSS = """
    RatingDialog { align: center bottom; }
    RatingDialog #rating-scales { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    row: reactive[int] = reactive(0, init=False)

    def __init__(
        self,
        title: str,
        criteria: Sequence[tuple[str, str]],
        rated: Mapping[str, int],
        tell: Callable[[str, int | None], None],
    ) -> None:
        """Make the dialog.

        Args:
            title: what is rated.
            criteria: each with its name and its question.
            rated: what stands already, by name.
            tell: takes a criterion and its number, or None where it is taken away.
        """
        super().__init__(title)
        self._criteria = list(criteria)
        self._rated = dict(rated)
        self._tell = tell

    def compose_body(self) -> ComposeResult:
        """Yield the scales."""
        yield Static(self._lines(), id="rating-scales")

    def action_move(self, rows: int) -> None:
        """Go to another criterion."""
        self.row = max(0, min(self.row + rows, len(self._criteria) - 1))

    def action_rate(self, value: int) -> None:
        """Rate by this criterion, and go to the next."""
        name, _ = self._criteria[self.row]
        if value:
            self._rated[name] = value
        else:
            self._rated.pop(name, None)
        self._tell(name, value or None)
        self.action_move(1 if value else 0)
        self._draw()

    def watch_row(self) -> None:
        """Draw where the digits go now."""
        self._draw()

    def _draw(self) -> None:
        self.query_one("#rating-scales", Static).update(self._lines())

    def _lines(self) -> Content:
        width = max(len(name) for name, _ in self._criteria)
        return Content("\n").join(self._line(row, width) for row in range(len(self._criteria)))

    def _line(self, row: int, width: int) -> Content:
        name, question = self._criteria[row]
        here, chosen = row == self.row, self._rated.get(name)
        scale = [
            (f"[{value}]", "bold $accent") if value == chosen else (f" {value} ", "$foreground-muted")
            for value in VALUES
        ]
        return Content.assemble(
            ("▌ " if here else "  ", "$accent"),
            (cell(name, width), "bold" if here else ""),
            "  ",
            *scale,
            (f"  {one_line(question)}", "$text-muted"),
        )
