"""The notebook: what was learnt, on a run, on a comparison of two, or on the project; every edit can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from store import notebook
from store.notebook import Note
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.outside import text_from_editor
from workbench.operations.project import Project


def add_note(project: Project, text: str, *, run: str | None = None, other_run: str | None = None) -> int:
    """Write a note; return its number.

    Raises:
        WorkbenchError: it says nothing, or compares a run with itself.
    """
    if not text.strip():
        raise WorkbenchError("The note is empty: nothing was written.")
    if run is not None and run == other_run:
        raise WorkbenchError(f"{run} is not compared with itself. Name another run, or note on it alone.")
    return notebook.add(project.db, text.strip(), run=run, other_run=other_run)


def change_note(project: Project, note_id: int, text: str) -> None:
    """Write another text into a note; an empty one removes it."""
    notebook.change(project.db, note_id, text.strip())


def note_outside(project: Project, note_id: int, open_file: Callable[[Path], None]) -> str:
    """Let the author edit a note in her editor; what she saves is the note, and an empty file removes it. Return it.

    Args:
        project: whose notebook.
        note_id: which note.
        open_file: opens a file, and comes back when it is closed.

    Raises:
        NothingToDoError: nothing was changed.
    """
    written = written_outside(notebook.get(project.db, note_id), open_file)
    change_note(project, note_id, written)
    return written


def written_outside(note: Note, open_file: Callable[[Path], None]) -> str:
    """Let the author edit a note in her editor; return what she wrote, which is not yet kept.

    Raises:
        NothingToDoError: nothing was changed.
    """
    written = text_from_editor(f"note-{note.id}.md", note.body + "\n", open_file)
    if written.strip() == note.body:
        raise NothingToDoError("Nothing was changed.")
    return written


def notes(project: Project) -> list[Note]:
    """Return all notes, oldest first."""
    return notebook.rows(project.db)


def subject(note: Note) -> str:
    """Say what a note is on."""
    if note.run is None:
        return "the project"
    return note.run if note.other_run is None else f"{note.run} against {note.other_run}"
