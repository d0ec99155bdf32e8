"""What the author's own runs showed of the field under the cursor of the launch form: asked once the cursor rests.

The answer is kept for as long as nothing else is changed, so going up and down asks for nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen

if TYPE_CHECKING:
    from textual.timer import Timer

    from workbench.operations.drafting import Form

# How long the cursor rests before it is asked, in seconds: a held key asks for nothing.
_REST_S = 0.12


class OwnRuns:
    """What is known of each field so far."""

    def __init__(self, screen: ProjectScreen, changed: Callable[[], None]) -> None:
        """Begin with nothing known.

        Args:
            screen: asks, and is not asked any longer once it is closed.
            changed: is called on the event loop when something else is known.
        """
        self._screen = screen
        self._changed = changed
        self._form: Form | None = None
        self._said: dict[str, str] = {}
        self._timer: Timer | None = None

    def said(self, form: Form, path: str) -> str:
        """Return what is known of a field, in words; empty where that is nothing, or nothing yet: then it is asked."""
        if form is not self._form:
            self._form, self._said = form, {}
        if path not in self._said:
            if self._timer is not None:
                self._timer.stop()
            self._timer = self._screen.set_timer(_REST_S, lambda: self._ask(form, path))
        return self._said.get(path, "")

    def _ask(self, form: Form, path: str) -> None:
        project, like = self._screen.project, form.draft.spec

        def ask() -> str:
            from workbench.operations.experiment_fields import PATHS, field_shown, shown_words

            return shown_words(field_shown(project, path, like)) if path in PATHS else ""

        def show(said: str) -> None:
            if form is self._form:
                self._said[path] = said
                self._changed()

        self._screen.ask(ask, show, group="own-runs")
