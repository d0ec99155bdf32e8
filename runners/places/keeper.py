"""What an engine starts on a machine of a cluster: a front, which it may end as it likes, and a keeper of the job.

The decision to know: an engine that loses its own process on a machine may end what that started by KILL, or leave it
to hold the GPU for ever. So the keeper has a session of its own and watches the front: once that is gone, the job is
asked to end, which makes a checkpoint, and is ended if it does not. What became of it stands in the run directory, for
whoever asks after the engine has forgotten it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runners.places.supervisor import job_environment
from runners.rundir import RunDir

ANOTHER_FOLDER: Final = 93
"""Exit status where the folder on this machine is not the one that the run was put into."""

BEAT_S: Final = 5.0
"""How often a keeper says that it lives, in seconds."""

# How long a job may take for its last checkpoint, in seconds; the engine is told to wait a little longer.
GRACE_S: Final = 100.0
_LOOK_S: Final = 0.25
# The job needs no engine, and what is not in its environment never comes into a log.
_NOT_FOR_JOBS: Final = ("RAY_AUTH_TOKEN", "RAY_JOB_CONFIG_JSON_ENV_VAR")
_WATCH_PARENT: Final = {"RUNNERS_WATCH_PARENT": "1"}


def main(arguments: Sequence[str]) -> int:
    """Carry out an attempt: FOLDER RUN ATTEMPT MACHINE COMMAND; return the job's exit status as a shell tells it."""
    folder, run, attempt, machine, *command = arguments
    mark = Path(folder) / "machine"
    if not mark.is_file() or mark.read_text(encoding="ascii") != machine:
        print(f"{folder} is another folder on this machine than the one that {run} was put into.", file=sys.stderr)
        return ANOTHER_FOLDER
    run_dir = RunDir(Path(folder) / "runs" / run)
    front = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        status = 1
        try:
            os.setsid()
            status = keep(run_dir, int(attempt), command or [sys.executable, "-m", "runners"], front)
        except OSError as error:
            print(f"{run_dir.path}: {error}", file=sys.stderr)
        finally:
            sys.stderr.flush()
            os._exit(status)
    return _wait(keeper)


def _wait(keeper: int) -> int:
    """Wait for the keeper, hand it the signals that come; gone is who started this, so is this."""
    parent = os.getppid()

    def pass_on(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(keeper, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    while True:
        pid, status = os.waitpid(keeper, os.WNOHANG)
        if pid:
            return _as_shell(os.waitstatus_to_exitcode(status))
        if os.getppid() != parent:
            return 1
        time.sleep(_LOOK_S)


def keep(run_dir: RunDir, attempt: int, command: Sequence[str], front: int) -> int:
    """Carry out the job, say that it lives, and write down how it ended; return its exit status.

    Args:
        run_dir: by its absolute path; it stands.
        attempt: whose folder stands.
        command: the job; run directory and attempt are added to it.
        front: the process without which the job is to end.
    """
    ending: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: ending.append(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if run_dir.kill(attempt).exists():
        return _ended(run_dir, attempt, 128 + signal.SIGKILL)
    _write(run_dir.pid(attempt), str(os.getpid()))
    run_dir.beat(attempt).touch()
    environment = {key: value for key, value in job_environment().items() if key not in _NOT_FOR_JOBS}
    with run_dir.log(attempt).open("ab") as log:
        try:
            job = subprocess.Popen(
                [*command, str(run_dir.path), "--attempt", str(attempt)],
                cwd=run_dir.path,
                env=environment | _WATCH_PARENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, which can be ended without the keeper.
                process_group=0,
            )
        except OSError as error:
            log.write(f"{command[0]}: cannot be started ({error.strerror}).\n".encode())
            return _ended(run_dir, attempt, 127)
    beaten, asked_at = time.monotonic(), None
    while (status := _ends(job)) is None:
        now = time.monotonic()
        if now - beaten > BEAT_S:
            beaten = now
            # A disk that is full or away for a moment is told by what cannot do without it.
            with contextlib.suppress(OSError):
                run_dir.beat(attempt).touch()
        if run_dir.kill(attempt).exists() or (asked_at is not None and now - asked_at > GRACE_S):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(job.pid, signal.SIGKILL)
        elif asked_at is None and (ending or os.getppid() != front):
            asked_at = now
            job.terminate()
    return _ended(run_dir, attempt, _as_shell(status))


def _ends(job: subprocess.Popen[bytes]) -> int | None:
    try:
        return job.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return None


def _as_shell(status: int) -> int:
    return 128 - status if status < 0 else status


def _ended(run_dir: RunDir, attempt: int, status: int) -> int:
    _write(run_dir.rc(attempt), f"{status}\n")
    return status


def _write(path: Path, text: str) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_text(text, encoding="ascii")
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
