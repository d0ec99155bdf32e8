"""A text while it is typed, kept with each key, so that a program that is killed has lost nothing of it."""

from __future__ import annotations

from workbench.screens.shell import Shell


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
