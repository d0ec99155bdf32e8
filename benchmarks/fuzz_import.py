"""Mutate files by the thousand and check that none crashes the import, loses text, or takes out of all proportion.

    python benchmarks/fuzz_import.py [--files 10000] [--seed 1] [FOLDER...]

FOLDER: essays to mutate besides the sample essays. Time is checked on the slowest files of a byte: each is read again
eight times as long, and must not take more than sixteen times the time of the processor.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import fuzzing  # noqa: E402
from tests import substack_export as export  # noqa: E402

SLOWEST = 60
LONGER = 8
MOST = 16.0
# Shorter times say nothing.
LEAST_S = 0.004


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folders = [ROOT / "workbench" / "demo" / "essays", *options.folders]
    essays = [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.md"))]
    posts = [export.SALT_HTML.encode() * 3, *(_page(essay) for essay in essays[:6])]
    slowest: list[tuple[float, int, str, bytes]] = []
    spent = 0.0

    def timed(kind: str, data: bytes, check: Callable[[], bool]) -> bool:
        nonlocal spent
        began = time.process_time()
        try:
            read = check()
        except BaseException:
            Path("fuzz-failed.bin").write_bytes(data)
            print(f"failed on a {kind} file of {len(data)} bytes, kept as fuzz-failed.bin", file=sys.stderr)
            raise
        took = time.process_time() - began
        spent += took
        if kind != "zip" and took > LEAST_S:
            heapq.heappush(slowest, (took / len(data), id(data), kind, data))
            if len(slowest) > SLOWEST:
                heapq.heappop(slowest)
        return read

    with tempfile.TemporaryDirectory() as folder:
        rows = [export.row(f"{n}.post-{n}") for n in range(101, 106)]
        texts = {row["post_id"]: export.SALT_HTML for row in rows}
        path = export.write_zip(Path(folder) / "export.zip", export.files(export.posts_csv(*rows), texts))
        counts = fuzzing.run(
            options.files, seed=options.seed, essays=essays, posts=posts, export=path, folder=Path(folder), each=timed
        )
    print(f"{options.files} mutated files of {len(essays)} essays and {len(posts)} posts, seed {options.seed}")
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    print(f"no crash, no lost text; {spent:.0f} s, slowest {max(slowest)[0] * 1e6:.1f} us a byte")
    ratios = sorted((_ratio(kind, data) for _, _, kind, data in slowest), reverse=True)
    shown = ", ".join(f"{ratio:.1f}" for ratio in ratios[:5])
    print(f"the {len(ratios)} slowest, {LONGER} times as long, take at most {shown} times as long")
    if ratios and ratios[0] > MOST:
        sys.exit(f"one took {ratios[0]:.1f} times as long; more than {MOST:g} is out of proportion")


def _ratio(kind: str, data: bytes) -> float:
    check = fuzzing.check_html if kind == "html" else fuzzing.check_markdown
    body = data.removeprefix(fuzzing.BOM)
    return min(_took(check, body * LONGER) for _ in range(2)) / max(LEAST_S, min(_took(check, body) for _ in range(2)))


def _took(check: Callable[[bytes], bool], data: bytes) -> float:
    began = time.process_time()
    check(data)
    return time.process_time() - began


def _page(essay: bytes) -> bytes:
    """Return an essay as a page that holds it."""
    text = essay.decode().replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"<p>{part}</p>\n" for part in text.split("\n\n")[:12]).encode()


if __name__ == "__main__":
    main()
