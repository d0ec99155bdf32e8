"""The line under a list in which the value of one of its lines is typed."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from workbench.widgets.text_fields import LineField


class ValueEditor(Horizontal):
    """A name and its value; hidden until it is opened. `Input.Submitted` says that the value is whole."""

    DEFAULT_CSS = """
    ValueEditor { height: 1; display: none; background: $panel; }
    ValueEditor.-open { display: block; }
    ValueEditor Static { width: auto; padding: 0 1; color: $accent; background: $panel; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the name and the field."""
        yield Static("")
        yield LineField()

    @property
    def is_open(self) -> bool:
        """Whether a value is typed."""
        return self.has_class("-open")

    def open(self, name: str, value: str) -> None:
        """Begin to type the value of `name`, with the cursor behind the one it has."""
        self.add_class("-open")
        self.query_one(Static).update(Content.styled(name, "bold $accent"))
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
