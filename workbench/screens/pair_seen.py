"""The key of Pairs that shows what the models see of a pair."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase


class SeenKeys(PairBase):
    """What the models see."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "seen", "what the model sees", show=False, id="pairs.seen"),
    ]

    def action_seen(self) -> None:
        """Show what the models see of the pair; `[` and `]` go on along the list from there."""
        from workbench.screens.seen import SeenPairs, SeenScreen

        if self.pairs.current is not None:
            self.app.push_screen(SeenScreen(SeenPairs(keys=self.pairs.ids, at=self.pairs.cursor)))
