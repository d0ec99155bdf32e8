"""Check and freeze in a child process: `python -m workbench.operations.checking_job PROJECT QUESTION`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store import datasets
from workbench.operations.checking import Progress, Report, check, last_check
from workbench.operations.child import answer, run_child
from workbench.operations.freezing import FreezeReport, LeaksError, dataset_difference, freeze
from workbench.operations.project import Project

_MODULE = "workbench.operations.checking_job"


def check_in_child(project: Project, *, progress: Progress, cancelled: Callable[[], bool]) -> Report | None:
    """Check the accepted pairs in a child process; return the report, or None when it was cancelled."""
    said = run_child(project, _MODULE, {"do": "check"}, progress=progress, cancelled=cancelled)
    return None if said is None else last_check(project)


def freeze_in_child(
    project: Project, *, note: str = "", leaks_too: bool = True, progress: Progress, cancelled: Callable[[], bool]
) -> FreezeReport | Report | None:
    """Freeze the accepted pairs in a child process.

    Args:
        project: whose.
        note: for people.
        leaks_too: freeze although leaks were found.
        progress: called with steps done, steps in all, and what is being done.
        cancelled: asked now and then.

    Returns:
        What was frozen; what the check found where its leaks were not to be frozen; None when it was cancelled.
    """
    question = {"do": "freeze", "note": note, "leaks_too": leaks_too}
    said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled)
    report = last_check(project)
    if said is None or report is None:
        return None
    if "dataset" not in said:
        return report
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
        try:
            done = freeze(project, note=question["note"], leaks_too=question["leaks_too"], progress=progress)
        except LeaksError:
            return {}
        return {"dataset": done.dataset.id, "new": done.new, "twice": done.twice}

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
