"""Undo and redo of a large edit go in steps, each saved: stopped, killed or refused in between, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import checks, essays, following, history, pairs, reversing
from store.database import Database
from store.edit_states import part
from store.errors import Conflict, DatabaseBusy
from store.essays import NewParagraph, NewSource
from store.pairs import NewPair, PairChange, PairFilter

TABLES = ("source", "paragraph", "pair", "pair_words", "source_words")
LARGE = 6


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A store with one small edit and a large one of six essays, each row of which is a step."""
    monkeypatch.setattr(reversing, "_LARGE", 1_500)
    monkeypatch.setattr(reversing, "_STEP", 1)
    monkeypatch.setattr(reversing, "_PAUSE_S", 0.0)
    db = Database.open(tmp_path / "x.db")
    essays.save(db, essay("first"))
    pairs.propose(db, 1, [NewPair("note", "p", f"r{n}", n, n + 9, 1, 1) for n in range(2)], "propose")
    with history.spanning(db, "import"):
        for number in range(LARGE):
            essays.save(db, essay(f"large-{number}"))
    yield db
    assert db.integrity_problems() == []
    for index in ("pair_words", "source_words"):
        with db.transaction() as connection:
            connection.execute(f"INSERT INTO {index}({index}) VALUES ('integrity-check')")
    db.close()


def essay(name: str) -> NewSource:
    body = f"The {name} of them."
    return NewSource(f"{name}.md", name, "essay", name, body, 1, 1, {}, [NewParagraph("prose", 0, len(body), 1)])


def state(db: Database) -> list[list[tuple[object, ...]]]:
    return [db.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES[:3]]


def states(db: Database) -> list[str]:
    return [row.state for row in history.recent(db)]


def stopped(db: Database, *, after: int = 1, back: bool = True) -> None:
    """Undo or redo so many steps, and stop."""
    said: list[int] = []
    done = (history.undo if back else history.redo)(
        db, progress=lambda done, total, label: said.append(done), cancelled=lambda: len(said) >= after
    )
    assert done is not None
    assert not done.whole
    assert said == list(range(1, after + 1))


def test_between_two_steps_another_program_writes(db: Database) -> None:
    other = Database.open(db.path)
    seen: list[int] = []

    def progress(done: int, total: int, label: str) -> None:
        assert (total, label) == (LARGE, "import")
        with other.transaction(wait=False) as connection:
            connection.execute("INSERT INTO place_in_program (key, value_json) VALUES (?, '1')", (f"x.{done}",))
        seen.append(len(essays.rows(other)))

    before = state(db)
    done = history.undo(db, progress=progress)
    assert seen == [6, 5, 4, 3, 2]
    assert done is not None
    assert (done.label, len(done.touched), done.touched[0]) == ("import", LARGE, ("source", LARGE + 1))
    assert states(db)[0] == "undone"
    history.redo(db)
    assert (state(db), states(db)[0]) == (before, "done")
    other.close()


def test_an_edit_that_is_undone_in_part_says_so_and_comes_before_any_other(db: Database) -> None:
    before = state(db)
    stopped(db, after=2)
    left = part(db)
    assert left is not None
    assert left.sentence == "Undone only in part: undo the rest with u, or redo it with U (edit 2, import)."
    assert states(db) == ["undone in part", "done"]
    assert len(essays.rows(db)) == 5
    redone = history.redo(db)
    assert redone is not None
    assert (redone.label, len(redone.touched)) == ("import", LARGE)
    assert (state(db), states(db), part(db)) == (before, ["done", "done"], None)
    stopped(db, after=3)
    history.undo(db)
    assert (states(db), part(db), len(essays.rows(db))) == (["undone", "done"], None, 1)
    stopped(db, after=4, back=False)
    assert states(db) == ["undone in part", "done"]
    history.redo(db)
    assert (state(db), states(db)) == (before, ["done", "done"])


def test_a_program_that_is_killed_between_two_steps_leaves_an_edit_that_is_undone_or_redone_on(db: Database) -> None:
    before = state(db)
    script = f"""
        import os, signal
        from pathlib import Path
        from store import history, reversing
        from store.database import Database
        reversing._LARGE, reversing._STEP, reversing._PAUSE_S = 1500, 1, 0.0
        def progress(done, total, label):
            if done == 3:
                os.kill(os.getpid(), signal.SIGKILL)
        history.undo(Database.open(Path({str(db.path)!r})), progress=progress)
    """
    for go_on in (history.redo, history.undo):
        killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
        assert killed.returncode == -9
        assert (states(db)[0], len(essays.rows(db))) == ("undone in part", 4)
        go_on(db)
        assert part(db) is None
    assert len(essays.rows(db)) == 1
    history.redo(db)
    assert state(db) == before


def test_a_program_that_is_killed_within_a_step_leaves_all_of_the_steps_before(db: Database) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from store import edit_rows, history, reversing
        from store.database import Database
        reversing._LARGE, reversing._STEP, reversing._PAUSE_S = 1500, 1, 0.0
        forget, times = edit_rows._forget, []
        def killing(*given):
            times.append(1)
            if len(times) == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            forget(*given)
        edit_rows._forget = killing
        history.undo(Database.open(Path({str(db.path)!r})))
    """
    before = state(db)
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False).returncode == -9
    assert len(essays.rows(db)) == 4
    history.redo(db)
    assert state(db) == before


def test_a_row_that_stands_against_it_takes_the_steps_before_back(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute("UPDATE source SET split = 'holdout' WHERE slug = 'large-2'")
    before = state(db)
    with pytest.raises(Conflict, match=r"^Edit 2 \(import\) cannot be undone: essay 4 has split 'holdout' where"):
        history.undo(db)
    assert (state(db), states(db), part(db)) == (before, ["done", "done"], None)
    history.set_aside(db, 2)
    assert states(db) == ["set aside", "done"]


def test_where_taking_back_is_refused_as_well_the_edit_stays_undone_in_part_and_says_so(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute("UPDATE source SET split = 'holdout' WHERE slug = 'large-2'")

    def meddle(done: int, total: int, label: str) -> None:
        if done == 3:
            essays.save(db, essay("large-5"))

    for begin in (lambda: history.undo(db, progress=meddle), lambda: history.undo(db)):
        with pytest.raises(Conflict) as refused:
            begin()
        assert str(refused.value).startswith(
            "Edit 2 (import) cannot be undone: essay 4 has split 'holdout' where 'train' was expected, changed outside "
            "of the history; and what was undone cannot be redone: essay 7 cannot come back"
        )
        assert "It is undone only in part now. Set that edit aside" in str(refused.value)
        assert states(db)[0] == "undone in part"
    with db.transaction() as connection:
        connection.execute("UPDATE source SET split = 'train' WHERE slug = 'large-2'")
    history.undo(db)
    assert [row.slug for row in essays.rows(db)] == ["first", "large-5"]


def test_an_edit_that_is_undone_in_part_can_be_set_aside_and_the_rest_of_it_stays(db: Database) -> None:
    stopped(db, after=4)
    assert history.set_aside(db, 2) == "set aside"
    assert (states(db), part(db), len(essays.rows(db))) == (["set aside", "done"], None, 3)
    history.undo(db)
    assert states(db) == ["set aside", "undone"]


def test_undo_that_goes_on_and_finds_a_row_against_it_changes_nothing(db: Database) -> None:
    stopped(db)
    with db.transaction() as connection:
        connection.execute("UPDATE source SET split = 'holdout' WHERE slug = 'large-4'")
    before = state(db)
    with pytest.raises(Conflict, match=r"cannot be undone: essay 6 has split .* It is undone only in part now"):
        history.undo(db)
    assert state(db) == before


def test_what_is_edited_between_two_steps_stands_and_what_was_undone_cannot_be_redone(db: Database) -> None:
    key = pairs.ids(db, PairFilter())[0]

    def edit(done: int, total: int, label: str) -> None:
        if done == 2:
            pairs.change(db, "accept", [PairChange(id=key, status="accepted")])

    history.undo(db, progress=edit)
    assert states(db) == ["done", "dropped", "done"]
    assert (pairs.get(db, key).status, len(essays.rows(db))) == ("accepted", 1)
    assert history.redo(db) is None
    undone = history.undo(db)
    assert undone is not None
    assert undone.label == "accept"


def test_two_programs_that_undo_the_same_edit_do_it_once(db: Database) -> None:
    other = Database.open(db.path)

    def both(done: int, total: int, label: str) -> None:
        if done == 2:
            history.undo(other)

    done = history.undo(db, progress=both)
    assert done is not None
    assert (done.label, len(done.touched), states(db)) == ("import", LARGE, ["undone", "done"])
    other.close()


def test_a_program_that_goes_the_other_way_stops_the_first(db: Database) -> None:
    other, before = Database.open(db.path), state(db)

    def against(done: int, total: int, label: str) -> None:
        if done == 3:
            history.redo(other, cancelled=lambda: True)

    with pytest.raises(Conflict, match="Edit 2 is not undone further: another program does the opposite"):
        history.undo(db, progress=against)
    history.redo(other)
    assert (state(db), states(db)[0]) == (before, "done")
    other.close()


def test_an_import_that_is_undone_in_part_goes_no_further(db: Database) -> None:
    def go_on() -> None:
        with history.spanning(db, "import more"):
            for number in range(LARGE):
                essays.save(db, essay(f"more-{number}"))
            other = Database.open(db.path)
            stopped(other)
            other.close()
            essays.save(db, essay("more-last"))

    with pytest.raises(Conflict, match="was undone or set aside while it went on"):
        go_on()
    assert "more-last" not in [row.slug for row in essays.rows(db)]


def test_files_of_essays_that_are_taken_away_in_part_stay_away(db: Database) -> None:
    stopped(db, after=2)
    assert following.taken_away(db) == {"large-5.md", "large-4.md"}
    history.redo(db)
    assert following.taken_away(db) == set()


def test_a_check_is_older_than_an_edit_that_is_undone_in_part(db: Database) -> None:
    before = checks.stamp(db)
    stopped(db)
    assert checks.stamp(db) != before
    history.redo(db)
    assert checks.stamp(db) == before


def test_another_program_that_writes_for_too_long_leaves_it_in_part_and_says_so(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, times = reversing._step, []

    def busy(*given: object, **named: object) -> object:
        times.append(1)
        if len(times) == 3:
            raise DatabaseBusy("Busy.")
        return step(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(reversing, "_step", busy)
    with pytest.raises(DatabaseBusy, match=r"for so long that edit 2 \(import\) is undone only in part now"):
        history.undo(db)
    history.undo(db)
    assert states(db)[0] == "undone"


def test_only_what_takes_longer_than_a_moment_is_large(db: Database) -> None:
    assert reversing.is_large(db, back=True)
    assert not reversing.is_large(db, back=False)
    history.undo(db)
    assert reversing.is_large(db, back=False)
    assert not reversing.is_large(db, back=True)
    stopped(db, back=False)
    assert reversing.is_large(db, back=True)


@pytest.mark.parametrize("rows", [reversing._MANY_ROWS - 1, reversing._MANY_ROWS])
def test_so_many_rows_are_large_however_little_is_in_each(tmp_path: Path, rows: int) -> None:
    db = Database.open(tmp_path / "y.db")
    with db.transaction() as connection:
        connection.execute("INSERT INTO edit (label, at) VALUES ('accept', '')")
        connection.executemany(
            "INSERT INTO edit_row (edit_id, row_table, row_key, before_json, after_json) VALUES (1, 'pair', ?, ?, ?)",
            [(number, "{}", "{}") for number in range(rows)],
        )
    assert reversing.is_large(db, back=True) == (rows == reversing._MANY_ROWS)
    db.close()


def test_the_rest_of_an_edit_is_as_much_as_all_of_it_to_whoever_asks_what_was_touched(db: Database) -> None:
    stopped(db, after=LARGE - 1)
    done = history.undo(db)
    assert done is not None
    assert done.touched == tuple(("source", key) for key in range(LARGE + 1, 1, -1))


def test_an_edit_that_another_program_sets_aside_between_two_steps_is_not_said_to_be_undone(db: Database) -> None:
    other = Database.open(db.path)

    def set_aside(done: int, total: int, label: str) -> None:
        if done == 2:
            history.set_aside(other, 2)

    with pytest.raises(Conflict, match=r"^Edit 2 \(import\) was set aside by another program while it was undone"):
        history.undo(db, progress=set_aside)
    assert (states(db), len(essays.rows(db))) == (["set aside", "done"], LARGE - 1)
    other.close()


def test_an_edit_that_another_program_redid_between_two_steps_is_not_said_to_be_undone(db: Database) -> None:
    other, before = Database.open(db.path), state(db)

    def redo(done: int, total: int, label: str) -> None:
        if done == 3:
            history.redo(other)

    with pytest.raises(Conflict, match="Edit 2 is not undone further: another program does the opposite"):
        history.undo(db, progress=redo)
    assert (state(db), states(db)) == (before, ["done", "done"])
    other.close()


def test_a_program_that_waits_in_vain_to_take_its_steps_back_says_how_the_edit_stands(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as connection:
        connection.execute("UPDATE source SET split = 'holdout' WHERE slug = 'large-2'")

    def busy(*given: object) -> None:
        raise DatabaseBusy("Busy.")

    monkeypatch.setattr(reversing, "_turn", busy)
    with pytest.raises(DatabaseBusy, match=r"for so long that edit 2 \(import\) is undone only in part now"):
        history.undo(db)


def test_undo_goes_no_further_down_than_it_is_told(db: Database) -> None:
    assert history.undo(db, down_to=3) is None
    done = history.undo(db, down_to=2)
    assert done is not None
    assert (done.edit, history.undo(db, down_to=2), states(db)) == (2, None, ["undone", "done"])
