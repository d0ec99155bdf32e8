"""Slurm's own commands, run on the login node of a cluster, and what they refuse.

The decision to know: they are run with words, never by a shell, so that a name may hold anything.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Final

from runners.errors import PlaceError
from runners.places.slurm_words import complaint, could_start, fields_of

# A controller that is busy may take so long, in seconds.
_TIMEOUT_S: Final = 40.0


class ControllerError(PlaceError):
    """Slurm that does not answer now: nothing is known of its jobs."""


def run(command: Sequence[str], *, sent: str = "", timeout_s: float = _TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """Run a command of Slurm's.

    Raises:
        ControllerError: it did not answer in time.
        PlaceError: there is no such command.
    """
    # Times are read here in the one form that is the same everywhere.
    environment = {**os.environ, "SLURM_TIME_FORMAT": "standard"}
    try:
        return subprocess.run(
            list(command),
            input=sent,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise ControllerError(f"Slurm's {command[0]} did not answer within {timeout_s:.0f} s.") from error
    except OSError as error:
        raise PlaceError(
            f"Slurm's {command[0]} is not found there ({error.strerror}). Name the login node of the cluster; where "
            "its commands lie elsewhere, set PATH under [places.NAME.environment]."
        ) from error


def sbatch(options: Sequence[str], script: str) -> str:
    """Submit a job and return what is printed.

    Raises:
        PlaceError: Slurm refuses it, and why.
    """
    done = run(["sbatch", "--parsable", *options], sent=script)
    if done.returncode:
        raise PlaceError(f"Slurm refuses the job: {complaint(done.stderr)}. Nothing was started.")
    return done.stdout


def problems(options: Sequence[str]) -> tuple[list[str], str]:
    """Return what Slurm refuses a job for that asks for this, and what it says of one that it takes.

    Raises:
        PlaceError: its commands are not there, or do not answer.
    """
    done = run(["sbatch", "--test-only", *options], sent="#!/bin/sh\n")
    return ([complaint(done.stderr)], "") if done.returncode else ([], could_start(done.stderr))


def version() -> str:
    """Return the name and the version of Slurm.

    Raises:
        PlaceError: its commands are not there.
    """
    return run(["sbatch", "--version"]).stdout.strip()


def partition(name: str) -> list[str]:
    """Say what a partition is, and what its nodes have; of the cluster's own choice where none is named.

    Raises:
        PlaceError: Slurm does not answer.
    """
    shown = run(["scontrol", "show", "partition", "-o", *([name] if name else [])]).stdout.splitlines()
    found = [fields for fields in map(fields_of, shown) if "PartitionName" in fields]
    chosen = [fields for fields in found if name or fields.get("Default") == "YES"]
    lines = []
    for fields in chosen:
        limit, usual = fields.get("MaxTime", "?"), fields.get("DefaultTime", "NONE")
        usual = f", {usual} where nothing is asked" if usual not in ("NONE", limit) else ""
        lines.append(f"partition {fields['PartitionName']}: {fields.get('State', '?')}, at most {limit} a job{usual}")
        listed = run(["sinfo", "--noheader", f"--partition={fields['PartitionName']}", "--format=%D|%T|%c|%m|%G"])
        for line in listed.stdout.splitlines():
            nodes, how, cpus, memory, gres = [*(part.strip() for part in line.split("|")), "", "", "", ""][:5]
            gpus = "no GPU" if "gpu" not in gres else gres
            lines.append(f"{nodes} {how}: {cpus} processors, {memory} MiB, {gpus}")
    return lines
