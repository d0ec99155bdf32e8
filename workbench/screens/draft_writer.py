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
        other: the session that has another model loaded in its place; None where none has.
        minutes: after how many without a question the session that lives ends.
    """

    writer: Writer | None = None
    session: SessionView | None = None
    other: SessionView | None = None
    minutes: float = 0.0
    may_write: tuple[Writer, ...] = ()

    def find_writers(self) -> None:
        """Find out who may write, and look at their session from then on."""
        self.set_interval(_LOOK_S, self.look)
        project = self.project

        def ask() -> tuple[list[Writer], object]:
            from workbench.operations import guide
            from workbench.operations.sessions import loaded, writers

            chosen = guide.recall(project, _WRITER)
            if chosen is None and (view := loaded(project)) is not None:
                # She never chose: who is loaded writes, and no newer run in its place.
                chosen = [view.adapter_run]
            return writers(project), chosen

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

        def ask() -> tuple[SessionView | None, SessionView | None, float]:
            from workbench.operations.sessions import idle_minutes, living, loaded, session_view

            known = self.session
            if known is not None and known.adapter_run == writer.adapter_run and known.lives:
                view: SessionView | None = session_view(project, known.name)
            else:
                view = living(project, adapter_run=writer.adapter_run)
            other = None if view is not None and view.lives else loaded(project)
            lives = other or view
            return view, other, idle_minutes(project, lives) if lives is not None else 0.0

        def show(found: tuple[SessionView | None, SessionView | None, float]) -> None:
            view, self.other, self.minutes = found
            # One that failed is said to have, until another is started.
            if view is not None or self.session is None or self.session.adapter_run != writer.adapter_run:
                self.session = view
            self._draw()

        self.ask(ask, show, group="session")

    def action_writer(self) -> None:
        """Choose who writes, or end the session that is loaded."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        choices: list[Choice[Writer | str]] = [
            Choice(value=item, name=item.adapter_run or "base", words=item.words) for item in self.may_write
        ]
        if (living := self.living) is not None:
            what = living.adapter_run or living.model
            choices.append(
                Choice(value=living.name, name="nobody", words=f"end the session of {what}: its memory is free")
            )

        def choose(chosen: Writer | str | None) -> None:
            if isinstance(chosen, str):
                self._end(chosen)
            elif chosen is not None:
                self.writer = chosen
                self.keep_writer()
                self.look()

        if self.may_write:
            words = (
                f"The first question loads it. What is loaded ends after {self.minutes:g} minutes without a question."
            )
            if living is None:
                words = "The first question loads it."
            self.app.push_screen(ChoiceDialog("Who writes?", choices, words=words, current=self.writer), choose)

    @property
    def living(self) -> SessionView | None:
        """The session that has a model loaded, or soon will, whoever writes."""
        for view in (self.other, self.session):
            if view is not None and view.lives and view.status != "stopping":
                return view
        return None

    def keep_writer(self) -> None:
        """Keep who writes: after a restart it is the same, though a newer run came."""
        writer, project = self.writer, self.project

        def keep() -> None:
            from workbench.operations import guide

            if writer is not None:
                guide.remember(project, _WRITER, [writer.adapter_run])

        self.app.write(keep)

    def _end(self, name: str) -> None:
        project = self.project

        def operate() -> str:
            from workbench.operations.sessions import stop

            return stop(project, name)

        def done(_said: str) -> None:
            self.say("The session ends and gives its memory back. The next question loads a model again.")
            self.look()

        self.act(operate, done)

    def stays(self) -> str:
        """Say what stays loaded when the draft is left; empty where nothing is."""
        living = self.living
        if living is None:
            return ""
        return f"The model stays loaded for {self.minutes:g} minutes of rest: I, then ctrl+t ends it."

    def _draw(self) -> None:
        """Draw the lines around the text."""
