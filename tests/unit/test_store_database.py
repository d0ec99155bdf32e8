"""Opening, migrating and sharing the database file, and what a kill leaves."""

import ast
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import store
from store import essays, history, migrating, migrations, pairs, program, token_counts
from store.backup import backups
from store.database import Database
from store.errors import Conflict, DatabaseBroken, DatabaseBusy, DatabaseTooNew, StoreError
from store.essays import NewSource

ROOT = Path(store.__file__).parents[1]
SHIPPED = [(name, migrating._function(name)) for name in migrations.NAMES]


def new_source(name="a", text="Some words."):
    return NewSource(f"{name}.md", name, "essay", name.title(), text, len(text), 2, {}, [])


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_importing_every_module_of_the_store_loads_neither_sqlite_utils_nor_anything_of_curation():
    code = """
import pkgutil, importlib, sys, store
for module in pkgutil.walk_packages(store.__path__, "store."):
    importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name.split(".")[0] in ("sqlite_utils", "curation", "torch", "textual")))
"""
    job = python(code)
    assert ast.literal_eval(job.communicate()[0]) == []


def test_a_file_that_is_up_to_date_is_opened_without_sqlite_utils(tmp_path):
    Database.open(tmp_path / "x.db").close()
    code = "import sys; from pathlib import Path; from store.database import Database\n"
    code += "Database.open(Path(sys.argv[1])); print('sqlite_utils' in sys.modules)"
    assert python(code, tmp_path / "x.db").communicate()[0] == "False\n"


def test_a_connection_has_the_log_the_references_and_the_timeout_switched_on(tmp_path):
    db = Database.open(tmp_path / "x.db")
    settings = [db.one(f"PRAGMA {name}")[0] for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")]
    assert settings == ["wal", 1, 5000, 1]
    assert db.integrity_problems() == []


def test_every_table_is_strict(tmp_path):
    db = Database.open(tmp_path / "x.db")
    tables = db.all("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    # The tables that FTS5 keeps its indexes in are made by itself.
    loose = {name for name, strict in tables if not strict and "_words_" not in name}
    assert loose == {"sqlite_schema", "sqlite_sequence", "_sqlite_migrations"}


def test_a_new_file_is_not_backed_up_and_an_old_one_is_once_before_all_that_is_pending(tmp_path):
    path, folder = tmp_path / "x.db", tmp_path / "backups"
    db = Database.open(path)
    essays.save(db, new_source())
    assert backups(path, folder) == []
    steps = [
        *SHIPPED,
        ("m0098", lambda db: db.conn.execute("CREATE TABLE second (id INTEGER PRIMARY KEY)")),
        ("m0099", lambda db: db.conn.execute("CREATE TABLE third (id INTEGER PRIMARY KEY)")),
    ]
    migrating.migrate(path, folder, steps)
    made = backups(path, folder)
    assert [item.name.split("-", 4)[4] for item in made] == ["before-m0098.db"]
    tables = [
        {name for (name,) in sqlite3.connect(item).execute("SELECT name FROM sqlite_master")} & {"second", "third"}
        for item in [*made, path]
    ]
    assert tables == [set(), {"second", "third"}]
    assert sqlite3.connect(made[0]).execute("SELECT slug FROM source").fetchall() == [("a",)]


def test_what_is_pending_after_a_migration_that_failed_is_backed_up_again(tmp_path):
    path, folder = tmp_path / "x.db", tmp_path / "backups"
    db = Database.open(path)
    essays.save(db, new_source())

    def table(name):
        return (name, lambda db: db.conn.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)"))

    def fail(db):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        migrating.migrate(path, folder, [*SHIPPED, table("m0098"), ("m0099", fail)])
    essays.set_split(db, [1], "holdout")
    migrating.migrate(path, folder, [*SHIPPED, table("m0098"), table("m0099")])
    made = backups(path, folder)
    assert [item.name.split("-", 4)[4] for item in made] == ["before-m0098.db", "before-m0099.db"]
    splits = [sqlite3.connect(item).execute("SELECT split FROM source").fetchall() for item in made]
    assert splits == [[("train",)], [("holdout",)]]


def test_only_a_file_of_an_earlier_version_is_behind_and_looking_makes_and_changes_nothing(tmp_path):
    path = tmp_path / "x.db"
    assert not migrating.is_behind(path)
    assert not path.exists()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert not migrating.is_behind(path)
    migrating.migrate(path, tmp_path / "backups", SHIPPED[:-1])
    assert migrating.is_behind(path)
    Database.open(path).close()
    assert not migrating.is_behind(path)
    migrating.migrate(path, tmp_path / "backups", [*SHIPPED, ("m9999_later", lambda db: None)])
    assert not migrating.is_behind(path)
    path.write_bytes(b"no database" * 100)
    assert not migrating.is_behind(path)


def test_a_migration_that_fails_leaves_the_file_as_it_was_and_stays_pending(tmp_path):
    path = tmp_path / "x.db"
    Database.open(path).close()

    def half(db):
        db.conn.execute("CREATE TABLE half (id INTEGER PRIMARY KEY)")
        db.conn.execute("CREATE TABLE half (id INTEGER PRIMARY KEY)")

    with pytest.raises(sqlite3.OperationalError):
        migrating.migrate(path, tmp_path / "backups", [*SHIPPED, ("m0099", half)])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    assert migrating.pending(connection, path, [*migrations.NAMES, "m0099"]) == ["m0099"]
    assert Database.open(path).integrity_problems() == []


def test_a_migration_that_came_late_is_applied_behind_later_ones(tmp_path):
    path = tmp_path / "x.db"
    Database.open(path).close()
    first, second = (
        (name, lambda db, name=name: db.conn.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)"))
        for name in ("m0098", "m0099")
    )
    migrating.migrate(path, tmp_path / "backups", [*SHIPPED, second])
    migrating.migrate(path, tmp_path / "backups", [*SHIPPED, first, second])
    tables = {name for (name,) in sqlite3.connect(path).execute("SELECT name FROM sqlite_master")}
    assert {"m0098", "m0099"} <= tables


def test_a_migration_that_leaves_rows_pointing_nowhere_is_taken_back(tmp_path):
    path = tmp_path / "x.db"
    db = Database.open(path)
    essays.save(db, new_source())
    lose = ("m0099", lambda db: db.conn.execute("DELETE FROM text"))
    with pytest.raises(DatabaseBroken, match="pointing nowhere"):
        migrating.migrate(path, tmp_path / "backups", [*SHIPPED, lose])
    assert essays.text(db, 1) == "Some words."


def test_a_file_of_a_newer_program_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "x.db"
    Database.open(path).close()
    migrating.migrate(path, tmp_path / "b", [*SHIPPED, ("m0099_later", lambda db: None)])
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match="m0099_later.*Install the newer version"):
        Database.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "x.db"
    path.write_text("# An essay, not a database\n" * 100)
    before = path.read_bytes()
    with pytest.raises(DatabaseBroken, match=r"x\.db: not a database"):
        Database.open(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "x.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (id INTEGER)")
    other.close()
    with pytest.raises(DatabaseBroken, match="another program.*recipes"):
        Database.open(path)


def test_an_empty_file_becomes_a_database(tmp_path):
    (tmp_path / "x.db").touch()
    assert essays.rows(Database.open(tmp_path / "x.db")) == []


@pytest.mark.parametrize("name", ["folder", "missing/x.db"])
def test_a_path_where_no_file_can_be_is_named(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=name.split("/")[0]):
        Database.open(tmp_path / name)


def test_a_damaged_file_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "x.db"
    db = Database.open(path)
    for number in range(50):
        essays.save(db, new_source(f"s{number}", f"{number} " * 3000))
    db.one("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    data[8192:] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(DatabaseBroken, match="Copy the latest backup over it"):
        essays.rows(Database.open(path))


def test_programs_that_make_the_same_file_at_once_all_get_it(tmp_path):
    code = """
import sys; from pathlib import Path; from store.database import Database; from store import program
program.remember(Database.open(Path(sys.argv[1])), sys.argv[2], 1)
"""
    jobs = [python(code, tmp_path / "x.db", number) for number in range(5)]
    assert [job.wait() for job in jobs] == [0] * 5
    db = Database.open(tmp_path / "x.db")
    assert [program.recall(db, str(number)) for number in range(5)] == [1] * 5
    assert not (tmp_path / "backups").exists()


def test_two_programs_write_to_the_same_project_and_nothing_is_lost(tmp_path):
    path = tmp_path / "x.db"
    db = Database.open(path)
    source_id, _ = essays.save(db, new_source())
    code = """
import sys; from pathlib import Path; from store.database import Database; from store import pairs
db = Database.open(Path(sys.argv[1]))
for number in range(60):
    with __import__("store.history").history.edit(db, sys.argv[2]) as change:
        pairs._insert(change, 1, db.one("SELECT hash FROM text")[0],
                      pairs.NewPair("continuation", "p", sys.argv[2], 0, 1, 1, 1), 0.0, "proposed")
"""
    jobs = [python(code, path, name) for name in ("first", "second")]
    while any(job.poll() is None for job in jobs):
        essays.rows(db)  # reading never fails meanwhile
        time.sleep(0.01)
    assert [job.returncode for job in jobs] == [0, 0]
    assert pairs.counts(db).proposed == 120
    assert len({row.edit for row in history.recent(db, 1000)}) == 120
    assert essays.row(db, source_id).proposed == 120


def test_a_write_that_waits_too_long_says_so_and_the_next_one_works(tmp_path, monkeypatch):
    monkeypatch.setattr("store.database.BUSY_TIMEOUT_MS", 50)
    first, second = Database.open(tmp_path / "x.db"), Database.open(tmp_path / "x.db")
    with first.transaction(), pytest.raises(DatabaseBusy, match="another program has been writing"):
        program.remember(second, "key", 1)
    program.remember(second, "key", 2)
    assert program.recall(first, "key") == 2


def test_a_program_killed_in_a_loop_of_edits_loses_none_that_it_had_reported(tmp_path):
    path = tmp_path / "x.db"
    db = Database.open(path)
    essays.save(db, new_source())
    new = [pairs.NewPair("continuation", "p", f"r{number}", number, number + 1, 1, 1) for number in range(20)]
    ids = pairs.propose(db, 1, new, "propose")
    code = """
import sys, json; from pathlib import Path; from store.database import Database; from store import pairs
db, ids = Database.open(Path(sys.argv[1])), json.loads(sys.argv[2])
for number in range(1_000_000):
    pairs.change(db, f"note {number}", [pairs.PairChange(id=i, note=str(number)) for i in ids])
    print(number, flush=True)
"""
    for wait in (0.05, 0.11, 0.2):
        job = python(code, path, json.dumps(ids))
        reported = [job.stdout.readline()]
        time.sleep(wait)
        job.send_signal(signal.SIGKILL)
        reported += [line for line in job.stdout if line.endswith("\n")]
        assert job.wait() == -signal.SIGKILL
        after = Database.open(path)
        notes = {pairs.get(after, pair_id).note for pair_id in ids}
        assert len(notes) == 1, "an edit was left half-done"
        # The last edit may have been committed without the word of it getting out.
        assert int(notes.pop()) - int(reported[-1]) in (0, 1)
        assert after.integrity_problems() == []
    assert history.undo(after).label.startswith("note ")


def remember_and_fail(db, key):
    with db.transaction():
        program.remember(db, key, 1)
        raise RuntimeError


def test_an_error_inside_a_transaction_takes_all_of_it_back(tmp_path):
    db = Database.open(tmp_path / "x.db")
    with pytest.raises(RuntimeError):
        remember_and_fail(db, "key")
    assert program.recall(db, "key") is None


def test_an_error_that_leaves_only_a_nested_transaction_takes_back_only_that(tmp_path):
    db = Database.open(tmp_path / "x.db")
    with db.transaction():
        program.remember(db, "outer", 1)
        with pytest.raises(RuntimeError):
            remember_and_fail(db, "inner")
    assert (program.recall(db, "outer"), program.recall(db, "inner")) == (1, None)


def test_a_constraint_that_refuses_a_row_is_told_as_a_conflict(tmp_path):
    db = Database.open(tmp_path / "x.db")
    with pytest.raises(Conflict, match="FOREIGN KEY"), db.transaction() as connection:
        connection.execute("INSERT INTO attempt VALUES ('nobody', 1, 'local', '{}', '')")


def old_file_with_a_source(folder):
    path = folder / "x.db"
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode = WAL")
    old.close()
    migrating.migrate(path, folder / "backups", SHIPPED[:1])
    old = sqlite3.connect(path)
    old.execute("INSERT INTO text (hash, body) VALUES ('sha256:1', 'Some words.')")
    old.execute(
        "INSERT INTO source (path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at)"
        " VALUES ('a.md', 'a', 'essay', 'A', 'sha256:1', 11, 2, '2026-01-01', '2026-01-01')"
    )
    return path, old


def test_sources_of_an_old_file_are_files_of_their_own(tmp_path):
    path, old = old_file_with_a_source(tmp_path)
    old.commit()
    old.close()
    db = Database.open(path)
    assert [(row.slug, row.origin) for row in essays.rows(db)] == [("a", "file")]
    assert db.one("SELECT kind_set FROM source") == (0,)


def test_pairs_of_an_old_file_have_no_token_counts_and_can_get_them(tmp_path):
    path, old = old_file_with_a_source(tmp_path)
    old.execute(
        "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, prompt_words,"
        " response_words, created_at, updated_at)"
        " VALUES (1, 'sha256:1', 0, 'note', 'accepted', 'Some', 'words.', 5, 11, 1, 1, '2026-01-01', '2026-01-01')"
    )
    old.commit()
    old.close()
    db = Database.open(path)
    assert token_counts.uncounted_ids(db, ["x"]) == [1]
    (read,) = token_counts.uncounted(db, "x", [1])
    token_counts.put(db, fingerprint="x", model="m", exact=True, counts=[(read, 1, 2, 5)])
    assert token_counts.of_pair(db, 1)["x"].total_tokens == 5
    assert db.integrity_problems() == []


def test_sources_of_an_old_file_stay_when_imports_become_edits_and_their_numbers_are_not_given_again(tmp_path):
    path = tmp_path / "x.db"
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode = WAL")
    old.close()
    migrating.migrate(path, tmp_path / "backups", SHIPPED[:7])
    old = sqlite3.connect(path)
    old.execute("INSERT INTO text (hash, body) VALUES ('sha256:1', 'Some words.')")
    old.execute(
        "INSERT INTO source (path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at)"
        " VALUES ('a.md', 'a', 'essay', 'A', 'sha256:1', 11, 2, '2026-01-01', '2026-01-01')"
    )
    old.execute("INSERT INTO paragraph (source_id, position, kind, start, end, words) VALUES (1, 0, 'prose', 0, 11, 2)")
    old.execute("INSERT INTO edit (label, at) VALUES ('hold out an essay', '2026-01-01')")
    # An essay whose source is gone by now.
    old.execute("INSERT INTO edit_row (edit_id, row_table, row_key, after_json) VALUES (1, 'source', 7, '{}')")
    old.commit()
    old.close()
    db = Database.open(path)
    assert [(row.slug, row.paragraphs) for row in essays.rows(db)] == [("a", 1)]
    assert essays.save(db, NewSource("b.md", "b", "essay", "B", "words", 5, 1, {}, []))[0] == 8
    assert db.integrity_problems() == []


def test_the_list_of_migrations_names_modules_in_order_and_all_of_them():
    files = sorted(path.stem for path in Path(migrations.__file__).parent.glob("m*.py"))
    assert list(migrations.NAMES) == files


def test_migrations_import_none_of_our_code():
    for path in Path(migrations.__file__).parent.glob("m*.py"):
        tree = ast.parse(path.read_text())
        names = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        names += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
        assert [name for name in names if name.split(".")[0] in ("store", "curation", "runners", "workbench")] == []


def test_what_was_remembered_is_recalled_by_another_connection(tmp_path):
    db = Database.open(tmp_path / "x.db")
    program.remember(db, "pairs.cursor", {"id": 7, "words": "a\x00b\ud800"})
    program.remember(db, "pairs.cursor", {"id": 8, "words": "a\x00b\ud800"})
    assert program.recall(Database.open(tmp_path / "x.db"), "pairs.cursor") == {"id": 8, "words": "a\x00b\ufffd"}
    assert program.recall(db, "nothing") is None
