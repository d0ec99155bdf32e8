"""Undo and redo: any number, across restarts, whole edits, and never over what another wrote."""

import sqlite3

import pytest

from store import essays, history, pairs
from store.database import Database
from store.errors import Conflict, NotFound
from store.essays import NewSource
from store.pairs import NewPair, PairChange


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db"


@pytest.fixture
def db(path):
    db = Database.open(path)
    essays.save(db, NewSource("a.md", "a", "essay", "A", "words " * 50, 300, 50, {}, []))
    return db


def new(number):
    return NewPair("continuation", f"p{number}", f"r{number}", number * 10, number * 10 + 9, 1, 1)


def table(db, name="pair"):
    return db.all(f"SELECT * FROM {name} ORDER BY 1")


def behind_the_back(path, sql):
    other = sqlite3.connect(path)
    other.execute(sql)
    other.commit()
    other.close()


def test_an_edit_of_several_rows_is_undone_and_redone_as_one(db):
    ids = pairs.propose(db, 1, [new(0), new(1), new(2)], "propose 3")
    before = table(db)
    pairs.change(db, "accept 3 pairs", [PairChange(id=i, status="accepted") for i in ids])
    after = table(db)
    undone = history.undo(db)
    assert (undone.label, undone.touched) == ("accept 3 pairs", tuple(("pair", i) for i in reversed(ids)))
    assert table(db) == before
    assert history.redo(db).label == "accept 3 pairs"
    assert table(db) == after


def test_undo_and_redo_go_all_the_way_across_restarts(db, path):
    states = [table(db)]
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    states.append(table(db))
    for number in range(30):
        pairs.change(db, f"note {number}", [PairChange(id=pair_id, note=str(number))])
        states.append(table(db))
    for state in reversed(states[:-1]):
        db = Database.open(path)
        assert history.undo(db)
        assert table(db) == state
    assert history.undo(db) is None
    for state in states[1:]:
        db = Database.open(path)
        assert history.redo(db)
        assert table(db) == state
    assert history.redo(db) is None


def test_inserts_and_deletes_come_back_with_the_same_ids(db):
    first = pairs.propose(db, 1, [new(0), new(1)], "propose")
    second = pairs.propose(db, 1, [new(2)], "propose again")
    after = table(db)
    history.undo(db)
    assert [row[0] for row in table(db)] == first
    history.redo(db)
    assert (table(db), [row[0] for row in table(db)]) == (after, second)


def test_the_id_of_an_undone_row_is_never_given_to_another(db):
    (first,) = pairs.propose(db, 1, [new(0)], "propose")
    history.undo(db)
    (second,) = pairs.propose(db, 1, [new(0)], "propose")
    assert second > first


def test_a_new_edit_drops_what_was_undone_but_the_history_keeps_it(db):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    pairs.change(db, "flag", [PairChange(id=pair_id, flagged=True)])
    history.undo(db)
    pairs.change(db, "note", [PairChange(id=pair_id, note="n")])
    assert history.redo(db) is None
    listed = [(row.label, row.state, row.rows) for row in history.recent(db)]
    assert listed == [("note", "done", 1), ("flag", "dropped", 1), ("propose", "done", 2)]
    assert history.undo(db).label == "note"
    assert history.undo(db).label == "propose"


def test_an_edit_that_changes_nothing_is_not_recorded_and_drops_nothing(db):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    pairs.change(db, "flag", [PairChange(id=pair_id, flagged=True)])
    history.undo(db)
    pairs.change(db, "unflag", [PairChange(id=pair_id, flagged=False)])
    assert history.redo(db).label == "flag"


def test_the_same_row_changed_twice_in_one_edit_goes_back_to_the_first(db):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    with history.edit(db, "twice") as change:
        change.update("pair", pair_id, {"note": "one"})
        change.update("pair", pair_id, {"note": "two"})
    assert history.undo(db).touched == (("pair", pair_id),)
    assert pairs.get(db, pair_id).note == ""
    history.redo(db)
    assert pairs.get(db, pair_id).note == "two"


def test_an_error_in_an_edit_leaves_no_trace_of_it(db):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    before = table(db)
    with pytest.raises(NotFound, match="no pair 999"):
        pairs.change(db, "note", [PairChange(id=pair_id, note="n"), PairChange(id=999, note="n")])
    assert table(db) == before
    assert [row.label for row in history.recent(db)] == ["propose"]
    pairs.change(db, "note", [PairChange(id=pair_id, note="n")])
    assert history.undo(db).label == "note"


def test_an_edit_inside_another_belongs_to_it(db):
    with history.edit(db, "outer"):
        pairs.propose(db, 1, [new(0)], "inner")
        essays.set_split(db, [1], "holdout")
    assert [(row.label, row.rows) for row in history.recent(db)] == [("outer", 3)]
    history.undo(db)
    assert (table(db), essays.row(db, 1).split) == ([], "train")


def test_an_inner_edit_that_fails_takes_back_only_itself(db):
    with history.edit(db, "outer"):
        with pytest.raises(NotFound):
            essays.set_split(db, [1, 99], "holdout")
        (pair_id,) = pairs.propose(db, 1, [new(0)], "inner")
        with pytest.raises(NotFound):
            pairs.change(db, "inner", [PairChange(id=pair_id, note="n"), PairChange(id=99, note="n")])
    assert pairs.get(db, pair_id).note == ""
    assert [(row.label, row.rows) for row in history.recent(db)] == [("outer", 2)]
    history.undo(db)
    assert table(db) == []


def test_undo_refuses_to_overwrite_what_another_program_changed_and_says_so(db, path):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    pairs.change(db, "note on a pair", [PairChange(id=pair_id, note="mine")])
    behind_the_back(path, "UPDATE pair SET note = 'theirs'")
    with pytest.raises(Conflict) as caught:
        history.undo(db)
    assert str(caught.value) == (
        f"Edit 2 (note on a pair) cannot be undone: pair {pair_id} has note 'theirs' where 'mine' was expected, "
        "changed outside of the history. Nothing was changed. Set that edit aside in the history, with "
        "L and x or with `workbench history set-aside 2`, and change the row by hand."
    )
    assert pairs.get(db, pair_id).note == "theirs"


def test_a_conflict_in_one_row_leaves_the_whole_edit_done(db, path):
    ids = pairs.propose(db, 1, [new(0), new(1)], "propose")
    pairs.change(db, "accept", [PairChange(id=i, status="accepted") for i in ids])
    behind_the_back(path, f"UPDATE pair SET status = 'rejected' WHERE id = {ids[0]}")
    with pytest.raises(Conflict):
        history.undo(db)
    assert [pairs.get(db, i).status for i in ids] == ["rejected", "accepted"]


def test_columns_the_edit_did_not_touch_keep_what_came_from_elsewhere(db):
    essays.set_split(db, [1], "holdout")
    essays.save(db, NewSource("a.md", "a", "essay", "New title", "other words", 11, 2, {}, []))
    history.undo(db)
    row = essays.row(db, 1)
    assert (row.split, row.title, essays.text(db, 1)) == ("train", "New title", "other words")


def test_undo_of_an_insert_refuses_when_the_row_is_gone_or_changed(db, path):
    pairs.propose(db, 1, [new(0)], "propose")
    behind_the_back(path, "UPDATE pair SET note = 'theirs'")
    with pytest.raises(Conflict, match="has note 'theirs' where '' was expected"):
        history.undo(db)
    behind_the_back(path, "DELETE FROM pair")
    with pytest.raises(Conflict, match="is gone"):
        history.undo(db)


def test_undo_of_a_delete_refuses_when_the_place_is_taken(db, path):
    pairs.propose(db, 1, [new(0)], "propose")
    pairs.propose(db, 1, [], "clear")
    behind_the_back(
        path,
        "INSERT INTO pair (id, source_id, text_hash, position, tier, status, prompt, response, start, end, "
        "prompt_words, response_words, created_at, updated_at) "
        "SELECT 1, 1, hash, 0, 'note', 'proposed', '', '', 0, 0, 0, 0, '', '' FROM text",
    )
    with pytest.raises(Conflict, match="pair 1 exists already"):
        history.undo(db)


def test_an_edit_in_conflict_can_be_set_aside_and_those_before_it_undone(db, path):
    ids = pairs.propose(db, 1, [new(0), new(1)], "propose")
    pairs.change(db, "flag", [PairChange(id=ids[0], flagged=True)])
    pairs.change(db, "note", [PairChange(id=ids[1], note="mine")])
    behind_the_back(path, f"UPDATE pair SET note = 'theirs' WHERE id = {ids[1]}")
    with pytest.raises(Conflict):
        history.undo(db)
    history.set_aside(db, history.recent(db)[0].edit)
    assert history.undo(db).label == "flag"
    assert pairs.get(db, ids[1]).note == "theirs"
    with pytest.raises(NotFound):
        history.set_aside(db, 999)


def test_an_edit_of_another_program_is_undone_like_ones_own(db, path):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    pairs.change(Database.open(path), "theirs", [PairChange(id=pair_id, note="theirs")])
    assert history.undo(db).label == "theirs"
    assert pairs.get(db, pair_id).note == ""


def test_a_table_that_is_not_editable_is_a_mistake_of_the_caller(db):
    with pytest.raises(ValueError, match="not an editable table"), history.edit(db, "x") as change:
        change.update("dataset", 1, {"note": "x"})


def test_texts_survive_edit_undo_and_redo_exactly(db):
    odd = "NUL \x00, escape \x1b[31m, [bold]markup[/bold], CRLF\r\n, quotes “”, \U0001f426, line\u2028separator"
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose")
    pairs.change(db, "edit", [PairChange(id=pair_id, prompt=odd, response=odd)])
    history.undo(db)
    history.redo(db)
    pair = pairs.get(db, pair_id)
    assert (pair.prompt, pair.response) == (odd, odd)
    pairs.propose(db, 1, [], "clear")
    history.undo(db)
    assert pairs.get(db, pair_id) == pair


def test_a_lone_surrogate_is_stored_as_the_replacement_character(db):
    (pair_id,) = pairs.propose(db, 1, [new(0)], "propose \udc80")
    pairs.change(db, "edit", [PairChange(id=pair_id, response="a\ud800b")])
    assert pairs.get(db, pair_id).response == "a\ufffdb"
    assert history.undo(db) is not None


def test_what_was_undone_and_overtaken_is_not_called_set_aside(db):
    ids = pairs.propose(db, 1, [new(0), new(1)], "propose")
    pairs.change(db, "flag", [PairChange(id=ids[0], flagged=True)])
    history.undo(db)
    pairs.change(db, "note", [PairChange(id=ids[1], note="mine")])
    note, flag, _ = (row.edit for row in history.recent(db))
    assert history.set_aside(db, note) == "set aside"
    assert [row.state for row in history.rows(db, [note, flag])] == ["set aside", "dropped"]
    assert history.recent(db)[0].state == "set aside"
    with pytest.raises(Conflict, match="set aside already"):
        history.set_aside(db, note)
    with pytest.raises(Conflict, match="undone, and dropped"):
        history.set_aside(db, flag)
