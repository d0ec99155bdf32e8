"""Counts of tokens belong to the text they were made from, whoever changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import essays, history, pairs, token_counts
from store.database import Database
from store.essays import NewSource
from store.pairs import NewPair, PairChange, PairFilter
from store.token_counts import PairTokens


@pytest.fixture
def db(tmp_path: Path) -> Database:
    made = Database.open(tmp_path / "x.db")
    essays.save(made, NewSource("a.md", "a", "essay", "A", "x" * 100, 1, 1, {}, []))
    new = [NewPair("continuation", f"prompt {n}", f"response {n}", n * 10, n * 10 + 9, 2, 2) for n in range(4)]
    pairs.propose(made, 1, new, "propose")
    return made


def count(db: Database, fingerprint: str, model: str = "m", totals: tuple[int, ...] = (10, 20, 30, 40)) -> list[int]:
    ids = list(pairs.ids(db, PairFilter()))
    read = token_counts.uncounted(db, fingerprint, ids)
    counts = [(text, 1, 2, total) for text, total in zip(read, totals, strict=False)]
    token_counts.put(db, fingerprint=fingerprint, model=model, exact=True, counts=counts)
    return ids


def test_counts_are_kept_for_each_model_and_found_by_its_fingerprint(db: Database) -> None:
    ids = count(db, "f1")
    assert token_counts.of_pair(db, ids[1]) == {"f1": PairTokens(1, 2, 20, True)}
    assert token_counts.uncounted_ids(db, ["f1"]) == []
    assert token_counts.uncounted_ids(db, ["f1", "f2"]) == ids
    count(db, "f2", "other")
    assert token_counts.uncounted_ids(db, ["f1", "f2"]) == []


def test_pairs_over_the_limit_of_any_model_are_found(db: Database) -> None:
    ids = count(db, "f1")
    count(db, "f2", "other", totals=(99, 1, 1, 1))
    both = (("f1", 35), ("f2", 50))
    assert list(pairs.ids(db, PairFilter(over=both))) == [ids[0], ids[3]]
    assert list(pairs.ids(db, PairFilter(over=both, statuses=("accepted",)))) == []
    assert token_counts.over_count(db, both) == 2
    assert token_counts.over_count(db, [("unknown", 0)]) == 0


def test_a_changed_text_loses_its_counts_and_a_decision_does_not(db: Database) -> None:
    ids = count(db, "f1")
    pairs.change(db, "accept", [PairChange(id=ids[0], status="accepted")])
    assert token_counts.uncounted_ids(db, ["f1"]) == []
    pairs.change(db, "edit", [PairChange(id=ids[0], response="other words", response_words=2)])
    assert token_counts.uncounted_ids(db, ["f1"]) == [ids[0]]
    count(db, "f1", totals=(11,))
    history.undo(db)
    assert token_counts.of_pair(db, ids[0]) == {}


def test_a_pair_that_was_proposed_anew_is_counted_anew(db: Database) -> None:
    count(db, "f1")
    pairs.propose(db, 1, [NewPair("continuation", "p", "r", 0, 9, 1, 1)], "again")
    (new,) = pairs.ids(db, PairFilter())
    assert token_counts.uncounted_ids(db, ["f1"]) == [new]
    history.undo(db)
    assert len(token_counts.uncounted_ids(db, ["f1"])) == 4
    assert db.integrity_problems() == []


def test_a_count_of_a_text_that_changed_meanwhile_is_dropped(db: Database) -> None:
    first = pairs.ids(db, PairFilter())[0]
    (read,) = token_counts.uncounted(db, "f1", [first])
    pairs.change(db, "edit", [PairChange(id=first, prompt="quite another", prompt_words=2)])
    token_counts.put(db, fingerprint="f1", model="m", exact=True, counts=[(read, 1, 2, 3)])
    assert token_counts.of_pair(db, first) == {}


def test_counts_of_an_older_tokenizer_of_the_same_model_are_forgotten(db: Database) -> None:
    ids = count(db, "old")
    count(db, "new", totals=(5, 5, 5, 5))
    assert token_counts.of_pair(db, ids[0]) == {"new": PairTokens(1, 2, 5, True)}


def test_the_longest_pair_a_run_could_take_is_an_accepted_one_within_the_limit(db: Database) -> None:
    ids = count(db, "f1")
    assert token_counts.longest_accepted(db, "f1", 100) is None
    pairs.change(db, "accept", [PairChange(id=item, status="accepted") for item in ids])
    assert token_counts.longest_accepted(db, "f1", 35) == 30
