"""The small shell between a place and its job, and the environment a job gets: the same on every machine.

The decision to know: the shell leads a session of its own. It ignores HUP, outlives a TERM to its group and writes the
job's exit status. Nothing needs `/proc` or `setsid`: Linux and macOS alike.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import runners
from runners.rundir import RunDir

# $1 pid file, $2 exit status file, $3 niceness, then the job. Handlers are not inherited by the job, ignored signals
# are.
# Linux as most desktops set it up shares the processors out among sessions first and heeds niceness only within one, so
# the whole session is made as nice as the job; elsewhere there is no such file.
_SUPERVISOR: Final = """
trap '' HUP
trap : TERM INT
echo $$ > "$1.tmp" && mv "$1.tmp" "$1"
status_file=$2
if [ -w /proc/self/autogroup ]; then echo "$3" 2>/dev/null > /proc/self/autogroup; fi
shift 3
"$@"
echo $? > "$status_file.tmp" && mv "$status_file.tmp" "$status_file"
"""


# How long a supervisor may take until its id is written, in seconds: it takes some milliseconds.
_BEGINS_S: Final = 60.0


def start_supervised(
    run_dir: RunDir, attempt: int, command: Sequence[str], *, nice: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the job of an attempt under its supervisor; log.txt gets all it prints.

    Args:
        run_dir: by its absolute path.
        attempt: whose folder stands.
        command: the job; run directory and attempt are added to it.
        nice: added to its niceness, 0 to 19.
        environment: of supervisor and job.

    Raises:
        OSError: the process could not be started.
    """
    job = [*command, str(run_dir.path), "--attempt", str(attempt)]
    niced = ["nice", "-n", str(nice), *job] if nice else job
    files = (str(run_dir.pid(attempt)), str(run_dir.rc(attempt)))
    # An engine may start an attempt twice: the first end must not be taken for the second.
    run_dir.rc(attempt).unlink(missing_ok=True)
    with run_dir.log(attempt).open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _SUPERVISOR, "runners", *files, str(nice), *niced],
            cwd=run_dir.path,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def never_began(run_dir: RunDir, attempt: int) -> bool:
    """Say whether no process was begun for an attempt; only right where nobody is about to begin one.

    The log is opened just before, and the supervisor's id is written first of all: only for a moment, or on a machine
    that was cut off in it, there is the one and not the other.
    """
    if any(path(attempt).exists() for path in (run_dir.events, run_dir.pid, run_dir.rc)):
        return False
    try:
        return time.time() - run_dir.log(attempt).stat().st_mtime > _BEGINS_S
    except FileNotFoundError:
        return True


def job_environment() -> dict[str, str]:
    """Return the job's environment: this package importable, its words in the log at once and as UTF-8."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace"}
    # The job's working directory is no place to import from.
    environment["PYTHONSAFEPATH"] = "1"
    home = Path(runners.__file__).resolve().parent.parent
    # Another Python must never see this one's site-packages: its torch would be built for the wrong interpreter.
    if home.name not in ("site-packages", "dist-packages"):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    return environment


def exit_status(run_dir: RunDir, attempt: int) -> tuple[bool, int | None]:
    """Say whether a job left an exit status, and which; None for one that cannot be read."""
    try:
        return True, int(run_dir.rc(attempt).read_text(encoding="ascii"))
    except FileNotFoundError:
        return False, None
    except (OSError, ValueError):
        return True, None
