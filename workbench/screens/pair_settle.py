"""The key of Pairs that settles pairs whose essays were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_edit import EditPair, PairDraft

if TYPE_CHECKING:
    from workbench.operations.settling import ChangeView
    from workbench.screens.pair_change import Changed, Settled, SettlePair

_SAID = {"take": "The new text was taken.", "keep": "The pair stays as it was.", "edit": "Settled with your words."}
_WAITS = {
    "take": "The new text was taken, but its prompt is gone: write one with i, or reject it with x.",
    "unwritten": "The new text was taken; its prompt is still to be written, with i.",
    "edit": "Settled; a text of it is empty, and is still to be written, with e.",
    "edit-unwritten": "Settled with your words; its prompt is still to be written, with i.",
}


def next_changed(shown: Sequence[int], at: int, changed: Sequence[int]) -> int | None:
    """Return the pair to be settled next: in the list from the cursor on and round to it, else the first of all.

    Args:
        shown: the list.
        at: the cursor's line.
        changed: those to be settled, in reading order.
    """
    wanted = set(changed)
    following = (item for item in (*shown[at:], *shown[:at]) if item in wanted)
    return next(following, changed[0] if changed else None)


class SettleKeys(PairBase):
    """Settling what changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w", "settle", "what changed", show=False, tooltip="settle what changed in the essays", id="pairs.settle"
        ),
    ]

    def action_settle(self) -> None:
        """Show what changed of the pair under the cursor, else of the next that is to be settled, and go on so."""
        if self.pairs.marked:
            self.say("One pair is settled at a time: take the marks off with esc first.", "warning")
            return

        def show(changed: Changed | None, left: int) -> None:
            from workbench.screens.pair_change import SettlePair

            if changed is None:
                self.say("No pair is to be settled: their essays say what they say.")
                return
            self._go_to_changed(changed.view.pair.id)

            def settle(changed: Changed, how: Settled) -> None:
                if how == "edit":
                    self._edit(view, changed.view)
                else:
                    self._settle(view, changed.view, how)

            view = SettlePair(changed, left, settle)
            self.app.push_screen(view)

        self._ask_next(show)

    def show_changed(self, cursor: int | None = None) -> None:
        """Show the pairs that are to be settled, with the cursor on one of them."""
        raise NotImplementedError

    def _go_to_changed(self, pair_id: int) -> None:
        if not self.pairs.go_to(pair_id):
            self.show_changed(pair_id)

    def _ask_next(self, then: Callable[[Changed | None, int], None]) -> None:
        """Ask for the pair that is to be settled next, and how many are."""
        shown, at = self.pairs.ids, self.pairs.cursor

        def ask() -> tuple[Changed | None, int]:
            from workbench.operations.settling import change_view, changed_ids
            from workbench.screens.pair_change import compare

            ids = changed_ids(self.project)
            chosen = next_changed(shown, at, ids)
            return (None if chosen is None else compare(change_view(self.project, chosen))), len(ids)

        self.ask(ask, lambda answer: then(*answer), group="settle", fresh=True)

    def _settle(self, view: SettlePair, change: ChangeView, how: Settled) -> None:
        # What never had a prompt has lost none.
        waits = "unwritten" if how == "take" and not change.pair.prompt.strip() else how

        def operate() -> bool:
            from workbench.operations.settling import settle

            return settle(self.project, change.pair.id, "take" if how == "take" else "keep")

        def done(whole: bool) -> None:
            self._settled(view, change.pair.id, _SAID[how] if whole else _WAITS[waits], calm=whole or waits != how)

        self.act(operate, done, failed=lambda _sentence: view.close())

    def _edit(self, view: SettlePair, change: ChangeView) -> None:
        from workbench.operations.settling import taken

        prompt, response = taken(change)
        draft = PairDraft(pair_id=change.pair.id, prompt=prompt, response=response)

        def typed(words: PairDraft | None) -> None:
            if words is None:
                view.stay()
                return
            unwritten = not (change.pair.prompt.strip() or words.prompt.strip()) and bool(words.response.strip())

            def operate() -> bool:
                from workbench.operations import guide
                from workbench.operations.settling import settle_with
                from workbench.screens.pair_edit import DRAFT

                whole = settle_with(self.project, words.pair_id, prompt=words.prompt, response=words.response)
                guide.remember(self.project, DRAFT, None)
                return whole

            def done(whole: bool) -> None:
                waits = _WAITS["edit-unwritten" if unwritten else "edit"]
                self._settled(view, words.pair_id, _SAID["edit"] if whole else waits, calm=whole or unwritten)

            self.act(operate, done, failed=lambda _sentence: view.close())

        self.app.push_screen(EditPair(draft, change.pair.title, tier=change.pair.tier), typed)

    def _settled(self, view: SettlePair, pair_id: int, said: str, *, calm: bool) -> None:
        """Go on to the next pair; after the last, or where the view was left meanwhile, say what was done."""
        self.forget([pair_id])
        self.ask_counts()

        def go_on(changed: Changed | None, left: int) -> None:
            if changed is not None and view.is_attached:
                self._go_to_changed(changed.view.pair.id)
                view.go_on(changed, left, said)
                return
            view.close()
            following = f"{left:,} left to settle." if left else "Nothing is left to settle."
            self.say(f"{said} {following} u takes it back.", "information" if calm else "warning")

        self._ask_next(go_on)
