"""What a run asks a Slurm cluster for: one node, and what of it, as options of sbatch.

The decision to know: options go to sbatch as arguments, never as lines of a script, so no name is ever read by a shell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# What the workbench sets, or cannot do without: in another's hands a run could not be followed.
_TAKEN: Final = (
    "array", "chdir", "error", "help", "input", "job-name", "nodes", "ntasks", "open-mode", "output", "parsable",
    "quiet", "signal", "test-only", "version", "wait", "wrap",
)  # fmt: skip
_TIME: Final = re.compile(r"\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2}")
_MEMORY: Final = re.compile(r"\d+[KMGT]?")
_GPUS: Final = re.compile(r"(?:([A-Za-z][\w.+-]*):)?(\d+)")
_WORD: Final = re.compile(r"[^\s,\x00-\x1f\x7f]+")
_PRINTED: Final = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, kw_only=True)
class SlurmRequest:
    """What a job asks for; what is empty or 0 is left to the cluster.

    Attributes:
        partition: that takes the job.
        account: that the time is counted to.
        time_limit: as sbatch takes it: minutes, `hours:minutes:seconds` or `days-hours`.
        gpus: how many, such as `1`, or of which kind, such as `a100:2`.
        cpus: processors.
        memory: of the node, such as `32G`.
        constraint: features that the node must have, as sbatch takes it.
        extra: more options of sbatch, each a whole one such as `--qos=long`.
        stop_before_s: how long before its time limit a job is asked to stop, so that it leaves a checkpoint.
    """

    partition: str = ""
    account: str = ""
    time_limit: str = ""
    gpus: str = ""
    cpus: int = 0
    memory: str = ""
    constraint: str = ""
    extra: tuple[str, ...] = ()
    stop_before_s: int = 120

    def options(self) -> list[str]:
        """Return the options of sbatch; those of the author's own come last, and so count."""
        wanted = {
            "partition": self.partition,
            "account": self.account,
            "time": self.time_limit,
            # Understood by every Slurm, where --gpus is not.
            "gres": f"gpu:{self.gpus}" if self.gpu_count else "",
            "cpus-per-task": str(self.cpus or ""),
            "mem": self.memory,
            "constraint": self.constraint,
        }
        own = [f"--{name}={value}" for name, value in wanted.items() if value]
        # The signal goes to the batch process alone: it asks the job to stop in the way every place does.
        return ["--nodes=1", "--ntasks=1", "--requeue", f"--signal=B:USR1@{self.stop_before_s}", *own, *self.extra]

    @property
    def gpu_count(self) -> int:
        """How many GPUs a job gets."""
        match = _GPUS.fullmatch(self.gpus)
        return int(match[2]) if match else 0

    @property
    def gpu_kind(self) -> str:
        """The kind of them that is asked for; empty for any."""
        match = _GPUS.fullmatch(self.gpus)
        return (match[1] or "") if match else ""


def request_problems(request: SlurmRequest) -> list[str]:
    """Return what does not hold, each by the name of its field."""
    problems = []
    for name in ("partition", "account"):
        value = getattr(request, name)
        if value and (not _WORD.fullmatch(value) or value.startswith("-")):
            problems.append(f"{name}: found {value!r}, expected the name of one, such as gpu.")
    if request.constraint and not _PRINTED.fullmatch(request.constraint):
        problems.append(f"constraint: found {request.constraint!r}, expected features such as a100|h100.")
    if request.time_limit and not _TIME.fullmatch(request.time_limit):
        problems.append(f"time_limit: found {request.time_limit!r}, expected a time such as 4:00:00 or 2-00.")
    if request.gpus and not _GPUS.fullmatch(request.gpus):
        problems.append(f"gpus: found {request.gpus!r}, expected a number such as 1, or a kind and one: a100:2.")
    if request.cpus < 0:
        problems.append(f"cpus: found {request.cpus}, expected a number of processors, or 0 for the cluster's own.")
    if request.memory and not _MEMORY.fullmatch(request.memory):
        problems.append(f"memory: found {request.memory!r}, expected a size such as 32G.")
    if not 10 <= request.stop_before_s <= 65535:
        problems.append(f"stop_before_s: found {request.stop_before_s}, expected 10 to 65535 seconds.")
    if 0 < _seconds(request.time_limit) <= request.stop_before_s:
        problems.append(
            f"time_limit: {request.time_limit} is no longer than the {request.stop_before_s} seconds (stop_before_s) "
            "before it at which a job is asked to stop. Give it more time."
        )
    for option in request.extra:
        problem = _option_problem(option)
        problems += [f"extra: {problem}"] if problem else []
    return problems


def _seconds(limit: str) -> int:
    """Return a time limit in seconds, as sbatch reads it; 0 for none, or one that it does not understand."""
    if not _TIME.fullmatch(limit):
        return 0
    days, dash, rest = limit.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    if dash:
        hours, minutes, seconds = [*parts, 0, 0][:3]
    elif len(parts) < 3:
        hours, minutes, seconds = 0, *[*parts, 0][:2]
    else:
        hours, minutes, seconds = parts
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def _option_problem(option: object) -> str | None:
    if not isinstance(option, str) or not re.match(r"--[a-z]", option) or not _PRINTED.fullmatch(option):
        return f"found {option!r}, expected a whole option of sbatch, such as --qos=long."
    name = option[2:].partition("=")[0]
    # sbatch takes the beginning of a name for the name.
    taken = next((taken for taken in _TAKEN if taken == name or (len(name) > 2 and taken.startswith(name))), None)
    return f"{option!r} is set by the workbench (--{taken}). Leave it out." if taken else None
