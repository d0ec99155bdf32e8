"""Verdicts, notes, flags and marks: one of each where there can be one, and all of it undone."""

import pytest

from store import annotations, canaries, history, runs
from store.database import Database
from store.errors import Conflict, NotFound


@pytest.fixture
def db(tmp_path):
    db = Database.open(tmp_path / "x.db")
    canaries.add(db, slug="a", prompt="p", topic="known", length="short")
    set_id = canaries.freeze(db, "sha256:x").id
    runs.add(
        db,
        name="r",
        task="sample",
        parent=None,
        dir="runs/r",
        place="local",
        spec_json="{}",
        model="m",
        sample_key="k",
        dataset_id=None,
        canary_set_id=set_id,
        adapter_run=None,
    )
    line = {"step": 0, "prompt": "a", "seed": 1, "text": "t", "token_ids": [], "tokens": 0, "seconds": 1, "at": ""}
    lines = [{**line, "of": of, "index": index, "attempt": 1} for of in ("base", "adapter") for index in (0, 1)]
    runs.fold_samples(db, "r", lines, 1)
    return db


def kinds(db, *ids):
    return [(item.sample_id, item.kind, item.label, item.body) for item in annotations.of_samples(db, ids)]


def test_judging_again_replaces_the_verdict_and_undo_brings_the_old_one_back(db):
    annotations.set_verdict(db, 1, 3, "left", True)
    annotations.set_verdict(db, 1, 3, "both bad", False, replace_masked=True)
    (found,) = annotations.verdicts(db, [(1, 3), (2, 4), (3, 1)]).values()
    assert (found.left_sample_id, found.right_sample_id, found.verdict, found.masked) == (1, 3, "both bad", False)
    history.undo(db)
    found = annotations.verdicts(db, [(1, 3)])[1, 3]
    assert (found.verdict, found.masked) == ("left", True)
    history.undo(db)
    assert annotations.verdicts(db, [(1, 3)]) == {}


def test_a_masked_verdict_is_not_replaced_by_an_unmasked_one_unless_that_was_meant(db):
    annotations.set_verdict(db, 1, 3, "left", True)
    with pytest.raises(Conflict, match=r"A masked verdict stands on a, sample 1, .* --replace-masked"):
        annotations.set_verdict(db, 1, 3, "right", False)
    annotations.set_verdict(db, 1, 3, "left", False)
    found = annotations.verdicts(db, [(1, 3)])[1, 3]
    assert (found.verdict, found.masked) == ("left", True)
    annotations.set_verdict(db, 1, 3, "right", True)
    annotations.set_verdict(db, 1, 3, "tie", False, replace_masked=True)
    annotations.set_verdict(db, 1, 3, "right", False)
    found = annotations.verdicts(db, [(1, 3)])[1, 3]
    assert (found.verdict, found.masked) == ("right", False)
    assert len(history.recent(db)) == 5, "what changed nothing is no edit"


def test_the_history_of_verdicts_does_not_tell_which_side_was_chosen(db):
    for verdict in ("left", "right", "tie", "both bad"):
        annotations.set_verdict(db, 1, 3, verdict, True)
    assert {row.label for row in history.recent(db)} == {"a verdict on a, sample 1 of r", "add the canary prompt a"}


@pytest.mark.parametrize(
    ("sample", "whose", "which"),
    [
        (2, False, "a, sample 2"),
        (4, False, "a, sample 2"),
        (2, True, "a, sample 2 of the base"),
        (4, True, "a, sample 2 of r"),
    ],
)
def test_the_history_names_the_sample_and_only_where_it_may_who_wrote_it(db, sample, whose, which):
    annotations.set_note(db, sample, "dry", whose=whose)
    annotations.toggle_flag(db, sample, whose=whose)
    annotations.rate(db, sample, "voice", 3, whose=whose)
    annotations.set_tags(db, sample, ["loop"], whose=whose)
    mark = annotations.add_mark(db, sample, "voice", 0, 1, whose=whose)
    annotations.remove(db, mark, whose=whose)
    assert [row.label for row in history.recent(db, 6)] == [
        f"remove a mark from {which}",
        f"mark voice in {which}",
        f"tag {which}",
        f"rate {which} for voice",
        f"flag {which}",
        f"note on {which}",
    ]


def test_a_sample_has_one_note_and_an_empty_text_removes_it(db):
    annotations.set_note(db, 1, "first")
    annotations.set_note(db, 1, "second")
    assert kinds(db, 1, 2) == [(1, "note", None, "second")]
    annotations.set_note(db, 1, "")
    annotations.set_note(db, 1, "")
    assert kinds(db, 1) == []
    history.undo(db)
    assert kinds(db, 1) == [(1, "note", None, "second")]


def test_a_flag_goes_on_and_off(db):
    assert annotations.toggle_flag(db, 1)
    assert kinds(db, 1) == [(1, "flag", None, "")]
    assert not annotations.toggle_flag(db, 1)
    assert kinds(db, 1) == []
    history.undo(db)
    assert kinds(db, 1) == [(1, "flag", None, "")]


def test_marks_come_in_the_order_of_the_text_and_can_be_removed(db):
    later = annotations.add_mark(db, 1, "voice", 5, 9)
    sooner = annotations.add_mark(db, 1, "cliche", 0, 3, "again")
    assert [(item.id, item.start, item.end) for item in annotations.of_samples(db, [1])] == [
        (sooner, 0, 3),
        (later, 5, 9),
    ]
    annotations.remove(db, later)
    assert kinds(db, 1) == [(1, "mark", "cliche", "again")]
    with pytest.raises(NotFound, match="no annotation"):
        annotations.remove(db, later)
    history.undo(db)
    assert [item.id for item in annotations.of_samples(db, [1])] == [sooner, later]


def test_what_is_said_of_a_sample_that_is_not_there_is_refused(db):
    for say in (
        lambda: annotations.set_note(db, 99, "x"),
        lambda: annotations.toggle_flag(db, 99),
        lambda: annotations.add_mark(db, 99, "voice", 0, 1),
        lambda: annotations.set_verdict(db, 1, 99, "tie", False),
    ):
        with pytest.raises(Conflict, match="FOREIGN KEY"):
            say()
    assert [row.label for row in history.recent(db)] == ["add the canary prompt a"]


def test_a_sample_is_rated_once_by_each_criterion(db):
    annotations.rate(db, 1, "voice", 4)
    annotations.rate(db, 1, "sense", 2)
    annotations.rate(db, 1, "voice", 5)
    annotations.rate(db, 1, "sense", None)
    annotations.rate(db, 1, "freshness", None)
    assert [(item.kind, item.label, item.value) for item in annotations.of_samples(db, [1])] == [("rating", "voice", 5)]
    assert {row.label for row in history.recent(db)} == {
        "rate a, sample 1 for voice",
        "rate a, sample 1 for sense",
        "add the canary prompt a",
    }
    history.undo(db)
    history.undo(db)
    assert [(item.label, item.value) for item in annotations.of_samples(db, [1])] == [("voice", 4), ("sense", 2)]
    for value in (0, 6):
        with pytest.raises(Conflict, match="CHECK"):
            annotations.rate(db, 2, "voice", value)


def test_a_sample_has_the_tags_it_was_given_last(db):
    annotations.set_tags(db, 1, ["dry", "loop", "dry"])
    annotations.set_tags(db, 2, ["loop"])
    assert annotations.tags(db) == [("loop", 2), ("dry", 1)]
    assert annotations.tagged(db, "loop") == [1, 2]
    annotations.set_tags(db, 1, ["late", "loop"])
    assert [item.body for item in annotations.of_samples(db, [1])] == ["loop", "late"]
    before = history.recent(db)
    annotations.set_tags(db, 1, ["loop", "late"])
    assert history.recent(db) == before
    history.undo(db)
    assert sorted(item.body for item in annotations.of_samples(db, [1])) == ["dry", "loop"]
