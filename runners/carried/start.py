"""What happens where a bundle was carried to: check the machine, carry the run out, pack the results.

The decision to know: the job works in a folder on the machine's own disk, made from the bundle and from the results
that were carried so far. So a machine that forgets everything, as Colab does, goes on from the last checkpoint, and one
that does not goes on from its own.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from runners.carried.arrivals import Folder, read_manifest
from runners.carried.ferry import AnotherWriterError, Ferry, writer_of
from runners.carried.manifest import manifest_name
from runners.carried.needs import missing, needs_of
from runners.carried.taking import has_finished, require_newest, take_in
from runners.carried.words import words_of
from runners.errors import CarriedError, RunnersError
from runners.events import read_lines
from runners.places.far_survey import survey
from runners.places.supervisor import job_environment
from runners.rundir import RunDir, sha256_of
from runners.spec import RunSpec

JOB: Final = "job"
RESULTS: Final = "results"
ARCHIVE: Final = "results.zip"
STOP: Final = "stop"
# How often what the job wrote is carried, in seconds; a few files each time.
_EVERY_S: Final = 60.0
_LOOK_S: Final = 0.5
# Compressing weights takes minutes and saves nothing.
_STORED_BYTES: Final = 1 << 20


def start(here: Path, work: Path, arguments: Sequence[str]) -> int:
    """Carry out a word of `run.py`; return the exit status.

    Args:
        here: the bundle.
        work: the folder on this machine's disk.
        arguments: of the command line.
    """
    parser = argparse.ArgumentParser(prog="run.py", description="Carry out the run that this folder holds.")
    parser.add_argument("word", nargs="?", default="all", choices=["all", "install", "check", "run", "pack"])
    parser.add_argument(
        "--every", type=float, default=_EVERY_S, metavar="SECONDS", help="between two rounds of carrying"
    )
    options = parser.parse_args(arguments)
    try:
        spec = RunDir(here / JOB).spec()
        if options.word == "install":
            return _install(spec)
        if options.word == "pack":
            return _pack(here)
        ready = _check(spec)
        if not ready or options.word == "check":
            return 0 if ready else 1
        with _alone(work):
            status = _Carried(here, work, spec, options.every).run()
        return status or (_pack(here) if options.word == "all" else 0)
    except (RunnersError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _install(spec: RunSpec) -> int:
    """Install what is missing, and nothing else: what a machine has may have been built for its card."""
    wanted = missing(needs_of(spec))
    if not wanted:
        print("Everything that is needed is installed.")
        return 0
    print(f"Installing {', '.join(wanted)}.", flush=True)
    return subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted]).returncode


def _check(spec: RunSpec) -> bool:
    """Say what this machine has, and whether the run can start."""
    if wanted := missing(needs_of(spec)):
        print(f"Missing here: {', '.join(wanted)}. `python run.py install` installs them.", file=sys.stderr)
        return False
    card = _card()
    print(f"Graphics card: {card or 'none'}.", flush=True)
    if card or spec.model.id == "embedded" or spec.model.device == "cpu":
        return True
    print(
        f"{spec.model.id} needs a graphics card, and there is none. In Colab: Runtime, Change runtime type, choose a "
        "GPU, then Run all.",
        file=sys.stderr,
    )
    return False


def _card() -> str | None:
    """Return the name of this machine's card, as torch sees it; in a process of its own, which gives the card free."""
    told = survey(())
    if told["torch_error"]:
        raise CarriedError(f"torch cannot be loaded here: {told['torch_error']}")
    if told["cards"]:
        first = told["cards"][0]
        return f"{first['name']}, {first['bytes'] >> 30} GiB"
    return "Apple" if told["device"] == "mps" else None


@contextlib.contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Keep a second start on this machine away from the work folder."""
    with (work / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CarriedError("This run is going on here already, in another window. Wait for it.") from None
        yield


class _Carried:
    """One start of the run on this machine."""

    def __init__(self, here: Path, work: Path, spec: RunSpec, every_s: float) -> None:
        self._here, self._spec, self._every_s = here, spec, every_s
        self._run_dir = RunDir(work / "run" / spec.name)
        self._asked: str | None = None
        self._seen = 0

    def run(self) -> int:
        """Go on with the run until it ends; return the exit status of the job."""
        self._prepare()
        if self._finished():
            print("This run has finished already: there is nothing left to do but to bring its results back.")
            Ferry(self._run_dir, self._here / RESULTS).carry()
            return 0
        if (self._here / STOP).exists():
            print(
                "The workbench asked this run to stop. Resume it there, or delete the file `stop` beside run.py, and "
                "start this again.",
                file=sys.stderr,
            )
            return 1
        self._run_dir.stop.unlink(missing_ok=True)
        attempt = self._new_attempt()
        ferry = Ferry(self._run_dir, self._here / RESULTS)
        code = self._carry_out(attempt, ferry)
        rc = self._run_dir.rc(attempt)
        rc.write_text(f"{code}\n", encoding="ascii")
        self._say_events(attempt)
        ferry.carry()
        if code:
            end = self._run_dir.log(attempt).read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            print("The job failed. The end of its log:\n" + "\n".join(end), file=sys.stderr)
        return code

    def _prepare(self) -> None:
        """Make the work folder, unless it stands and nobody else has carried the run on since."""
        job, results = RunDir(self._here / JOB), self._here / RESULTS
        standing = require_newest(results, self._spec.name, sha256_of(job.spec_json))
        mine = self._run_dir.path.is_dir() and sha256_of(self._run_dir.spec_json) == sha256_of(job.spec_json)
        if mine and (standing is None or writer_of(self._run_dir) == standing.writer):
            self._run_dir.verify()
            return
        shutil.rmtree(self._run_dir.path, ignore_errors=True)
        shutil.copytree(job.path, self._run_dir.path)
        # Which attempts the workbench made is read where it writes them.
        shutil.rmtree(self._run_dir.path / "attempts", ignore_errors=True)
        (self._run_dir.path / "attempts").mkdir()
        self._run_dir.verify()
        if standing is not None:
            take_in(Folder(results), self._run_dir)
            print(f"Going on from what was carried up to {standing.at}.", flush=True)

    def _finished(self) -> bool:
        latest = self._run_dir.latest_attempt()
        return latest is not None and has_finished(self._run_dir, latest)

    def _new_attempt(self) -> int:
        """Make the next attempt: the one the workbench waits for, or the one behind those that were carried."""
        asked = RunDir(self._here / JOB).latest_attempt() or 1
        number = max(asked, (self._run_dir.latest_attempt() or 0) + 1)
        self._run_dir.attempt(number).mkdir(parents=True)
        return number

    def _carry_out(self, attempt: int, ferry: Ferry) -> int:
        environment = {**job_environment(), "RUNNERS_WATCH_PARENT": "1"}
        command = [sys.executable, "-m", "runners", str(self._run_dir.path), "--attempt", str(attempt)]
        before = [signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)]
        print("The job starts; it says here what it does.", flush=True)
        try:
            with self._run_dir.log(attempt).open("ab") as log:
                job = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            self._follow(job, attempt, ferry)
        finally:
            for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
                signal.signal(number, handler)
        return job.returncode if job.returncode >= 0 else 128 - job.returncode

    def _follow(self, job: subprocess.Popen[bytes], attempt: int, ferry: Ferry) -> None:
        told, carried_at = False, time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                job.wait(_LOOK_S)
            self._say_events(attempt)
            if job.poll() is not None:
                return
            if self._asked is None and (self._here / STOP).exists():
                self._asked = "The workbench asked for it"
            if self._asked is not None and not told:
                told = True
                print(f"{self._asked}: the job ends after the step it is in and keeps a checkpoint.", flush=True)
                self._run_dir.request_stop()
            if time.monotonic() - carried_at >= self._every_s:
                carried_at = time.monotonic()
                try:
                    ferry.carry()
                except AnotherWriterError as error:
                    self._asked = str(error)
                except OSError as error:
                    print(f"Could not be carried ({error}); it is tried again.", file=sys.stderr)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked = self._asked or "Interrupted"

    def _say_events(self, attempt: int) -> None:
        rows, self._seen = read_lines(self._run_dir.events(attempt), self._seen)
        for row in rows:
            if words := words_of(row, self._spec.model):
                print(words, flush=True)


def _pack(here: Path) -> int:
    """Put the newest state of the results into one zip beside run.py."""
    job = RunDir(here / JOB)
    folder = Folder(here / RESULTS)
    numbers = folder.manifests()
    if not numbers:
        raise CarriedError("There are no results yet: start the run first.")
    found = read_manifest(folder, numbers[0])
    aside = here / f".{ARCHIVE}.part"
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in (*sorted(found.files), manifest_name(found.number)):
                path = here / RESULTS / name
                large = path.stat().st_size > _STORED_BYTES and not name.endswith((".jsonl", ".txt"))
                archive.write(path, name, zipfile.ZIP_STORED if large else zipfile.ZIP_DEFLATED)
        aside.replace(here / ARCHIVE)
    finally:
        aside.unlink(missing_ok=True)
    print(f"Packed: {here / ARCHIVE}, {(here / ARCHIVE).stat().st_size / 2**20:.1f} MiB.")
    print(f"Bring it back with: workbench runs bring {job.spec().name} results.zip")
    print("Where the folder is synced with the author's own machine, the workbench finds the results by itself.")
    return 0
