"""The line that lies over a value in a list while that is typed."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from workbench.widgets.text_fields import LineField


class ValueEditor(Horizontal):
    """A value; hidden until it is opened. `Input.Submitted` says that it is whole.

    Whoever has it puts it in a layer over the list, at the line and column where the value stands.
    """

    DEFAULT_CSS = """
    ValueEditor { height: 1; display: none; background: $panel; }
    ValueEditor.-open { display: block; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the field."""
        yield LineField()

    @property
    def is_open(self) -> bool:
        """Whether a value is typed."""
        return self.has_class("-open")

    @property
    def value(self) -> str:
        """What is typed."""
        return self.query_one(LineField).value

    def open(self, value: str) -> None:
        """Begin to type, with the cursor behind the value that stands."""
        self.add_class("-open")
        box = self.query_one(LineField)
        box.select_on_focus = False
        box.value = value
        box.cursor_position = len(value)
        box.focus()

    def close(self) -> None:
        """Hide it; the focus is given elsewhere by whoever closes it."""
        self.remove_class("-open")

    async def take(self, event: events.Key) -> bool:
        """Take a key that came while the focus is still on its way here; return whether it was taken.

        The focus comes a moment after the first letter, and who types fast must lose none.
        """
        box = self.query_one(LineField)
        if not self.is_open or box.has_focus:
            return False
        if event.is_printable:
            box.insert_text_at_cursor(event.character or "")
        elif not await box.run_own(event.key):
            return False
        event.stop()
        event.prevent_default()
        return True
