"""The list of Pairs: which pairs, in which order, their counts, and where the cursor goes when they change.

A decided pair keeps its line until the list is asked for anew (another filter, another screen), so that the list never
jumps under the author's eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events, on
from textual.widgets import Static

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import FILTERS, filter_line
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairFilter, PairRow
    from workbench.operations.edits import Reversal

_NOTHING = {
    "proposed": "Nothing is left to read. tab shows what was accepted; p in Essays proposes pairs.",
    "accepted": "Nothing is accepted yet. tab shows what is proposed; a accepts.",
    "rejected": "Nothing is rejected.",
    "flagged": "Nothing is flagged; ! flags a pair to come back to.",
    "all": "There are no pairs yet. Press 1 for Essays, and p there to propose them.",
}


class ListPart(PairBase):
    """The list and its filters."""

    def only_source(self, source_id: int, title: str) -> None:
        """Show the pairs of one source; called before the screen is shown."""
        self._source = (source_id, title)
        self._filter = "all"
        self._placed = True

    def on_project_changed(self) -> None:
        """Ask for the list again."""
        self._views.clear()
        self.ask_list()

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
                ),
                layout=False,
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
