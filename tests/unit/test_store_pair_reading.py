"""What the filter of Pairs is answered from: the letters of old pairs too, and an index of words in one piece."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import essays, history, pair_reading, pairs
from store.database import Database
from store.essays import NewSource
from store.migrations import m0015_letters
from store.pairs import NewPair, PairChange, PairFilter
from store.spelling import letters
from tests.unit.old_file import old_file

TEXTS = ("Été, “voilà”", "the quick brown fox", "日本 ß", "e\u0301", "", "9\0z")


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A store whose index of words is in several pieces."""
    monkeypatch.setattr(pair_reading, "_PAUSE_S", 0.0)
    db = Database.open(tmp_path / "x.db")
    essays.save(db, NewSource("a.md", "a", "essay", "A", "x" * 1000, 1, 1, {}, []))
    with db.transaction() as connection:
        connection.execute("INSERT INTO pair_words (pair_words, rank) VALUES ('automerge', 0)")
        connection.execute("INSERT INTO pair_words (pair_words, rank) VALUES ('pgsz', 64)")
    for number in range(9):
        response = " ".join(f"word{number}x{other}" for other in range(60))
        pairs.propose(db, 1, [NewPair("note", "p", response, number * 9, number * 9 + 9, 1, 60)], "propose", tiers=())
    yield db
    db.close()


def pieces(db: Database) -> int:
    return len(db.all("SELECT DISTINCT segid FROM pair_words_idx"))


def found(db: Database, words: str) -> list[int]:
    return sorted(pairs.ids(db, PairFilter(words=words)))


def test_the_pieces_of_the_index_of_words_are_put_together_and_others_write_in_between(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pieces(db) > 4
    pair_reading.put_together(db)
    assert pieces(db) > 4, "it is small"
    monkeypatch.setattr(pair_reading, "_PAGES", 1)
    monkeypatch.setattr(pair_reading, "_AT_ONCE", 4)
    other, keys = Database.open(db.path), iter(range(1, 10))
    before, written = found(db, "x5"), []

    def write(_seconds: float) -> None:
        if key := next(keys, None):
            pairs.change(other, "note", [PairChange(id=key, note=f"meanwhile{key}")])
            written.append(key)

    monkeypatch.setattr(pair_reading.time, "sleep", write)
    pair_reading.put_together(db)
    assert len(written) == 9
    assert found(db, "meanwhile") == written
    assert found(db, "x5") == before
    with db.transaction() as connection:
        connection.execute("INSERT INTO pair_words (pair_words, rank) VALUES ('integrity-check', 1)")
    other.close()


def test_an_index_that_is_nearly_in_one_piece_is_left_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_reading, "_PAGES", 1)
    pair_reading.put_together(db)
    assert pieces(db) == 1
    pairs.change(db, "note", [PairChange(id=1, note="one more")])
    assert pieces(db) == 2
    pair_reading.put_together(db)
    assert pieces(db) == 2


def test_the_letters_of_a_pair_go_with_its_text_and_come_back_when_it_is_read(db: Database) -> None:
    pair_reading.read(db, least=1)
    assert dict(db.all("SELECT id, letters FROM pair_letters"))[1] == letters("p word0x123456789")
    pairs.change(db, "edit", [PairChange(id=1, prompt="", response="É", note="")])
    assert 1 not in dict(db.all("SELECT id, letters FROM pair_letters"))
    assert found(db, "e") == [1]
    pair_reading.read(db, least=1)
    assert dict(db.all("SELECT id, letters FROM pair_letters"))[1] == letters("e")
    assert (found(db, "e"), 1 in found(db, "w")) == ([1], False)
    history.undo(db)
    assert (found(db, "e"), found(db, "w")) == ([], list(range(1, 10)))
    for _ in range(9):
        history.undo(db)
    assert db.all("SELECT * FROM pair_letters") == []


def test_pairs_of_an_old_file_get_their_letters_and_unread_ones_when_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = old_file(path, before="m0015")
    connection.executemany(
        "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, prompt_words, "
        "response_words, created_at, updated_at, note) "
        "VALUES (1, 'sha256:1', ?, 'note', 'proposed', ?, ?, 0, 5, 1, 3, '', '', ?)",
        [(number, text, TEXTS[number - 1], TEXTS[number - 2]) for number, text in enumerate(TEXTS)],
    )
    connection.execute("DELETE FROM pair_unread WHERE id > 2")
    connection.close()
    db = Database.open(path)
    rows = db.all("SELECT id, prompt || response || note FROM pair")
    assert db.all("SELECT id, letters FROM pair_letters") == [(key, letters(text)) for key, text in rows if key > 2]
    for sign in "eéqzs9v":
        assert found(db, sign) == [
            key
            for (key,) in db.all(
                "SELECT id FROM pair WHERE instr(folded(prompt || response || note), folded(?))", (sign,)
            )
        ]
    pair_reading.read(db, least=1)
    assert db.all("SELECT id, letters FROM pair_letters") == [(key, letters(text)) for key, text in rows]
    db.close()


def test_the_migration_takes_the_letters_of_each_sign_as_the_program_does() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, prompt, response, note)")
    connection.execute("CREATE TABLE pair_unread (id INTEGER PRIMARY KEY)")
    signs = [chr(number) for number in range(1, 0x10000) if not 0xD800 <= number < 0xE000]
    connection.executemany("INSERT INTO pair VALUES (?, ?, '', '')", enumerate(signs))

    class Migrated:
        conn = connection

    m0015_letters.apply(Migrated())
    found = connection.execute("SELECT letters FROM pair_letters ORDER BY id").fetchall()
    assert [bits for (bits,) in found] == [letters(sign) for sign in signs]
