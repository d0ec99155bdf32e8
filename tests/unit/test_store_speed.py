"""The speeds the screens are built on, measured with 2,000 sources and 100,000 pairs; the best of several tries.

Processor time is measured, the kernel's included, so that other work on the machine does not fail a test.
"""

import random
import time

import pytest

from store import essays, pairs
from store.database import Database
from store.essays import NewSource
from store.pairs import NewPair, PairFilter

SOURCES, PER_SOURCE = 2000, 50


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    db = Database.open(tmp_path_factory.mktemp("speed") / "x.db")
    rng = random.Random(1)
    with db.transaction() as connection:
        connection.execute("INSERT INTO text VALUES ('sha256:x', 'body')")
        connection.executemany(
            "INSERT INTO source VALUES (?, ?, ?, 'essay', ?, 'sha256:x', 1, 1, 'train', '{}', '', '', NULL)",
            [(i, f"{i}.md", f"s-{i}", f"Title {rng.random()}") for i in range(1, SOURCES + 1)],
        )
        connection.executemany(
            "INSERT INTO paragraph VALUES (?, ?, 'prose', 0, 1, 1)",
            [(i, n) for i in range(1, SOURCES + 1) for n in range(40)],
        )
        connection.executemany(
            "INSERT INTO pair VALUES (NULL, ?, 'sha256:x', ?, 'note', ?, ?, ?, 0, 1, 0, 0, '', 80, 150, '', '')",
            [
                (
                    1 + n % SOURCES,
                    float(n // SOURCES),
                    rng.choice(["proposed", "accepted"]),
                    "p “é” " * 60,
                    "r é " * 250,
                )
                for n in range(SOURCES * PER_SOURCE)
            ],
        )
    return db


def best_ms(call, tries=7):
    times = []
    for _ in range(tries):
        began = time.process_time()
        call()
        times.append((time.process_time() - began) * 1000)
    return min(times)


def test_ids_of_100_000_pairs_take_under_100_ms_and_are_in_order(db):
    assert best_ms(lambda: pairs.ids(db, PairFilter())) < 100
    query = "SELECT title, position, p.id FROM pair p JOIN source s ON s.id = source_id"
    assert pairs.ids(db, PairFilter()).tolist() == [row[2] for row in sorted(db.all(query))]


def test_60_rows_take_under_5_ms(db):
    ids = pairs.ids(db, PairFilter())
    assert best_ms(lambda: pairs.rows(db, ids[70_000:70_060])) < 5


def test_counts_take_under_50_ms(db):
    assert best_ms(lambda: pairs.counts(db)) < 50


def test_rows_of_2_000_sources_take_under_300_ms(db):
    assert best_ms(lambda: essays.rows(db)) < 300


@pytest.mark.parametrize("where", [PairFilter(), PairFilter(flagged=True, split="train", tier="note")])
def test_lists_are_answered_from_indexes_alone(db, where):
    conditions, parameters = pairs._conditions(where)
    plan = db.all(
        "EXPLAIN QUERY PLAN SELECT p.id FROM source s CROSS JOIN pair p ON p.source_id = s.id "
        f"WHERE {conditions} {pairs._READING_ORDER}",
        parameters,
    )
    told = " ".join(row[3] for row in plan)
    assert "COVERING INDEX pair_by_source" in told
    assert "TEMP B-TREE" not in told


def test_10_000_proposals_are_saved_in_under_3_s(tmp_path):
    db = Database.open(tmp_path / "x.db")
    essays.save(db, NewSource("a.md", "a", "essay", "A", "x" * 100_000, 1, 1, {}, []))
    new = [NewPair("continuation", "p é " * 120, "r é " * 250, i * 10, i * 10 + 9, 80, 150) for i in range(10_000)]
    began = time.process_time()
    pairs.propose(db, 1, new, "propose")
    assert time.process_time() - began < 3
