"""Keys of Pairs that narrow the list to one tier or one essay; a project that has only one has nothing to narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import TIERS, pair_line, pairs_said
from workbench.screens.pair_places import TOP
from workbench.widgets.plain import one_line

if TYPE_CHECKING:
    from textual.content import Content

    from store.pairs import PairRow
    from workbench.screens.pair_places import AnyTier
    from workbench.widgets.dialogs import Choice

_EVERY = "every tier"


class TierKeys(PairBase):
    """Which tier and which essay are shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "T",
            "show_tier",
            "one tier",
            show=False,
            tooltip="show the pairs of one tier, or of all",
            id="pairs.show-tier",
        ),
        Binding(
            "S",
            "only_source",
            "one essay",
            show=False,
            tooltip="show the pairs of this essay, or of all",
            id="pairs.show-essay",
        ),
    ]

    def line(self, row: PairRow, width: int) -> Content:
        """Lay out a line of the list."""
        return pair_line(row, width, tiers=len(self._tiers) > 1)

    def action_only_source(self) -> None:
        """Show the pairs of the essay under the cursor alone, or of every essay again; the cursor stays on its pair."""
        row = self.pairs.current_row
        if self._source is not None:
            self._source = None
        elif row is not None:
            self._source = (row.source_id, row.title)
            self.say(f"Only the pairs of {one_line(row.title)}: esc shows all again.")
        else:
            return
        self.pairs.unmark()
        self.ask_list(cursor=self.pairs.current)

    def action_show_tier(self) -> None:
        """Choose the tier that is shown."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        if len(self._tiers) < 2 and not self._tier:
            self.say(
                f"All pairs are of one tier: {next(iter(self._tiers))}." if self._tiers else "There are no pairs yet."
            )
            return
        choices: list[Choice[AnyTier]] = [Choice(value="", name=_EVERY, words=pairs_said(sum(self._tiers.values())))]
        choices += [
            Choice(value=name, name=name, words=f"{pairs_said(self._tiers[name])}: {words}")
            for name, words in TIERS
            if name in self._tiers
        ]

        def chosen(tier: AnyTier | None) -> None:
            if tier is not None:
                self._tier = tier
                self.pairs.unmark()
                self.ask_list(cursor=TOP)

        self.app.push_screen(ChoiceDialog("Show which tier?", choices, current=self._tier), chosen)

    def on_click(self, event: events.Click) -> None:
        """Open the choice where its place in the line of the filters is clicked."""
        if event.style.meta.get("tiers"):
            self.action_show_tier()
