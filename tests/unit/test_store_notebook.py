"""The notebook: written, changed, undone, found; and an old file brings along what was noted on its runs."""

import sqlite3

import pytest

from store import history, migrating, notebook, runs, search
from store.database import Database
from store.errors import Conflict, NotFound
from store.migrations import NAMES


def add_runs(connection):
    connection.execute("INSERT INTO canary_set (id, version, content_hash, created_at) VALUES (1, 1, 'h', '')")
    for name, place, note in (
        ("r1", "local", "Finds the sandals.\n\nLoses the thread."),
        ("r2", "local", ""),
        ("r3", "local", runs.SMOKE_NOTE),
        ("r4", "imported", "what its log said"),
    ):
        connection.execute(
            "INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, canary_set_id, note, created_at, "
            "finished_at) VALUES (?, 'train', 'd', ?, '{}', 'm', 'k', 1, ?, '2026-11-20T10:00:00.000Z', ?)",
            (name, place, note, "2026-11-20T11:00:00.000Z" if name == "r1" else None),
        )


@pytest.fixture
def db(tmp_path):
    db = Database.open(tmp_path / "x.db")
    with db.transaction() as connection:
        add_runs(connection)
    yield db
    db.close()


def bodies(db):
    return [(note.run, note.other_run, note.body) for note in notebook.rows(db)]


def test_notes_are_on_a_run_a_comparison_or_the_project(db):
    notebook.add(db, "Half the rate is enough.", run="r1", other_run="r2")
    notebook.add(db, "Loses the thread.", run="r1")
    notebook.add(db, "Hold more out.")
    assert bodies(db) == [
        ("r1", "r2", "Half the rate is enough."),
        ("r1", None, "Loses the thread."),
        (None, None, "Hold more out."),
    ]
    assert [note.body for note in notebook.of_run(db, "r2")] == ["Half the rate is enough."]
    assert notebook.counts(db) == {"r1": 2, "r2": 1}
    assert notebook.latest_of_run(db, "r1").body == "Loses the thread."
    assert notebook.latest_of_run(db, "r2") is None


@pytest.mark.parametrize(
    ("body", "on"),
    [("", {}), ("x", {"run": "nope"}), ("x", {"run": "r1", "other_run": "r1"}), ("x", {"other_run": "r1"})],
)
def test_what_is_on_nothing_or_says_nothing_is_refused(db, body, on):
    with pytest.raises(Conflict):
        notebook.add(db, body, **on)
    assert notebook.rows(db) == []
    assert history.recent(db) == []


def test_every_edit_of_a_note_is_undone_and_redone(db):
    note = notebook.add(db, "first", run="r1")
    notebook.change(db, note, "second")
    notebook.change(db, note, "")
    assert notebook.rows(db) == []
    assert [row.label for row in history.recent(db)] == [
        "remove the note on r1",
        "change the note on r1",
        "note on r1",
    ]
    told = []
    for _ in range(3):
        history.undo(db)
        told.append([body for *_, body in bodies(db)])
    assert told == [["second"], ["first"], []]
    for _ in range(3):
        history.redo(db)
    assert notebook.rows(db) == []
    with pytest.raises(NotFound, match="no note"):
        notebook.change(db, note, "x")


def test_a_note_has_the_time_it_was_written_and_the_time_it_was_changed(db, monkeypatch):
    monkeypatch.setattr(notebook, "now", lambda: "2026-11-20T12:00:00.000Z")
    monkeypatch.setattr(history, "now", lambda: "2026-11-20T12:00:00.000Z")
    note = notebook.add(db, "first")
    monkeypatch.setattr(history, "now", lambda: "2026-11-21T12:00:00.000Z")
    notebook.change(db, note, "second")
    found = notebook.get(db, note)
    assert (found.created_at[:10], found.updated_at[:10]) == ("2026-11-20", "2026-11-21")


def test_the_search_finds_notes_and_follows_their_edits(db):
    note = notebook.add(db, "The harpsichord came through.", run="r1", other_run="r2")
    (hit,) = search.everything(db, "harpsi")
    assert (hit.kind, hit.id, hit.title, hit.run) == ("notebook", note, "r1 against r2", "r1")
    notebook.change(db, note, "The trumpets came.")
    assert search.everything(db, "harpsi") == []
    history.undo(db)
    assert [hit.id for hit in search.everything(db, "harpsichord")] == [note]
    notebook.change(db, note, "")
    assert search.everything(db, "harpsi") == []
    history.undo(db)
    on_project = notebook.add(db, "A harpsichord, too.")
    assert [hit.title for hit in search.everything(db, "harpsichord") if hit.id == on_project] == ["the project"]
    assert db.one("INSERT INTO notebook_words(notebook_words, rank) VALUES ('integrity-check', 1)") is None


def test_the_newest_note_on_a_run_stands_in_the_list_of_runs(db):
    notebook.add(db, "first", run="r2")
    notebook.add(db, "second", run="r2")
    notebook.add(db, "of two", run="r2", other_run="r1")
    notebook.add(db, "three steps are enough", run="r3")
    noted = {row.name: row.note for row in runs.rows(db)}
    assert noted["r2"] == "second"
    assert noted["r3"] == "three steps are enough"


def test_an_old_file_brings_along_what_was_noted_on_its_runs(tmp_path):
    path = tmp_path / "old.db"
    migrating.migrate(
        path,
        tmp_path / "backups",
        [(name, migrating._function(name)) for name in NAMES if name < "m0012"],
    )
    connection = sqlite3.connect(path)
    add_runs(connection)
    connection.commit()
    connection.close()
    db = Database.open(path)
    (note,) = notebook.rows(db)
    assert (note.run, note.body) == ("r1", "Finds the sandals.\n\nLoses the thread.")
    assert note.created_at == "2026-11-20T11:00:00.000Z"
    kept = dict(db.all("SELECT name, note FROM run"))
    assert kept == {"r1": "", "r2": "", "r3": runs.SMOKE_NOTE, "r4": "what its log said"}
    assert {row.name: row.note for row in runs.rows(db)}["r1"] == "Finds the sandals.\n\nLoses the thread."
    assert [hit.run for hit in search.everything(db, "thread")] == ["r1"]
    assert db.integrity_problems() == []
    db.close()


def test_the_history_tells_what_a_note_said(tmp_path):
    from workbench.operations import edits, noting
    from workbench.operations.project import Project

    project = Project.create(tmp_path / "voice")
    note = noting.add_note(project, "Hold more out.")
    noting.change_note(project, note, "Hold two out.")
    changed, made = (edits.edit_changes(project, number) for number in edits.edit_ids(project))
    assert [(item.name, item.lines) for item in made] == [(f"notebook note {note}", ("made: Hold more out.",))]
    assert changed[0].lines == ("body: more out. → two out.",)
