"""Check and freeze in a child process: `python -m workbench.operations.checking_job PROJECT QUESTION`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store import datasets
from workbench.operations.checking import Progress, Report, check, last_check
from workbench.operations.child import answer, run_child
from workbench.operations.freezing import FreezeReport, dataset_difference, freeze
from workbench.operations.project import Project

_MODULE = "workbench.operations.checking_job"


def check_in_child(project: Project, *, progress: Progress, cancelled: Callable[[], bool]) -> Report | None:
    """Check the accepted pairs in a child process; return the report, or None when it was cancelled."""
    said = run_child(project, _MODULE, {"do": "check"}, progress=progress, cancelled=cancelled)
    return None if said is None else last_check(project)


def freeze_in_child(
    project: Project, *, note: str = "", progress: Progress, cancelled: Callable[[], bool]
) -> FreezeReport | None:
    """Freeze the accepted pairs in a child process; return the report, or None when it was cancelled."""
    said = run_child(project, _MODULE, {"do": "freeze", "note": note}, progress=progress, cancelled=cancelled)
    report = last_check(project)
    if said is None or report is None:
        return None
    row = datasets.get(project.db, said["dataset"])
    return FreezeReport(
        dataset=row, new=said["new"], report=report, difference=dataset_difference(project, row), twice=said["twice"]
    )


def main() -> int:
    """Do what is asked, in the child."""

    def operate(question: dict[str, Any], progress: Progress) -> dict[str, Any]:
        project = Project.open(Path(sys.argv[1]))
        if question["do"] == "check":
            check(project, progress=progress)
            return {}
        done = freeze(project, note=question["note"], progress=progress)
        return {"dataset": done.dataset.id, "new": done.new, "twice": done.twice}

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
