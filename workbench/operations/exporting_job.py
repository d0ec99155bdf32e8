"""Export a dataset in a child process: `python -m workbench.operations.exporting_job PROJECT QUESTION`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curation.errors import Problem
from workbench.operations.child import answer, run_child
from workbench.operations.dataset_files import DatasetExport, export_dataset
from workbench.operations.errors import WouldReplaceError
from workbench.operations.project import Project

_MODULE = "workbench.operations.exporting_job"
_Progress = Callable[[int, int, str], None]


def export_in_child(
    project: Project,
    number: int,
    folder: Path,
    *,
    form: str,
    force: bool = False,
    progress: _Progress,
    cancelled: Callable[[], bool],
) -> DatasetExport | None:
    """Write a dataset's files in a child process; return what was written, or None when it was cancelled.

    Each file is written whole or not at all, so what a cancelled export leaves are whole files.

    Raises:
        WouldReplaceError: files of somebody's own stand under these names, and `force` is not given.
        ChildError: for whatever else stands in the way; see `export_dataset`.
    """
    question = {"do": "export", "number": number, "folder": str(folder), "form": form, "force": force}
    said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled)
    if said is None:
        return None
    if said["standing"]:
        raise WouldReplaceError([Path(path) for path in said["standing"]])
    return DatasetExport(
        number=number,
        form=form,
        files=tuple(Path(path) for path in said["files"]),
        said=tuple(Problem(**problem) for problem in said["said"]),
    )


def main() -> int:
    """Do what is asked, in the child."""

    def operate(question: dict[str, Any], progress: _Progress) -> dict[str, Any]:
        project = Project.open(Path(sys.argv[1]))
        form = question["form"]
        progress(0, 1, form)
        try:
            done = export_dataset(
                project, question["number"], Path(question["folder"]), form=form, force=question["force"]
            )
        except WouldReplaceError as error:
            return {"standing": [str(path) for path in error.paths]}
        said = [asdict(problem) for problem in done.said]
        return {"standing": [], "files": [str(path) for path in done.files], "said": said}

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
