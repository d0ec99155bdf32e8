"""Show what another program changed in the open project, about a second after it did.

It is asked in the thread of the writes, whose connection SQLite tells of all commits but its own: what the author does
by key is not among them, and a change that waits behind a long write is shown after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.screens.shell import Shell

if TYPE_CHECKING:
    from workbench.operations.elsewhere import Noticing
    from workbench.operations.project import Project

# How often the store is asked, in seconds.
EVERY_S = 1.0


class Noticer:
    """Asks again and again, one question at a time."""

    def __init__(self, app: Shell, project: Project, changed: Callable[[], object]) -> None:
        """Make one; `tick` asks.

        Args:
            app: whose thread of writes is used.
            project: the open project.
            changed: called on the event loop when something else changed the store.
        """
        self._app = app
        self._project = project
        self._changed = changed
        self._noticing: Noticing | None = None
        self._asking = False
        self._collected = False

    def collected(self) -> None:
        """Take in that this program folded what jobs wrote."""
        self._collected = True

    async def tick(self) -> None:
        """Ask once, unless the question before still waits."""
        if self._asking:
            return
        self._asking, collected, self._collected = True, self._collected, False
        try:
            found = await asyncio.wrap_future(self._app.write(lambda: self._look(collected)))
        finally:
            self._asking = False
        if found and self._app.is_running:
            self._changed()

    def _look(self, collected: bool) -> bool:
        from workbench.operations.elsewhere import Noticing

        if self._noticing is None:
            self._noticing = Noticing(self._project)
        return self._noticing.look(collected=collected)
