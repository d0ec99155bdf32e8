"""Files that hold several notes, as they are followed on the disk: gone, back, and under another name.

What is in such a file is known by its notes, each a source of its own; the file's time of change stands with all of
them, also with those that are in it no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation.errors import EssayError
from curation.textfile import read_text
from store import following, parts
from store.parts import Whole
from workbench.operations.import_notes import ORIGIN as NOTES
from workbench.operations.import_notes import PASTED
from workbench.operations.project import Project

# Missing files times new ones that are compared by what they say.
_COMPARED = 2_500


def note_files(project: Project) -> dict[str, Whole]:
    """Return the files that came in as notes, by where they lie; what was pasted lies nowhere."""
    return {
        str(project.absolute(whole.path)): whole for whole in parts.wholes(project.db, NOTES) if whole.path != PASTED
    }


def adopt_notes(project: Project, lost: Sequence[Whole], came: Sequence[str]) -> list[tuple[Whole, str]]:
    """Give the notes of files that are gone the file that most of them stand in; return which."""
    if not lost or len(lost) * len(came) > _COMPARED:
        return []
    own = [[part.text for part in parts.of(project.db, whole.path, NOTES) if not part.missing] for whole in lost]
    # Those of a file that was gone before are all missing.
    own = [texts or [part.text for part in parts.of(project.db, whole.path, NOTES)] for whole, texts in zip(lost, own)]
    found: list[tuple[Whole, str]] = []
    for path in came:
        try:
            text = read_text(Path(path))
        except EssayError:
            continue
        for whole, texts in zip(lost, own, strict=True):
            taken = any(other is whole for other, _ in found)
            if not taken and sum(part in text for part in texts) * 2 >= len(texts):
                if parts.renamed(project.db, whole, project.relative(Path(path))):
                    found.append((whole, path))
                break
    return found


def mark_missing(project: Project, gone: Sequence[Whole]) -> list[str]:
    """Say of the notes of files that are gone that they are missing; return the names of the files."""
    fresh = [whole for whole in gone if not whole.missing and whole.mtime_ns is not None]
    for whole in fresh:
        # When the file is back it is read, whatever its time.
        parts.was_read(project.db, whole.parts, 0)
    following.missing(project.db, [part.id for whole in fresh for part in whole.parts])
    return [Path(whole.path).name for whole in fresh]


def came_back(project: Project, read: Sequence[Whole]) -> list[str]:
    """Return the titles of notes that were missing and are there again after files were read; of a whole its name.

    Args:
        project: whose notes.
        read: the files as they stood before.
    """
    now = {whole.path: whole for whole in parts.wholes(project.db, NOTES)} if read else {}
    back = []
    for whole in read:
        still = {part.id for part in now[whole.path].parts if part.missing} if whole.path in now else set()
        titles = [part.title for part in whole.parts if part.missing and part.id not in still]
        back += [Path(whole.path).name] if whole.missing and len(titles) > 1 else titles
    return back
