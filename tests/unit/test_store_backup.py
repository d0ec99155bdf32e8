"""Backups: whole while the program writes, pruned, and never half."""

import sqlite3

import pytest

from store import program
from store.backup import backup, backups
from store.database import Database
from store.errors import NotFound, StoreError


def test_a_backup_holds_what_is_only_in_the_log_and_is_one_file(tmp_path):
    db = Database.open(tmp_path / "workbench.db")
    program.remember(db, "key", "value")
    path = backup(tmp_path / "workbench.db", tmp_path / "backups")
    assert path.name.endswith("-by-hand.db")
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert program.recall(Database.open(path), "key") == "value"


def test_a_backup_waits_for_no_writer_and_holds_only_what_was_committed(tmp_path):
    db = Database.open(tmp_path / "x.db")
    with db.transaction():
        program.remember(db, "key", "half")
        path = backup(tmp_path / "x.db", tmp_path / "b")
    assert sqlite3.connect(path).execute("SELECT count(*) FROM place_in_program").fetchone() == (0,)


def test_the_last_five_are_kept_and_files_of_others_are_left_alone(tmp_path):
    path, folder = tmp_path / "x.db", tmp_path / "b"
    Database.open(path).close()
    folder.mkdir()
    strangers = {"x-mine.db", "y-20200101-000000-000000-by-hand.db", "notes.txt"}
    for name in strangers:
        (folder / name).touch()
    made = [backup(path, folder, reason=f"Before m000{number}!") for number in range(7)]
    assert backups(path, folder) == made[2:]
    assert {item.name for item in folder.iterdir()} - {item.name for item in made} == strangers
    assert made[6].name.endswith("-before-m0006.db")


def test_a_missing_database_is_not_made_by_backing_it_up(tmp_path):
    with pytest.raises(NotFound, match="no database to back up"):
        backup(tmp_path / "x.db", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_leaves_no_half_backup(tmp_path):
    (tmp_path / "x.db").write_text("words, words, words" * 500)
    with pytest.raises(StoreError, match="could not be backed up"):
        backup(tmp_path / "x.db", tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    Database.open(tmp_path / "x.db").close()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"could not be backed up.*file"):
        backup(tmp_path / "x.db", tmp_path / "file")
