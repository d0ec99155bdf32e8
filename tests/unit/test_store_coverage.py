"""How much of a source is used: each of its words once, however many pairs have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import coverage, essays, pairs
from store.coverage import Used
from store.database import Database
from store.essays import NewParagraph, NewSource
from store.pairs import NewPair, PairChange

# Three paragraphs of ten words, a heading before the first.
_BLOCKS = [
    NewParagraph("heading", 0, 8, 2),
    NewParagraph("prose", 10, 110, 10),
    NewParagraph("quote", 112, 212, 10),
    NewParagraph("prose", 214, 314, 10),
]


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "x.db")


def source(db: Database, text: str = "words " * 60) -> int:
    new = NewSource("essays/a.md", "a", "essay", "A", text, len(text), 32, {}, _BLOCKS)
    return essays.save(db, new)[0]


def accepted(db: Database, source_id: int, *spans: tuple[int, int]) -> list[int]:
    """Accept pairs whose responses stand there."""
    new = [NewPair("continuation", "p", f"r {start} {end}", start, end, 1, 10) for start, end in spans]
    ids = pairs.propose(db, source_id, new, "propose")
    pairs.change(db, "accept", [PairChange(id=pair_id, status="accepted") for pair_id in ids])
    return ids


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([(10, 110)], 10),
        ([(10, 110), (10, 110), (10, 212)], 20),
        ([(0, 314), (112, 212), (10, 60)], 30),
        ([(60, 110), (10, 60)], 10),
        ([(10, 60), (85, 110)], 8),
        ([(60, 162)], 10),
        ([(20, 30), (10, 314), (250, 260)], 30),
    ],
)
def test_a_word_counts_once_however_many_pairs_have_it(db: Database, spans: list[tuple[int, int]], words: int) -> None:
    source_id = source(db)
    for span in spans:
        accepted(db, source_id, span)
    assert coverage.used(db) == {source_id: Used(words, 30)}


def test_only_accepted_pairs_use_a_source_and_those_without_a_place_say_nothing(db: Database) -> None:
    source_id = source(db)
    first, second = accepted(db, source_id, (10, 110), (112, 212))
    pairs.change(db, "reject", [PairChange(id=first, status="rejected")])
    assert coverage.used(db) == {source_id: Used(10, 30)}
    with db.transaction() as connection:
        connection.execute('UPDATE pair SET start = 0, "end" = 0 WHERE id = ?', (second,))
    assert coverage.used(db) == {}


def test_a_pair_of_an_older_text_counts_where_it_would_stand_now(db: Database) -> None:
    source_id = source(db)
    (pair_id,) = accepted(db, source_id, (10, 110))
    source(db, "other words " * 40)
    assert coverage.used(db) == {}
    with db.transaction() as connection:
        connection.execute("UPDATE pair SET changed = 1, position = 112.0 WHERE id = ?", (pair_id,))
    assert coverage.used(db) == {source_id: Used(10, 30)}
