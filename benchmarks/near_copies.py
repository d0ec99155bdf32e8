"""Measure the search for leaks among 100,000 pairs, how it grows, and beside it MinHash written plainly.

The pairs are of random words, as frequent as words are (Zipf): 40 in a response, and the two responses before it as the
prompt. One in a hundred training pairs is an edited copy of a held-out response (every seventh word another), one in a
hundred quotes ten words of one. The plain search is the textbook's, in Python: 126 hash functions over the three-word
runs of each response, the same bands, the same exact comparison of what shares a band, and no look at quotations. It is
given fewer pairs, and both are compared by the time a pair takes.

    python benchmarks/near_copies.py [--pairs 100000] [--plain 400]
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import zlib
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from curation.copies import NEAR  # noqa: E402
from curation.findings import LintPair  # noqa: E402
from curation.leaks import find_leaks  # noqa: E402
from curation.words import shingles, words  # noqa: E402

_RESPONSE, _SOURCE = 40, 50
_BANDS, _ROWS = 42, 3
_PRIME = (1 << 61) - 1


def made(count: int) -> tuple[list[LintPair], int, int]:
    """Return pairs, every fifth source held out, and how many edited copies and quotations are among them."""
    rng = random.Random(1)
    vocabulary = [f"w{number}" for number in range(20_000)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
    pairs: list[LintPair] = []
    held: list[str] = []
    before = ["", ""]
    edited = quoted = 0
    for number in range(count):
        source = number // _SOURCE
        split = "holdout" if source % 5 == 0 else "train"
        response = rng.choices(vocabulary, cum_weights=weights, k=_RESPONSE)
        if split == "train" and number % 100 == 7:
            response = rng.choice(held).split()
            response[6::7] = [f"new{number}x{place}" for place in range(len(response[6::7]))]
            edited += 1
        elif split == "train" and number % 100 == 57:
            response[10:20] = rng.choice(held).split()[5:15]
            quoted += 1
        text = " ".join(response)
        if split == "holdout":
            held.append(text)
        pairs.append(LintPair(str(number), f"s{source}", split, "continuation", " ".join(before), text))
        before = [before[1], text]
    return pairs, edited, quoted


def plain(pairs: list[LintPair]) -> int:
    """Return how many training responses are near a held-out one, by MinHash as the textbook has it."""
    rng = random.Random(2)
    functions = [(rng.randrange(1, _PRIME), rng.randrange(_PRIME)) for _ in range(_BANDS * _ROWS)]
    index: dict[tuple[int, ...], list[int]] = {}
    sets: list[frozenset[int]] = []
    texts = [(pair.split, pair.response) for pair in pairs]
    for number, (split, text) in enumerate(texts):
        own = frozenset(zlib.crc32(part.encode()) for part in shingles(words(text)))
        sets.append(own)
        if split != "holdout" or not own:
            continue
        digest = [min((a * value + b) % _PRIME for value in own) for a, b in functions]
        for band in range(_BANDS):
            index.setdefault((band, *digest[band * _ROWS : (band + 1) * _ROWS]), []).append(number)
    near = set()
    for number, (split, _) in enumerate(texts):
        own = sets[number]
        if split != "train" or not own:
            continue
        digest = [min((a * value + b) % _PRIME for value in own) for a, b in functions]
        for band in range(_BANDS):
            for other in index.get((band, *digest[band * _ROWS : (band + 1) * _ROWS]), ()):
                if len(own & sets[other]) >= NEAR * len(own | sets[other]):
                    near.add(number)
    return len(near)


def main() -> None:
    """Time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--plain", type=int, default=400)
    given = parser.parse_args()
    few = made(given.plain)[0]
    began = time.perf_counter()
    plain(few)
    each_plain = (time.perf_counter() - began) / len(few)
    print(f"plain MinHash, {len(few):,} pairs: {each_plain * 1000:.2f} ms a pair")
    for count in (given.pairs // 4, given.pairs // 2, given.pairs):
        pairs, edited, quoted = made(count)
        began, burnt = time.perf_counter(), time.process_time()
        found = find_leaks(pairs, []).findings
        took, burnt = time.perf_counter() - began, time.process_time() - burnt
        ids = {"three-word": set(), "runs of 8": set()}
        for finding in found:
            for words_of, subjects in ids.items():
                if finding.severity == "leak" and words_of in finding.message:
                    subjects.add(int(finding.subject))
        near = sum(number % 100 == 7 for number in ids["three-word"])
        runs = sum(number % 100 == 57 for number in ids["runs of 8"])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform == "linux" else 1 << 20)
        print(
            f"{count:>7,} pairs: {took:6.2f} s ({burnt:.2f} s of processor), {took / count * 1000:.3f} ms a pair, "
            f"1/{each_plain * count / took:.0f} of plain; found {near} of {edited} copies and {runs} of "
            f"{quoted} quotations; peak {peak:,.0f} MiB with the pairs"
        )


if __name__ == "__main__":
    main()
