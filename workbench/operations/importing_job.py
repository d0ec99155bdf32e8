"""Import, look and propose in a child process: `python -m workbench.operations.importing_job PROJECT QUESTION`.

What is read is saved essay by essay, so a child that is cancelled stops after the one it is at, and says what came in.
What takes no longer than starting a process is done at once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import Problem
from store import pair_reading
from workbench.operations.child import answer, run_child, told_to_stop
from workbench.operations.following import Followed
from workbench.operations.intake import Arrival, ImportReport
from workbench.operations.project import Project

if TYPE_CHECKING:
    from curation.pairs import Tier
    from workbench.operations.looking import LookReport

Progress = Callable[[int, int, str], None]
Cancelled = Callable[[], bool]

_MODULE = "workbench.operations.importing_job"
# What is read within the program's own process, in bytes: under 0.2 s of work.
LITTLE_BYTES = 150_000
# An archive's size says nothing of what is in it.
_PACKED = (".zip", ".parquet")
# How often the child says how far it is, at most, in seconds: each time wakes the program.
_SAYS_EVERY_S = 0.05


def import_aside(
    project: Project,
    paths: Sequence[Path],
    *,
    also: Sequence[str] = (),
    accept: bool = False,
    as_edit: bool = True,
    dry_run: bool = False,
    progress: Progress,
    cancelled: Cancelled,
) -> ImportReport:
    """Import files and folders, in a child process when there is much to read; see `importing.import_paths`."""
    if is_little(paths):
        from workbench.operations.importing import import_paths

        return import_paths(
            project,
            paths,
            also=also,
            accept=accept,
            as_edit=as_edit,
            dry_run=dry_run,
            progress=progress,
            cancelled=cancelled,
        )
    question = {
        "do": "import",
        "paths": [str(path) for path in paths],
        "also": list(also),
        "accept": accept,
        "as_edit": as_edit,
        "dry_run": dry_run,
    }
    said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled, gently=True)
    return report_from(said) if said is not None else ImportReport(cancelled=True, dry_run=dry_run)


def look_in_child(project: Project, *, progress: Progress, cancelled: Cancelled) -> LookReport | None:
    """Look at the disk in a child process; return the report, or None when it did not come to an end."""
    from workbench.operations.looking import look_report_from

    said = run_child(project, _MODULE, {"do": "look"}, progress=progress, cancelled=cancelled, gently=True)
    return None if said is None else look_report_from(said)


def propose_aside(
    project: Project, source_ids: Sequence[int], *, tiers: Sequence[Tier], progress: Progress, cancelled: Cancelled
) -> int:
    """Propose pairs, in a child process unless from a single source; see `proposing.propose_pairs`."""
    if len(source_ids) == 1:
        from workbench.operations.proposing import propose_pairs

        return propose_pairs(project, source_ids, tiers=tiers, progress=progress, cancelled=cancelled)
    question = {"do": "propose", "ids": list(source_ids), "tiers": list(tiers)}
    said = run_child(project, _MODULE, question, progress=progress, cancelled=cancelled, gently=True)
    return 0 if said is None else int(said["made"])


def is_little(paths: Sequence[Path]) -> bool:
    """Say whether files and folders hold so little that they are read at once."""
    total = 0
    for path in _files(paths):
        try:
            total += path.stat().st_size
        except OSError:
            continue
        if total > LITTLE_BYTES or path.suffix.lower() in _PACKED:
            return False
    return True


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from (Path(folder, name) for name in names)
        else:
            yield path


def _seldom(progress: Progress) -> Progress:
    said_at = 0.0

    def say(done: int, total: int, name: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SAYS_EVERY_S:
            said_at = time.monotonic()
            progress(done, total, name)

    return say


def report_from(data: dict[str, Any]) -> ImportReport:
    """Return the report whose fields were sent as JSON."""
    made: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    for name, kind in (
        ("arrivals", Arrival),
        ("problems", Problem),
        ("left_out", Problem),
        ("followed", Followed),
    ):
        made[name] = tuple(kind(**item) for item in data[name])
    return ImportReport(**made)


def main() -> int:
    """Do what is asked, in the child."""

    def operate(question: dict[str, Any], write: Progress) -> dict[str, Any]:
        progress = _seldom(write)
        project = Project.open(Path(sys.argv[1]))
        if question["do"] == "propose":
            from workbench.operations.proposing import propose_pairs

            made = propose_pairs(
                project, question["ids"], tiers=question["tiers"], progress=progress, cancelled=told_to_stop
            )
            return {"made": made}
        if question["do"] == "look":
            from workbench.operations.looking import look

            return asdict(look(project, progress=progress, cancelled=told_to_stop))
        from workbench.operations.importing import import_paths

        report = import_paths(
            project,
            [Path(path) for path in question["paths"]],
            also=question["also"],
            accept=question["accept"],
            as_edit=question["as_edit"],
            dry_run=question["dry_run"],
            progress=progress,
            cancelled=told_to_stop,
        )
        if not told_to_stop():
            pair_reading.put_together(project.db)
        return asdict(report)

    return answer(operate)


if __name__ == "__main__":
    sys.exit(main())
