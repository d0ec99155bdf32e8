"""A key of Pairs: set what is found of the pair aside, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase
from workbench.screens.waive import open_waivers

if TYPE_CHECKING:
    from curation.findings import Finding


class WaiveKeys(PairBase):
    """Waive a warning of the pair under the cursor, or let it stand again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("W", "waive", "waive", show=False, tooltip="set a warning aside, with a reason", id="pairs.waive"),
    ]

    def action_waive(self) -> None:
        """Choose a warning of the pair, how far it is waived, and why."""
        view = self.view
        if view is None:
            return

        def ask() -> list[Finding]:
            from workbench.operations.curating import pair_findings

            return pair_findings(self.project, view.pair.id)

        open_waivers(self, ask, nothing="Nothing is said against this pair.")
