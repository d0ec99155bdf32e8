"""A list that holds only ids and draws lines on demand: 100,000 rows cost no more than the forty on screen.

The list never fetches. It asks for the rows it is about to draw with `Wanted`, and whoever owns it answers with
`put`; until then a line says that it is loading. Rows that scrolled far away are forgotten. An owner that has all its
rows lends them with `hold`, and is never asked.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Row = TypeVar("Row")

_KEPT_ROWS = 2000
_AHEAD = 60
_GUTTER = 2


class PageList(ScrollView, Generic[Row], can_focus=True):
    """A list of one-line rows with a cursor and marks.

    Attributes:
        cursor: index of the current row; 0 in an empty list.
        ids: the ids in order.
        marked: the marked ids.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next line", show=False, id="list.down"),
        Binding("up,k", "move(-1)", "line before", show=False, id="list.up"),
        Binding("pagedown,ctrl+f", "page(1)", "next page", show=False, id="list.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page before", show=False, id="list.page-up"),
        Binding("g,home", "edge(-1)", "first line", show=False, id="list.first"),
        Binding("G,end", "edge(1)", "last line", show=False, id="list.last"),
        Binding("space", "mark", "mark", show=False, id="list.mark"),
        Binding("asterisk", "mark_all", "mark all", show=False, tooltip="mark all, or none", id="list.mark-all"),
        Binding("enter", "open", "open", show=False, id="list.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"page-list--cursor", "page-list--blurred", "page-list--marked"}
    DEFAULT_CSS = """
    PageList {
        background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll;
        & > .page-list--cursor { background: $accent 22%; }
        & > .page-list--blurred { background: $foreground 8%; }
        & > .page-list--marked { color: $accent; text-style: bold; }
        /* A terminal's own colours cannot be thinned: what is muted would drown in a line of the full accent. */
        &:ansi > .page-list--cursor { background: ansi_default; text-style: reverse; }
        &:ansi > .page-list--blurred { background: ansi_default; }
    }
    """

    # Not repainted whole: a step draws two lines.
    cursor: reactive[int] = reactive(0, init=False, repaint=False)

    @dataclass
    class Moved(Message):
        """The cursor stands on another id (None: the list is empty)."""

        list: PageList[Any]
        id: int | None

        @property
        def control(self) -> PageList[Any]:
            """Let handlers select by the list's id."""
            return self.list

    @dataclass
    class Opened(Message):
        """Enter or a double click on a row."""

        list: PageList[Any]
        id: int

        @property
        def control(self) -> PageList[Any]:
            """Let handlers select by the list's id."""
            return self.list

    @dataclass
    class Wanted(Message):
        """Rows are about to be drawn and are not here: answer with `put`."""

        list: PageList[Any]
        ids: Sequence[int]

        @property
        def control(self) -> PageList[Any]:
            """Let handlers select by the list's id."""
            return self.list

    @dataclass
    class Marked(Message):
        """The set of marked rows changed."""

        list: PageList[Any]
        count: int

        @property
        def control(self) -> PageList[Any]:
            """Let handlers select by the list's id."""
            return self.list

    def __init__(self, draw: Callable[[Row, int], Content], *, id: str, empty: str = "", markable: bool = True) -> None:
        """Make a list.

        Args:
            draw: lays one row out in the given number of cells.
            id: the widget's id.
            empty: what to say when there are no rows; say what to do next.
            markable: whether space marks rows.
        """
        super().__init__(id=id)
        self._draw = draw
        self._empty = empty
        self._markable = markable
        self._loading = True
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._held: Mapping[int, Row] | None = None
        self._drawn: dict[int, tuple[tuple[object, ...], Strip]] = {}
        self._asked: tuple[int, ...] = ()
        self._ask_planned = False
        self._again = False
        self._told: int | None = None
        # Rows that are here and were asked for anew: a later question for others must not make their answer be dropped.
        self._stale: set[int] = set()
        self.ids: Sequence[int] = array("q")
        self.marked: set[int] = set()

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self.ids[self.cursor] if 0 <= self.cursor < len(self.ids) else None

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor, if it is here."""
        current = self.current
        return None if current is None else self.row(current)

    @property
    def targets(self) -> list[int]:
        """What a key acts on: the marked rows in order, else the one under the cursor."""
        if self.marked:
            return [item for item in self.ids if item in self.marked]
        return [] if self.current is None else [self.current]

    def row(self, row_id: int) -> Row | None:
        """Return a row if it is here."""
        return (self._rows if self._held is None else self._held).get(row_id)

    def lists(self, wanted: Sequence[int]) -> bool:
        """Say whether all these ids are in the list."""
        return set(wanted) <= set(self.ids)

    def show(self, ids: Sequence[int], *, cursor: int | None = None, empty: str | None = None) -> None:
        """Show these ids; the cursor goes to the id `cursor`, else stays on its id, else on its line."""
        wanted = cursor if cursor is not None else self.current
        self._loading = False
        if empty is not None:
            self._empty = empty
        self.ids = ids
        self._asked = ()
        self.marked &= set(ids) if self.marked else set()
        self.virtual_size = Size(self.scrollable_content_region.width, len(ids))
        index = self._index(wanted) if wanted is not None else None
        if index is None:
            index = max(0, min(self.cursor, len(ids) - 1))
        if index == self.cursor:
            self._tell()
            self._keep_in_view()
        else:
            self.cursor = index
        self._plan_ask(again=True)
        self.refresh()

    def put(self, rows: Mapping[int, Row]) -> None:
        """Take rows in; only lines that differ are drawn again."""
        changed = {row_id for row_id, row in rows.items() if self._rows.get(row_id) != row}
        for row_id, row in rows.items():
            self._rows[row_id] = row
            self._rows.move_to_end(row_id)
            self._stale.discard(row_id)
        while len(self._rows) > _KEPT_ROWS:
            self._drawn.pop(self._rows.popitem(last=False)[0], None)
        top = self.scroll_offset.y
        for y, row_id in enumerate(self.ids[top : top + self.scrollable_content_region.height], start=top):
            if row_id in changed:
                self.refresh_line(y)

    def hold(self, rows: Mapping[int, Row]) -> None:
        """Draw from these rows from now on, all of which the owner has; follow it with `show`.

        Nothing is copied or compared here, however many they are: each line is when it is drawn.
        """
        self._held = rows

    def reload(self) -> None:
        """Ask again for the rows in view; what is drawn stands until they come."""
        self._plan_ask(again=True)

    def redraw(self) -> None:
        """Draw every line anew, for what their rows do not hold."""
        self._drawn.clear()
        self.refresh()

    def go_to(self, row_id: int) -> bool:
        """Put the cursor on an id; return whether it is in the list."""
        index = self._index(row_id)
        if index is None:
            return False
        self.cursor = index
        return True

    def unmark(self) -> None:
        """Take all marks off."""
        if self.marked:
            self.marked = set()
            self.post_message(self.Marked(self, 0))
            self.refresh()

    def action_mark_all(self) -> None:
        """Mark every id of the list; where all are marked, take the marks off."""
        if not self._markable or not self.ids:
            return
        self.marked = set() if len(self.marked) == len(self.ids) else set(self.ids)
        self.post_message(self.Marked(self, len(self.marked)))
        self.refresh()

    def send_last(self, ids: Sequence[int]) -> None:
        """Put some ids at the end of the list; the cursor stays on its line, where the next one then stands."""
        moved = set(ids)
        self.ids = array("q", [*(item for item in self.ids if item not in moved), *ids])
        self._tell()
        self._plan_ask(again=True)
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor inside the list."""
        return max(0, min(cursor, len(self.ids) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Bring the row into view and say where the cursor is; scrolling draws all lines, a step only two."""
        self._keep_in_view()
        self._tell()
        self.refresh_line(before)
        self.refresh_line(now)

    def action_move(self, lines: int) -> None:
        """Move by lines."""
        self.cursor += lines

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self.cursor += pages * max(1, self.scrollable_content_region.height - 1)

    def action_edge(self, side: int) -> None:
        """Move to the first or last row."""
        self.cursor = 0 if side < 0 else len(self.ids) - 1

    def action_mark(self) -> None:
        """Mark the row or take its mark off, and go on."""
        current = self.current
        if current is None or not self._markable:
            return
        self.marked ^= {current}
        self.post_message(self.Marked(self, len(self.marked)))
        self.cursor += 1
        self.refresh()

    def action_open(self) -> None:
        """Open the row."""
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def on_click(self, event: events.Click) -> None:
        """Go to the row that was clicked; a double click opens it."""
        index = self.scroll_offset.y + event.get_content_offset_capture(self).y
        if 0 <= index < len(self.ids):
            self.cursor = index
            if event.chain == 2:
                self.action_open()

    def on_resize(self) -> None:
        """Lay out for the room there is now; lines that were drawn for this width stand, whatever the height."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.ids))
        self.call_after_refresh(self._keep_in_view)

    def on_focus(self) -> None:
        """Show the cursor as the one that keys act on."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        base = self.visual_style
        if not self.ids:
            return self._empty_line(y, width)
        if index >= len(self.ids):
            return Strip.blank(width, base.rich_style)
        row_id = self.ids[index]
        row = self.row(row_id)
        style = base
        here = index == self.cursor
        reverse = False
        if here:
            name = "page-list--cursor" if self.has_focus else "page-list--blurred"
            style = self.get_visual_style(name)
            # Textual 8.2 leaves it out of the visual style.
            reverse = bool(self.get_component_styles(name).text_style.reverse)
        marked = row_id in self.marked
        drawn_as = (row, width, style, reverse, here, marked)
        kept = self._drawn.get(row_id)
        if kept is not None and kept[0] == drawn_as:
            return kept[1]
        gutter = Content.assemble(("▌" if here else " ", "$accent"), ("•" if marked else " ", "bold $accent"))
        if row is None:
            self._plan_ask()
            body = Content.styled("…", "$text-muted")
        else:
            body = self._draw(row, width - _GUTTER)
        strips = Visual.to_strips(self, gutter + body, 10_000, 1, style, apply_selection=False)
        strip = (strips[0] if strips else Strip([])).crop(0, width).extend_cell_length(width, style.rich_style)
        if reverse:
            strip = strip.apply_style(Style(reverse=True))
        if row is not None:
            if len(self._drawn) >= _KEPT_ROWS:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[row_id] = (drawn_as, strip)
        return strip

    def _empty_line(self, y: int, width: int) -> Strip:
        text = "Loading…" if self._loading else self._empty
        content = Content.styled(text, "$text-muted")
        strips = Visual.to_strips(self, content, max(1, width - 2 * _GUTTER), None, self.visual_style)
        blank = Strip.blank(width, self.visual_style.rich_style)
        if not 1 <= y <= len(strips):
            return blank
        line = Strip([Segment(" " * _GUTTER, self.visual_style.rich_style), *strips[y - 1]])
        return line.crop(0, width).extend_cell_length(width, self.visual_style.rich_style)

    def _index(self, row_id: int) -> int | None:
        try:
            return self.ids.index(row_id)
        except ValueError:
            return None

    def _tell(self) -> None:
        if self.current != self._told or self.current is None:
            self._told = self.current
            self.post_message(self.Moved(self, self.current))

    def _keep_in_view(self) -> None:
        if self.ids:
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True, immediate=True)

    def _plan_ask(self, *, again: bool = False) -> None:
        self._again = self._again or again
        if not self._ask_planned and self._held is None:
            self._ask_planned = True
            # Not `call_after_refresh`: called while drawing, it would wait for the refresh after this one.
            self.call_later(self._ask)

    def _ask(self) -> None:
        again, self._again, self._ask_planned = self._again, False, False
        top = self.scroll_offset.y
        height = self.scrollable_content_region.height
        window = self.ids[max(0, top - _AHEAD) : top + height + _AHEAD]
        if again:
            self._stale = set(window)
        ids = tuple(row_id for row_id in window if row_id not in self._rows or row_id in self._stale)
        if ids and (again or ids != self._asked):
            self._asked = ids
            self.post_message(self.Wanted(self, ids))
