"""Run one long operation in a child process: the terminal only reads its progress, so no key waits for it.

The child opens the project itself, so nothing but names, numbers and a report goes between the two. It steps back for
the program, and ends when its output is no longer read: a program that was killed leaves nothing running.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import workbench
from curation.errors import CurationError
from runners.errors import RunnersError
from store.errors import StoreError
from workbench.operations.errors import ChildError, WorkbenchError
from workbench.operations.project import Project
from workbench.operations.stepping_back import step_back

# What stands of the work of a child that ended by itself: of one that saves as it goes on, what it had saved.
_LEFT = {False: "Nothing was changed", True: "What it had done stands"}
# Raised on purpose: their text is a sentence for the author.
_EXPECTED = (WorkbenchError, CurationError, StoreError, RunnersError)
_LOOK_S = 0.1
_ENDS_S = 5.0
# How long a child that was told to stop may take for the step it is at, in seconds.
_STOPS_S = 10.0


def run_child(
    project: Project,
    module: str,
    question: dict[str, Any],
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
    gently: bool = False,
) -> dict[str, Any] | None:
    """Run `python -m MODULE PROJECT QUESTION` and return its answer, or None when it was cancelled.

    The child writes lines of JSON: `{"done", "total", "name"}` as it goes on, and last `{"answer"}` or `{"error",
    "pairs"}`.

    Args:
        project: it works on.
        module: whose `main` it runs.
        question: what it is to do.
        progress: called with what it says.
        cancelled: asked ten times a second; the child is ended then.
        gently: once cancelled, the child is told to stop after the step it is at (`told_to_stop`) and may still answer.

    Raises:
        ChildError: it could not be started, ended without an answer, or answers with an error.
    """
    process = _start([sys.executable, "-m", module, str(project.root), json.dumps(question)], told=gently)
    try:
        for line in _lines(process, cancelled):
            said = json.loads(line)
            if "answer" in said:
                answer: dict[str, Any] = said["answer"]
                return answer
            if "error" in said:
                raise ChildError(str(said["error"]), pair_ids=said["pairs"])
            progress(said["done"], said["total"], said["name"])
        if cancelled():
            return None
        raise ChildError(
            f"The process that was to {question.get('do', 'do this')} ended by itself. {_LEFT[gently]}; try again."
        )
    finally:
        _end(process)


def answer(operate: Callable[[dict[str, Any], Callable[[int, int, str], None]], dict[str, Any]]) -> int:
    """Be the child: run the operation on the question of the command line, and write what `run_child` reads."""
    step_back()

    def write(said: dict[str, Any]) -> None:
        try:
            print(json.dumps(said), flush=True)
        except BrokenPipeError:
            # Nobody reads any more.
            os._exit(1)

    def progress(done: int, total: int, name: str) -> None:
        write({"done": done, "total": total, "name": name})

    try:
        write({"answer": operate(json.loads(sys.argv[2]), progress)})
    except _EXPECTED as error:
        write({"error": str(error), "pairs": error.pair_ids if isinstance(error, WorkbenchError) else ()})
        return 1
    return 0


def told_to_stop() -> bool:
    """Say, in a child that is run gently, whether it was cancelled: its input has ended then."""
    return _readable(0, 0.0)


def _readable(descriptor: int, within_s: float) -> bool:
    """Say whether a descriptor can be read within some seconds, or has ended; `select` takes none above 1023."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(within_s * 1000))


def environment() -> dict[str, str]:
    """Return the environment of a child process that imports what this one imports."""
    home = Path(workbench.__file__).resolve().parent.parent
    made = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8:surrogatepass"}
    if home.name not in ("site-packages", "dist-packages"):
        made["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    return made


def _start(command: list[str], *, told: bool) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if told else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        reason = f"{command[0]}: cannot be started ({error.strerror}). Free some memory, and try again."
        raise ChildError(reason) from error


def _lines(process: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> Iterator[bytes]:
    """Yield whole lines of the child's output until it ends or is cancelled, or did not stop when it was told to."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    rest = b""
    until: float | None = None
    while until is None or time.monotonic() < until:
        if until is None and cancelled():
            if process.stdin is None:
                return
            process.stdin.close()
            until = time.monotonic() + _STOPS_S
        if not _readable(descriptor, _LOOK_S):
            continue
        read = os.read(descriptor, 1 << 16)
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        yield from lines


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    process.stdout.close()
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
