"""The dialog that asks for a file or folder, and completes it from the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.suggester import Suggester

from workbench.widgets.dialogs import TextDialog
from workbench.widgets.text_fields import LineField


class PathSuggester(Suggester):
    """Completes paths from the disk: the right arrow takes what is suggested."""

    def __init__(self, root: Path, *, suffixes: tuple[str, ...] = ()) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._root = root
        self._suffixes = suffixes

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder or fitting file that begins like this."""
        head, _, tail = value.rpartition("/")
        if not value:
            return None
        folder = self._root / Path(head + "/" if value.startswith("/") else head).expanduser()
        try:
            with os.scandir(folder) as entries:
                names = sorted(
                    entry.name + ("/" if entry.is_dir() else "")
                    for entry in entries
                    if entry.name.startswith(tail) and (tail or not entry.name.startswith("."))
                )
        except OSError:
            return None
        fitting = [name for name in names if name.endswith(("/", *self._suffixes)) or not self._suffixes]
        prefix = value[: len(value) - len(tail)]
        return prefix + fitting[0] if fitting else None


class PathField(LineField):
    """A line that tab completes, however fast it follows the letters before it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "complete", show=False)]

    async def action_complete(self) -> None:
        """Take what is suggested for what stands here now."""
        if self.suggester is not None and self.cursor_at_end:
            suggestion = await self.suggester.get_suggestion(self.value)
            if suggestion is not None:
                self.value = suggestion
                self.action_end()


class PathDialog(TextDialog):
    """Asks for a file or folder, completing it from the disk."""

    KEYS = "→ complete · enter done · esc leave"

    def __init__(
        self, title: str, words: str = "", *, root: Path, value: str = "", suffixes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(title, words, value=value, suggester=PathSuggester(root, suffixes=suffixes))

    def compose_body(self) -> ComposeResult:
        """Yield the line."""
        yield PathField(value=self._value, suggester=self._suggester)
