"""Import whatever an author has: each file is recognised and brought in; one with a fault is named, the rest comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from curation.discover import discover
from store import parts
from workbench.operations.errors import NothingToDoError
from workbench.operations.following import catch_up
from workbench.operations.forms import Forms, form_named
from workbench.operations.import_notes import ORIGIN
from workbench.operations.intake import ImportOptions, ImportReport, Intake, Progress
from workbench.operations.project import Project
from workbench.operations.renaming import adopt_renamed
from workbench.operations.unknown_files import tell_unknown


def import_paths(
    project: Project,
    paths: Sequence[Path],
    *,
    kind: Literal["essay", "note"] | None = None,
    dry_run: bool = False,
    form: str | None = None,
    also: Sequence[str] = (),
    accept: bool = False,
    as_edit: bool = True,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Import files and folders of them.

    Each source is one transaction: a crash leaves whole essays, never half of one. All that comes in is one edit, which
    one undo takes back whole, also where the import was cancelled or the program ended in it.

    Args:
        project: where to.
        paths: files and folders; none for the folders that the settings name.
        kind: what they are; None decides by folder name and length.
        dry_run: read everything, save nothing, and report what would have come of it.
        form: read every file as the form of this name; None recognises each.
        also: what is left out by itself and wanted all the same: `drafts`, or a type of post such as `podcast`.
        accept: take pairs as accepted; else they are proposals.
        as_edit: keep it as an edit of the author's; False for what the disk did by itself, which undo leaves alone.
        progress: called with things done, things in all, and the thing's name.
        cancelled: asked before each thing.

    Raises:
        NothingToDoError: no path was given and the settings name none.
        WorkbenchError: there is no form of that name.
        Conflict: the import was undone while it went on; the rest was left out.
    """
    chosen = list(paths) or [project.root / folder for folder in project.settings.essays]
    if not chosen:
        raise NothingToDoError("No folder to import from. Name one, or list it under `essays` in workbench.toml.")
    found = discover(chosen, Forms(form_named(form) if form else None))
    options = ImportOptions(kind=kind, dry_run=dry_run, form=form, also=frozenset(also), accept=accept)
    intake = Intake(project, options, progress, cancelled)
    for problem in found.problems:
        intake.problem(problem)
    for path in found.unknown:
        tell_unknown(intake, path)
    if not dry_run:
        adopt_renamed(project, found.files)
    with intake.one_edit(_named(chosen)) if as_edit else nullcontext():
        for number, (path, name) in enumerate(zip(found.files, found.forms, strict=True), start=1):
            if cancelled():
                break
            progress(number, len(found.files), path.name)
            form_named(form or _as_before(project, path, name)).bring_in(intake, path)
        intake.tell_kind()
        if not cancelled():
            intake.finish()
        followed = () if dry_run else catch_up(project, cancelled=cancelled)
    return intake.report(followed, found.passed_over)


def _named(paths: Sequence[Path]) -> str:
    """Name the places of an import for the history."""
    names = [path.absolute().name or str(path) for path in paths]
    return " and ".join(names) if len(names) < 3 else f"{len(names)} places"


def _as_before(project: Project, path: Path, name: str) -> str:
    """Return the form a file came in as before, where it is notes or a source of its own: what was one stays one."""
    stored = project.relative(path)
    if name == "essays" and parts.is_whole(project.db, stored, ORIGIN):
        return "notes"
    if name in ("notes", "prompts") and parts.is_file(project.db, stored):
        return "essays"
    return name
