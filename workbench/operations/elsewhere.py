"""Notice what another program, such as the command line in another terminal, changed in the open project."""

from __future__ import annotations

from store.elsewhere import Elsewhere
from workbench.operations.project import Project


class Noticing:
    """Looks at one project; always from the same thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._elsewhere = Elsewhere()

    def look(self, *, collected: bool) -> bool:
        """Say whether something else changed the store since the look before.

        Args:
            collected: what jobs wrote came in meanwhile through this very program: then only an edit counts.
        """
        return self._elsewhere.changed(self._project.db, collected=collected)
