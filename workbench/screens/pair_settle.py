"""The key of Pairs that settles pairs whose essays were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_edit import EditPair, PairDraft

if TYPE_CHECKING:
    from workbench.operations.settling import ChangeView
    from workbench.screens.pair_change import Changed, Settled

_SAID = {"take": "The new text was taken.", "keep": "The pair stays as it was.", "edit": "Settled with your words."}
_WAITS = {
    "take": "Taken, but its prompt is gone: write one with i, or reject it with x.",
    "unwritten": "The new text was taken; its prompt is still to be written, with i.",
    "edit": "Settled, but a text of it is empty: write it with e, or reject it with x.",
}


class SettleKeys(PairBase):
    """Settling what changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w", "settle", "what changed", show=False, tooltip="settle what changed in the essay", id="pairs.settle"
        ),
    ]

    def action_settle(self) -> None:
        """Show what changed of the pair under the cursor; else go to the first pair that is to be settled."""
        pair_id = self.pairs.current
        if self.pairs.marked:
            self.say("One pair is settled at a time: take the marks off with esc first.", "warning")
            return

        def ask() -> tuple[Changed | None, int]:
            from workbench.operations.settling import change_view, changed_ids
            from workbench.screens.pair_change import compare

            ids = changed_ids(self.project)
            return (compare(change_view(self.project, pair_id)) if pair_id in ids else None), len(ids)

        def show(answer: tuple[Changed | None, int]) -> None:
            changed, count = answer
            if changed is not None:
                self._open_change(changed)
            elif count:
                self.show_changed()
            else:
                self.say("No pair is to be settled: their essays say what they say.")

        self.ask(ask, show, group="settle")

    def show_changed(self) -> None:
        """Show the pairs that are to be settled."""
        raise NotImplementedError

    def _open_change(self, changed: Changed) -> None:
        from workbench.screens.pair_change import SettlePair

        def settled(how: Settled | None) -> None:
            if how == "edit":
                self._edit(changed.view)
            elif how is not None:
                self._settle(changed.view, how)

        self.app.push_screen(SettlePair(changed), settled)

    def _settle(self, view: ChangeView, how: Settled) -> None:
        pair_id = view.pair.id
        # What never had a prompt has lost none.
        waits = "unwritten" if how == "take" and not view.pair.prompt.strip() else how

        def operate() -> tuple[bool, int]:
            from workbench.operations.settling import changed_ids, settle

            whole = settle(self.project, pair_id, "take" if how == "take" else "keep")
            return whole, len(changed_ids(self.project))

        self.act(operate, lambda done: self._settled(pair_id, how, *done, waits=waits))

    def _edit(self, view: ChangeView) -> None:
        from workbench.operations.settling import taken

        prompt, response = taken(view)
        draft = PairDraft(pair_id=view.pair.id, prompt=prompt, response=response)

        def typed(words: PairDraft | None) -> None:
            if words is None:
                return

            def operate() -> tuple[bool, int]:
                from workbench.operations import guide
                from workbench.operations.settling import changed_ids, settle_with
                from workbench.screens.pair_edit import DRAFT

                whole = settle_with(self.project, words.pair_id, prompt=words.prompt, response=words.response)
                guide.remember(self.project, DRAFT, None)
                return whole, len(changed_ids(self.project))

            self.act(operate, lambda done: self._settled(words.pair_id, "edit", *done, waits="edit"))

        self.app.push_screen(EditPair(draft, view.pair.title), typed)

    def _settled(self, pair_id: int, how: Settled, whole: bool, left: int, *, waits: str) -> None:
        self.forget([pair_id])
        self.ask_counts()
        if not whole:
            # It stays under the cursor: the next key is for it.
            self.say(_WAITS[waits], "warning")
            return
        following = f"{left:,} left to settle." if left else "Nothing is left to settle."
        self.say(f"{_SAID[how]} {following} u takes it back.")
        if self._filter == "changed" and self.pairs.cursor < len(self.pairs.ids) - 1:
            self.pairs.action_move(1)
