"""The Essays screen's questions: every source, its text, and which side of the split it is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.holdout import choose_holdout
from store import essays
from store.essays import NewParagraph, SourceRow
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class EssayView:
    """One source with its text and the paragraphs found in it."""

    row: SourceRow
    text: str
    paragraphs: tuple[NewParagraph, ...]


def essay_rows(project: Project) -> list[SourceRow]:
    """Return every source, essays first, by title."""
    return essays.rows(project.db)


def essay_view(project: Project, source_id: int) -> EssayView:
    """Return one source whole."""
    return EssayView(
        row=essays.row(project.db, source_id),
        text=essays.text(project.db, source_id),
        paragraphs=tuple(essays.paragraphs(project.db, source_id)),
    )


def toggle_holdout(project: Project, ids: Sequence[int]) -> str:
    """Hold whole essays out, or take them back when all of them are out; return what was done as a sentence."""
    rows = [essays.row(project.db, source_id) for source_id in ids]
    split = "train" if all(row.split == "holdout" for row in rows) else "holdout"
    essays.set_split(project.db, [row.id for row in rows], split)
    name = rows[0].title if len(rows) == 1 else f"{len(rows)} essays"
    return f"{name}: held out" if split == "holdout" else f"{name}: back in training"


def hold_out(project: Project, slugs: Sequence[str]) -> list[SourceRow]:
    """Hold exactly the named sources out, in addition to those that are.

    Raises:
        WorkbenchError: a name is not there.
    """
    by_slug = {row.slug: row for row in essay_rows(project)}
    unknown = [slug for slug in slugs if slug not in by_slug]
    if unknown:
        raise WorkbenchError(f"No essay named {', '.join(unknown)}. See `workbench essays` for the names.")
    chosen = [by_slug[slug] for slug in slugs]
    essays.set_split(project.db, [row.id for row in chosen], "holdout")
    return chosen


def hold_out_by_hash(project: Project, *, count: int, seed: int) -> list[SourceRow]:
    """Hold `count` essays out, chosen by a seeded hash of their names, which adding an essay does not reshuffle."""
    candidates = [row for row in essay_rows(project) if row.kind == "essay"]
    if count >= len(candidates):
        raise WorkbenchError(f"{count} essays cannot be held out of {len(candidates)}: leave some to train on.")
    return hold_out(project, sorted(choose_holdout([row.slug for row in candidates], count=count, seed=seed)))
