"""What runs on a far host: answers one question about a job there, and ends. It needs Python and this package alone.

A question is one line of JSON on standard input, with the bytes it speaks of behind it; an answer is one line of JSON
on standard output, with `bytes` bytes behind it. The decision to know: nothing stays running here but jobs, so there is
no server to be out of date, to die, or to be broken into.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import platform
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from runners.errors import RunnersError
from runners.places import cluster_record, far_files, far_slurm, slurm_commands
from runners.places.far_processes import is_alive, kill_group, start_of
from runners.places.supervisor import exit_status, job_environment, start_supervised
from runners.rundir import RunDir

NEEDED: Final = ("torch", "transformers", "peft")

# The fields of an answer, and the bytes behind it.
Answer = tuple[dict[str, Any], Iterable[bytes]]


def main() -> int:
    """Answer the question on standard input."""
    question = json.loads(sys.stdin.buffer.readline())
    folder = Path(question["folder"]).expanduser().absolute()
    os.environ.update(question.get("env", {}))
    told: dict[str, Any]
    data: Iterable[bytes]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        machine = _machine(folder)
        told, data = {}, ()
        # What is asked about a job of another machine is neither answered nor done.
        if question.get("machine") in (None, machine):
            told, data = _ANSWERS[question["do"]](folder, question)
        told = {"machine": machine, **told}
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        told, data = {"error": f"{error.filename or folder}: {error.strerror}", "full": full}, ()
    except RunnersError as error:
        told, data = {"error": str(error), "full": False}, ()
    out = sys.stdout.buffer
    out.write(json.dumps(told).encode("ascii") + b"\n")
    for block in data:
        out.write(block)
    out.flush()
    return 0


def _ready(folder: Path, question: dict[str, Any]) -> Answer:
    """Say what a job needs and does not find, without loading any of it."""
    model, slurm = question.get("model"), question.get("slurm")
    refused, taken = ([], "") if slurm is None else slurm_commands.problems(slurm)
    return {
        "refused": refused,
        "taken": taken,
        "python": platform.python_version(),
        "missing": [name for name in NEEDED if importlib.util.find_spec(name) is None],
        "free_bytes": far_files.free_bytes(folder),
        "has_model": model is None or Path(model).expanduser().is_dir(),
    }, ()


def _wanted(folder: Path, question: dict[str, Any]) -> Answer:
    run = question["run"]
    stands = far_files.stands(folder, run)
    return {"stands": stands, "wanted": [] if stands else far_files.wanted(folder, run, question["files"])}, ()


def _put(folder: Path, question: dict[str, Any]) -> Answer:
    files = [(name, size, sha256) for name, size, sha256 in question["files"]]
    far_files.take_in(folder, question["run"], files, sys.stdin.buffer)
    return {}, ()


def _start(folder: Path, question: dict[str, Any]) -> Answer:
    """Start an attempt; one whose job lives already is left alone, so that asking twice starts one job."""
    run_dir, attempt = _run_dir(folder, question), int(question["attempt"])
    command = question["command"] or [sys.executable, "-m", "runners"]
    if (slurm := question.get("slurm")) is not None:
        run_dir.attempt(attempt).mkdir(parents=True, exist_ok=True)
        far_slurm.submit(run_dir, attempt, slurm, command, question.get("env", {}))
        return {}, ()
    if _state(run_dir, attempt)["state"] == "running":
        return {}, ()
    run_dir.attempt(attempt).mkdir(parents=True, exist_ok=True)
    run_dir.stop.unlink(missing_ok=True)
    for stale in (run_dir.pid(attempt), _start_file(run_dir, attempt)):
        stale.unlink(missing_ok=True)
    process = start_supervised(run_dir, attempt, command, nice=question["nice"], environment=job_environment())
    _write(run_dir.pid(attempt), str(process.pid))
    if (start := start_of(process.pid)) is not None:
        _write(_start_file(run_dir, attempt), start)
    return {}, ()


def _look(folder: Path, question: dict[str, Any]) -> Answer:
    """Say how the job is, then what it wrote: what it wrote before it ended is then sure to be among that."""
    run_dir = _run_dir(folder, question)
    attempt, sizes = question.get("attempt"), question.get("sizes")
    told = {} if attempt is None else _state(run_dir, int(attempt))
    if (kept := question.get("kept")) is not None:
        told["record"] = cluster_record.record(run_dir, int(kept))
    if sizes is None:
        return told, ()
    found, more = far_files.grown(run_dir, sizes)
    told["files"] = [(name, offset, len(data)) for name, offset, data in found]
    told["more"], told["traces"] = more, len(far_files.trace_names(run_dir))
    return told, [data for _, _, data in found]


def _traces(folder: Path, question: dict[str, Any]) -> Answer:
    found = far_files.traces_but(_run_dir(folder, question), question["known"])
    return {"traces": [(name, len(data)) for name, data in found]}, [data for _, data in found]


def _checkpoints(folder: Path, question: dict[str, Any]) -> Answer:
    run_dir = _run_dir(folder, question)
    best = run_dir.best_json.read_text(encoding="utf-8") if run_dir.best_json.is_file() else None
    return {"checkpoints": far_files.checkpoint_files(run_dir), "best": best}, ()


def _read(folder: Path, question: dict[str, Any]) -> Answer:
    path, offset = far_files.safe(_run_dir(folder, question).path, question["name"]), int(question["offset"])
    if not path.is_file():
        return {"gone": True}, ()
    return {"bytes": path.stat().st_size - offset}, far_files.read_out(path, offset)


def _stop(folder: Path, question: dict[str, Any]) -> Answer:
    run_dir, attempt = _run_dir(folder, question), int(question["attempt"])
    run_dir.request_stop()
    if far_slurm.has_job(run_dir, attempt):
        far_slurm.stop(run_dir, attempt)
    return {}, ()


def _kill(folder: Path, question: dict[str, Any]) -> Answer:
    run_dir, attempt = _run_dir(folder, question), int(question["attempt"])
    if far_slurm.has_job(run_dir, attempt):
        far_slurm.kill(run_dir, attempt)
        return {}, ()
    pid = _pid(run_dir, attempt)
    if pid is not None and _state(run_dir, attempt)["state"] == "running":
        kill_group(pid)
    return {}, ()


def _prepare(folder: Path, question: dict[str, Any]) -> Answer:
    cluster_record.prepare(_run_dir(folder, question), int(question["attempt"]))
    return {}, ()


def _end(folder: Path, question: dict[str, Any]) -> Answer:
    """Tell the keeper of a cluster's job to end it at once; say what is known of it."""
    run_dir, attempt = _run_dir(folder, question), int(question["attempt"])
    if run_dir.attempt(attempt).is_dir():
        run_dir.kill(attempt).touch()
    return {"record": cluster_record.record(run_dir, attempt)}, ()


def _probe(folder: Path, question: dict[str, Any]) -> Answer:
    return {"found": cluster_record.take_probe(folder, question["probe"])}, ()


def _survey(folder: Path, question: dict[str, Any]) -> Answer:
    """Say what this host has: for that torch is loaded, which takes seconds."""
    from runners.places.far_survey import survey

    told, _ = _ready(folder, question)
    if (name := question.get("partition")) is not None:
        told["cluster"] = [slurm_commands.version(), *slurm_commands.partition(name)]
    return {**told, **survey(told["missing"])}, ()


_ANSWERS: Final[dict[str, Callable[[Path, dict[str, Any]], Answer]]] = {
    "ready": _ready,
    "survey": _survey,
    "probe": _probe,
    "wanted": _wanted,
    "put": _put,
    "start": _start,
    "prepare": _prepare,
    "end": _end,
    "look": _look,
    "traces": _traces,
    "checkpoints": _checkpoints,
    "read": _read,
    "stop": _stop,
    "kill": _kill,
}


def _run_dir(folder: Path, question: dict[str, Any]) -> RunDir:
    return RunDir(far_files.safe(folder / "runs", question["run"]))


def _state(run_dir: RunDir, attempt: int) -> dict[str, Any]:
    """Say how the job of an attempt is, as `Poll` has it."""
    if far_slurm.has_job(run_dir, attempt):
        return far_slurm.state(run_dir, attempt)
    ended, status = exit_status(run_dir, attempt)
    if not ended and (pid := _pid(run_dir, attempt)) is not None:
        if is_alive(pid, _start_known(run_dir, attempt), str(run_dir.path)):
            return {"state": "running", "exit_code": None}
        # It may have ended between the two looks.
        ended, status = exit_status(run_dir, attempt)
    return {"state": "ended" if ended else "gone", "exit_code": status}


def _pid(run_dir: RunDir, attempt: int) -> int | None:
    """Return the supervisor's id."""
    try:
        return int(run_dir.pid(attempt).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _start_known(run_dir: RunDir, attempt: int) -> str | None:
    try:
        return str(_start_file(run_dir, attempt).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _start_file(run_dir: RunDir, attempt: int) -> Path:
    return run_dir.attempt(attempt) / "pid.start"


def _machine(folder: Path) -> str:
    """Return what tells this host's folder from one of the same name on another host, for as long as it stands."""
    path = folder / "machine"
    if not path.is_file():
        _write(path, secrets.token_hex(8))
    return path.read_text(encoding="ascii")


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
