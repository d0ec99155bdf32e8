"""Search everything: type words, go through what holds them, enter opens it where it lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from workbench.screens.base import ProjectScreen
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, one_line
from workbench.widgets.text_fields import LineField

if TYPE_CHECKING:
    from store.search import Hit

# How long the typing rests before it is searched, in seconds.
_REST_S = 0.12
_HOW = 'Words in any order, the last may be unfinished; "in quotes" as they follow; #966: that pair.'
_KINDS = {"annotation": "on a sample", "canary": "canary"}


def hit_line(hit: Hit, width: int) -> Content:
    """Lay something found out as one line: what it is, where it belongs, and the words around."""
    title_width = min(30, max(12, width // 4))
    about_width = 0 if width < 100 else 23
    return Content.assemble(
        (cell(_KINDS.get(hit.kind, hit.kind), 12), "$accent"),
        (cell(one_line(hit.title), title_width - 1) + " ", "$text-muted"),
        (cell(one_line(hit.about), about_width - 1) + " " if about_width else "", "$text-muted"),
        (cell(one_line(hit.excerpt), max(8, width - 12 - title_width - about_width)), "$foreground"),
    )


class SearchView(ModalScreen["Hit"]):
    """A line to type into, and the list of what was found; leaves with what is to be opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "before", show=False, priority=True),
        Binding("pagedown", "move(10)", "ten on", show=False, priority=True),
        Binding("pageup", "move(-10)", "ten back", show=False, priority=True),
        Binding("escape", "leave", "leave", show=False),
    ]
    DEFAULT_CSS = """
    SearchView { background: $background; layout: vertical; }
    SearchView Input { border: none; height: 1; padding: 0 1; background: $surface; }
    SearchView Input:focus { border: none; background: $surface; }
    SearchView #search-title { height: 1; padding: 0 2; text-style: bold; }
    SearchView #search-count { height: 1; padding: 0 2; color: $text-muted; }
    SearchView PageList { height: 1fr; }
    SearchView #search-keys { height: 1; padding: 0 2; color: $text-muted; background: $panel; }
    """

    def __init__(self, screen: ProjectScreen) -> None:
        super().__init__()
        self._behind = screen
        self._hits: list[Hit] = []
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out line, count and list."""
        with Vertical():
            yield Static("Search essays, notes, pairs, canary prompts, samples", id="search-title", markup=False)
            yield LineField(placeholder="words", id="search-words")
            yield Static(_HOW, id="search-count", markup=False)
            yield PageList(hit_line, id="search-list", markable=False)
            yield Static("enter open it · ↑ ↓ choose · esc leave", id="search-keys", markup=False)

    @property
    def found(self) -> PageList[Hit]:
        """The list of what was found."""
        return self.query_one("#search-list", PageList)

    def on_mount(self) -> None:
        """Begin to type."""
        self.found.can_focus = False
        self.found.show([], empty="")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_REST_S, self._search)

    def _search(self, then: Callable[[], None] = lambda: None) -> None:
        self._timer = None
        words, project = self.query_one(Input).value, self._behind.project

        def ask() -> list[Hit]:
            from workbench.operations.searching import find

            return find(project, words)

        def show(hits: list[Hit]) -> None:
            self._hits = hits
            self.found.put(dict(enumerate(hits)))
            self.found.show(range(len(hits)), cursor=0, empty="Nothing holds these words." if words.strip() else "")
            self.query_one("#search-count", Static).update(Content(f"{len(hits)} found" if hits else _HOW))
            then()

        self._behind.ask(ask, show, group="search")

    def action_move(self, lines: int) -> None:
        """Move in the list while typing."""
        self.found.cursor += lines

    @on(Input.Submitted)
    def _open(self) -> None:
        if self._timer is not None:
            # What was typed last is not searched yet.
            self._timer.stop()
            self._search(self._leave_with_hit)
        else:
            self._leave_with_hit()

    @on(PageList.Opened)
    def _clicked(self) -> None:
        self._leave_with_hit()

    def _leave_with_hit(self) -> None:
        if 0 <= self.found.cursor < len(self._hits):
            self.dismiss(self._hits[self.found.cursor])

    def action_leave(self) -> None:
        """Leave everything as it was."""
        self.dismiss(None)
