"""Undo and redo large edits in a child process: `python -m workbench.operations.reversing_job PROJECT QUESTION`.

Each step of it is saved, so a child that is cancelled stops after the one it is at, and says that the edit is undone in
part. What takes no longer than a moment is done where it was asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.operations.child import answer, run_child, told_to_stop
from workbench.operations.edits import Direction, Reversal, in_part, reverse, undo_to
from workbench.operations.errors import ChildError
from workbench.operations.project import Project

Progress = Callable[[int, int, str], None]

_MODULE = "workbench.operations.reversing_job"


def reverse_aside(
    project: Project,
    direction: Direction,
    *,
    down_to: int | None = None,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Reversal | None:
    """Undo or redo in a child process; see `edits.reverse`, and `edits.undo_to` where an edit's number is given."""
    question = {"do": direction, "to": down_to}
    try:
        said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled, gently=True)
    except ChildError as error:
        left = in_part(project)
        if left is None or "undone only in part" in str(error):
            raise
        raise ChildError(f"{error} {left.sentence}") from error
    if said is None:
        left = in_part(project)
        stands = "Stopped. The history says what is undone by now, with L."
        return Reversal(sentence=left.sentence if left else stands, touched=())
    if said["sentence"] is None:
        return None
    return Reversal(sentence=said["sentence"], touched=tuple((table, key) for table, key in said["touched"]))


def main() -> int:
    """Do what is asked, in the child."""

    def operate(question: dict[str, Any], progress: Progress) -> dict[str, Any]:
        project = Project.open(Path(sys.argv[1]))
        if question["to"] is None:
            done = reverse(project, question["do"], progress=progress, cancelled=told_to_stop)
        else:
            done = undo_to(project, question["to"], progress=progress, cancelled=told_to_stop)
        return {"sentence": done and done.sentence, "touched": done.touched if done else ()}

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
