"""The lists the screens are built on, with 2,000 sources and 100,000 pairs: their order, and that indexes answer them.

How long they take is measured by benchmarks/store_speed.py.
"""

import pytest

from store import pairs
from store.database import Database
from store.pairs import PairFilter
from tests.unit.store_of_100_000 import fill


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    db = Database.open(tmp_path_factory.mktemp("large") / "x.db")
    fill(db)
    yield db
    db.close()


def test_ids_of_100_000_pairs_are_in_reading_order(db):
    query = "SELECT title, position, p.id FROM pair p JOIN source s ON s.id = source_id"
    assert pairs.ids(db, PairFilter()).tolist() == [row[2] for row in sorted(db.all(query))]


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
