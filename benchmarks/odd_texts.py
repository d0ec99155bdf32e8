"""Measure how long texts take that are odd throughout: one opening mark over and over, never closed.

Each is read at two lengths. What takes about twice as long for twice the text is fine, four times is not: a file of the
author's may hold such a thing, and the import must come to its end.

    python benchmarks/odd_texts.py
    python benchmarks/odd_texts.py --pieces 20000
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from curation.markdown import plain  # noqa: E402
from curation.paragraphs import paragraphs  # noqa: E402
from curation.sentences import sentences  # noqa: E402

PIECES = (">", "[", "![a](", "<a ", "`", "<!--", "[a](", "%%", "“a. ", "a\n", "[![a](")


def seconds(text: str) -> float:
    """Return how long a text's paragraphs, their words and sentences take, in seconds."""
    began = time.perf_counter()
    for block in paragraphs(text):
        sentences(plain(text, block))
    return time.perf_counter() - began


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=10_000, help="of the shorter text; the longer has twice as many")
    given = parser.parse_args()
    seconds("A sentence, so that everything is loaded. Another one.")
    for piece in PIECES:
        short, long = seconds(piece * given.pieces), seconds(piece * given.pieces * 2)
        print(f"{piece!r:>10}  {short:7.3f} s  {long:7.3f} s  x{long / short:.1f}")


if __name__ == "__main__":
    main()
