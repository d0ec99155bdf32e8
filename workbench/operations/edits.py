"""Undo, redo and the list of edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from store import history
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """An edit that was undone or redone: a sentence, and the rows it touched as (table, id)."""

    sentence: str
    touched: tuple[tuple[str, int], ...]

    def ids(self, table: str) -> list[int]:
        """Return the touched ids of one table."""
        return [key for name, key in self.touched if name == table]


def reverse(project: Project, direction: Literal["undo", "redo"]) -> Reversal | None:
    """Undo the last edit of the project, or redo what was undone last; return None when there is none."""
    done = history.undo(project.db) if direction == "undo" else history.redo(project.db)
    if done is None:
        return None
    words = "Undone" if direction == "undo" else "Redone"
    return Reversal(sentence=f"{words}: {done.label}", touched=done.touched)


def undo(project: Project) -> str | None:
    """Undo the last edit of the project; return a sentence, or None when there is nothing to undo."""
    done = reverse(project, "undo")
    return done.sentence if done else None


def redo(project: Project) -> str | None:
    """Redo what was undone last; return a sentence, or None when there is nothing to redo."""
    done = reverse(project, "redo")
    return done.sentence if done else None


def recent_edits(project: Project, limit: int = 100) -> list[history.HistoryRow]:
    """Return the latest edits, newest first."""
    return history.recent(project.db, limit)
