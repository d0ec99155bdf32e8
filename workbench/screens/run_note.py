"""The note of a run: what is typed is kept with each key, however the dialog is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.screens.base import ProjectScreen
from workbench.screens.kept_text import KeptText, take_left

# What a note is kept under while it is typed.
NOTE = "runs.note"


def write_note(screen: ProjectScreen, run: str, noted: str, done: Callable[[str], None]) -> None:
    """Ask for what was learnt from a run.

    Args:
        screen: the screen that asks.
        run: its name.
        noted: what is noted on it so far.
        done: takes a sentence once the note is stored.
    """
    from workbench.widgets.note_dialog import NoteDialog

    keeping = KeptText(screen.app, NOTE, run=run)
    project = screen.project

    def written(text: str | None) -> None:
        if text is None:
            keeping.drop()
            return
        keeping.end()

        def operate() -> None:
            from workbench.operations import guide
            from workbench.operations.running import set_note

            set_note(project, run, text.strip())
            guide.remember(project, NOTE, None)

        screen.act(operate, lambda _none: done("Noted." if text.strip() else "Note removed."))

    words = f"{run}. An empty note is removed."
    dialog = NoteDialog("What was learnt from this run?", words, value=noted, typed=keeping.typed)
    screen.app.push_screen(dialog, written)


def take_note(screen: ProjectScreen) -> None:
    """Take in a note that a killed program left unfinished."""
    project = screen.project

    def take(kept: dict[str, Any]) -> str:
        from workbench.operations.running import set_note

        if not isinstance(run := kept.get("run"), str):
            return ""
        set_note(project, run, str(kept.get("text", "")).strip())
        return f"The note on {run} that was not finished was kept."

    take_left(screen, NOTE, take)
