"""Measure the reads the screens are built on, with 2,000 sources and 100,000 pairs, beside a bare `SELECT` of the ids.

Prints the best of several tries in milliseconds of processor time, and the ratio of each to the bare query, so that two
machines can be compared.

    python benchmarks/store_speed.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from store import essays, pairs  # noqa: E402
from store.database import Database  # noqa: E402
from store.essays import NewSource  # noqa: E402
from store.pairs import NewPair, PairFilter  # noqa: E402
from tests.unit.store_of_100_000 import fill  # noqa: E402

_TRIES = 7


def best_ms(call: Callable[[], object], tries: int = _TRIES) -> float:
    """Return the least processor time of a call, in milliseconds."""
    times = []
    for _ in range(tries):
        began = time.process_time()
        call()
        times.append((time.process_time() - began) * 1000)
    return min(times)


def main() -> None:
    """Fill a store and time it."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "full.db")
        fill(db)
        everything = pairs.ids(db, PairFilter())
        bare = best_ms(lambda: db.all("SELECT id FROM pair"))
        print(f"a bare SELECT of 100,000 ids          {bare:8.1f} ms")
        calls: dict[str, Callable[[], object]] = {
            "ids of 100,000 pairs in reading order": lambda: pairs.ids(db, PairFilter()),
            "60 list rows": lambda: pairs.rows(db, everything[70_000:70_060]),
            "counts": lambda: pairs.counts(db),
            "rows of 2,000 sources": lambda: essays.rows(db),
        }
        for name, call in calls.items():
            took = best_ms(call)
            print(f"{name:<37} {took:8.1f} ms  {took / bare:6.2f} of bare")
        db.close()
        other = Database.open(Path(folder) / "propose.db")
        essays.save(other, NewSource("a.md", "a", "essay", "A", "x" * 100_000, 1, 1, {}, []))
        new = [NewPair("continuation", "p é " * 120, "r é " * 250, i * 10, i * 10 + 9, 80, 150) for i in range(10_000)]
        took = best_ms(lambda: pairs.propose(other, 1, new, "propose"), tries=1)
        print(f"{'saving 10,000 proposals':<37} {took:8.1f} ms")
        other.close()


if __name__ == "__main__":
    main()
