"""Look at the disk: which essays changed, moved, went or came; read what changed, and let the pairs follow.

Nothing is ever lost by it: a source whose file is gone stays, with its text and pairs, and goes on when the file is
back. A file that is new where an old one is missing, and says the same or clearly the same, is that file renamed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.counted import counted
from curation.discover import SUFFIXES
from curation.errors import Problem
from curation.watch import Places, Stamp, Survey, is_gone, stamp_of, standing, survey
from store import following
from store.following import SourceFile
from store.parts import Whole, whole_of
from workbench.operations.errors import WorkbenchError
from workbench.operations.following import Followed, catch_up
from workbench.operations.forms import recognise
from workbench.operations.importing import import_paths
from workbench.operations.note_files import adopt_notes, came_back, mark_missing, note_files
from workbench.operations.project import Project
from workbench.operations.renaming import adopt


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A source whose file has another name or place now."""

    title: str
    earlier: str
    path: str


@dataclass(frozen=True, kw_only=True)
class LookReport:
    """What a look at the disk found.

    Attributes:
        added: slugs of sources that came in by themselves.
        changed: slugs of sources that say something else now.
        renamed: sources whose files moved.
        missing: titles of sources whose files are gone.
        back: titles of those whose files are there again.
        followed: what became of the pairs of those that changed.
        problems: what could not be read.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    missing: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    followed: tuple[Followed, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is anything to show anew."""
        return bool(
            self.added or self.changed or self.renamed or self.missing or self.back or self.followed or self.problems
        )

    @property
    def summary(self) -> str:
        """One sentence for the status line: what is to be done first."""
        return self.told(settle_with="w")

    def told(self, *, settle_with: str) -> str:
        """Say what is to be done first, and with what changed pairs are settled."""
        touched = [item for item in self.followed if item.changed]
        said = []
        if touched:
            pairs = sum(item.changed for item in touched)
            where = touched[0].title if len(touched) == 1 else f"{len(touched)} essays"
            said.append(f"{counted(pairs, 'pair')} changed in {where}: settle with {settle_with}")
        if self.renamed:
            said.append(_some("renamed", [item.title for item in self.renamed]))
        quiet = [slug for slug in self.changed if not touched]
        for word, names in (
            ("missing", self.missing),
            ("back", self.back),
            ("new", self.added),
            ("read again", quiet),
        ):
            if names:
                said.append(_some(word, names))
        if self.problems:
            said.append(str(self.problems[0]))
        return "; ".join(said) if said else "Nothing changed on the disk."


def places(project: Project) -> Places:
    """Return what is watched: the folders that the settings name, and the files of the sources."""
    known: list[SourceFile | Whole] = [*following.files(project.db), *note_files(project).values()]
    return Places(
        folders=tuple(project.root / folder for folder in project.settings.essays),
        files=tuple(
            project.absolute(item.path)
            for item in known
            if item.mtime_ns is not None or not is_gone(project.absolute(item.path))
        ),
    )


def look(
    project: Project,
    only: Iterable[str] | None = None,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> LookReport:
    """Look at the disk, and follow what changed there.

    New files come in by themselves where essays of that folder have come in before, but not those of an import that
    was undone: they wait for the author.

    Args:
        project: whose files.
        only: the real paths that are looked at: those that stand still; None looks twice to find out.
        progress: called with files done, files in all, and the file's name.
        cancelled: asked before each file.
    """
    watched = places(project)
    chosen = frozenset(only) if only is not None else standing(watched)
    found = survey(watched)
    sources = {str(project.absolute(source.path)): source for source in following.files(project.db)}
    notes = note_files(project)
    known = sources.keys() | notes.keys()
    came = [path for path in found if path not in known and path in chosen and found[path].size_bytes]
    gone = _gone(sources, found, chosen, came)
    gone_notes = [whole for path, whole in notes.items() if path in chosen and path not in found and is_gone(path)]
    lost = [*gone.values(), *_lost_before(sources, gone)]
    lost_notes = [whole for path, whole in notes.items() if whole in gone_notes or (whole.missing and is_gone(path))]
    near = [*came, *_beside(project, [*lost, *lost_notes], found, known)]
    renamed = adopt(project, lost, near) if lost else []
    moved_to = {new for _, new in renamed}
    renamed_notes = adopt_notes(project, lost_notes, [path for path in near if path not in moved_to])
    moved_to |= {new for _, new in renamed_notes}
    followed_ids = {source.id for source, _ in renamed}
    missing = [
        source
        for source in gone.values()
        if source.missing_at is None and source.mtime_ns is not None and source.id not in followed_ids
    ]
    following.missing(project.db, [source.id for source in missing])
    followed_notes = [whole for whole, _ in renamed_notes]
    missing_notes = mark_missing(project, [whole for whole in gone_notes if whole not in followed_notes])
    back = [sources[path] for path in chosen & sources.keys() if sources[path].missing_at and path in found]
    read = [path for path in chosen & sources.keys() if path in found and not _as_read(sources[path], found[path])]
    read += [path for path in chosen & notes.keys() if path in found and notes[path].mtime_ns != found[path].mtime_ns]
    away = {str(project.absolute(part)) for path in following.taken_away(project.db) for part in (path, whole_of(path))}
    new = [path for path in came if path not in moved_to | away and _tended(project, path, known) and _is_writing(path)]
    paths = sorted(map(Path, {*read, *moved_to, *new}))
    report = import_paths(project, paths, as_edit=False, progress=progress, cancelled=cancelled) if paths else None
    following.seen(project.db, [source.id for source in back])
    if report:
        following.came(project.db, report.added)
    return LookReport(
        added=report.added if report else (),
        changed=report.changed if report else (),
        renamed=tuple(
            Renamed(title=title, earlier=earlier, path=project.relative(Path(new)))
            for title, earlier, new in (
                *((source.title, source.path, new) for source, new in renamed),
                *((Path(whole.path).name, whole.path, new) for whole, new in renamed_notes),
            )
        ),
        missing=(*(source.title for source in missing), *missing_notes, *(report.missing if report else ())),
        back=(*(source.title for source in back), *came_back(project, [notes[path] for path in read if path in notes])),
        followed=tuple(report.followed if report else catch_up(project, cancelled=cancelled)),
        problems=report.problems if report else (),
    )


def bytes_to_read(project: Project, paths: Iterable[str]) -> int:
    """Return how much a look at these paths would read."""
    sources = {str(project.absolute(source.path)): source for source in following.files(project.db)}
    notes = note_files(project)
    total = 0
    for path in paths:
        stamp = stamp_of(path)
        if stamp is None or (path in notes and notes[path].mtime_ns == stamp.mtime_ns):
            continue
        if path not in sources or not _as_read(sources[path], stamp):
            total += stamp.size_bytes
    return total


def look_aside(project: Project) -> LookReport:
    """Look at the disk in another process, for when there is much to read.

    Raises:
        WorkbenchError: it failed; the message is its own.
    """
    command = [sys.executable, "-m", "workbench", "-p", str(project.root), "import", "--changed", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL)
    try:
        data = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.strip() or f"it ended with {done.returncode} and said nothing"
        raise WorkbenchError(f"The essays could not be looked at: {said}") from error
    return look_report_from(data)


def look_report_from(data: dict[str, Any]) -> LookReport:
    """Return the report whose fields were sent as JSON."""
    return LookReport(
        added=tuple(data["added"]),
        changed=tuple(data["changed"]),
        renamed=tuple(Renamed(**item) for item in data["renamed"]),
        missing=tuple(data["missing"]),
        back=tuple(data["back"]),
        followed=tuple(Followed(**item) for item in data["followed"]),
        problems=tuple(Problem(**item) for item in data["problems"]),
    )


def _gone(
    sources: dict[str, SourceFile], found: Survey, chosen: frozenset[str], came: list[str]
) -> dict[str, SourceFile]:
    """Return the sources whose files are not there under their names."""
    # Where upper and lower case are alike, a file whose name changed only in that answers to the old name, too.
    inodes = {found[path].inode for path in came}
    gone = {}
    for path, source in sources.items():
        stamp = found.get(path)
        if path not in chosen:
            continue
        if (stamp is None and is_gone(path)) or (stamp is not None and stamp.inode in inodes):
            gone[path] = source
    return gone


def _lost_before(sources: dict[str, SourceFile], gone: dict[str, SourceFile]) -> list[SourceFile]:
    return [source for path, source in sources.items() if source.missing_at and path not in gone and is_gone(path)]


def _beside(project: Project, lost: Sequence[SourceFile | Whole], found: Survey, known: Collection[str]) -> list[str]:
    """Return the files nobody knows that lie where missing ones lay, outside of the folders that are watched whole."""
    folders = {project.absolute(item.path).parent for item in lost}
    listed = []
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                paths = [os.path.realpath(entry.path) for entry in entries if not entry.name.startswith(".")]
        except OSError:
            continue
        listed += [path for path in paths if path not in found and path not in known and _is_writing(path)]
    return listed


def _as_read(source: SourceFile, stamp: Stamp) -> bool:
    return (stamp.size_bytes, stamp.mtime_ns) == (source.file_bytes, source.mtime_ns)


def _tended(project: Project, path: str, known: Collection[str]) -> bool:
    """Say whether a file lies in a folder of the settings from which essays have come in before."""
    for folder in project.settings.essays:
        root = os.path.realpath(project.root / folder) + os.sep
        if path.startswith(root) and any(other.startswith(root) for other in known):
            return True
    return False


def _is_writing(path: str) -> bool:
    """Say whether a file is an essay, a note or several, and nothing that only looks so, such as a file of pairs."""
    form = recognise(Path(path)) if path.lower().endswith(SUFFIXES) and Path(path).is_file() else None
    return form is not None and form.name in ("essays", "notes")


def _some(word: str, names: Sequence[str]) -> str:
    return f"{names[0]}: {word}" if len(names) == 1 else f"{len(names)} {word}"
