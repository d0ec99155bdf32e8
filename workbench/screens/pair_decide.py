"""Keys of Pairs that decide: accept, reject, put back; on the row, the marked rows, or all that the filter shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from workbench.screens.pair_base import PairBase

if TYPE_CHECKING:
    from store.pairs import PairRow

_WORDS = {"accepted": "accepted", "rejected": "rejected", "proposed": "put back"}


class DecideKeys(PairBase):
    """Decisions."""

    def action_decide(self, status: Literal["proposed", "accepted", "rejected"]) -> None:
        """Decide on the marked pairs, or on the current one and go on to the next."""
        ids = self.pairs.targets
        if not ids:
            return
        several = bool(self.pairs.marked)
        row = self.pairs.current_row
        decided = row is not None and row.id == self._decided_last and row.status != "proposed"
        if decided and not several and status != "proposed":
            self.say("That was the last pair of this list, and it is decided: o puts it back.", "warning")
            return
        before = self.redraw_rows(ids, lambda row: replace(row, status=status))
        self._count_ahead(before, status)
        if several:
            self.pairs.unmark()
            self.show_pair()
        elif self.pairs.cursor < len(self.pairs.ids) - 1:
            self.pairs.action_move(1)
        else:
            self._decided_last = self.pairs.current
            self.show_pair()

        def operate() -> int:
            from workbench.operations.curating import decide

            return decide(self.project, ids, status)

        def done(changed: int) -> None:
            if several:
                self.say(f"{changed} pairs {_WORDS[status]}.")
            self.ask_counts()

        def failed(_sentence: str) -> None:
            self.pairs.put(before)
            self.forget(ids)

        self.act(operate, done, failed=failed)

    def _count_ahead(self, before: dict[int, PairRow], status: str) -> None:
        """Show the counts as they will be."""
        if self._counts is None:
            return
        counts = self._counts
        for row in before.values():
            if row.status in _WORDS:
                counts = replace(counts, **{row.status: getattr(counts, row.status) - 1})
                counts = replace(counts, **{status: getattr(counts, status) + 1})
        self._counts = counts
        self.show_title()

    def action_accept_all(self) -> None:
        """Accept all that the list would show, after a question that names their number."""
        from workbench.widgets.dialogs import ConfirmDialog

        where = self.where(self._filter if self._filter in ("proposed", "rejected") else "proposed")

        def ask() -> list[int]:
            from workbench.operations.curating import pair_ids

            return list(pair_ids(self.project, where))

        def confirm(ids: list[int]) -> None:
            if not ids:
                self.say("There is nothing here to accept.")
                return
            self.app.push_screen(
                ConfirmDialog(
                    f"Accept {len(ids):,} pairs unread?", "All that this filter shows. One undo takes them all back."
                ),
                lambda yes: accept(ids) if yes else None,
            )

        def accept(ids: list[int]) -> None:
            def operate() -> int:
                from workbench.operations.curating import decide

                return decide(self.project, ids, "accepted")

            def done(changed: int) -> None:
                self.say(f"{changed:,} pairs accepted. u takes them back.")
                self.on_project_changed()
                self.refresh_status()

            self.say(f"Accepting {len(ids):,} pairs …")
            self.act(operate, done)

        self.ask(ask, confirm, group="accept-all")
