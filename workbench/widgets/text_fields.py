"""The fields of forms and dialogs: every key takes effect in the order it was pressed.

The decision to know: Textual's own fields take letters at once, but a key that is bound to an action goes up through
every ancestor to the app before the action runs, and letters sent behind it overtake it. Where keys come in one burst
(a slow connection, a macro, a fast hand), `abc Backspace d` became `abc`. Fields here run their own bindings in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, TextArea

if TYPE_CHECKING:
    _Base = Widget
else:
    _Base = object


class InOrder(_Base):
    """Runs the field's bindings, and those of a dialog around it, where its letters are taken; others go on as ever."""

    async def _on_key(self, event: events.Key) -> None:
        if self.app.focused is not self:
            # Sent here before a key in front of it closed the dialog or moved the focus: it belongs there.
            event.stop()
            event.prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
        elif not self.check_consume_key(event.key, event.character) and await self._run_bound(event.key):
            event.stop()
            event.prevent_default()

    async def run_own(self, key: str) -> bool:
        """Run what the field itself binds to a key, before it has the focus; return whether there was such a thing."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if await self.app.run_action(binding.action, self):
                return True
        return False

    async def _run_bound(self, key: str) -> bool:
        active = self.screen.active_bindings.get(key)
        if active is None or not active.enabled:
            return False
        if active.node is not self and not (active.node is self.screen and self.screen.is_modal):
            return False
        return await self.app.run_action(active.binding.action, active.node)


class LineField(InOrder, Input):
    """One line of text."""


class TextField(InOrder, TextArea):
    """A text of several lines."""


class SwitchField(InOrder, Checkbox):
    """A switch among fields, whose state reads without colour."""

    @property
    def _button(self) -> Content:
        return Content.styled("[x]", "bold") if self.value else Content("[ ]")
