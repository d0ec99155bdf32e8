"""Measure searching by words with 100,000 pairs of 200 words: the filter of Pairs, and the search over everything.

The words are made up: 30,000 of them, the n-th as frequent as 1/n, so that some stand in every pair and most in few.
Prints milliseconds of processor time, the median and the worst of several tries, each with other words of its sort; and
what keeping the index costs.

    python benchmarks/search_speed.py
    python benchmarks/search_speed.py --pairs 20000 --file /tmp/words.db    # filled the first time, then used again
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from store import pairs, search  # noqa: E402
from store.database import Database  # noqa: E402
from store.pairs import Order, PairFilter  # noqa: E402

_WORDS, _SENTENCES, _PER_SOURCE = 30_000, 20_000, 50


def vocabulary(rng: random.Random) -> list[str]:
    """Return made-up words, all different, two to five syllables."""
    syllables = ["".join(part) for part in itertools.product("bdfgklmnprst", "aeiou", ["", "n", "r", "st"])]
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        words["".join(rng.choice(syllables) for _ in range(rng.randint(2, 5)))] = None
    return list(words)


def fill(db: Database, words: Sequence[str], count: int, rng: random.Random, *, first: int = 1) -> None:
    """Write sources, numbered from `first`, and pairs."""
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    sentences = [" ".join(rng.choices(words, cum_weights=weights, k=20)) + "." for _ in range(_SENTENCES)]
    sources = -(-count // _PER_SOURCE)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(count):
            prompt, response = " ".join(rng.choices(sentences, k=3)), " ".join(rng.choices(sentences, k=7))
            status = "accepted" if number % 3 else "proposed"
            yield (first + number // _PER_SOURCE, float(number % _PER_SOURCE), status, prompt, response)

    with db.transaction() as connection:
        connection.execute("INSERT INTO text (hash, body) VALUES ('sha256:x', 'body')")
        connection.executemany(
            "INSERT INTO source (id, path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at) "
            "VALUES (?, ?, ?, 'essay', ?, 'sha256:x', 1, 1, '', '')",
            [(key, f"{key}.md", f"s-{key}", f"Title {rng.random()}") for key in range(first, first + sources)],
        )
        connection.executemany(
            "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, "
            "prompt_words, response_words, created_at, updated_at) "
            "VALUES (?, 'sha256:x', ?, 'note', ?, ?, ?, 0, 1, 60, 140, '', '')",
            rows(),
        )


def measure(call: Callable[[str], object], queries: Sequence[str]) -> tuple[float, float]:
    """Return the median and the worst time of a call with each query, in milliseconds."""
    times = []
    for query in queries:
        began = time.process_time()
        call(query)
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times), max(times)


def _all_ids(db: Database, order: Order, _: str) -> object:
    return pairs.ids(db, PairFilter(), order)


def main() -> None:
    """Fill a store and time it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a store to keep")
    given = parser.parse_args()
    rng = random.Random(1)
    words = vocabulary(rng)
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or Path(folder) / "words.db"
        filled = path.exists()
        db = Database.open(path)
        if not filled:
            began = time.process_time()
            fill(db, words, given.pairs, rng)
            print(f"{given.pairs:,} pairs written and indexed in {time.process_time() - began:.1f} s of processor time")
        (size,) = db.one("SELECT sum(length(block)) FROM pair_words_data") or (0,)
        print(f"the file has {path.stat().st_size / 2**20:,.0f} MiB, the index of the pairs {size / 2**20:,.0f} MiB")
        rare = [words[rng.randrange(5000, _WORDS)] for _ in range(9)]
        sorts = {
            "a rare word": rare,
            "a common word": words[:9],
            "a word half typed": [word[:4] for word in rare],
            "two letters": [word[:2] for word in rare],
            "two words that follow": [f"{words[n]} {words[n + 1]}" for n in range(9)],
            "words with a mark between": [f"{words[n]} {words[n + 1]}." for n in range(9)],
            "a part of words, no word": [word[2:7] for word in rare],
        }
        for name, queries in sorts.items():
            median, worst = measure(lambda query: pairs.ids(db, PairFilter(words=query)), queries)
            print(f"filter of Pairs: {name:<38} {median:8.1f} ms, worst {worst:8.1f} ms")
        for name in ("a rare word", "a common word", "a word half typed"):
            median, worst = measure(lambda query: search.everything(db, query), sorts[name])
            print(f"everything:      {name:<38} {median:8.1f} ms, worst {worst:8.1f} ms")
        orders: tuple[Order, ...] = ("reading", "queue")
        for order in orders:
            median, worst = measure(partial(_all_ids, db, order), ["", "", ""])
            print(f"all ids in {order} order{' ' * (38 - len(order))} {median:8.1f} ms, worst {worst:8.1f} ms")
        began = time.process_time()
        db.all("SELECT id, prompt FROM pair")
        print(f"a bare read of all prompts {(time.process_time() - began) * 1000:.1f} ms")
        db.close()


if __name__ == "__main__":
    main()
