"""Import essays and notes in Markdown: read, find the paragraphs, save."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from curation.canaries import may_be_bare
from curation.errors import EssayError, Problem
from curation.essay import read_essay
from curation.holdout import group_of
from curation.markdown import count_words, plain
from curation.paragraphs import paragraphs
from store import parts
from store.essays import NewParagraph, NewSource
from workbench.operations.intake import Intake

_NO_PROSE = ("front-matter", "code", "html", "image")


def bring_in(intake: Intake, path: Path) -> None:
    """Bring one Markdown file in as a source."""
    try:
        essay = read_essay(path, kind=intake.options.kind)
    except EssayError as error:
        intake.problem(error.problem)
        return
    stored = intake.project.relative(essay.path)
    new = intake.options.form is None and not parts.is_file(intake.project.db, stored)
    doubtful = new and not essay.front_matter and may_be_bare(essay.text)
    intake.save(
        new_source(
            path=stored,
            slug=essay.slug,
            kind=essay.kind,
            kind_set=intake.options.kind is not None,
            title=essay.title,
            text=essay.text,
            file_bytes=essay.file_bytes,
            file_mtime_ns=essay.file_mtime_ns,
            front_matter=essay.front_matter,
        ),
        str(path),
    )
    if doubtful:
        message = (
            f"looks like canary prompts, and is taken as {essay.kind}: if it holds prompts, import it `--as prompts`."
        )
        intake.problem(Problem(str(path), None, message))


def new_source(
    *,
    path: str,
    slug: str,
    kind: Literal["essay", "note"],
    kind_set: bool,
    title: str,
    text: str,
    file_bytes: int,
    front_matter: dict[str, Any],
    origin: str = "file",
    file_mtime_ns: int | None = None,
    edited: bool = False,
) -> NewSource:
    """Return a source with the paragraphs of its text; see `NewSource` for the arguments."""
    blocks = [
        NewParagraph(kind=block.kind, start=block.start, end=block.end, words=count_words(plain(text, block)))
        for block in paragraphs(text)
    ]
    return NewSource(
        path=path,
        slug=slug,
        kind=kind,
        title=title,
        text=text,
        file_bytes=file_bytes,
        words=sum(block.words for block in blocks if block.kind not in _NO_PROSE),
        front_matter=front_matter,
        paragraphs=blocks,
        origin=origin,
        kind_set=kind_set,
        group=group_of(slug),
        file_mtime_ns=file_mtime_ns,
        edited=edited,
    )
