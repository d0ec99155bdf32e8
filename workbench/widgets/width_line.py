"""Lines that are laid out for the width they have, anew whenever that changes, not only when the terminal's does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widgets import Static


class WidthLine(Static):
    """One line; what it says is made for a width."""

    _make: Callable[[int], Content] | None = None

    def lay(self, make: Callable[[int], Content]) -> None:
        """Show a line.

        Args:
            make: returns it for a width in cells; called now, and again when there is more or less room.
        """
        self._make = make
        self._draw()

    def on_resize(self) -> None:
        """Lay the line out for the room there is now."""
        self._draw()

    def _draw(self) -> None:
        # Before the first layout there is no room at all, and after it this is called again.
        if self._make is not None and self.size.width:
            self.update(self._make(self.size.width), layout=False)


class WidthLines(Static):
    """As many lines as a width needs, none at all among them; it is as high as they are."""

    _make: Callable[[int], Sequence[Content]] | None = None

    def lay(self, make: Callable[[int], Sequence[Content]]) -> None:
        """Show lines.

        Args:
            make: returns them for a width in cells; called now, and again when there is more or less room.
        """
        self._make = make
        self._draw()

    def on_resize(self) -> None:
        """Lay the lines out for the room there is now."""
        self._draw()

    def _draw(self) -> None:
        if self._make is None or not self.size.width:
            return
        lines = self._make(self.size.width)
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self.update(Content("\n").join(lines), layout=False)
