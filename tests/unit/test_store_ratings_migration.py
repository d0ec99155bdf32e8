"""An old file whose samples have notes, marks and flags can be rated and tagged, and loses nothing by it."""

import pytest

from store import annotations, history, search
from store.database import Database
from tests.old_store import SAMPLED, make_old_store

ROWS = (
    *SAMPLED,
    "INSERT INTO annotation (sample_id, kind, body, created_at) VALUES (4, 'note', 'sandals', '2026-01-01')",
    "INSERT INTO annotation (sample_id, kind, label, start, end, created_at)"
    " VALUES (4, 'mark', 'voice', 0, 3, '2026-01-01')",
    "INSERT INTO annotation (sample_id, kind, created_at) VALUES (4, 'flag', '2026-01-01')",
    "INSERT INTO edit (label, at) VALUES ('flag a sample', '2026-01-01')",
    "INSERT INTO edit_row (edit_id, row_table, row_key, after_json) VALUES (1, 'annotation', 3, json_object("
    "'id', 3, 'sample_id', 4, 'kind', 'flag', 'label', NULL, 'start', NULL, 'end', NULL, 'body', '',"
    " 'created_at', '2026-01-01'))",
    # One that undo took away: its number is not given again.
    "INSERT INTO annotation (id, sample_id, kind, label, start, end, created_at)"
    " VALUES (9, 4, 'mark', 'leak', 1, 2, '2026-01-01')",
    "DELETE FROM annotation WHERE id = 9",
)


@pytest.fixture
def path(tmp_path):
    return make_old_store(tmp_path, "m0020", ROWS)


def kinds(db):
    return [(item.id, item.kind, item.label, item.body, item.value) for item in annotations.of_samples(db, [4])]


def test_what_was_said_stays_and_ratings_and_tags_come_beside_it(path):
    db = Database.open(path)
    standing = [
        (1, "note", None, "sandals", None),
        (3, "flag", None, "", None),
        (2, "mark", "voice", "", None),
    ]
    assert kinds(db) == standing
    annotations.rate(db, 4, "voice", 3)
    annotations.set_tags(db, 4, ["dry"])
    assert [item for item in kinds(db) if item not in standing] == [
        (10, "rating", "voice", "", 3),
        (11, "tag", None, "dry", None),
    ]
    assert db.integrity_problems() == []


def test_an_edit_from_before_is_undone_and_redone(path):
    db = Database.open(path)
    history.undo(db)
    assert [item[1] for item in kinds(db)] == ["note", "mark"]
    history.redo(db)
    assert (3, "flag", None, "", None) in kinds(db)


def test_notes_and_tags_are_found_by_their_words(path):
    db = Database.open(path)
    annotations.set_tags(db, 4, ["loopish"])
    for words in ("sandals", "loopish"):
        assert [hit.kind for hit in search.everything(db, words)] == ["annotation"]
    annotations.set_tags(db, 4, [])
    assert search.everything(db, "loopish") == []
