"""Search by words over everything the project holds."""

from __future__ import annotations

from store import search
from store.search import Hit
from workbench.operations.project import Project

_EACH = 60


def find(project: Project, words: str, limit: int = _EACH) -> list[Hit]:
    """Return what holds all the words: essays, notes, pairs, canary prompts, samples, notes on them, the notebook.

    Args:
        project: where.
        words: in any order, the last perhaps not finished; those in double quotes as they follow each other.
        limit: at most so many of each sort.
    """
    return search.everything(project.db, words, limit)
