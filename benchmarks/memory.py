"""Measure how much memory the program takes with 100,000 pairs in the store, beside a bare Textual app, in one run.

The program runs in a pseudo-terminal of 120x40 and goes through its screens and lists by keys; then the resident memory
of its process is read, and that of a bare app with one table. Exit code 1: it is above the goal.

    python benchmarks/memory.py [--pairs 100000]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.first_paint import _BARE, make_project  # noqa: E402

GOAL_MB = 250.0
# Every screen, and in Pairs every filter, both ends of the list, words and the text of pairs.
_KEYS = ("1", "2", "G", "g", "j", "j", "\t", "G", "\t", "\t", "\t", "/", "words", "\r", "\x1b[27u", "3", "4", "5", "2")


def resident_mb(command: list[str], keys: tuple[str, ...]) -> tuple[float, float]:
    """Run a command in a pseudo-terminal and press keys; return the highest and the last resident memory."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT))
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process, highest = psutil.Process(pid), 0.0
    try:
        for key in ("", *keys, ""):
            os.write(terminal, key.encode())
            end = time.monotonic() + (4.0 if not key else 1.5)
            while (left := end - time.monotonic()) > 0:
                if select.select([terminal], [], [], min(left, 0.1))[0]:
                    os.read(terminal, 65536)
                highest = max(highest, process.memory_info().rss / 1e6)
        return highest, process.memory_info().rss / 1e6
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        folder = Path(name)
        make_project(folder / "project", chosen.pairs)
        (folder / "bare.py").write_text(_BARE, encoding="utf-8")
        bare, _ = resident_mb([sys.executable, str(folder / "bare.py")], ())
        highest, last = resident_mb([sys.executable, "-m", "workbench", "-p", str(folder / "project")], _KEYS)
    print(f"bare Textual app, one table      {bare:6.0f} MB")
    print(f"workbench, {chosen.pairs:,} pairs, highest {highest:6.0f} MB, at the end {last:.0f} MB")
    print(f"{highest / bare:.1f} times the bare app, goal at most {GOAL_MB:.0f} MB")
    return 0 if highest <= GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
