"""The notebook: what was learnt, in the author's words, on a run, on a comparison of two runs, or on the project."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database
from store.errors import NotFound
from store.history import edit
from store.values import now, undated


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the notebook.

    Attributes:
        id: its key, never given again.
        run: what it is on; None for the project.
        other_run: on the comparison of `run` with this one; None for the run alone.
        body: its text, which may have many lines; never empty.
        created_at: UTC.
        updated_at: UTC.
    """

    id: int
    run: str | None
    other_run: str | None
    body: str
    created_at: str
    updated_at: str


_COLUMNS = "id, run, other_run, body, created_at, updated_at"


def add(db: Database, body: str, *, run: str | None = None, other_run: str | None = None) -> int:
    """Write a note as one edit; return its id.

    Raises:
        Conflict: the text is empty, there is no such run, or the two are one.
    """
    values = {"run": run, "other_run": other_run, "body": body, "created_at": now()}
    with edit(db, f"note on {_subject(run, other_run)}") as change:
        return change.insert("notebook", values)


def change(db: Database, note_id: int, body: str) -> None:
    """Write another text into a note as one edit; an empty one removes it.

    Raises:
        NotFound: it is not there any more.
    """
    note = get(db, note_id)
    subject = _subject(note.run, note.other_run)
    with edit(db, f"change the note on {subject}" if body else f"remove the note on {subject}") as under_way:
        if body:
            under_way.update("notebook", note_id, {"body": body})
        else:
            under_way.delete("notebook", note_id)


def get(db: Database, note_id: int) -> Note:
    """Return one note.

    Raises:
        NotFound: there is none of that id.
    """
    row = db.one(f"SELECT {_COLUMNS} FROM notebook WHERE id = ?", (note_id,))
    if row is None:
        raise NotFound(f"There is no note {note_id} in the notebook, or no more. Look at the notes again.")
    return Note(*row)


def rows(db: Database) -> list[Note]:
    """Return all notes, oldest first."""
    return [Note(*row) for row in db.all(f"SELECT {_COLUMNS} FROM notebook ORDER BY created_at, id")]


def of_run(db: Database, run: str) -> list[Note]:
    """Return the notes on a run and on its comparisons, oldest first."""
    query = f"SELECT {_COLUMNS} FROM notebook WHERE run = ?1 OR other_run = ?1 ORDER BY created_at, id"
    return [Note(*row) for row in db.all(query, (run,))]


def latest_of_run(db: Database, run: str) -> Note | None:
    """Return the newest note on a run alone, or None."""
    query = f"SELECT {_COLUMNS} FROM notebook WHERE run = ? AND other_run IS NULL ORDER BY id DESC LIMIT 1"
    row = db.one(query, (run,))
    return Note(*row) if row else None


def counts(db: Database) -> dict[str, int]:
    """Return how many notes are on each run that has any, those on its comparisons among them."""
    found = db.all(
        "SELECT name, count(*) FROM (SELECT run AS name FROM notebook WHERE run IS NOT NULL UNION ALL "
        "SELECT other_run FROM notebook WHERE other_run IS NOT NULL) GROUP BY name"
    )
    return dict(found)


def _subject(run: str | None, other_run: str | None) -> str:
    if run is None:
        return "the project"
    return undated(run) if other_run is None else f"{undated(run)} against {undated(other_run)}"
