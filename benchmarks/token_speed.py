"""Measure how fast tokens are counted: tiktoken against the library tokenizers, and 100,000 pairs in the child process.

Both count the same texts with the same `tokenizer.json`, one text after the other in one thread, as the program does;
their counts are compared first. Times are the best of several tries, in processor time, with the ratio to the library,
so that two machines can be compared. The 100,000 pairs are counted for one model by the embedded tokenizer, waited for
by the clock.

    python benchmarks/token_speed.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from curation.tokens import load_counter  # noqa: E402
from tests.conftest import SAMPLE_ESSAYS, shared_essays  # noqa: E402
from tests.tokenizer_shapes import SHAPES, library, make  # noqa: E402
from tests.unit.store_of_100_000 import fill  # noqa: E402
from workbench.operations.counting import count_pairs, end_child  # noqa: E402
from workbench.operations.project import Project  # noqa: E402

_TRIES = 5
_VOCABULARY = 16_000


def best_s(call: Callable[[], object]) -> float:
    """Return the least processor time of a call, in seconds."""
    times = []
    for _ in range(_TRIES):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """Time both, then the child."""
    shared = shared_essays()
    folders = [SAMPLE_ESSAYS, *([shared] if shared else [])]
    files = sorted(path for folder in folders for path in folder.rglob("*.md"))
    texts = [
        part for path in files for part in path.read_text(encoding="utf-8", errors="replace").split("\n\n") if part
    ]
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts):,} paragraphs, {size / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as folder:
        paths = {"embedded": ROOT / "runners" / "embedded" / "tokenizer.json"}
        for shape in SHAPES:
            paths[shape] = make(Path(folder) / f"{shape}.json", texts, shape, size=_VOCABULARY)
        print(f"{'tokenizer':<14}{'tokens':>10}{'tiktoken MB/s':>15}{'tokenizers MB/s':>17}{'ratio':>7}")
        for name, path in paths.items():
            counter, other = load_counter(path, name=name), library(path)
            expected = [len(other.encode(text, add_special_tokens=False).ids) for text in texts]
            assert [counter.count(text) for text in texts] == expected, f"{name}: the counts differ"

            def count_here(counter=counter):
                return [counter.count(text) for text in texts]

            def count_there(other=other):
                return [len(other.encode(text, add_special_tokens=False).ids) for text in texts]

            here, there = best_s(count_here), best_s(count_there)
            print(f"{name:<14}{sum(expected):>10,}{size / here / 1e6:>15.1f}{size / there / 1e6:>17.1f}", end="")
            print(f"{there / here:>7.2f}")
        project = Project.create(Path(folder) / "project")
        fill(project.db)
        began = time.monotonic()
        made = count_pairs(project)
        took = time.monotonic() - began
        end_child(project)
        print(f"{made:,} pairs counted in the child process in {took:.1f} s, {made / took:,.0f} a second")


if __name__ == "__main__":
    main()
