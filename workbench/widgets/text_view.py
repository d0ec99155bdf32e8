"""A pane of text at a comfortable measure, laid out for its width and drawn line by line: long texts cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Lines = list[Content]

# The widest a line of reading gets, in cells.
MEASURE = 76
_MARGIN = 2


class TextView(ScrollView, can_focus=True):
    """Lines of text; `lay` gives a function that makes them for a width, and is asked again when the width changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "line down", show=False, id="text.down"),
        Binding("up,k", "scroll_up", "line up", show=False, id="text.up"),
        Binding("pagedown,space,ctrl+f", "page_down", "page down", show=False, id="text.page-down"),
        Binding("pageup,ctrl+b", "page_up", "page up", show=False, id="text.page-up"),
        Binding("g,home", "scroll_home", "to the top", show=False, id="text.top"),
        Binding("G,end", "scroll_end", "to the end", show=False, id="text.end"),
    ]
    # The bar is always there, and blank where all fits: shown by need it stays or not by the order of two layouts.
    DEFAULT_CSS = """
    TextView { background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; }
    TextView:focus { background: $background; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._make: Callable[[int], Lines] = lambda width: []
        self._lines: Lines = []
        self._laid_for = Size(0, 0)

    def lay(self, make: Callable[[int], Lines], *, keep_scroll: bool = False) -> None:
        """Show other text.

        Args:
            make: returns the lines for a width in cells, at most `MEASURE` plus what the pane has beyond it.
            keep_scroll: stay where the pane is scrolled to.
        """
        self._make = make
        self._lay()
        if not keep_scroll:
            self.scroll_home(animate=False, immediate=True)

    def show_line(self, line: int) -> None:
        """Scroll so that a line is in view, with one line around it."""
        self.scroll_to_region(Region(0, max(0, line - 1), 1, 3), animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Lay out for the new size."""
        if self.scrollable_content_region.size != self._laid_for:
            self._lay()

    def action_scroll_down(self) -> None:
        """Scroll a line; the animation of the library would lag behind held keys."""
        self.scroll_relative(y=1, animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line back."""
        self.scroll_relative(y=-1, animate=False)

    def action_page_down(self) -> None:
        """Scroll a page."""
        self.scroll_relative(y=max(1, self.size.height - 2), animate=False)

    def action_page_up(self) -> None:
        """Scroll a page back."""
        self.scroll_relative(y=-max(1, self.size.height - 2), animate=False)

    def action_scroll_home(self) -> None:
        """Scroll to the top."""
        self.scroll_home(animate=False, immediate=True)

    def action_scroll_end(self) -> None:
        """Scroll to the end."""
        self.scroll_end(animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        style = self.visual_style
        if not 0 <= index < len(self._lines):
            return Strip.blank(width, style.rich_style)
        content = Content(" " * _MARGIN) + self._lines[index]
        strips = Visual.to_strips(self, content, 10_000, 1, style, apply_selection=False)
        strip = strips[0] if strips else Strip([])
        return strip.crop(0, width).extend_cell_length(width, style.rich_style)

    def _lay(self) -> None:
        self._laid_for = size = self.scrollable_content_region.size
        if size.width:
            self._lines = self._make(max(10, size.width - 2 * _MARGIN))
            # A size that changes makes Textual 8.2 lay the whole screen out again: texts that fit are all of one size.
            self.virtual_size = Size(size.width, max(len(self._lines), size.height))
        self.refresh()
