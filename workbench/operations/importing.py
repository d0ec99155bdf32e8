"""Import essays and notes: read, find the paragraphs, save; a file with a fault is named and the rest comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curation.errors import EssayError, Problem
from curation.essay import Essay, discover, read_essay
from curation.markdown import count_words, plain
from curation.paragraphs import paragraphs
from store import essays
from workbench.operations.errors import NothingToDoError
from workbench.operations.project import Project

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came in: slugs by outcome, and every problem."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cancelled: bool = False

    @property
    def summary(self) -> str:
        """One sentence for the status line."""
        parts = [f"{len(self.added)} added", f"{len(self.changed)} changed", f"{len(self.same)} as they were"]
        if self.problems:
            parts.append(f"{len(self.problems)} could not be read")
        return ("Import cancelled: " if self.cancelled else "Imported: ") + ", ".join(parts)


def import_paths(
    project: Project,
    paths: Sequence[Path],
    *,
    kind: Literal["essay", "note"] | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Import Markdown files and folders of them.

    Each file is one transaction: a crash leaves whole essays, never half of one.

    Args:
        project: where to.
        paths: files and folders; none for the folders that the settings name.
        kind: what they are; None decides by folder name and length.
        dry_run: read everything, save nothing; all readable files are reported as added.
        progress: called with files done, files in all, and the file's name.
        cancelled: asked before each file.

    Raises:
        NothingToDoError: no path was given and the settings name none.
    """
    chosen = list(paths) or [project.root / folder for folder in project.settings.essays]
    if not chosen:
        raise NothingToDoError("No folder to import from. Name one, or list it under `essays` in workbench.toml.")
    found = discover(chosen)
    problems = list(found.problems)
    outcomes: dict[str, list[str]] = {"added": [], "changed": [], "same": []}
    for number, path in enumerate(found.files, start=1):
        if cancelled():
            break
        progress(number, len(found.files), path.name)
        try:
            essay = read_essay(path, kind=kind)
        except EssayError as error:
            problems.append(error.problem)
            continue
        outcome = "added" if dry_run else essays.save(project.db, _new_source(project, essay))[1]
        outcomes[outcome].append(essay.slug)
    return ImportReport(
        added=tuple(outcomes["added"]),
        changed=tuple(outcomes["changed"]),
        same=tuple(outcomes["same"]),
        problems=tuple(problems),
        cancelled=cancelled(),
    )


def _new_source(project: Project, essay: Essay) -> essays.NewSource:
    blocks = [
        essays.NewParagraph(
            kind=block.kind, start=block.start, end=block.end, words=count_words(plain(essay.text, block))
        )
        for block in paragraphs(essay.text)
    ]
    return essays.NewSource(
        path=project.relative(essay.path),
        slug=essay.slug,
        kind=essay.kind,
        title=essay.title,
        text=essay.text,
        file_bytes=essay.file_bytes,
        words=sum(block.words for block in blocks if block.kind not in ("front-matter", "code", "html", "image")),
        front_matter=essay.front_matter,
        paragraphs=blocks,
    )
