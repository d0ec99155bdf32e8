"""What is said in the terminal once the program is closed and its screen is gone."""

from __future__ import annotations

import sys

from workbench.screens.shell import EXPECTED_ERRORS, Shell


def say_what_stays(app: Shell) -> None:
    """Say on standard error that a model stays loaded, if one does: it holds memory, and nothing shows it any more."""
    if not app.has_project:
        return
    from workbench.operations.sessions import stays_loaded

    try:
        said = stays_loaded(app.project)
    except EXPECTED_ERRORS:
        # Closing has done its work; a database that is gone meanwhile is said by whatever opens it next.
        return
    if said:
        print(said, file=sys.stderr)
