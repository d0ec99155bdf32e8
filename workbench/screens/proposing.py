"""The key `p` of Essays and Pairs: ask which tiers, remember the answer, and propose beside everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.pair_lines import TIERS, pairs_said
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from curation.pairs import Tier

_KEPT = "pairs.tiers"
_STAYS = "What you decided on or wrote in stays; other proposals of these tiers are made anew."


def propose(screen: ProjectScreen, ids: Sequence[int], about: str, started: Callable[[], None]) -> None:
    """Ask which tiers, and propose pairs of them.

    Args:
        screen: the screen that asks.
        ids: the sources; none for all that have no pairs of the tier.
        about: what is proposed from, for the title.
        started: called once it is under way.
    """
    from workbench.widgets.choose_many import ManyDialog
    from workbench.widgets.dialogs import Choice

    project, app = screen.project, screen.app

    def ask() -> object | None:
        from workbench.operations import guide

        return guide.recall(project, _KEPT)

    def show(kept: object | None) -> None:
        names = [name for name, _ in TIERS]
        on = [name for name in names if isinstance(kept, list) and name in kept] or names[:1]
        choices = [Choice(value=name, name=name, words=words) for name, words in TIERS]
        dialog = ManyDialog(f"Propose pairs from {about}", choices, on=on, words=_STAYS, done="propose")
        app.push_screen(dialog, chosen)

    def chosen(tiers: list[Tier] | None) -> None:
        if not tiers:
            return

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> int:
            from workbench.operations import guide
            from workbench.operations.importing_job import propose_aside

            guide.remember(project, _KEPT, tiers)
            return propose_aside(project, ids, tiers=tiers, progress=progress, cancelled=cancelled)

        def done(made: int) -> None:
            if made:
                app.say(f"{pairs_said(made)} proposed: read them with 2.")
            else:
                app.say("No pairs came of it: too little prose, or all of it is decided on.")
            app.project_changed()

        if app.background("Propose", operate, done):
            started()

    screen.ask(ask, show, group="tiers")
