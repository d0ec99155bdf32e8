"""Which place a run goes to: the one spot that knows them all by name."""

from __future__ import annotations

import sys

from runners.places.base import Place
from runners.places.local import LocalPlace
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

PLACES = ("local",)


def place(project: Project, name: str) -> Place:
    """Return a place by name.

    Raises:
        WorkbenchError: there is none of that name.
    """
    if name == "local":
        local = project.settings.local
        return LocalPlace(python=local.python or sys.executable, nice=local.nice)
    raise WorkbenchError(f"No place named {name!r}. Known: {', '.join(PLACES)}.")
