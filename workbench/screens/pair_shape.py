"""Keys of Pairs that change where a pair begins and ends: move the boundary, merge, split."""

from __future__ import annotations

from textual import on

from workbench.screens.pair_base import PairBase
from workbench.widgets.pair_text import PairText


class ShapeKeys(PairBase):
    """Boundaries."""

    def action_shift(self, sentences: int) -> None:
        """Move the boundary between prompt and response."""
        pair_id = self.pairs.current
        if pair_id is None:
            return

        def operate() -> None:
            from workbench.operations.curating import shift_boundary

            shift_boundary(self.project, pair_id, sentences)

        def done(_none: None) -> None:
            self.forget([pair_id])
            self.say("A sentence went to the prompt." if sentences > 0 else "A sentence went back to the response.")

        self.act(operate, done)

    def action_merge(self) -> None:
        """Merge with the next pair of the essay."""
        pair_id = self.pairs.current
        if pair_id is None:
            return

        def operate() -> None:
            from workbench.operations.curating import merge_with_next

            merge_with_next(self.project, pair_id)

        def done(_none: None) -> None:
            self.say("Merged with the next. u takes it back.")
            self._views.clear()
            self.ask_list(cursor=pair_id)
            self.refresh_status()

        self.act(operate, done)

    def action_split(self) -> None:
        """Choose a place in the response, and split there."""
        pair_id = self.pairs.current
        view = None if pair_id is None else self._views.get(pair_id)
        if view is None:
            return
        response = view.pair.response

        def ask() -> list[int]:
            from workbench.operations.curating import sentence_starts

            return sentence_starts(response)

        def choose(starts: list[int]) -> None:
            if self.pairs.current != pair_id:
                return
            if self.text.choose_split(starts):
                self.say("Split: ← → words, ↑ ↓ sentences, enter splits, esc leaves it whole.")
            else:
                self.say("One word cannot be split.", "warning")

        self.ask(ask, choose, group="sentences")

    @on(PairText.SplitChosen)
    def _split_chosen(self, event: PairText.SplitChosen) -> None:
        pair_id, offset = self.pairs.current, event.offset
        if not self.pairs.has_focus:
            self.pairs.focus()
        if pair_id is None or offset is None:
            self.refresh_bindings()
            return

        def operate() -> int:
            from workbench.operations.curating import split_pair

            return split_pair(self.project, pair_id, offset)

        def done(_second: int) -> None:
            self.say("Split in two. u takes it back.")
            self._views.clear()
            self.ask_list(cursor=pair_id)
            self.refresh_status()

        self.act(operate, done)
