"""Print proposals for judging by reading: the same hundred each time, from essays given as folders or files.

The whole way of the program is gone, from import to proposal, in a project of its own. Proposals are taken at even
distances over all that come of the folder. `docs/studies/proposals.md` holds the judgement of two such hundreds.

    python benchmarks/proposals.py tests/data/short-paragraphs
    python benchmarks/proposals.py ../essays/chesterton ../essays/emerson --count 100
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from store import pairs  # noqa: E402
from store.pairs import Pair, PairFilter  # noqa: E402
from workbench.operations.importing import import_paths  # noqa: E402
from workbench.operations.project import Project  # noqa: E402
from workbench.operations.proposing import propose_pairs  # noqa: E402


def proposals(paths: list[Path], count: int) -> tuple[list[Pair], int]:
    """Return `count` proposals at even distances, and how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "judged")
        import_paths(project, paths)
        propose_pairs(project)
        ids = pairs.ids(project.db, PairFilter())
        chosen = [ids[number * len(ids) // count] for number in range(min(count, len(ids)))]
        found = [pairs.get(project.db, key) for key in chosen]
        project.close()
    return found, len(ids)


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--prompt-words", type=int, default=30, help="how much of the end of each prompt to print")
    given = parser.parse_args()
    found, total = proposals(given.paths, given.count)
    print(f"{len(found)} of {total} proposals\n")
    for number, pair in enumerate(found, start=1):
        words = pair.prompt.split()
        shown = ("… " if len(words) > given.prompt_words else "") + " ".join(words[-given.prompt_words :])
        joint = "¶" if pair.prompt.endswith("\n") else "+"
        print(f"[{number}] {pair.source} · {pair.prompt_words}+{pair.response_words} words")
        print(f"    {shown} {joint}")
        print(pair.response)
        print()


if __name__ == "__main__":
    main()
