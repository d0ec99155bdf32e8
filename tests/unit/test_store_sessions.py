"""Sessions, and what was taken of them, are kept; a store from before has neither."""

import sqlite3

import pytest

from store import migrating, migrations, sessions
from store.database import Database
from store.errors import Conflict, NotFound


@pytest.fixture
def db(tmp_path):
    return Database.open(tmp_path / "x.db")


def add(db, name="s1"):
    sessions.add(
        db, name=name, dir=f"runs/{name}", place="local", model="embedded", adapter_run=None, checkpoint=None
    )  # fmt: skip


def test_the_newest_session_comes_first(db):
    add(db, "s1")
    add(db, "s2")
    assert [row.name for row in sessions.rows(db)] == ["s2", "s1"]
    assert sessions.get(db, "s1").dir == "runs/s1"
    with pytest.raises(NotFound, match="There is no session named 'x'"):
        sessions.get(db, "x")
    with pytest.raises(Conflict):
        add(db, "s1")


def test_a_text_is_taken_into_a_draft_once(db):
    add(db)
    for draft in ("a.md", "a.md", "b.md"):
        sessions.take(db, body="a text\ud800", session="s1", request=1, index=0, draft=draft)
    found = sessions.taken(db)
    assert [(row.body, row.draft) for row in found] == [("a text\ufffd", "a.md"), ("a text\ufffd", "b.md")]
    with pytest.raises(Conflict):
        sessions.take(db, body="t", session="none", request=1, index=0, draft="a.md")


def test_an_older_store_with_rows_gets_both_tables_and_keeps_what_it_has(tmp_path):
    path = tmp_path / "old.db"
    before = [name for name in migrations.NAMES if name < "m0014"]
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    migrating.migrate(path, tmp_path / "backups", [(name, migrating._function(name)) for name in before])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO text VALUES ('sha256:a', 'Salt.')")
    connection.commit()
    connection.close()
    db = Database.open(path)
    assert db.all("SELECT body FROM text") == [("Salt.",)]
    assert sessions.rows(db) == []
    assert sessions.taken(db) == []
    add(db)
