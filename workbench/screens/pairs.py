"""Pairs: read what is proposed and decide with one key; the next pair stands there before the decision is stored.

Decisions are drawn at once and written behind. A decided pair keeps its line until the list is asked for anew (another
filter, another screen), so that the list never jumps under the author's eyes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static

from workbench.screens.pair_actions import PairActions
from workbench.screens.pair_edit import DRAFT, draft_of
from workbench.screens.pair_lines import FILTERS, filter_line, pair_head, pair_line
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList
from workbench.widgets.pair_text import PairText, PairTexts

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairFilter, PairRow
    from workbench.operations.curating import PairView, Reversal

_KEPT_VIEWS = 200
_AHEAD = 3
_NOTHING = {
    "proposed": "Nothing is left to read. tab shows what was accepted; p in Essays proposes pairs.",
    "accepted": "Nothing is accepted yet. tab shows what is proposed; a accepts.",
    "rejected": "Nothing is rejected.",
    "flagged": "Nothing is flagged; ! flags a pair to come back to.",
    "all": "There are no pairs yet. Press 1 for Essays, and p there to propose them.",
}


class PairsScreen(PairActions):
    """The list of pairs and the one being judged."""

    NAME = "pairs"
    CSS_PATH = "pairs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('accepted')", "accept", tooltip="accept and go on", id="pairs.accept"),
        Binding("x", "decide('rejected')", "reject", tooltip="reject and go on", id="pairs.reject"),
        Binding("e", "edit", "edit", tooltip="edit prompt and response here", id="pairs.edit"),
        Binding("left_square_bracket", "shift(-1)", "boundary", key_display="[ ]", id="pairs.shift-back"),
        Binding("right_square_bracket", "shift(1)", "boundary on", show=False, id="pairs.shift-on"),
        Binding("s", "split", "split", tooltip="split the response at a cursor", id="pairs.split"),
        Binding("m", "merge", "merge", tooltip="merge with the next pair of the essay", id="pairs.merge"),
        Binding("t", "tier", "tier", id="pairs.tier"),
        Binding("tab", "next_filter(1)", "filter", tooltip="next filter: proposed, accepted, …", id="pairs.filter"),
        Binding("shift+tab", "next_filter(-1)", "filter before", show=False, id="pairs.filter-before"),
        Binding("v", "seen", "what the model sees", show=False, id="pairs.seen"),
        Binding("n", "note", "note", id="pairs.note"),
        Binding("exclamation_mark", "flag", "flag", id="pairs.flag"),
        Binding("o", "decide('proposed')", "put back", show=False, tooltip="put back as proposed", id="pairs.put-back"),
        Binding("E", "edit_outside", "edit in $EDITOR", show=False, id="pairs.edit-outside"),
        Binding("A", "accept_all", "accept all", show=False, tooltip="accept all of the list", id="pairs.accept-all"),
        Binding("slash", "filter", "words", show=False, tooltip="filter by words", id="pairs.filter-words"),
        Binding("y", "copy", "copy", show=False, tooltip="copy the response", id="pairs.copy"),
        Binding("J,ctrl+d", "scroll_text(1)", "text down", show=False, id="pairs.text-down"),
        Binding("K,ctrl+u", "scroll_text(-1)", "text up", show=False, id="pairs.text-up"),
        Binding("escape", "back", "back", show=False, id="pairs.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = "proposed"
        self._words = ""
        self._source: tuple[int, str] | None = None
        self._counts: PairCounts | None = None
        self._views: OrderedDict[int, PairView] = OrderedDict()
        self._shown: int | None = None
        self._placed = False

    def compose_body(self) -> ComposeResult:
        """Lay out list and pair."""
        with Container(id="columns"):
            with Vertical(id="list-side"):
                yield Static("", id="pairs-title", classes="pane-title")
                yield FilterLine()
                yield PageList(pair_line, id="pairs-list")
            with Vertical(id="pair-side"):
                yield Static("", id="pair-head")
                yield PairText(id="pair-text")

    @property
    def pairs(self) -> PageList[PairRow]:
        """The list of pairs."""
        return self.query_one("#pairs-list", PageList)

    @property
    def text(self) -> PairText:
        """The pair being judged."""
        return self.query_one(PairText)

    def on_mount(self) -> None:
        """Put the focus where the keys act; take in a draft that a killed program left."""
        super().on_mount()
        self.pairs.focus()
        self._take_draft()

    def only_source(self, source_id: int, title: str) -> None:
        """Show the pairs of one source; called before the screen is shown."""
        self._source = (source_id, title)
        self._filter = "all"
        self._placed = True

    def on_project_changed(self) -> None:
        """Ask for the list again."""
        self._views.clear()
        self.ask_list()

    # -- the list ---------------------------------------------------------------------------------------------------

    def where(self, chosen: str | None = None) -> PairFilter:
        """Return the filter in force."""
        from store.pairs import PairFilter

        name = chosen or self._filter
        return PairFilter(
            statuses=() if name in ("all", "flagged") else (name,),
            flagged=True if name == "flagged" else None,
            source_id=self._source[0] if self._source else None,
            words=self._words,
        )

    def ask_list(self, *, cursor: int | None = None) -> None:
        """Ask for the ids and counts; the cursor goes to the id `cursor` when that is among them."""
        first = not self._placed

        def ask() -> tuple[Sequence[int], PairCounts, object | None, str]:
            from workbench.operations import guide
            from workbench.operations.curating import pair_counts, pair_ids

            chosen, place = self._filter, cursor
            if first:
                kept = guide.recall(self.project, "pairs.place")
                if isinstance(kept, dict):
                    chosen = str(kept.get("filter")) if kept.get("filter") in FILTERS else chosen
                    place = kept.get("cursor") if isinstance(kept.get("cursor"), int) else None
            return pair_ids(self.project, self.where(chosen)), pair_counts(self.project), place, chosen

        def show(answer: tuple[Sequence[int], PairCounts, object | None, str]) -> None:
            ids, self._counts, place, self._filter = answer
            self._placed = True
            empty = _NOTHING[self._filter]
            if self._words or self._source:
                empty = "No pair here fits. esc shows more, tab another filter."
            self.pairs.show(ids, cursor=place if isinstance(place, int) else None, empty=empty)
            self.pairs.reload()
            self.show_title()
            self.show_pair()

        self.ask(ask, show, group="list")

    def show_title(self) -> None:
        """Draw the line of the filters."""
        if self._counts is not None:
            title = self.query_one("#pairs-title", Static)
            title.update(
                filter_line(
                    self._filter,
                    self._counts,
                    words=self._words,
                    source=self._source[1] if self._source else "",
                    marked=len(self.pairs.marked),
                    width=title.size.width or self.size.width,
                )
            )

    def ask_counts(self) -> None:
        """Ask for the counts, and the next step with them."""

        def ask() -> PairCounts:
            from workbench.operations.curating import pair_counts

            return pair_counts(self.project)

        def show(counts: PairCounts) -> None:
            self._counts = counts
            self.show_title()

        self.ask(ask, show, group="counts")
        self.refresh_status()

    @on(PageList.Wanted)
    def _wanted(self, event: PageList.Wanted) -> None:
        ids = event.ids

        def ask() -> list[PairRow]:
            from workbench.operations.curating import pair_rows

            return pair_rows(self.project, ids)

        self.ask(ask, lambda rows: self.pairs.put({row.id: row for row in rows}), group="rows")

    @on(PageList.Moved)
    def _moved(self, event: PageList.Moved) -> None:
        if event.id != self._decided_last:
            self._decided_last = None
        if self._placed:
            self.keep("place", {"filter": self._filter, "cursor": event.id})
        self.show_pair()

    @on(PageList.Marked)
    def _marked(self) -> None:
        self.show_title()

    @on(PageList.Opened)
    def _opened(self) -> None:
        self.action_edit()

    # -- the pair ---------------------------------------------------------------------------------------------------

    def show_pair(self) -> None:
        """Show the pair under the cursor: at once when it was fetched ahead."""
        pair_id = self.pairs.current
        if pair_id is None:
            self._shown = None
            self.query_one("#pair-head", Static).update("")
            self.text.show(PairTexts())
            return
        view = self._views.get(pair_id)
        if view is not None:
            self._draw_pair(view)
        index = self.pairs.cursor
        wanted = [pair_id, *self.pairs.ids[index + 1 : index + 1 + _AHEAD], *self.pairs.ids[max(0, index - 1) : index]]
        missing = [item for item in wanted if item not in self._views]
        if missing:
            self._ask_views(missing)

    def _ask_views(self, ids: list[int]) -> None:
        def ask() -> list[PairView]:
            from workbench.operations.curating import pair_view

            return [pair_view(self.project, item) for item in ids]

        def show(views: list[PairView]) -> None:
            for view in views:
                self._views[view.pair.id] = view
            while len(self._views) > _KEPT_VIEWS:
                self._views.popitem(last=False)
            current = self.pairs.current
            if current in ids and current in self._views:
                self._draw_pair(self._views[current])

        self.ask(ask, show, group="views")

    def _draw_pair(self, view: PairView) -> None:
        head = self.query_one("#pair-head", Static)
        row = self.pairs.row(view.pair.id)
        if row is not None and (row.status, row.flagged) != (view.pair.status, view.pair.flagged):
            # The row knows of a decision that is still being written.
            view = replace(view, pair=replace(view.pair, status=row.status, flagged=row.flagged))
        head.update(pair_head(view, (head.size.width or self.size.width) - 4))
        if self.text.splitting and self._shown == view.pair.id:
            return
        texts = PairTexts(
            prompt=view.pair.prompt, response=view.pair.response, note=view.pair.note, warnings=view.warnings
        )
        self.text.show(texts, keep_scroll=self._shown == view.pair.id)
        self._shown = view.pair.id

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.call_after_refresh(self.show_title)
        self.call_after_refresh(self.show_pair)

    def forget(self, ids: Sequence[int]) -> None:
        """Ask again for pairs that were changed."""
        for pair_id in ids:
            self._views.pop(pair_id, None)
        self.pairs.reload()
        self.show_pair()

    def redraw_rows(self, ids: Sequence[int], change: Callable[[PairRow], PairRow]) -> dict[int, PairRow]:
        """Draw rows changed at once; return them as they were, to put back when the write fails."""
        before = {pair_id: row for pair_id in ids if (row := self.pairs.row(pair_id)) is not None}
        self.pairs.put({pair_id: change(row) for pair_id, row in before.items()})
        for pair_id in ids:
            view = self._views.get(pair_id)
            row = self.pairs.row(pair_id)
            if view is not None and row is not None:
                pair = replace(view.pair, status=row.status, flagged=row.flagged, tier=row.tier)
                self._views[pair_id] = replace(view, pair=pair)
        return before

    # -- filters, undo, leaving -------------------------------------------------------------------------------------

    def on_reversal(self, reversal: Reversal) -> None:
        """Go to the pair that was touched; the list is asked anew only when pairs came or went."""
        touched = reversal.ids("pair")
        if not touched:
            self.on_project_changed()
            return
        for pair_id in touched:
            self._views.pop(pair_id, None)

        def ask() -> list[PairRow]:
            from workbench.operations.curating import pair_rows

            return pair_rows(self.project, touched)

        def show(rows: list[PairRow]) -> None:
            living = [row for row in rows if row.status != "merged"]
            if len(living) == len(touched) and all(self.pairs.row(item) is not None for item in touched):
                self.pairs.put({row.id: row for row in rows})
                if self.pairs.go_to(touched[0]):
                    self.show_pair()
                    self.ask_counts()
                    return
            if living and self._filter not in ("all", living[0].status):
                self._filter = living[0].status
            self.ask_list(cursor=living[0].id if living else None)

        self.ask(ask, show, group="reversal")

    @on(FilterLine.Filtered)
    def _filtered(self, event: FilterLine.Filtered) -> None:
        self._words = event.words
        self.ask_list()

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.pairs.focus()

    def action_filter(self) -> None:
        """Filter by words."""
        self.query_one(FilterLine).open()

    def action_next_filter(self, step: int) -> None:
        """Go to the next filter."""
        self.action_show_filter(FILTERS[(FILTERS.index(self._filter) + step) % len(FILTERS)])

    def action_show_filter(self, name: str) -> None:
        """Show one filter."""
        self._filter = name
        self.pairs.unmark()
        self.pairs.focus()
        self.ask_list()

    def on_click(self, event: events.Click) -> None:
        """Show the filter that was clicked."""
        name = event.style.meta.get("filter")
        if name is not None:
            self.action_show_filter(name)

    def action_scroll_text(self, step: int) -> None:
        """Scroll the pair by half its pane."""
        self.text.scroll_relative(y=step * max(1, self.text.size.height // 2), animate=False)

    def action_back(self) -> None:
        """Take off marks, then the words, then the source; else cancel what is going on."""
        if self.pairs.marked:
            self.pairs.unmark()
        elif self._words:
            self.query_one(FilterLine).reset()
        elif self._source is not None:
            self._source = None
            self.ask_list()
        else:
            self.app.cancel_background()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Leave the keys to the cursor while a place to split is chosen."""
        editing = action in ("decide", "edit", "shift", "split", "merge", "tier", "note", "flag", "accept_all")
        return not (editing and self.is_mounted and self.text.splitting)

    def _take_draft(self) -> None:
        def operate() -> str | None:
            from workbench.operations import guide
            from workbench.operations.curating import edit_pair

            draft = draft_of(guide.recall(self.project, DRAFT))
            if draft is None:
                return None
            edit_pair(self.project, draft.pair_id, prompt=draft.prompt, response=draft.response)
            guide.remember(self.project, DRAFT, None)
            return "An edit that was not finished last time was kept. u takes it back."

        def done(sentence: str | None) -> None:
            if sentence:
                self.say(sentence)
                self.on_project_changed()

        self.act(operate, done)
