"""Know a file again under another name: a source whose file is gone takes the new one, and keeps all that it has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from curation.errors import EssayError
from curation.essay import read_essay
from curation.following import same_piece, shingles
from curation.watch import is_gone
from store import essays, following
from store.following import SourceFile
from store.values import storable, text_hash
from workbench.operations.note_files import adopt_notes, note_files
from workbench.operations.project import Project

# Missing files times new ones that are compared by what they say; beyond it only files that say the very same are.
_COMPARED = 2_500


def adopt_renamed(project: Project, files: Iterable[Path]) -> None:
    """Before files are imported: give sources whose files are gone the new names of these."""
    known = {str(project.absolute(source.path)): source for source in following.files(project.db)}
    notes = note_files(project)
    came = [path for path in map(os.path.realpath, files) if path not in known and path not in notes]
    if came:
        lost = [source for path, source in known.items() if source.mtime_ns is not None and is_gone(path)]
        taken = {path for _, path in adopt(project, lost, came)} if lost else set()
        lost_notes = [whole for path, whole in notes.items() if is_gone(path)]
        adopt_notes(project, lost_notes, [path for path in came if path not in taken])


def adopt(project: Project, lost: Sequence[SourceFile], came: Sequence[str]) -> list[tuple[SourceFile, str]]:
    """Give sources whose files are gone the files that say the same, or clearly the same piece; return which."""
    texts = {}
    for path in came:
        try:
            texts[path] = read_essay(Path(path)).text
        except EssayError:
            continue
    pairs = list(_same(lost, {path: text_hash(storable(text)) for path, text in texts.items()}))
    taken_sources, taken_paths = {source.id for source, _ in pairs}, {path for _, path in pairs}
    left = [source for source in lost if source.id not in taken_sources]
    open_paths = [path for path in texts if path not in taken_paths]
    if left and open_paths and len(left) * len(open_paths) <= _COMPARED:
        runs = {path: shingles(texts[path]) for path in open_paths}
        for source in left:
            own = shingles(essays.text(project.db, source.id))
            alike = [path for path in runs if same_piece(own, runs[path])]
            if alike:
                best = max(alike, key=lambda path: len(own & runs[path]))
                pairs.append((source, best))
                del runs[best]
    return [
        (source, path)
        for source, path in pairs
        if following.renamed(project.db, source.id, project.relative(Path(path)))
    ]


def _same(lost: Sequence[SourceFile], hashes: dict[str, str]) -> Iterator[tuple[SourceFile, str]]:
    by_hash: dict[str, list[str]] = {}
    for path, digest in hashes.items():
        by_hash.setdefault(digest, []).append(path)
    for source in lost:
        paths = by_hash.get(source.text_hash)
        if paths:
            name = Path(source.path).name
            best = next((path for path in paths if Path(path).name == name), paths[0])
            paths.remove(best)
            yield source, best
