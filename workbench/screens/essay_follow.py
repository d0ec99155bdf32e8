"""What Essays shows of the disk: signs for what is new, changed, missing or renamed, and the keys for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from curation.counted import counted
from workbench.screens.base import ProjectScreen
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import one_line

if TYPE_CHECKING:
    from store.essays import SourceRow
    from workbench.operations.looking import LookReport


def sign(row: SourceRow) -> str:
    """Return the sign and the word before a title: what is to be done first, or nothing."""
    if row.missing_at:
        return "? missing "
    if row.changed:
        return f"≠ {row.changed} changed "
    if row.news == "renamed":
        return "→ renamed "
    if row.news == "new":
        return "+ new "
    return f"+ {row.fresh} ¶ new " if row.fresh else ""


def what_happened(row: SourceRow) -> str:
    """Say what the signs of a source mean, and the key for it; nothing where there is nothing to say."""
    said = []
    if row.missing_at and row.origin == "notes":
        said.append("It is in its file no more: its text and pairs are kept, and it goes on when it is there again.")
    elif row.missing_at:
        said.append("Its file is missing: its text and pairs are kept, and it goes on when the file is back.")
    if row.changed:
        title = one_line(row.title)
        said.append(f"{counted(row.changed, 'pair')} changed in {title}: settle with w")
    if row.fresh:
        fresh = counted(row.fresh, "new paragraph")
        said.append(f"{fresh} that no pair covers: propose with p, decided pairs stay.")
    if row.news == "renamed" and row.earlier_path:
        said.append(f"Renamed from {row.earlier_path}.")
    return "  ".join(said)


class FollowKeys(ProjectScreen):
    """The keys of Essays about the disk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "settle", "what changed", show=False, tooltip="settle the pairs that changed", id="essays.settle"),
        Binding("R", "look", "look again", show=False, tooltip="look at the disk for changes now", id="essays.look"),
    ]

    @property
    def sources(self) -> PageList[SourceRow]:
        """The list of sources."""
        raise NotImplementedError

    def action_settle(self) -> None:
        """Go to the pairs that are to be settled: of this source, or else of all."""
        from workbench.screens.pairs import PairsScreen

        row = self.sources.current_row
        screen = self.app.get_screen("pairs")
        assert isinstance(screen, PairsScreen)
        screen.only_changed((row.id, row.title) if row is not None and row.changed else None)
        self.app.go("pairs")

    def action_look(self) -> None:
        """Look at the disk for what changed, and say what was found."""
        project, app = self.project, self.app

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> LookReport | None:
            from workbench.operations.importing_job import look_in_child

            return look_in_child(project, progress=progress, cancelled=cancelled)

        def done(report: LookReport | None) -> None:
            if report is None:
                app.project_changed()
                app.say("The look was cancelled; what had come in stays.")
                return
            if report.anything:
                app.project_changed()
            app.say(report.summary, "warning" if report.problems else "information")

        app.background("Look", operate, done)

    def seen(self, source_id: int) -> None:
        """Note that the author looked at a source that was new or renamed."""

        def operate() -> None:
            from workbench.operations.essays import no_news

            no_news(self.project, [source_id])

        self.app.write(operate)
