"""The two texts of a review, scrolling together."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll


class Columns(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Both texts, scrolling together, without the delay of an animation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "lines(1)", "scroll down", show=False, id="review.down"),
        Binding("k,up", "lines(-1)", "scroll up", show=False, id="review.up"),
        Binding("pagedown,space,ctrl+f", "pages(1)", "page down", show=False, id="review.page-down"),
        Binding("pageup,ctrl+b", "pages(-1)", "page up", show=False, id="review.page-up"),
        Binding("g,home", "edge(-1)", "to the top", show=False, id="review.top"),
        Binding("G,end", "edge(1)", "to the end", show=False, id="review.end"),
    ]

    def action_lines(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.scroll_relative(y=pages * max(1, self.size.height - 2), animate=False)

    def action_edge(self, side: int) -> None:
        """Scroll to the top or the end."""
        self.scroll_to(y=0 if side < 0 else self.max_scroll_y, animate=False)
