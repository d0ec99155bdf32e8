"""Groups of sources share a side of the split, and an old file gets them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from store import essays, groups, history, migrating
from store.database import Database
from store.errors import NotFound
from store.essays import NewSource


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "x.db")


def save(db: Database, name: str, group: str = "", *, folder: str = "") -> int:
    new = NewSource(f"{folder}{name}.md", name, "essay", name.title(), f"Of {name}.", 9, 2, {}, [], group=group)
    return essays.save(db, new)[0]


def sides(db: Database) -> dict[str, tuple[str, str, int]]:
    return {row.slug: (row.group, row.split, row.grouped) for row in essays.rows(db)}


def test_an_essay_without_a_group_is_one_by_itself(db: Database) -> None:
    save(db, "salt")
    assert sides(db) == {"salt": ("salt", "train", 1)}


def test_an_essay_that_comes_to_a_group_held_out_is_held_out(db: Database) -> None:
    first = save(db, "house", "house")
    essays.set_split(db, [first], "holdout")
    save(db, "house-draft", "house")
    assert sides(db) == {"house": ("house", "holdout", 2), "house-draft": ("house", "holdout", 2)}


def test_a_namesake_is_no_member(db: Database) -> None:
    save(db, "index", "index", folder="a/")
    save(db, "index", "index", folder="b/")
    assert sides(db) == {"index": ("index", "train", 1), "index-2": ("index-2", "train", 1)}


def test_joining_holds_all_out_when_one_is_and_undo_takes_it_back(db: Database) -> None:
    one, two, three = save(db, "one"), save(db, "two"), save(db, "three")
    essays.set_split(db, [three], "holdout")
    groups.join(db, [one, two], "three")
    assert sides(db) == dict.fromkeys(("one", "two", "three"), ("three", "holdout", 3))
    assert groups.members(db, [one]) == [one, three, two]
    history.undo(db)
    assert sides(db) == {"one": ("one", "train", 1), "two": ("two", "train", 1), "three": ("three", "holdout", 1)}


def test_a_group_of_one_that_is_gone_changes_nothing(db: Database) -> None:
    one = save(db, "one")
    with pytest.raises(NotFound):
        groups.join(db, [one, 99], "both")
    assert sides(db) == {"one": ("one", "train", 1)}


def test_an_old_file_with_essays_and_datasets_migrates(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    migrating.migrate(path, tmp_path / "backups", [("m0001_first", migrating._function("m0001_first"))])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO text VALUES ('sha256:1', 'Of salt.')")
    connection.execute(
        "INSERT INTO source (path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at) "
        "VALUES ('salt.md', 'salt', 'essay', 'Salt', 'sha256:1', 8, 2, '2026', '2026')"
    )
    connection.execute(
        "INSERT INTO dataset (number, content_hash, train_pairs, holdout_pairs, leaks_json, created_at) "
        "VALUES (1, 'sha256:2', 3, 1, '[]', '2026')"
    )
    connection.commit()
    connection.close()
    db = Database.open(path)
    assert sides(db) == {"salt": ("salt", "train", 1)}
    assert db.all("SELECT number, report_json FROM dataset") == [(1, "{}")]
    assert db.integrity_problems() == []
