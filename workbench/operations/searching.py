"""Search by words over everything the project holds."""

from __future__ import annotations

from dataclasses import replace

from store import search
from store.search import Hit
from workbench.operations.project import Project
from workbench.operations.reviewing import is_masked

_EACH = 60


def find(project: Project, words: str, limit: int = _EACH) -> list[Hit]:
    """Return what holds all the words: essays, notes, pairs, canary prompts, samples, notes on them, the notebook.

    While Review hides the names, a sample is called by its prompt alone: its run would tell which side it is.

    Args:
        project: where.
        words: in any order, the last perhaps not finished; those in double quotes as they follow each other.
        limit: at most so many of each sort.
    """
    found = search.everything(project.db, words, limit)
    if not is_masked(project):
        return found
    return [replace(hit, title=hit.prompt) if hit.sample_id else hit for hit in found]
