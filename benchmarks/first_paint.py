"""Measure how long the program takes to its first painted frame, beside a bare Textual app, in the same run.

Both start in a pseudo-terminal of 120x40, turn by turn, so that whatever else the machine does hits both alike. The
program opens a store of 10,000 pairs on the screen Pairs. The time runs from the start of the process to the moment the
terminal has received the frame: for the program its header and keys, for the bare app its table. The time until the
list of pairs itself is there is printed as well. Exit code 1: the ratio of the medians is above the goal.

    python benchmarks/first_paint.py [--rounds 7] [--pairs 10000] [--goal 1.5]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL = 1.5
_TIMEOUT_S = 20.0
_ROWS, _COLUMNS = 40, 120

_BARE = """\
from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("pair", "words")
        for number in range(5):
            table.add_row(f"barerow{number}", number)


Bare().run()
"""


def make_project(folder: Path, pairs_wanted: int) -> None:
    """Make a project with one essay for each 100 pairs, left on the screen Pairs."""
    sys.path.insert(0, str(ROOT))
    from store import essays, pairs
    from workbench.operations import guide
    from workbench.operations.project import Project

    project = Project.create(folder)
    sentence = "A pair of the measurement, with words enough to fill a line of the list, and a little more."
    for number in range(max(1, pairs_wanted // 100)):
        text = "\n\n".join([sentence] * 100)
        step = len(sentence) + 2
        blocks = [
            essays.NewParagraph(kind="prose", start=i * step, end=i * step + len(sentence), words=18)
            for i in range(100)
        ]
        source = essays.NewSource(
            path=f"essays/essay-{number:03d}.md",
            slug=f"essay-{number:03d}",
            kind="essay",
            title=f"Essay {number:03d}",
            text=text,
            file_bytes=len(text),
            words=1800,
            front_matter={},
            paragraphs=blocks,
        )
        source_id, _ = essays.save(project.db, source)
        new = [
            pairs.NewPair(
                tier="continuation",
                prompt=f"Before {i}. {sentence}",
                response=f"Firstpair {i}. {sentence}",
                start=block.start,
                end=block.end,
                prompt_words=20,
                response_words=20,
            )
            for i, block in enumerate(blocks)
        ]
        pairs.propose(project.db, source_id, new, "propose")
    guide.remember(project, "program.screen", "pairs")
    project.close()


def seconds_until(command: list[str], markers: list[bytes]) -> list[float]:
    """Start a command in a pseudo-terminal; return the seconds until each marker was received, in their order."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    seen = b""
    times: list[float] = []
    try:
        while len(times) < len(markers):
            left = _TIMEOUT_S - (time.perf_counter() - began)
            ready, _, _ = select.select([terminal], [], [], max(0.0, left))
            if not ready:
                raise SystemExit(
                    f"{' '.join(command)}: {markers[len(times)]!r} did not come. It wrote: {seen[-800:]!r}"
                )
            try:
                seen += os.read(terminal, 65536)
            except OSError as error:
                raise SystemExit(f"{' '.join(command)}: ended early. It wrote: {seen[-800:]!r}") from error
            while len(times) < len(markers) and markers[len(times)] in seen:
                times.append(time.perf_counter() - began)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--goal", type=float, default=GOAL)
    chosen = parser.parse_args()
    bare: list[float] = []
    frame: list[float] = []
    data: list[float] = []
    with tempfile.TemporaryDirectory(prefix="first-paint-") as name:
        folder = Path(name)
        make_project(folder / "project", chosen.pairs)
        (folder / "bare.py").write_text(_BARE, encoding="utf-8")
        program = [sys.executable, "-m", "workbench", "-p", str(folder / "project")]
        # The first round warms the disk cache and is not counted.
        for number in range(chosen.rounds + 1):
            one = seconds_until([sys.executable, str(folder / "bare.py")], [b"barerow4"])
            two = seconds_until(program, [b"Datasets", b"Firstpair"])
            if number:
                bare += one
                frame.append(two[0])
                data.append(two[1])
    ratio = statistics.median(frame) / statistics.median(bare)
    for what, seconds in (
        ("bare Textual app, one table", bare),
        ("workbench, first frame", frame),
        (f"workbench, {chosen.pairs:,} pairs listed", data),
    ):
        print(f"{what:<34}{statistics.median(seconds):.3f} s  (from {min(seconds):.3f} to {max(seconds):.3f})")
    print(f"ratio of the medians {ratio:.2f}, goal at most {chosen.goal}")
    return 0 if ratio <= chosen.goal else 1


if __name__ == "__main__":
    sys.exit(main())
