"""An old file keeps its runs, their order and all that hangs on them, and takes score runs."""

import sqlite3

import pytest

from store import runs
from store.database import Database
from tests.old_store import SAMPLED, make_old_store

ROWS = (
    *SAMPLED,
    "INSERT INTO run (name, task, parent, dir, place, spec_json, model, sample_key, canary_set_id, created_at)"
    " VALUES ('b', 'sample', 'r', 'runs/b', 'local', '{}', 'm', 'k', 1, '2026-01-01')",
    "INSERT INTO event (run, attempt, seq, at, type, data_json) VALUES ('r', 1, 1, '2026-01-01', 'started', '{}')",
    "INSERT INTO notebook (run, body, created_at, updated_at) VALUES ('r', 'Lower.', '2026-01-01', '2026-01-01')",
)


@pytest.fixture
def path(tmp_path):
    return make_old_store(tmp_path, "m0022", ROWS)


def test_runs_and_all_that_hangs_on_them_stay(path):
    db = Database.open(path)
    # Both were made at the same time: their order is that of their rows.
    assert [(row.name, row.parent, row.note, row.samples) for row in runs.rows(db)] == [
        ("r", None, "Lower.", 1),
        ("b", "r", "", 0),
    ]
    assert db.integrity_problems() == []
    assert db.one("SELECT count(*) FROM event WHERE run = 'r'") == (1,)


def test_a_score_can_be_recorded_and_no_other_task(path):
    db = Database.open(path)
    insert = (
        "INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, created_at)"
        " VALUES (?, ?, 'runs/s', 'local', '{}', 'm', 'k', '2026-01-02')"
    )
    with db.transaction() as connection:
        connection.execute(insert, ("s", "score"))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(insert, ("t", "dream"))
    assert [row.name for row in runs.rows(db)] == ["r", "b", "s"]


def test_the_index_of_sample_keys_is_there_again(path):
    db = Database.open(path)
    assert db.one("SELECT tbl_name FROM sqlite_master WHERE name = 'run_by_sample_key'") == ("run",)
