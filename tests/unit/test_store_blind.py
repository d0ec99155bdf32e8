"""Rounds of a blind test: frozen with a hash, answered by edits, closed when the result was seen."""

import pytest

from store import blind, history
from store.blind import NewText
from store.database import Database
from store.errors import Conflict, NotFound
from tests.journeys.blind_builder import RUN, make_blind_project
from tests.old_store import SAMPLED, make_old_store


@pytest.fixture
def db(tmp_path):
    return make_blind_project(tmp_path / "voice").db


def frozen(db, count=3, **other):
    pair_hash = db.one("SELECT pair_hash FROM dataset_pair WHERE split = 'holdout'")[0]
    samples = [row[0] for row in db.all("SELECT id FROM sample ORDER BY id LIMIT ?", (count - 1,))]
    texts = [NewText(text="Mine.", words=1, known=False, dataset_id=1, pair_hash=pair_hash)]
    texts += [NewText(text=f"Text {key}.", words=2, known=True, sample_id=key) for key in samples]
    return blind.add_round(db, RUN, seed=7, length=60, same_prompt=True, left_out={"short": 2}, texts=texts, **other)


def test_a_round_keeps_its_texts_in_their_order_and_is_no_edit(db):
    before = len(history.recent(db))
    made = frozen(db)
    assert (made.run, made.number, made.seed, made.same_prompt, made.left_out) == (RUN, 1, 7, True, {"short": 2})
    found = blind.texts(db, made.id)
    assert [(item.position, item.text, item.real, item.known, item.answer, item.note) for item in found] == [
        (0, "Mine.", True, False, None, ""),
        (1, "Text 1.", False, True, None, ""),
        (2, "Text 2.", False, True, None, ""),
    ]
    assert len(history.recent(db)) == before
    assert blind.rounds(db) == blind.rounds(db, RUN) == [made]
    assert blind.rounds(db, "another") == []


def test_a_text_or_its_source_that_was_changed_by_another_program_is_noticed(db):
    made = frozen(db)
    assert blind.is_intact(db, made.id)
    for change in ("text = 'Other.'", "sample_id = 3", "position = position + 7"):
        with db.transaction() as connection:
            connection.execute("SAVEPOINT before")
            connection.execute(f"UPDATE blind_text SET {change} WHERE id = 3 OR ?1 LIKE 'position%'", (change,))
            intact = blind.is_intact(db, made.id)
            connection.execute("ROLLBACK TO before")
        assert intact is change.startswith("position"), "the order alone counts, not its numbers"


def test_answers_are_edits_that_undo_takes_back_one_by_one(db):
    first, second, _ = blind.texts(db, frozen(db).id)

    def said():
        return [(item.answer, item.sure, item.note) for item in blind.texts(db, 1)][:2]

    blind.set_answer(db, first.id, sure=2)
    blind.set_answer(db, first.id, answer="mine")
    blind.set_answer(db, second.id, note="too smooth")
    blind.set_answer(db, first.id, answer="not mine")
    assert said() == [("not mine", 2, ""), (None, None, "too smooth")]
    assert {row.label for row in history.recent(db, 4)} == {"an answer in round 1 of embedded-lr0.001-3f9c"}
    history.undo(db)
    assert said() == [("mine", 2, ""), (None, None, "too smooth")]
    history.undo(db)
    history.undo(db)
    assert said() == [(None, 2, ""), (None, None, "")]
    history.redo(db)
    assert said()[0] == ("mine", 2, "")


def test_an_empty_note_on_a_text_without_an_answer_is_no_edit(db):
    first, *_ = blind.texts(db, frozen(db).id)
    before = history.recent(db)
    blind.set_answer(db, first.id, note="")
    assert history.recent(db) == before


def test_what_is_left_is_skipped_as_one_edit(db):
    made = frozen(db)
    blind.set_answer(db, blind.texts(db, made.id)[1].id, answer="mine")
    assert blind.skip_rest(db, made.id) == 2
    assert [item.answer for item in blind.texts(db, made.id)] == ["skipped", "mine", "skipped"]
    history.undo(db)
    assert [item.answer for item in blind.texts(db, made.id)] == [None, "mine", None]


def test_the_result_waits_for_the_last_answer_and_then_nothing_is_answered_any_more(db):
    made = frozen(db)
    with pytest.raises(Conflict, match="3 to answer"):
        blind.reveal(db, made.id)
    blind.skip_rest(db, made.id)
    seen = blind.reveal(db, made.id)
    assert seen.revealed_at
    assert blind.reveal(db, made.id) == seen
    with pytest.raises(Conflict, match="result of round 1 of .* was seen"):
        blind.set_answer(db, blind.texts(db, made.id)[0].id, answer="mine")


def test_a_second_round_begins_when_the_first_has_its_result_and_the_first_stays(db):
    first = frozen(db)
    with pytest.raises(Conflict, match="Round 1 of .* has no result yet"):
        frozen(db)
    blind.skip_rest(db, first.id)
    seen = blind.reveal(db, first.id)
    second = frozen(db)
    assert second.number == 2
    assert blind.rounds(db, RUN) == [seen, second]
    assert second.content_hash == first.content_hash


def test_what_any_round_has_shown_is_known(db):
    frozen(db)
    pairs, samples = blind.shown(db)
    assert len(pairs) == 1
    assert samples == {1, 2}


def test_a_text_that_is_not_there_is_named(db):
    with pytest.raises(NotFound, match="no text 99"):
        blind.set_answer(db, 99, answer="mine")


def test_a_text_is_of_one_source(db):
    for wrong in ({}, {"sample_id": 1, "pair_hash": "sha256:x", "dataset_id": 1}, {"pair_hash": "sha256:x"}):
        text = NewText(text="t", words=1, known=False, **wrong)
        with pytest.raises(Conflict):
            blind.add_round(db, RUN, seed=1, length=1, same_prompt=False, left_out={}, texts=[text])
    assert blind.rounds(db) == []


def test_an_old_file_with_runs_and_samples_can_be_tested_blind(tmp_path):
    noted = "INSERT INTO annotation (sample_id, kind, body, created_at) VALUES (4, 'note', 'dry', '2026-01-01')"
    db = Database.open(make_old_store(tmp_path, "m0011", [*SAMPLED, noted]))
    text = NewText(text="Words.", words=1, known=True, sample_id=4)
    made = blind.add_round(db, "r", seed=1, length=30, same_prompt=False, left_out={}, texts=[text])
    blind.set_answer(db, blind.texts(db, made.id)[0].id, answer="not mine", sure=3)
    assert blind.reveal(db, made.id).seen_answers == ("not mine",)
    assert db.one("SELECT body FROM annotation") == ("dry",)
    assert db.integrity_problems() == []


def test_a_round_that_was_seen_before_answers_were_kept_says_that_they_are_not_known(tmp_path):
    seen = (
        "INSERT INTO blind_round (id, run, number, seed, length, same_prompt, left_out_json, content_hash, created_at,"
        " revealed_at) VALUES (1, 'r', 1, 7, 60, 1, '{}', 'sha256:x', '2026-01-01', '2026-01-02')"
    )
    db = Database.open(make_old_store(tmp_path, "m0021", [*SAMPLED, seen]))
    (found,) = blind.rounds(db)
    assert (found.revealed_at, found.seen_answers) == ("2026-01-02", None)
    assert blind.reveal(db, 1) == found
    assert db.integrity_problems() == []
