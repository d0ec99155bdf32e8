"""Slurm's commands, asked on the login node of a cluster: submit a job, say how it is, end it.

The decision to know: what Slurm says of a job is kept beside the attempt. Slurm forgets a job some minutes after its
end, and many runs that are looked at every few seconds would be a burden on its controller.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from runners.errors import PlaceError
from runners.places.slurm_commands import ControllerError, run, sbatch
from runners.places.slurm_node import slurm_json, write_aside
from runners.places.slurm_words import Said, complaint, fields_of, not_begun, over, submitted_id, waits, words_of
from runners.places.supervisor import exit_status, job_environment
from runners.rundir import RunDir

# How long a question may take that is asked again every few seconds, and how long one that got no answer keeps others
# from asking, in seconds.
_LOOK_TIMEOUT_S: Final = 15.0
_SILENT_S: Final = 60.0
# How old an answer may be where nothing else tells of a change, in seconds.
_FRESH_S: Final = 10.0
# How long what a node wrote last may take to be seen here, on a shared folder, in seconds.
_SEEN_S: Final = 60.0
# How long a job that is killed may take before Slurm itself ends it, in seconds.
_KILL_S: Final = 3.0
# Set for the job where it is set here; the rest is as sbatch hands it on.
_OURS: Final = ("PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "PYTHONIOENCODING")
_FORGOTTEN: Final = "Invalid job id"


@dataclass(frozen=True, kw_only=True)
class _Job:
    """The Slurm job of an attempt.

    Attributes:
        number: of the job; empty while it is being submitted.
        name: that it was given, since numbers may be used again.
        cluster: where it is another than the login node's own.
        base: the attempt it was submitted for; a later one was started by Slurm.
    """

    number: str
    name: str
    cluster: str
    base: int

    def on_its_cluster(self) -> list[str]:
        return [f"--clusters={self.cluster}"] if self.cluster else []


def has_job(run_dir: RunDir, attempt: int) -> bool:
    """Say whether an attempt was submitted to Slurm."""
    return slurm_json(run_dir, attempt).exists()


def submit(
    run_dir: RunDir, attempt: int, options: Sequence[str], command: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Submit the job of an attempt whose folder stands; one that lives already is left alone.

    Args:
        run_dir: by its absolute path.
        attempt: its number.
        options: of sbatch.
        command: the job; run directory and attempt are added to it.
        environment: set for it, beside what sbatch hands on.

    Raises:
        PlaceError: Slurm refuses it, and why, or does not answer.
    """
    if (newest := run_dir.latest_attempt()) is not None and newest > attempt:
        raise PlaceError(
            f"attempt {newest} was started there by Slurm itself. `workbench collect` brings it; then resume the run."
        )
    job = _job(run_dir, attempt)
    if job is not None and not job.number:
        job = _found_again(run_dir, attempt, job)
    if job is not None:
        found = state(run_dir, attempt, fresh_s=0)
        if found["state"] == "unknown":
            raise PlaceError(f"{found['note']} Nothing was started.")
        if found["state"] in ("running", "waiting"):
            return
    files = (_said_file(run_dir, attempt), _cancelled_file(run_dir, attempt), run_dir.stop_reason(attempt))
    for stale in (*files, run_dir.rc(attempt), run_dir.pid(attempt), run_dir.stop):
        stale.unlink(missing_ok=True)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{run_dir.path.name}.{attempt}")
    _keep(run_dir, attempt, _Job(number="", name=name, cluster="", base=attempt))
    # Slurm reads a per cent sign in this name as the beginning of a field.
    log = str(run_dir.log(attempt)).replace("%", "%%")
    ours = [f"--job-name={name}", f"--chdir={run_dir.path}", f"--output={log}", "--open-mode=append"]
    printed = sbatch([*ours, *options], _script(run_dir, attempt, name, command, environment))
    given = submitted_id(printed)
    if given is None:
        raise PlaceError(f"sbatch printed no job number ({printed.strip()[:200]!r}). Look with squeue, and try again.")
    _keep(run_dir, attempt, _Job(number=given[0], name=name, cluster=given[1], base=attempt))


def state(run_dir: RunDir, attempt: int, *, fresh_s: float = _FRESH_S) -> dict[str, Any]:
    """Say how the job of an attempt is, as `Poll` has it, and which attempt it is in now.

    Args:
        run_dir: the run.
        attempt: which was submitted to Slurm.
        fresh_s: how old what Slurm said may be, where nothing else tells of a change.
    """
    asked = _job(run_dir, attempt)
    assert asked is not None
    number, job = attempt, asked
    try:
        fields = _fields(run_dir, job, fresh_s)
    except PlaceError as error:
        return _told(Said(state="unknown", note=str(error)), attempt)
    if fields is not None:
        started = job.base + int(fields.get("Restarts", "0") or 0)
        if started > attempt:
            ours = _job(run_dir, started)
            if ours is None or ours.number != job.number:
                # Its node has not begun with it yet.
                said = words_of(fields) if over(fields) else _soon(fields)
                return _told(replace(said, note="") if _by_us(run_dir, job, fields) else said, attempt)
            number, job = started, ours
    else:
        # What stands of the attempts that Slurm started is all there is to know.
        later = [found for found in run_dir.attempts() if (other := _job(run_dir, found)) and other.base == job.base]
        number = max(later, default=attempt)
    return _told(_with_record(run_dir, number, job, fields), number)


def stop(run_dir: RunDir, attempt: int) -> None:
    """Take a job that waits out of the queue: nothing of it is under way. One that runs sees the stop file."""
    job = _job(run_dir, attempt)
    if job is not None and job.number and state(run_dir, attempt, fresh_s=0)["state"] == "waiting":
        _scancel(run_dir, job)


def kill(run_dir: RunDir, attempt: int) -> None:
    """End a job at once: its node does; where that does not come about, Slurm."""
    job = _job(run_dir, attempt)
    if job is None or not job.number:
        return
    found = state(run_dir, attempt, fresh_s=0)
    if found["state"] == "unknown":
        raise PlaceError(f"{found['note']} Nothing was done.")
    if found["state"] == "running":
        # Slurm's own kill begins with TERM and lets the job live on for as long as the cluster allows.
        run(["scancel", *job.on_its_cluster(), "--batch", "--signal=USR2", job.number])
        until = time.monotonic() + _KILL_S
        while time.monotonic() < until:
            if run_dir.rc(found["attempt"]).exists():
                return
            time.sleep(0.1)
    if found["state"] in ("running", "waiting"):
        _scancel(run_dir, job)


def _soon(fields: Mapping[str, str]) -> Said:
    said = words_of(fields)
    if waits(fields):
        return said
    return Said(state="waiting", note=f"Slurm job {fields.get('JobId', '?')} is started again.")


def _with_record(run_dir: RunDir, attempt: int, job: _Job, fields: Mapping[str, str] | None) -> Said:
    """Put together what Slurm says and what the job left: of how it ended the job's own record counts."""
    ended, status = exit_status(run_dir, attempt)
    if fields is None:
        # Slurm knows it no more.
        if ended:
            return Said(state="ended", exit_code=status)
        return Said(state="gone", note=_last_words(run_dir, job))
    said = words_of(fields)
    if ended and said.state != "waiting":
        reason = _text(run_dir.stop_reason(attempt))
        note = f"It ended because {reason}." if reason else "" if said.state != "gone" else said.note
        return Said(state="ended", exit_code=status, note="" if _by_us(run_dir, job, fields) else note)
    if _by_us(run_dir, job, fields):
        return replace(said, note="")
    if said.state == "running":
        return said if run_dir.pid(attempt).exists() else replace(said, note=f"{said.note} It is about to begin.")
    if said.state == "ended" and (run_dir.pid(attempt).exists() or fields["JobState"] == "COMPLETED"):
        # Its node wrote its exit status; on a shared folder that may be seen a little later.
        if _age(fields) < _SEEN_S:
            return Said(state="running", note=f"Slurm job {job.number} has ended; its last files are awaited.")
    elif said.state == "ended":
        return replace(said, note=not_begun(fields, str(run_dir.path.parent.parent)))
    return said


def _fields(run_dir: RunDir, job: _Job, fresh_s: float) -> dict[str, str] | None:
    """Return what Slurm says of a job, now or a moment ago, or what it said last of one that is over; None without.

    Raises:
        PlaceError: it cannot be asked.
    """
    if not job.number:
        return None
    path = _said_file(run_dir, job.base)
    kept = _read(path)
    known: dict[str, str] | None = kept["fields"] if kept and kept["job"] == job.number else None
    if known and over(known):
        return known
    if known and kept and abs(time.time() - kept["at"]) < fresh_s and not _changed(run_dir, job, known):
        return known
    # The lines of every run come with such a question: they must not wait for a controller that is down.
    silent = run_dir.path.parent.parent / "slurm.silent.json"
    if fresh_s and (said := _read(silent)) and abs(time.time() - said["at"]) < _SILENT_S:
        raise PlaceError(said["told"])
    try:
        done = run(["scontrol", *job.on_its_cluster(), "show", "job", "-o", job.number], timeout_s=_LOOK_TIMEOUT_S)
        if done.returncode and _FORGOTTEN not in done.stderr:
            raise ControllerError(f"Slurm does not answer ({complaint(done.stderr)}).")
    except ControllerError as error:
        write_aside(silent, json.dumps({"at": time.time(), "told": str(error)}))
        raise
    silent.unlink(missing_ok=True)
    if done.returncode:
        return None
    found = fields_of(done.stdout.strip().splitlines()[0])
    if found.get("JobName") != job.name or "JobState" not in found:
        # The number is another job's by now.
        return None
    write_aside(path, json.dumps({"job": job.number, "at": time.time(), "fields": _kept(found)}))
    return found


def _changed(run_dir: RunDir, job: _Job, known: Mapping[str, str]) -> bool:
    """Say whether the run directory tells that a job has gone on since Slurm was asked."""
    attempt = job.base + int(known.get("Restarts", "0") or 0)
    begun = run_dir.pid(attempt).exists()
    return run_dir.rc(attempt).exists() or (begun and waits(known))


def _by_us(run_dir: RunDir, job: _Job, fields: Mapping[str, str]) -> bool:
    return fields["JobState"] == "CANCELLED" and _cancelled_file(run_dir, job.base).exists()


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    wanted = (
        "JobId", "JobName", "JobState", "Reason", "Restarts", "ExitCode", "TimeLimit", "StartTime", "EndTime",
        "NodeList",
    )  # fmt: skip
    return {name: fields[name] for name in wanted if name in fields}


def _age(fields: Mapping[str, str]) -> float:
    """Return how long ago a job ended, in seconds, by this host's clock; very long where that is not told."""
    try:
        return abs(time.time() - time.mktime(time.strptime(fields["EndTime"], "%Y-%m-%dT%H:%M:%S")))
    except (KeyError, ValueError, OverflowError):
        return float("inf")


def _last_words(run_dir: RunDir, job: _Job) -> str:
    """Say of a job that Slurm has forgotten, and that left no exit status, what its log may tell."""
    if not job.number:
        return "It was never taken by Slurm. Resume the run."
    said = f"Slurm knows job {job.number} no more, and it left no exit status."
    log = run_dir.log(job.base)
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65536))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.startswith(("slurmstepd", "srun: "))]
        if told:
            said += f" Its log ends with: {told[-1][:300]}"
    return f"{said} Resume the run: it goes on from its newest checkpoint."


def _found_again(run_dir: RunDir, attempt: int, job: _Job) -> _Job | None:
    """Return the job of a submission whose answer was lost, where Slurm has it."""
    done = run(["squeue", "--noheader", f"--name={job.name}", "--format=%i"])
    if done.returncode:
        raise PlaceError(f"Slurm does not answer ({complaint(done.stderr)}). Nothing was started; try again.")
    numbers = done.stdout.split()
    if not numbers:
        return None
    found = replace(job, number=numbers[-1])
    _keep(run_dir, attempt, found)
    return found


def _script(run_dir: RunDir, attempt: int, name: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the batch script: it does nothing but become the node's half of this place."""
    all_of_it = job_environment()
    wanted: dict[str, str] = {key: all_of_it[key] for key in _OURS if key in all_of_it} | dict(environment)
    lines = [f"export {key}={shlex.quote(value)}" for key, value in wanted.items()]
    node = [sys.executable, "-m", "runners.places.slurm_node", str(run_dir.path), str(attempt), name, *command]
    # Until it has its own way with these signals, they must not end it.
    return "\n".join(["#!/bin/sh", *lines, "trap '' USR1 USR2", f"exec {shlex.join(node)}", ""])


def _scancel(run_dir: RunDir, job: _Job) -> None:
    _cancelled_file(run_dir, job.base).touch()
    done = run(["scancel", *job.on_its_cluster(), job.number])
    if done.returncode and _FORGOTTEN not in done.stderr:
        raise PlaceError(f"Slurm does not end job {job.number}: {complaint(done.stderr)}.")
    # What it said before is true no more.
    _said_file(run_dir, job.base).unlink(missing_ok=True)


def _told(said: Said, attempt: int) -> dict[str, Any]:
    return {"state": said.state, "exit_code": said.exit_code, "note": said.note, "attempt": attempt}


def _job(run_dir: RunDir, attempt: int) -> _Job | None:
    row = _read(slurm_json(run_dir, attempt))
    if row is None:
        return None
    return _Job(number=row["job"], name=row["name"], cluster=row.get("cluster", ""), base=row.get("base", attempt))


def _keep(run_dir: RunDir, attempt: int, job: _Job) -> None:
    row = {"job": job.number, "name": job.name, "cluster": job.cluster, "base": job.base}
    write_aside(slurm_json(run_dir, attempt), json.dumps(row))


def _said_file(run_dir: RunDir, attempt: int) -> Path:
    return run_dir.attempt(attempt) / "slurm.said.json"


def _cancelled_file(run_dir: RunDir, attempt: int) -> Path:
    return run_dir.attempt(attempt) / "slurm.cancelled"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
