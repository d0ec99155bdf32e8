"""Measure how long a key takes to the first byte of its repaint, while a training run of this machine is going on.

The real program runs in a pseudo-terminal of 120x40 on a project with essays, pairs and reviewed runs, and a real job
(`python -m runners`, as launched from the form) trains the embedded model beside it. Each key is written once the
terminal has been quiet, and timed to the first byte that comes back: reading, deciding and marking in every screen.
Exit code 1: the 95th percentile is above the goal.

    python benchmarks/key_latency.py [--keys 200] [--alone]
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
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.operations.project import Project

ROOT = Path(__file__).resolve().parent.parent
GOAL_MS = 50.0
_ROWS, _COLUMNS = 40, 120
_TIMEOUT_S = 3.0
_QUIET_S = 0.12
_TRAINING_WITHIN_S = 240.0

# Keys that change what is seen, screen by screen, and what they are. Escape comes as terminals with the extended key
# protocol send it: a bare ESC byte is waited on for 0.1 s, since it may begin another key.
_ROUND = [
    ("2", "screen"), ("j", "move"), ("j", "move"), ("a", "decide"), ("x", "decide"), ("u", "undo"), ("k", "move"),
    ("3", "screen"), ("4", "screen"), ("j", "move"), ("k", "move"), ("l", "view"), ("l", "view"), ("l", "view"),
    ("l", "view"), ("5", "screen"), ("]", "pair"), ("[", "pair"), ("=", "judge"), ("u", "undo"), ("\x1b[C", "judge"),
    ("u", "undo"), ("m", "mark"), ("l", "mark"), ("l", "mark"), (" ", "mark"), ("l", "mark"), (" ", "mark"),
    ("v", "mark"), ("m", "mark"), ("\x1b[27u", "leave"), ("M", "mask"), ("1", "screen"), ("j", "move"), ("k", "move"),
]  # fmt: skip


_SCREENS = {"1": "Essays", "2": "Pairs", "3": "Datasets", "4": "Runs", "5": "Review", "6": "Experiments"}


# A training run that goes on for as long as is measured, and samples little.
_LONG = {
    "train.max_steps": 100_000,
    "sampling.max_new_tokens": 8,
    "sampling.block_length": 8,
    "sampling.steps": 8,
    "sampling.samples_per_prompt": 1,
}


def make_project(folder: Path) -> Project:
    """Make the project: essays, pairs, and reviewed runs."""
    sys.path.insert(0, str(ROOT))
    from tests.journeys.builders import SECOND_RUN, make_reviewed_project
    from workbench.operations import guide
    from workbench.operations.importing import import_paths
    from workbench.operations.proposing import propose_pairs

    project = make_reviewed_project(folder)
    import_paths(project, [ROOT / "workbench" / "demo" / "essays"])
    propose_pairs(project)
    guide.remember(project, "program.screen", "essays")
    guide.remember(project, "runs.cursor", SECOND_RUN)
    return project


def launch_training(project: Project) -> str:
    """Launch a long training run, and return its name."""
    from workbench.operations.launching import change, draft, launch

    return launch(project, change(project, draft(project), _LONG))


def wait_for_training(project: Project, run: str) -> None:
    """Wait until the job takes its first steps."""
    from workbench.operations.collecting import collect
    from workbench.operations.running import run_view

    end = time.monotonic() + _TRAINING_WITHIN_S
    while time.monotonic() < end:
        collect(project)
        view = run_view(project, run)
        if view.over:
            sys.exit(f"the training run is {view.row.status}: {view.error or view.log_tail[-500:]}")
        if view.loss:
            return
        time.sleep(1)
    sys.exit("the training run took no step in time; nothing was measured")


class Terminal:
    """The program in a pseudo-terminal.

    Attributes:
        pid: its process.
        fd: where keys are written to, and what it draws is read from.
        drawn: the last it drew.
    """

    def __init__(self, folder: Path) -> None:
        self.drawn = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS=str(_COLUMNS), LINES=str(_ROWS))
            os.execv(sys.executable, [sys.executable, "-m", "workbench", "-p", str(folder)])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))

    def quiet(self, seconds: float = _QUIET_S, *, most: float = 5.0) -> None:
        """Read until nothing came for a while; at most so long, since a live run repaints by itself."""
        end = time.monotonic() + most
        while time.monotonic() < end and select.select([self.fd], [], [], seconds)[0]:
            try:
                read = os.read(self.fd, 65536)
                if not read:
                    return
                self.drawn = (self.drawn + read)[-20_000:]
            except OSError:  # Linux, once the program has ended
                return

    def press(self, key: str) -> float | None:
        """Write a key once the terminal is quiet, and return the seconds to the first byte; None when nothing came."""
        self.quiet()
        return self.answer(key)

    def answer(self, key: str) -> float | None:
        """Write a key and return the seconds to the first byte; None when nothing came."""
        began = time.perf_counter()
        os.write(self.fd, key.encode())
        ready, _, _ = select.select([self.fd], [], [], _TIMEOUT_S)
        return time.perf_counter() - began if ready else None

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGTERM)
        self.quiet(most=1.0)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--alone", action="store_true", help="without the training run, to tell its share")
    given = parser.parse_args()
    keys = given.keys
    with tempfile.TemporaryDirectory(prefix="workbench-keys-") as folder:
        root = Path(folder) / "measured"
        project = make_project(root)
        run = launch_training(project)
        from workbench.operations.running import kill, run_view

        try:
            if given.alone:
                kill(project, run)
            else:
                wait_for_training(project, run)
            first = len(run_view(project, run).loss)
            terminal = Terminal(root)
            try:
                terminal.quiet(1.5, most=15.0)
                presses = measure(terminal, keys)
            finally:
                terminal.close()
            steps = len(run_view(project, run).loss) - first
        finally:
            if not given.alone:
                kill(project, run)
            time.sleep(0.5)
        return report(presses, steps)


@dataclass(frozen=True)
class Press:
    """One key: the screen it was pressed in, its kind, and the milliseconds to its repaint; None when none came."""

    number: int
    screen: str
    key: str
    kind: str
    ms: float | None


def measure(terminal: Terminal, keys: int) -> list[Press]:
    """Press the keys, and time each."""
    presses: list[Press] = []
    screen = "?"
    for number, (key, kind) in enumerate(islice(cycle(_ROUND), keys)):
        seconds = terminal.press(key)
        presses.append(Press(number, screen, key, kind, None if seconds is None else seconds * 1000))
        screen = _SCREENS.get(key, screen)
    return presses


def report(presses: list[Press], steps: int) -> int:
    """Print what was measured; return 1 when the goal was missed."""
    times: dict[str, list[float]] = {}
    for press in presses:
        if press.ms is not None:
            times.setdefault(press.kind, []).append(press.ms)
    silent = [press.key for press in presses if press.ms is None]
    every = sorted(value for values in times.values() for value in values)
    if len(every) < 2:
        print("no key was answered")
        return 1
    middle, high = statistics.median(every), statistics.quantiles(every, n=20, method="inclusive")[-1]
    load = os.getloadavg()[0]
    print(f"{len(every)} keys beside a training run that took {steps} steps meanwhile; load {load:.1f}")
    for kind, values in sorted(times.items()):
        print(
            f"  {kind:8} {len(values):4} keys  median {statistics.median(values):6.1f} ms  most {max(values):6.1f} ms"
        )
    if silent:
        print(f"  {len(silent)} keys changed nothing: {' '.join(map(repr, sorted(set(silent))))}")
    slowest = sorted((press for press in presses if press.ms is not None), key=lambda press: -(press.ms or 0))[:12]
    print("slowest: " + ", ".join(f"#{p.number} {p.screen} {p.key!r} {p.ms:.0f}" for p in slowest))
    print(f"50th percentile {middle:.1f} ms, 95th percentile {high:.1f} ms (goal: at most {GOAL_MS:.0f} ms)")
    return 0 if high <= GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
