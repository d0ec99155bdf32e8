"""Open what a search found on the screen where it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.screens.shell import Shell

if TYPE_CHECKING:
    from store.search import Hit

_SCREENS = {
    "essay": "essays",
    "note": "essays",
    "pair": "pairs",
    "canary": "datasets",
    "sample": "review",
    "annotation": "review",
    "notebook": "experiments",
}


def open_pair(app: Shell, pair_id: int) -> None:
    """Go to Pairs, with the cursor on a pair among all."""
    from store.search import Hit

    open_hit(app, Hit(kind="pair", id=pair_id, title="", about="", excerpt=""))


def open_hit(app: Shell, hit: Hit) -> None:
    """Go to the screen of a hit, with the cursor on it."""
    from workbench.screens.base import ProjectScreen

    name = _SCREENS[hit.kind]
    screen = app.get_screen(name)
    assert isinstance(screen, ProjectScreen)
    screen.go_to_found(hit)
    if screen.is_current:
        screen.on_project_changed()
    else:
        app.go(name)
