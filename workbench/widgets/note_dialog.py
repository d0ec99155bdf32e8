"""The dialog of a note: one line that is kept however it is left."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.widgets import Input

from workbench.widgets.dialogs import TextDialog


class NoteDialog(TextDialog):
    """Asks for a note; leaves with it, or with nothing where it was left as it was."""

    KEYS = "enter or esc keep and go back"

    def __init__(self, title: str, words: str = "", *, value: str = "", typed: Callable[[str], None]) -> None:
        """Make the dialog.

        Args:
            title: what is noted on.
            words: a sentence under the title.
            value: the note so far.
            typed: takes the text with each key.
        """
        super().__init__(title, words, value=value)
        self._told = value
        self._typed = typed

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._told:
            self._told = event.value
            self._typed(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        # In place of what a line that is only done with enter does: that would tell a note left as it was as changed.
        event.prevent_default()
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Keep what was typed and go back."""
        text = self.query_one(Input).value
        self.dismiss(None if text.strip() == self._value.strip() else text)
