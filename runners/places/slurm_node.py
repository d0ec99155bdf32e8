"""What a Slurm job is, on its node: it starts the run's, hands on what Slurm tells it, and writes its exit status.

The decision to know: a job that Slurm starts again, after its node failed or it had to make room, is a new attempt.
What the attempt before still writes, on a node that was only out of reach, is then told apart, and it ends by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from runners.places.supervisor import job_environment
from runners.rundir import RunDir

# Sent by Slurm some time before the limit, and by this place for a kill.
TIME_IS_UP: Final = signal.SIGUSR1
KILL_NOW: Final = signal.SIGUSR2
# As the job knows them: end with who started it, and say this in the first events.
_WATCH_PARENT: Final = "RUNNERS_WATCH_PARENT"
_NOTICE: Final = "RUNNERS_NOTICE"


def slurm_json(run_dir: RunDir, attempt: int) -> Path:
    """Return the file in which a Slurm job's attempt says which job it is."""
    return run_dir.attempt(attempt) / "slurm.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out an attempt: the one that was submitted, or the one after it for each time Slurm started it again."""
    folder, base_text, name, *command = sys.argv[1:] if arguments is None else arguments
    run_dir, base = RunDir(Path(folder)), int(base_text)
    again = int(os.environ.get("SLURM_RESTART_COUNT") or 0)
    number = os.environ.get("SLURM_JOB_ID", "")
    attempt = base + again
    if again:
        try:
            run_dir.attempt(attempt).mkdir()
        except FileExistsError:
            print(f"{run_dir.path}: attempt {attempt} stands already, so this one is not started again.", flush=True)
            return 0
    known = slurm_json(run_dir, base)
    job = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {"job": number, "name": name}
    write_aside(slurm_json(run_dir, attempt), json.dumps({**job, "job": number or job["job"], "base": base}))
    return _carry_out(run_dir, attempt, command, _environment(number, again))


def write_aside(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _environment(number: str, again: int) -> dict[str, str]:
    # Where only a process group is tracked, what Slurm ends is this process alone.
    environment = {**job_environment(), _WATCH_PARENT: "1"}
    if again:
        environment[_NOTICE] = (
            f"Slurm started job {number} again (restart {again}): its node failed, or it had to make room. It goes on "
            "from the newest checkpoint."
        )
    return environment


def _carry_out(run_dir: RunDir, attempt: int, command: Sequence[str], environment: Mapping[str, str]) -> int:
    job: subprocess.Popen[bytes] | None = None
    pending: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        if number == TIME_IS_UP:
            write_aside(run_dir.stop_reason(attempt), _time_is_up(os.environ))
            run_dir.request_stop()
        elif job is None:
            pending.append(number)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if number == KILL_NOW:
                    os.killpg(job.pid, signal.SIGKILL)
                else:
                    job.send_signal(number)

    for known in (TIME_IS_UP, KILL_NOW, signal.SIGTERM, signal.SIGINT):
        signal.signal(known, hand_on)
    # That it stands tells that the node sees the folder, and that the job has begun.
    write_aside(run_dir.pid(attempt), str(os.getpid()))
    with run_dir.log(attempt).open("ab") as log:
        job = subprocess.Popen(
            [*command, str(run_dir.path), "--attempt", str(attempt)],
            cwd=run_dir.path,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
    for number in pending:
        hand_on(number, None)
    ended = job.wait()
    # As a shell tells it.
    status = ended if ended >= 0 else 128 - ended
    write_aside(run_dir.rc(attempt), f"{status}\n")
    return status


def _time_is_up(environment: Mapping[str, Any]) -> str:
    return (
        f"the time limit of Slurm job {environment.get('SLURM_JOB_ID', '')} is near: it wrote a checkpoint, and goes "
        "on from there when the run is resumed"
    )


if __name__ == "__main__":
    sys.exit(main())
