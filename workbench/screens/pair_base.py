"""What the parts of Pairs share: the list, the pane, and what each part asks of the others.

The screen is put together from parts, one module each: the list, the pane, and a group of keys that do one sort of
thing. A part reaches the others only through what stands here.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from workbench.screens.base import ProjectScreen
from workbench.screens.pair_places import AnyTier, Order, order_of
from workbench.widgets.page_list import PageList
from workbench.widgets.pair_text import PairText

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairFilter, PairRow
    from workbench.operations.curating import PairView

# Decisions that the pace is taken from.
_PACED = 30


class PairBase(ProjectScreen):
    """The state of the screen, and the calls from part to part."""

    # The clock the pace is taken by; a test gives its own.
    clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        super().__init__()
        self._filter = "proposed"
        # As the author chose with O; empty before, and where she went back to what the filter begins with.
        self._chosen_order: Literal["", "reading", "queue"] = ""
        self._words = ""
        self._source: tuple[int, str] | None = None
        # The one tier that is shown; empty for every one. And how many pairs of each there are.
        self._tier: AnyTier = ""
        self._tiers: dict[str, int] = {}
        self._counts: PairCounts | None = None
        # How many pairs are over the limit of a model; None while they are not all counted.
        self._over: int | None = None
        self._views: OrderedDict[int, PairView] = OrderedDict()
        self._shown: int | None = None
        self._placed = False
        self._decided_at: deque[float] = deque(maxlen=_PACED)
        # The last line of the list, once decided with the cursor still on it: the next key was meant for a pair after.
        self._decided_last: int | None = None

    @property
    def order(self) -> Order:
        """The order in force: what is still to be read begins with the most doubtful, until the author chooses."""
        return order_of(self._filter, self._chosen_order)

    @property
    def pairs(self) -> PageList[PairRow]:
        """The list of pairs."""
        return self.query_one("#pairs-list", PageList)

    @property
    def text(self) -> PairText:
        """The pair being judged."""
        return self.query_one(PairText)

    @property
    def view(self) -> PairView | None:
        """The pair under the cursor, whole, if it is here."""
        return None if self.pairs.current is None else self._views.get(self.pairs.current)

    @property
    def list_is_here(self) -> bool:
        """Whether the list shows what the filter in force asks for, and not yet what was shown before."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Put the cursor on the next pair; on the last one, remember that it is done with."""
        if self.pairs.cursor < len(self.pairs.ids) - 1:
            self.pairs.action_move(1)
        else:
            self._decided_last = self.pairs.current
            self.show_pair()

    def where(self, chosen: str | None = None) -> PairFilter:
        """Return the filter in force."""
        raise NotImplementedError

    def ask_list(self, *, cursor: int | None = None, quiet: bool = False) -> None:
        """Ask for the list again."""
        raise NotImplementedError

    def relist(self, ids: Sequence[int], *, cursor: int | None) -> None:
        """Show the list with some pairs come or gone, and every other where it stands."""
        raise NotImplementedError

    def ask_counts(self) -> None:
        """Ask for the counts again."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Draw the counts."""
        raise NotImplementedError

    def show_pair(self) -> None:
        """Draw the pair under the cursor."""
        raise NotImplementedError

    @property
    def reading(self) -> bool:
        """Whether the pair has the whole screen but for its own line of the list."""
        raise NotImplementedError

    def read_whole(self, wanted: bool) -> None:
        """Give the pair the whole screen, or the list its room again."""
        raise NotImplementedError

    def forget(self, ids: Sequence[int]) -> None:
        """Ask again for pairs that were changed."""
        raise NotImplementedError

    def redraw_rows(self, ids: Sequence[int], change: Callable[[PairRow], PairRow]) -> dict[int, PairRow]:
        """Draw rows changed at once; return them as they were, to put back when the write fails."""
        raise NotImplementedError
