"""The line that `/` opens above a list: what is typed filters at once, enter keeps it, esc clears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from workbench.widgets.text_fields import LineField

# How long the typing rests before the list is asked anew, in seconds.
_REST_S = 0.12


class FilterLine(LineField):
    """A filter by words; hidden while it is empty and not in use."""

    DEFAULT_CSS = """
    FilterLine { display: none; }
    FilterLine.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_filter", "clear the filter", show=True, id="filter.clear"),
        Binding("down", "close", "to the list", show=True, id="filter.close"),
    ]

    @dataclass
    class Filtered(Message):
        """The words to filter by; empty for all."""

        words: str

    @dataclass
    class Closed(Message):
        """The author is done with the line: the focus belongs to the list again."""

    def __init__(self, placeholder: str = "filter by words") -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self._timer: Timer | None = None
        self._sent = ""

    @property
    def words(self) -> str:
        """The words in force."""
        return self._sent

    def allow_focus(self) -> bool:
        """Say no while it is closed: the focus of a pane that gets hidden would fall to a line nobody sees."""
        return super().allow_focus() and self.has_class("-open")

    def open(self) -> None:
        """Show the line and type into it."""
        self.add_class("-open")
        self.focus()

    def restore(self, words: str) -> None:
        """Show words that are in force already, as they were left; nothing is sent."""
        self._sent = words
        with self.prevent(Input.Changed):
            self.value = words
        self.set_class(bool(words), "-open")

    def reset(self) -> None:
        """Clear the filter, if there is one."""
        self.value = ""
        self.remove_class("-open")
        self._send()

    def action_clear_filter(self) -> None:
        """Clear the filter and go back to the list."""
        self.reset()
        self._leave()

    def action_close(self) -> None:
        """Keep the filter and go back to the list."""
        self._send()
        self.set_class(bool(self.value.strip()), "-open")
        self._leave()

    def _leave(self) -> None:
        """Give the focus away at once, so that a key right behind this one is no letter of the filter."""
        self.screen.set_focus(None)
        self.post_message(self.Closed())

    async def action_submit(self) -> None:
        """Keep the filter and go back to the list."""
        self.action_close()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_REST_S, self._send)

    def _send(self) -> None:
        words = self.value.strip()
        if words != self._sent:
            self._sent = words
            self.post_message(self.Filtered(words))
