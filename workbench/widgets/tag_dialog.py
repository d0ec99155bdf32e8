"""The dialog that asks for tags: words in one line, the last of them completed from those in use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.suggester import Suggester
from textual.widgets import Input

from workbench.widgets.dialogs import TextDialog
from workbench.widgets.path_dialog import PathField

_LAST = re.compile(r"[^\s,;]*\Z")


class TagSuggester(Suggester):
    """Completes the last word of a line from words in use, the most used first."""

    def __init__(self, used: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._used = list(used)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the line with its last word whole."""
        found = _LAST.search(value)
        assert found is not None
        begun = found[0].lower()
        standing = value[: found.start()].lower().replace(",", " ").replace(";", " ").split()
        fitting = (tag for tag in self._used if tag.startswith(begun) and tag != begun and tag not in standing)
        tag = next(fitting, None) if begun else None
        return None if tag is None else value + tag[len(begun) :]


class TagDialog(TextDialog):
    """Asks for tags, which are kept however it is left; tab or the right arrow completes one."""

    KEYS = "tab complete · enter or esc keep and go back"

    def __init__(self, title: str, *, tags: Sequence[str], used: Sequence[str]) -> None:
        """Make the dialog.

        Args:
            title: what is tagged.
            tags: what it has already.
            used: those to complete from.
        """
        some = ", ".join(used[:6])
        words = "Words, parted by spaces; without any, it has none." + (f" In use: {some}." if some else "")
        value = " ".join(tags) + (" " if tags else "")
        super().__init__(title, words, value=value, suggester=TagSuggester(used))

    def compose_body(self) -> ComposeResult:
        """Yield the line."""
        yield PathField(value=self._value, suggester=self._suggester)

    def action_leave(self) -> None:
        """Keep what was typed and go back."""
        self.dismiss(self.query_one(Input).value)
