"""Who writes in the draft: the base or a run's adapter, and how the session is that keeps it loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen

if TYPE_CHECKING:
    from workbench.operations.sessions import SessionView, Writer

# How often the session is looked at while the screen is shown, in seconds.
_LOOK_S = 1.0
_WRITER = "draft.writer"


class DraftWriter(ProjectScreen):
    """The key that chooses who writes; `DraftScreen`, which binds it, is the only screen made of it.

    Attributes:
        writer: who writes; None until it was found out who may.
        session: how theirs is; None where there is none.
    """

    writer: Writer | None = None
    session: SessionView | None = None
    may_write: tuple[Writer, ...] = ()

    def find_writers(self) -> None:
        """Find out who may write, and look at their session from then on."""
        self.set_interval(_LOOK_S, self.look)
        project = self.project

        def ask() -> tuple[list[Writer], object]:
            from workbench.operations import guide
            from workbench.operations.sessions import writers

            return writers(project), guide.recall(project, _WRITER)

        def show(found: tuple[list[Writer], object]) -> None:
            self.may_write, chosen = tuple(found[0]), found[1]
            wanted = [item for item in self.may_write if [item.adapter_run] == chosen]
            self.writer = (wanted or self.may_write)[0]
            self.look()

        self.ask(ask, show, group="writers")

    def look(self) -> None:
        """Ask how the session of who writes is."""
        writer, project = self.writer, self.project
        if writer is None:
            return

        def ask() -> SessionView | None:
            from workbench.operations.sessions import living, session_view

            known = self.session
            if known is not None and known.adapter_run == writer.adapter_run and known.lives:
                return session_view(project, known.name)
            return living(project, adapter_run=writer.adapter_run)

        def show(view: SessionView | None) -> None:
            # One that failed is said to have, until another is started.
            if view is not None or self.session is None or self.session.adapter_run != writer.adapter_run:
                self.session = view
            self._draw()

        self.ask(ask, show, group="session")

    def action_writer(self) -> None:
        """Choose who writes."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        choices = [Choice(value=item, name=item.adapter_run or "base", words=item.words) for item in self.may_write]

        def choose(chosen: Writer | None) -> None:
            if chosen is None:
                return
            self.writer, project = chosen, self.project

            def keep() -> None:
                from workbench.operations import guide

                guide.remember(project, _WRITER, [chosen.adapter_run])

            self.app.write(keep)
            self.look()

        if choices:
            dialog = ChoiceDialog("Who writes?", choices, words="The first question loads it.", current=self.writer)
            self.app.push_screen(dialog, choose)

    def _draw(self) -> None:
        """Draw the lines around the text."""
