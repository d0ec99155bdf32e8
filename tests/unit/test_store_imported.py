"""What was imported, in the store: an old file takes it, and what is not known stands as null."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from store import essays, history, imported_pairs, migrating, migrations, pairs
from store.database import Database
from store.imported_pairs import ImportedPair
from store.pairs import PairFilter

SHIPPED = [(name, migrating._function(name)) for name in migrations.NAMES]
OLD_ROWS = """
INSERT INTO canary_set VALUES (1, 1, 'sha256:c', '2026-01-01');
INSERT INTO canary_prompt VALUES (1, 1, 0, 'salt', 'Salt.', 'known', 'short', '');
INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, canary_set_id, created_at)
  VALUES ('r', 'train', 'runs/r', 'local', '{}', 'embedded', 'k', 1, '2026-01-01');
INSERT INTO sample VALUES (7, 'r', 1, 'base', 0, 1, 0, 3, 'It was salt.', '[1]', 4, 1.5, NULL, '2026-01-01');
INSERT INTO annotation (sample_id, kind, created_at) VALUES (7, 'flag', '2026-01-01');
"""


def pair(prompt: str, response: str, source: str = "salt") -> ImportedPair:
    return ImportedPair(
        source=source, split="train", tier="note", prompt=prompt, response=response, start=0, end=0,
        prompt_words=1, response_words=1, origin="p.md:1",
    )  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "x.db")


def old_file(path: Path) -> None:
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL")
    migrating.migrate(path, path.parent / "backups", SHIPPED[:2])
    with sqlite3.connect(path) as old:
        old.executescript(OLD_ROWS)
    old.close()


def test_an_old_file_keeps_its_rows_its_references_and_its_indexes(tmp_path: Path) -> None:
    old_file(tmp_path / "x.db")
    db = Database.open(tmp_path / "x.db")
    assert db.all("SELECT id, run, seed, text, tokens, seconds FROM sample") == [(7, "r", 3, "It was salt.", 4, 1.5)]
    assert db.all("SELECT name, canary_set_id FROM run") == [("r", 1)]
    assert db.integrity_problems() == []
    made = {name for (name,) in db.all("SELECT name FROM sqlite_master WHERE tbl_name IN ('run', 'sample')")}
    assert {"run_by_sample_key", "sample_words_insert", "sample_words_delete", "sample_words_update"} <= made
    with db.transaction() as connection:
        connection.execute("UPDATE run SET canary_set_id = NULL")
        connection.execute("UPDATE sample SET seed = NULL, tokens = NULL, seconds = NULL, token_ids_json = NULL")
    with pytest.raises(Exception, match="FOREIGN KEY"), db.transaction() as connection:
        connection.execute("DELETE FROM run")


def test_pairs_are_known_by_their_texts_and_by_what_they_said_when_they_came(db: Database) -> None:
    first = [pair("P", "R"), pair(" P\n", "R "), pair("P", "R2")]
    assert imported_pairs.save(db, "import", first, "proposed") == [True, False, True]
    ids = list(pairs.ids(db, PairFilter()))
    pairs.change(db, "edit", [pairs.PairChange(id=ids[0], prompt="New")])
    assert imported_pairs.known(db, [pair("P", "R"), pair("New", "R"), pair("P", "R3"), pair("P", "R3")]) == [
        True,
        True,
        False,
        True,
    ]
    assert imported_pairs.save(db, "again", first, "accepted") == [False, False, False]
    assert [row.label for row in history.recent(db, 5)] == ["edit", "import"]


def test_a_group_is_made_once_and_goes_with_undo(db: Database) -> None:
    imported_pairs.save(db, "import", [pair("P", "R", "a"), pair("P", "R2", "b"), pair("P", "R3", "a")], "accepted")
    assert [(row.slug, row.accepted, row.origin) for row in essays.rows(db)] == [("a", 2, "pairs"), ("b", 1, "pairs")]
    history.undo(db)
    assert essays.rows(db) == []
    history.redo(db)
    assert len(essays.rows(db)) == 2
