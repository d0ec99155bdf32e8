"""Where Pairs goes after an undo or a redo: to the pair that was touched, back in its place in the queue."""

from __future__ import annotations

from array import array
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_places import in_queue

if TYPE_CHECKING:
    from store.pairs import PairRow
    from workbench.operations.edits import Reversal

# Of more pairs than these the list is asked anew, however few came or went.
_FEW = 1_000


class ReversalPart(PairBase):
    """What an undo or a redo does to the list."""

    def __init__(self) -> None:
        super().__init__()
        # Touched by what was undone or redone, and not yet drawn so: a quicker key must not leave them as they were.
        self._reversed: dict[int, None] = {}

    def on_reversal(self, reversal: Reversal) -> None:
        """Go to the pair that was touched; the list is asked anew only when pairs of several essays came or went."""
        touched = reversal.ids("pair")
        self._reversed |= dict.fromkeys(touched)
        if not touched or len(self._reversed) > _FEW:
            self._reversed.clear()
            self.on_project_changed()
            return
        for pair_id in touched:
            self._views.pop(pair_id, None)
        every, shown = list(self._reversed), self.pairs.ids
        queue = self.order == "queue"
        were_skipped = {key for key in every if (row := self.pairs.row(key)) is not None and row.skipped}

        def ask() -> tuple[dict[int, PairRow], Sequence[int]]:
            from workbench.operations.curating import pair_ids, pair_rows

            rows = {row.id: row for row in pair_rows(self.project, every) if row.status != "merged"}
            came = [key for key in touched if key in rows and key not in shown]
            moved = [key for key, row in rows.items() if row.skipped or key in were_skipped]
            if (came or len(rows) < len(every)) and len({row.source_id for row in rows.values()}) == 1:
                # As a split or a merge is: the pairs of one place in an essay.
                order = pair_ids(self.project, self.where(), "reading") if came else ()
                return rows, _with(shown, touched, gone=set(every) - rows.keys(), order=order)
            if not (queue and moved):
                return rows, shown
            # Of every status: what was decided keeps its line.
            return rows, in_queue(shown, moved, pair_ids(self.project, self.where("all"), "queue"))

        def show(answer: tuple[dict[int, PairRow], Sequence[int]]) -> None:
            rows, ids = answer
            self._reversed.clear()
            living = [rows[key] for key in touched if key in rows]
            here = next((key for key in touched if key in rows and key in shown), None)
            if self.pairs.ids is shown and here is not None and all(row.id in ids for row in living):
                self.pairs.put(rows)
                if len(living) < len(touched) or len(ids) != len(shown):
                    self.relist(ids, cursor=here)
                elif ids is shown:
                    self.pairs.go_to(here)
                else:
                    self.pairs.show(ids, cursor=here)
                self.show_pair()
                self.ask_counts()
                return
            if living and self._filter not in ("all", living[0].status):
                self._filter = living[0].status
            # What came or went makes another pair of it, which is shown as one that is gone to.
            self._shown = None
            self.ask_list(cursor=living[0].id if living else None)

        self.ask(ask, show, group="reversal")


def _with(shown: Sequence[int], touched: Sequence[int], *, gone: Set[int], order: Sequence[int]) -> array[int]:
    """Return the ids of a list without those that are gone, and with those that came beside what was touched with them.

    Args:
        shown: the list.
        touched: by what was undone or redone.
        gone: of them, those that are no more.
        order: all that the list may show, as they are read; no other comes in.
    """
    listed, wanted = set(shown), set(touched) - gone
    # By the listed one they are read after; what is read before the first of them stands before that one.
    after: dict[int, list[int]] = {}
    first: list[int] = []
    last: int | None = None
    for key in (key for key in order if key in wanted):
        if key in listed:
            last = key
        else:
            (first if last is None else after.setdefault(last, [])).append(key)
    head = next((key for key in order if key in wanted and key in listed), None)
    ids = array("q")
    for key in shown:
        if key in gone:
            continue
        if key == head:
            ids.extend(first)
        ids.append(key)
        ids.extend(after.get(key, ()))
    return ids
