"""Measure how long many essays take to come in with one tokenizer's counts, how that grows, and what following costs.

The essays are the sample essays with their paragraphs shuffled, or those of a folder. Each size runs in a process of
its own: quarter, half and whole; beside the whole, in the same run, a plain implementation does the least there is:
read each file, parse it by markdown-it, count words and tokens, write all in one transaction. Then one essay in 100
is changed on the disk, and a look at all of them is timed. Exit code 1: the whole took longer than the goal, or a word
of the whole costs more than 1.25 times what a word of the quarter costs.

    python benchmarks/import_speed.py [--essays 2000] [--words 2000] [--from FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GOAL_S = 60.0
GROWTH = 1.25


def make_essays(folder: Path, source: Path, essays: int, words_each: int) -> int:
    """Write essays of shuffled paragraphs, the same every time; return their words."""
    parts = []
    for path in sorted(source.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        body = text.split("---\n", 2)[-1] if text.startswith("---\n") else text
        parts += [part for part in body.split("\n\n") if part.strip() and not part.startswith("#")]
    choose = random.Random(1)
    folder.mkdir(parents=True)
    total = 0
    for number in range(essays):
        chosen: list[str] = []
        words = 0
        while words < words_each:
            chosen.append(choose.choice(parts))
            words += len(chosen[-1].split())
        total += words
        text = f"# Essay {number:05d}\n\n" + "\n\n".join(chosen) + "\n"
        (folder / f"essay-{number:05d}.md").write_text(text, encoding="utf-8")
    return total


def timed(work: Callable[[], object]) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}


def ours(folder: Path) -> dict[str, dict[str, float]]:
    """Import a folder of essays into a new project and count every paragraph; then change some, and look."""
    from curation.markdown import plain
    from curation.paragraphs import Paragraph, paragraphs
    from store import essays
    from workbench.operations.importing import import_paths
    from workbench.operations.looking import look
    from workbench.operations.project import Project
    from workbench.operations.proposing import propose_pairs
    from workbench.operations.tokens import counter

    project = Project.create(folder.parent / f"project-{folder.name}", essays=(str(folder),))
    found = {"import": timed(lambda: import_paths(project, []))}
    rows = essays.rows(project.db)

    def count() -> None:
        tokens = counter(project)
        for row in rows:
            text = essays.text(project.db, row.id)
            for block in essays.paragraphs(project.db, row.id):
                tokens.count(plain(text, Paragraph(block.kind, block.start, block.end)))

    found["tokens"] = timed(count)
    texts = [essays.text(project.db, row.id) for row in rows]

    def part() -> None:
        # Nothing is kept, as in an import: what lives on would cost the collector more the more there is.
        for text in texts:
            paragraphs(text)

    found["paragraphs"] = timed(part)
    changed = rows[::100]
    propose_pairs(project, [row.id for row in changed])
    for row in changed:
        path = project.absolute(row.path)
        path.write_text(path.read_text(encoding="utf-8").replace(" the ", " that ", 3), encoding="utf-8")
    found[f"look, {len(changed)} changed"] = timed(lambda: look(project))
    return found


def plain_import(folder: Path) -> dict[str, dict[str, float]]:
    """Do the least: no kinds of paragraphs, no cleaning, no search, one transaction for everything."""
    import re

    from markdown_it import MarkdownIt

    from workbench.operations.project import Project
    from workbench.operations.tokens import counter

    project = Project.create(folder.parent / f"plain-{folder.name}")
    tokens = counter(project)

    def work() -> None:
        connection = sqlite3.connect(folder.parent / f"plain-{folder.name}.db")
        connection.execute("CREATE TABLE essay (path TEXT, body TEXT, words INTEGER, tokens INTEGER, blocks TEXT)")
        parser = MarkdownIt("commonmark")
        for path in sorted(folder.glob("*.md")):
            text = path.read_text(encoding="utf-8")
            blocks = [token.map for token in parser.parse(text) if token.map]
            row = (str(path), text, len(re.findall(r"\w+", text)), tokens.count(text), json.dumps(blocks))
            connection.execute("INSERT INTO essay VALUES (?, ?, ?, ?, ?)", row)
        connection.commit()
        connection.close()

    return {"all": timed(work)}


def in_a_process(what: str, folder: Path) -> dict[str, dict[str, float]]:
    command = [sys.executable, __file__, "--run", what, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--essays", type=int, default=2000)
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--from", dest="source", type=Path, default=ROOT / "workbench" / "demo" / "essays")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        what, folder = chosen.run
        print(json.dumps(ours(Path(folder)) if what == "ours" else plain_import(Path(folder))))
        return 0
    print(f"load average {os.getloadavg()[0]:.1f} at the beginning")
    each: dict[int, tuple[int, dict[str, dict[str, float]]]] = {}
    with tempfile.TemporaryDirectory(prefix="import-speed-") as name:
        for share in (4, 2, 1):
            folder = Path(name) / f"essays-{share}"
            words = make_essays(folder, chosen.source, chosen.essays // share, chosen.words)
            if share == 1:
                plain = in_a_process("plain", folder)["all"]
            each[share] = words, in_a_process("ours", folder)
    for share, (words, found) in each.items():
        print(f"\n{chosen.essays // share:,} essays, {words:,} words")
        for what, seconds in found.items():
            print(
                f"  {what:<22}{seconds['wall']:8.2f} s, {seconds['processor']:8.2f} s of a processor, "
                f"{seconds['processor'] / words * 1e6:6.2f} s a million words"
            )
    words, found = each[1]
    whole = found["import"]["wall"] + found["tokens"]["wall"]
    print(f"\nimport and tokens of {words:,} words: {whole:.1f} s, goal at most {GOAL_S:.0f} s")
    processor = found["import"]["processor"] + found["tokens"]["processor"]
    print(
        f"a plain implementation: {plain['wall']:.1f} s, {plain['processor']:.1f} s of a processor; "
        f"ours takes {processor / plain['processor']:.2f} times that of a processor"
    )
    worst = 0.0
    for what in ("import", "paragraphs", "tokens"):
        costs = {share: item[what]["processor"] / count for share, (count, item) in each.items()}
        growth = costs[1] / costs[4]
        worst = max(worst, growth)
        print(f"{what}: a word of the whole costs {growth:.2f} times one of a quarter of it, goal at most {GROWTH}")
    print(f"load average {os.getloadavg()[0]:.1f} at the end")
    return 0 if whole <= GOAL_S and worst <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
