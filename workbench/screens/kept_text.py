"""A text while it is typed, kept with each key, so that a program that is killed has lost nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from workbench.screens.shell import Shell

if TYPE_CHECKING:
    from workbench.screens.base import ProjectScreen

KEPT = "A note that was not finished was kept. u takes it back."
"""What is said of a note that a killed program left."""


class KeptText:
    """One text under one name in the store; where keys come faster than they are written, the latest is."""

    def __init__(self, app: Shell, name: str, **about: object) -> None:
        """Begin; nothing is written before the first letter.

        Args:
            app: whose writer writes.
            name: what it is kept under, such as `pairs.note`.
            about: what the text is about, kept with it as JSON.
        """
        self._app, self._name, self._about = app, name, about
        self._text = ""
        self._waiting = self._over = False

    def typed(self, text: str) -> None:
        """Keep the text as it stands now."""
        self._text = text
        if self._waiting or self._over:
            # The one that waits will take these letters with it; what a left field still tells brings nothing back.
            return
        self._waiting = True
        project = self._app.project

        def keep() -> None:
            from workbench.operations import guide

            self._waiting = False
            guide.remember(project, self._name, {**self._about, "text": self._text})

        self._app.write(keep)

    def end(self) -> None:
        """Keep nothing more: whoever took the text in forgets what is kept."""
        self._over = True

    def drop(self) -> None:
        """Keep nothing more, and forget what is kept."""
        self.end()
        project = self._app.project

        def forget() -> None:
            from workbench.operations import guide

            guide.remember(project, self._name, None)

        self._app.write(forget)


def take_left(screen: ProjectScreen, name: str, take: Callable[[dict[str, Any]], str]) -> None:
    """Take in a text that a killed program left unfinished, say so, and ask again for what is shown.

    Args:
        screen: whose text it is.
        name: what it is kept under.
        take: writes the text it is given, with what it is about, in the thread of the writes; returns a sentence on
            that, or nothing where it knows nothing to do with it.
    """
    project = screen.project

    def operate() -> str | None:
        from workbench.operations import guide

        return guide.take_in(project, name, take)

    def done(sentence: str | None) -> None:
        if sentence:
            screen.say(sentence)
            screen.on_project_changed()

    screen.act(operate, done)
