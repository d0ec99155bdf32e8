"""Where Pairs goes after an undo or a redo: to the pair that was touched, back in its place in the queue."""

from __future__ import annotations

from collections.abc import Sequence
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
        """Go to the pair that was touched; the list is asked anew only when pairs came or went."""
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

            rows = {row.id: row for row in pair_rows(self.project, every)}
            moved = [key for key, row in rows.items() if row.skipped or key in were_skipped]
            if not (queue and moved):
                return rows, shown
            # Of every status: what was decided keeps its line.
            return rows, in_queue(shown, moved, pair_ids(self.project, self.where("all"), "queue"))

        def show(answer: tuple[dict[int, PairRow], Sequence[int]]) -> None:
            rows, ids = answer
            self._reversed.clear()
            living = [row for key in touched if (row := rows.get(key)) is not None and row.status != "merged"]
            if len(living) == len(touched) and self.pairs.lists(touched) and self.pairs.ids is shown:
                self.pairs.put(rows)
                if ids is shown:
                    self.pairs.go_to(touched[0])
                else:
                    self.pairs.show(ids, cursor=touched[0])
                self.show_pair()
                self.ask_counts()
                return
            if living and self._filter not in ("all", living[0].status):
                self._filter = living[0].status
            # What came or went makes another pair of it, which is shown as one that is gone to.
            self._shown = None
            self.ask_list(cursor=living[0].id if living else None)

        self.ask(ask, show, group="reversal")
