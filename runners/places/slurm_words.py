"""What Slurm's commands print, read; and how a job stands with it, in words.

The decision to know: only a state that is known to be an end counts as one. A word that a newer Slurm may print is told
as it is, and its job is taken for alive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runners.places.base import State

_WAITS: Final = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"})
_NO_TIME: Final = frozenset({"", "Unknown", "N/A", "None"})

# What a job waits for, as Slurm names it, and what that means. Of other reasons the name is told.
_REASONS: Final[Mapping[str, str]] = {
    "Resources": "none are free yet",
    "Priority": "other jobs go first",
    "BeginTime": "Slurm lets some time pass before it starts a job again",
    "Dependency": "another job must end first",
    "Licenses": "a licence is not free yet",
    "Reservation": "its reservation has not begun yet",
    "PartitionDown": "the partition does not take jobs now",
    "PartitionInactive": "the partition does not take jobs now",
    "ReqNodeNotAvail": "a node it needs is not available",
}
# What does not pass by itself.
_NEVER: Final = re.compile(
    r"PartitionTimeLimit|PartitionNodeLimit|BadConstraints|AccountNotAllowed|QOSNotAllowed|InvalidAccount|InvalidQOS"
    r"|(Assoc|QOS)Max\w*Per(Job|Node)\w*|(Assoc|QOS)MinCpu\w*"
)
_HELD: Final = re.compile(r"JobHeld\w*|launch.failed.requeued.held|DependencyNeverSatisfied", re.IGNORECASE)

_AGAIN: Final = "Resume the run: it goes on from its newest checkpoint."
_ENDS: Final[Mapping[str, str]] = {
    "CANCELLED": "was cancelled on the cluster, not from here",
    "TIMEOUT": "was cut off at its time limit of {limit}: give this place a longer `time_limit`, or resume as it is",
    "OUT_OF_MEMORY": "needed more memory than it may have: give this place more `memory`, or make the batch smaller",
    "NODE_FAIL": "was lost with its node {nodes}, and the cluster does not start it again",
    "PREEMPTED": "had to make room for another job",
    "BOOT_FAIL": "did not begin, since its node {nodes} did not start",
    "DEADLINE": "was ended at its deadline",
    "REVOKED": "was taken over by another cluster",
    "COMPLETED": "",
    "FAILED": "",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What Slurm says of a job.

    Attributes:
        state: as `Poll` has it.
        exit_code: likewise.
        note: for the author; empty where there is nothing to say.
    """

    state: State
    exit_code: int | None = None
    note: str = ""


def fields_of(line: str) -> dict[str, str]:
    """Return the fields of one line of `scontrol show ... -o`, by name.

    Of a name that stands twice the first counts: what a person may have named, such as a folder, comes behind the rest.
    """
    found: dict[str, str] = {}
    for match in re.finditer(r"(?:^|(?<= ))([A-Z][\w/:&]*)=(.*?)(?= [A-Z][\w/:&]*=| *$)", line):
        found.setdefault(match[1], match[2])
    return found


def submitted_id(printed: str) -> tuple[str, str] | None:
    """Return the job's number, and the cluster where it is another, of what `sbatch --parsable` prints; None without.

    A site's own plug-ins may print above it.
    """
    for line in reversed(printed.splitlines()):
        if match := re.fullmatch(r"(\d+)(?:;(\S+))?", line.strip()):
            return match[1], match[2] or ""
    return None


def complaint(printed: str) -> str:
    """Return what sbatch refuses a job for, of all that it printed: its errors, without their head."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [re.sub(r"^(sbatch: |error: |fatal: |allocation failure: )+", "", line) for line in lines]
    told = [line for line in errors if not line.startswith("Try ") and "Batch job submission failed" not in line]
    return "; ".join(dict.fromkeys(told)) or "; ".join(errors) or "it does not say why"


def could_start(printed: str) -> str:
    """Return when a job could start, and where, of what `sbatch --test-only` prints of one that it takes."""
    match = re.search(r"to start at (\S+) .*?on nodes (\S+)", printed)
    return f"it could start at {_clock(match[1])} on {match[2]}" if match else printed.strip()


def over(job: Mapping[str, str]) -> bool:
    """Say whether a job has ended, and is not to be started again."""
    return job["JobState"] in _ENDS


def waits(job: Mapping[str, str]) -> bool:
    """Say whether a job waits to be started."""
    return job["JobState"] in _WAITS


def words_of(job: Mapping[str, str]) -> Said:
    """Say how a job stands, by the fields that Slurm tells of it and nothing else."""
    state, number = job["JobState"], job.get("JobId", "?")
    if state in _WAITS:
        return Said(state="waiting", note=_waiting(job, number))
    if state not in _ENDS:
        told = {"RUNNING": "runs", "COMPLETING": "is ending", "SUSPENDED": "is suspended"}.get(state, f"is {state}")
        until = "" if _no_time(job.get("EndTime")) or state != "RUNNING" else f", until {_clock(job['EndTime'])}"
        where = "" if _no_time(job.get("NodeList"), "(null)") else f" on {job['NodeList']}"
        return Said(state="running", note=f"Slurm job {number} {told}{where}{until}{' at most' if until else ''}.")
    code, signal = _exit(job)
    if state == "COMPLETED":
        return Said(state="ended", exit_code=code)
    if state == "FAILED":
        note = f"Slurm job {number} failed: {job.get('Reason', 'for a reason that is not told')}."
        return Said(state="ended", exit_code=128 + signal if signal else code or 1, note=note)
    told = _ENDS[state].format(limit=job.get("TimeLimit", "an unknown time"), nodes=job.get("NodeList", "?"))
    return Said(state="gone", note=f"Slurm job {number} {told}. {_AGAIN}")


def not_begun(job: Mapping[str, str], folder: str) -> str:
    """Say what may be wrong with a job that failed before it wrote anything."""
    where = job.get("NodeList", "its node")
    return (
        f"Slurm job {job.get('JobId', '?')} failed on {where} before it could begin ({job.get('Reason', '?')}). Is "
        f"{folder} a folder that the nodes share with this host? Name one that is as `folder` of this place."
    )


def _waiting(job: Mapping[str, str], number: str) -> str:
    reason = job.get("Reason", "None").split(",")[0].strip("()")
    if _HELD.fullmatch(reason):
        return f"Held on the cluster: {reason}. `scontrol release {number}` there lets it go on."
    if _NEVER.fullmatch(reason):
        return f"It will not start as it is: {reason}. Stop it, change what this place asks for, and resume it."
    again = " to go on where its last node left it" if job.get("Restarts", "0") != "0" else ""
    if job["JobState"] == "CONFIGURING":
        return f"Its node {job.get('NodeList', '')} is being made ready{again}."
    if reason in ("None", "null", ""):
        return f"Waiting for resources{again}."
    means = f", {_REASONS[reason]}" if reason in _REASONS else ""
    start = "" if _no_time(job.get("StartTime")) else f"; it may start at {_clock(job['StartTime'])}"
    return f"Waiting for resources{again}: {reason}{means}{start}."


def _exit(job: Mapping[str, str]) -> tuple[int, int]:
    """Return status and signal; Slurm writes them as `3:0`."""
    match = re.fullmatch(r"(\d+):(\d+)", job.get("ExitCode", ""))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _no_time(text: str | None, *more: str) -> bool:
    return text is None or text in _NO_TIME or text in more


def _clock(text: str) -> str:
    """Return a time as Slurm writes it, which is the cluster's own, to the minute."""
    return text.replace("T", " ")[:16]
