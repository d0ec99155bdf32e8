"""Run one long operation in a child process: the terminal only reads its progress, so no key waits for it.

The child opens the project itself, so nothing but names and a result of a few numbers goes between the two. It steps
back for the program, and ends when its output is no longer read: a program that was killed leaves nothing running.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import workbench
from curation.errors import CurationError
from runners.errors import RunnersError
from store.errors import StoreError
from workbench.operations.errors import ChildError, WorkbenchError
from workbench.operations.project import Project

# Raised on purpose: their text is a sentence for the author.
_EXPECTED = (WorkbenchError, CurationError, StoreError, RunnersError)
_LOOK_S = 0.1
_ENDS_S = 5.0


def run_child(
    project: Project,
    module: str,
    question: dict[str, Any],
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
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

    Raises:
        ChildError: it could not be started, ended without an answer, or answers with an error.
    """
    process = _start([sys.executable, "-m", module, str(project.root), json.dumps(question)])
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
            f"The process that was to {question.get('do', 'do this')} ended by itself. Nothing was changed; try again."
        )
    finally:
        _end(process)


def answer(operate: Callable[[dict[str, Any], Callable[[int, int, str], None]], dict[str, Any]]) -> int:
    """Be the child: run the operation on the question of the command line, and write what `run_child` reads."""
    os.nice(5)

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


def environment() -> dict[str, str]:
    """Return the environment of a child process that imports what this one imports."""
    home = Path(workbench.__file__).resolve().parent.parent
    made = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8:surrogatepass"}
    if home.name not in ("site-packages", "dist-packages"):
        made["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    return made


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
        )
    except OSError as error:
        reason = f"{command[0]}: cannot be started ({error.strerror}). Free some memory, and try again."
        raise ChildError(reason) from error


def _lines(process: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> Iterator[bytes]:
    """Yield whole lines of the child's output until it ends or is cancelled."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    rest = b""
    while not cancelled():
        if not select.select([descriptor], [], [], _LOOK_S)[0]:
            continue
        read = os.read(descriptor, 1 << 16)
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        yield from lines


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    process.stdout.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
