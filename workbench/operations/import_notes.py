"""Import notes that were pasted together: each becomes a source of its own and stays the same one the next time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation.discover import MAX_BYTES
from curation.errors import EssayError, Problem
from curation.notes import Note, read_notes_csv, recognised, split_notes
from curation.textfile import read_text, settled_ns
from curation.watch import stamp_of
from store import following, parts
from workbench.operations.following import catch_up
from workbench.operations.import_essays import new_source
from workbench.operations.intake import ImportOptions, ImportReport, Intake
from workbench.operations.project import Project

ORIGIN = "notes"
# What notes are known by that were pasted and stand in no file.
PASTED = "pasted"


def bring_in(intake: Intake, path: Path) -> None:
    """Bring the notes of a file in; a note that is in it no more is gone, and nothing of it is lost."""
    try:
        # Before it is read: what is written meanwhile makes it another time.
        stamp = stamp_of(path)
        text = read_text(path)
        read = read_notes_csv if path.suffix.lower() == ".csv" else split_notes
        notes, problems = read(text, str(path))
    except EssayError as error:
        intake.problem(error.problem)
        return
    known = parts.of(intake.project.db, intake.project.relative(path), ORIGIN)
    whole, mtime_ns = intake.project.relative(path), settled_ns(stamp.mtime_ns) if stamp is not None else 0
    kept = _save(intake, notes, problems, whole=whole, shown=str(path), known=known, mtime_ns=mtime_ns)
    if intake.cancelled():
        return
    gone = [part for part in known if part.key not in kept]
    for part in gone:
        if not part.missing:
            intake.gone(part.title)
    if not intake.options.dry_run:
        following.missing(intake.project.db, [part.id for part in gone])
        parts.was_read(intake.project.db, gone, mtime_ns)


def import_pasted(project: Project, text: str, *, dry_run: bool = False) -> ImportReport:
    """Import notes that were pasted, one a `---` section, as one edit; what was pasted before stays.

    Args:
        project: where to.
        text: Markdown.
        dry_run: save nothing, and report what would have come of it.
    """
    intake = Intake(project, ImportOptions(dry_run=dry_run), lambda done, total, name: None, lambda: False)
    if len(text) > MAX_BYTES:
        message = f"is longer than the {MAX_BYTES // 1_000_000} MB that are read. Put it in files, and import those."
        intake.problem(Problem(PASTED, None, message))
        return intake.report()
    notes, problems = split_notes(text, PASTED)
    if not notes and not problems:
        problems.append(Problem(PASTED, None, "holds no words. Paste notes in Markdown, with a line --- between two."))
    known = parts.of(project.db, PASTED, ORIGIN)
    with intake.one_edit("what was pasted"):
        _save(intake, notes, problems, whole=PASTED, shown=PASTED, known=known)
        intake.finish()
        followed = () if dry_run else catch_up(project)
    return intake.report(followed)


def _save(
    intake: Intake,
    notes: Sequence[Note],
    problems: Sequence[Problem],
    *,
    whole: str,
    shown: str,
    known: Sequence[parts.Part],
    mtime_ns: int | None = None,
) -> set[str]:
    """Save notes, and return the keys of those that were read."""
    for problem in problems:
        intake.problem(problem)
    found = recognised(notes, {part.key: part.text for part in known})
    for number, note in enumerate(found, start=1):
        if intake.cancelled():
            break
        intake.progress(number, len(found), note.title)
        intake.save(
            new_source(
                path=parts.part_path(whole, note.key),
                slug=note.key,
                kind=intake.options.kind or "note",
                kind_set=intake.options.kind is not None,
                title=note.title,
                text=note.text,
                file_bytes=len(note.text.encode()),
                front_matter={**note.about},
                origin=ORIGIN,
                file_mtime_ns=mtime_ns,
            ),
            shown,
        )
    return {note.key for note in found}
