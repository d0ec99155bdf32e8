"""Draw a blind test in a child process: `python -m workbench.operations.blind_job PROJECT QUESTION`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.blind import WANTED
from workbench.operations.blind import BlindTest, Progress, begin, round_of, tested_run
from workbench.operations.child import answer, run_child
from workbench.operations.project import Project

_MODULE = "workbench.operations.blind_job"


def begin_in_child(
    project: Project,
    run: str,
    *,
    wanted: int = WANTED,
    again: bool = False,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> BlindTest | None:
    """Draw the next round of a run in a child process; return it, or None when it was cancelled."""
    question = {"do": "draw the blind test", "run": run, "wanted": wanted, "again": again}
    said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled)
    return None if said is None else round_of(project, tested_run(project, run), said["number"])


def main() -> int:
    """Do what is asked, in the child."""

    def operate(question: dict[str, Any], progress: Progress) -> dict[str, Any]:
        project = Project.open(Path(sys.argv[1]))
        made = begin(project, question["run"], wanted=question["wanted"], again=question["again"], progress=progress)
        return {"number": made.round.number}

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
