"""One text over the whole screen, edited at length: a note of the notebook, or an essay that has no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from workbench.widgets.plain import one_line
from workbench.widgets.text_fields import TextField


class WholeText(ModalScreen[str]):
    """A text area; leaves with what stands in it.

    Attributes:
        FIELD: the id of the text area.
        KEYS: what is said under it.
        AT_END: whether it is begun at the end of the text.
    """

    FIELD: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""
    AT_END: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "keep and go back")]
    DEFAULT_CSS = """
    WholeText { background: $background; layout: vertical; }
    WholeText Static { height: 1; padding: 0 2; color: $text-muted; }
    WholeText TextArea { border: none; padding: 0 1; background: $surface; max-width: 84; height: 1fr; }
    WholeText TextArea:focus { border: none; }
    """

    def __init__(self, title: str, value: str, typed: Callable[[str], None]) -> None:
        """Make the page.

        Args:
            title: what is edited.
            value: the text so far.
            typed: takes the text with each key.
        """
        super().__init__()
        self._words = title
        self._value = self._told = value
        self._typed = typed

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static(one_line(self._words), markup=False)
        yield TextField(self._value, id=self.FIELD, soft_wrap=True, show_line_numbers=False)
        yield Static(self.KEYS, markup=False)

    def on_mount(self) -> None:
        """Begin where most is written."""
        field = self.query_one(TextArea)
        if self.AT_END:
            field.move_cursor(field.document.end)
        field.focus()

    @on(TextArea.Changed)
    def _changed(self) -> None:
        text = self.query_one(TextArea).text
        if text != self._told:
            self._told = text
            self._typed(text)

    def action_leave(self) -> None:
        """Leave; the caller makes the edit."""
        self.dismiss(self.query_one(TextArea).text)
