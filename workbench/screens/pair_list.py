"""The list of Pairs: which pairs, in which order, their counts, and where the cursor goes when they change.

A decided pair keeps its line until the list is asked for anew (another filter, another screen), so that the list never
jumps under the author's eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from curation.counted import counted
from curation.pace import per_minute
from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import FILTERS, Standing, filter_line, nothing_here, pairs_said
from workbench.screens.pair_places import TOP, Listing, Order, Place, Shows, list_pairs, order_of, pairs_of
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import one_line
from workbench.widgets.width_line import WidthLine

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairFilter, PairRow
    from store.search import Hit

_NOTHING = {
    "proposed": "Nothing is left to read. tab shows what was accepted; p in Essays proposes pairs.",
    "accepted": "Nothing is accepted yet. tab shows what is proposed; a accepts.",
    "rejected": "Nothing is rejected.",
    "flagged": "Nothing is flagged; ! flags a pair to come back to.",
    "changed": "Nothing is to be settled: the essays say what their pairs say.",
    "over": "Every model of the project sees every pair whole.",
    "all": "There are no pairs yet. Press 1 for Essays, and p there to propose them.",
}


class ListPart(PairBase):
    """The list and its filters."""

    # What the list showed the last time it was asked for.
    _listed: Shows | None = None
    # Where the author stood before she looked for words, and whether a number she looked for led to another filter.
    _before_words: Place | None = None
    _led_away = False
    _wanted_pair: int | None = None
    _judging = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "words", show=False, tooltip="filter by words", id="pairs.filter-words"),
        Binding(
            "O", "order", "order", show=False, tooltip="doubtful pairs first, or as they are read", id="pairs.order"
        ),
    ]

    def only_source(self, source_id: int, title: str) -> None:
        """Show the pairs of one source; called before the screen is shown."""
        self._source = (source_id, title)
        self._filter = "all"
        self._placed = True
        self._clear_words()

    def go_to_found(self, hit: Hit) -> None:
        """Show a pair that was found, among all."""
        self._source = None
        self._filter = "all"
        self._placed = True
        self._wanted_pair = hit.id
        self._clear_words()

    def _clear_words(self) -> None:
        self._words = self._tier = ""
        self._before_words = None
        if self.is_mounted:
            self.query_one(FilterLine).restore("")

    def only_changed(self, source: tuple[int, str] | None) -> None:
        """Show the pairs that are to be settled, of one source or of all; called before the screen is shown."""
        self._source, self._filter = source, "changed"
        self._placed = True
        self._clear_words()

    def show_changed(self, cursor: int | None = None) -> None:
        """Show the pairs that are to be settled, of every source, with the cursor on one of them."""
        self._source = None
        self._clear_words()
        self._wanted_pair = cursor
        self.action_show_filter("changed")

    def on_essays_changed(self) -> None:
        """Draw anew what is there, and leave the list as it stands."""
        self._views.clear()
        self.pairs.reload()
        self.show_pair()
        self.ask_counts()

    def on_project_changed(self) -> None:
        """Ask for the list again."""
        self._views.clear()
        self.ask_list()

    def where(self, chosen: str | None = None) -> PairFilter:
        """Return the filter in force."""
        return pairs_of(self.project, self._place(chosen or self._filter))

    @property
    def list_is_here(self) -> bool:
        """Whether the list shows what the filter in force asks for, and not yet what was shown before."""
        return self._place(self._filter).shows == self._listed

    def _place(self, name: str, cursor: int | None = None) -> Place:
        return Place(name, self._chosen_order, self._words, self._source, cursor, self._tier)

    def ask_list(self, *, cursor: int | None = None, quiet: bool = False) -> None:
        """Ask for the ids and counts; the cursor goes to the id `cursor` when that is among them.

        Where something else was just said, `quiet` says nothing of the pairs that are no longer in the list.
        """
        first, project = not self._placed, self.project
        wanted, self._wanted_pair = self._wanted_pair, None
        standing = self._place(self._filter, cursor if wanted is None else wanted)

        def show(listing: Listing) -> None:
            if first:
                self._restore(listing.place)
            elif listing.place.filter != standing.filter:
                # The pair that was asked for by its number is not among those of the filter.
                self._restore(listing.place)
                self._led_away = True
                self.say("That pair is not in the list that was shown: it is among all.")
            elif not quiet and listing.place.shows == self._listed:
                self._say_gone(listing.ids)
            self._show_listing(listing)

        self.ask(lambda: list_pairs(project, standing, recall=first), show, group="list")

    def _restore(self, place: Place) -> None:
        """Stand where the author stood when the program was closed."""
        self._filter, self._chosen_order = place.filter, place.chosen_order
        self._words, self._source, self._tier = place.words, place.source, place.tier
        self.query_one(FilterLine).restore(self._words)

    def _show_listing(self, listing: Listing) -> None:
        ids, place, over = listing.ids, listing.place, listing.over
        self._counts, self._over = listing.counts, over.found
        if self._words or (self._listed is not None and self._listed[1]):
            # What a key does next is of the words.
            self.refresh_status()
        self._listed = place.shows
        if (len(self._tiers) > 1) != (len(listing.tiers) > 1):
            self.pairs.redraw()
        self._tiers = listing.tiers
        self._placed = True
        any_pair = bool(listing.tiers) or bool(listing.elsewhere)
        empty = _NOTHING[self._filter if any_pair else "all"]
        if not any_pair and self._source:
            empty = f"There are no pairs yet: p proposes them from {one_line(self._source[1])}."
        elif any_pair and (self._words or self._source or self._tier):
            empty = nothing_here(self._words, self._tier, self._source[1] if self._source else "", listing.elsewhere)
        if over.uncounted:
            empty = f"{counted(over.uncounted, 'pair is', 'pairs are')} being counted first."
            self._count_all()
        top = place.cursor == TOP and len(ids) > 0
        self.pairs.show(ids, cursor=ids[0] if top else place.cursor, empty=empty)
        self.pairs.reload()
        self.show_title()
        self.show_pair()
        # What needs a pair is no key where there is none.
        self.refresh_bindings()
        if self.order == "queue":
            self._judge_more()

    def next_here(self) -> str:
        """Name the two ways on from what a filter by words found."""
        if not self._words or not self.pairs.ids:
            return ""
        back = "goes back to where you were" if self._before_words else "shows the others too"
        return f"enter shows this pair among the others, esc {back}"

    def relist(self, ids: Sequence[int], *, cursor: int | None) -> None:
        """Show the list with some pairs come or gone, and every other where it stands."""
        self._views.clear()
        self._shown = None
        self.pairs.show(ids, cursor=cursor)
        self.pairs.reload()
        self.show_pair()
        self.refresh_bindings()
        self.ask_counts()

    def _count_all(self) -> None:
        """Count every pair for every model in the background, then show the list again."""

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> bool:
            from workbench.operations.counting import count_pairs

            count_pairs(self.project, progress=progress, cancelled=cancelled)
            return not cancelled()

        def done(complete: bool) -> None:
            if not complete:
                self.app.say("Counting was stopped; what was counted stays. Come back to this filter to go on.")
            elif self._filter == "over":
                self.ask_list()

        if not self.app.is_at("writing"):
            self.app.background("Counting tokens", operate, done)

    def _say_gone(self, ids: Sequence[int]) -> None:
        """Say so when pairs that were decided here are no longer in the list, unless something else was just said."""
        if self.says_something:
            return
        kept = set(ids)
        decided = [
            row
            for item in self.pairs.ids
            if item not in kept and (row := self.pairs.row(item)) is not None and row.status in ("accepted", "rejected")
        ]
        if decided and self._filter not in ("all", "flagged", "over"):
            were = "is" if len(decided) == 1 else "are"
            self.say(f"{pairs_said(len(decided))} decided before {were} no longer in this list: tab shows them.")

    def _judge_more(self) -> None:
        """Let the pairs of an older version be judged, a few at a time; the queue is put in order after the last."""

        def ask() -> int:
            from workbench.operations.doubting import judge_unjudged

            return judge_unjudged(self.project)

        def done(judged: int) -> None:
            self._judging = self._judging or bool(judged)
            if judged:
                self._judge_more()
            elif self._judging:
                self._judging = False
                if self.order == "queue":
                    self.ask_list()

        self.ask(ask, done, group="judge")

    def show_title(self) -> None:
        """Draw the line of the filters."""
        if self._counts is not None:
            standing = Standing(
                chosen=self._filter,
                counts=self._counts,
                over=self._over,
                words=self._words,
                source=self._source[1] if self._source else "",
                tier=self._tier,
                tiers=len(self._tiers) > 1,
                found=len(self.pairs.ids),
                marked=len(self.pairs.marked),
                queue=self.order == "queue",
                rate=per_minute(self._decided_at),
            )
            self.query_one("#pairs-title", WidthLine).lay(lambda width: filter_line(standing, width))

    def ask_counts(self) -> None:
        """Ask for the counts, and the next step with them."""

        def ask() -> PairCounts:
            from workbench.operations.curating import pair_counts

            return pair_counts(self.project, self._source[0] if self._source else None)

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

        self.ask(ask, lambda rows: self.pairs.put({row.id: row for row in rows}), group="rows", fresh=True)

    @on(PageList.Moved)
    def _moved(self, event: PageList.Moved) -> None:
        if event.id != self._decided_last:
            self._decided_last = None
        if self._placed:
            self.keep("place", self._place(self._filter, event.id).kept())
        self.show_pair()

    @on(PageList.Marked)
    def _marked(self, event: PageList.Marked) -> None:
        self.show_title()
        if event.count > 1 and event.count == len(self.pairs.ids):
            self.say(f"All {event.count:,} pairs shown here are marked: a x z t n ! h act on all; esc unmarks.")

    @on(FilterLine.Filtered)
    def _filtered(self, event: FilterLine.Filtered) -> None:
        if event.words and not self._words:
            self._before_words, self._led_away = self._place(self._filter, self.pairs.current), False
        self._words = event.words
        before = None if event.words else self._before_words
        if before is None:
            self.ask_list(cursor=TOP if event.words else None)
            return
        self._before_words = None
        if self._led_away:
            self._filter, self._source, self._tier = before.filter, before.source, before.tier
        self.ask_list(cursor=before.cursor)

    @on(PageList.Opened)
    def _opened(self, event: PageList.Opened) -> None:
        if self._words:
            # From here on she is among the others with it: there is no way back to where she looked for it.
            self._before_words = None
            self._wanted_pair = event.id
            self.query_one(FilterLine).reset()
        else:
            self.read_whole(not self.reading)

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.pairs.focus()

    def action_filter(self) -> None:
        """Filter by words."""
        self.read_whole(False)
        self.query_one(FilterLine).open()

    def action_order(self) -> None:
        """Put the most doubtful pairs first, or go back to reading order."""
        wanted: Order = "reading" if self.order == "queue" else "queue"
        self._chosen_order = "" if wanted == order_of(self._filter, "") else wanted
        said = "The most doubtful pairs first; held out and skipped ones last." if wanted == "queue" else ""
        self.say(said or "In reading order: by essay, as they follow in the text.")
        self.ask_list(cursor=TOP if wanted == "queue" else None)

    def action_next_filter(self, step: int) -> None:
        """Go to the next filter."""
        names = [name for name in FILTERS if name != "changed" or self._filter == name or self._any_changed]
        self.action_show_filter(names[(names.index(self._filter) + step) % len(names)])

    @property
    def _any_changed(self) -> bool:
        return self._counts is not None and bool(self._counts.changed)

    def action_show_filter(self, name: str) -> None:
        """Show one filter."""
        self._filter, self._led_away = name, False
        self.read_whole(False)
        self.pairs.unmark()
        self.pairs.focus()
        self.ask_list()

    def on_click(self, event: events.Click) -> None:
        """Show the filter that was clicked."""
        name = event.style.meta.get("filter")
        if name is not None:
            self.action_show_filter(name)
