"""Undo, redo and the list of edits."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from curation.counted import counted
from store import history, reversing
from store.edit_rows import EDITABLE
from store.edit_states import Part, part
from store.errors import DatabaseBusy
from store.history import HistoryRow, RowChange
from workbench.operations.errors import NothingToDoError
from workbench.operations.following import after_reversal
from workbench.operations.project import Project

Direction = Literal["undo", "redo"]

SHOWN_ROWS = 200
"""Of so many rows of an edit it is told what changed, unless more are asked for."""

# Which side was chosen stands in these rows: a masked review stays masked.
_HIDDEN = frozenset({"verdict", "annotation"})
# Columns that follow from others and say nothing by themselves.
_SILENT = frozenset(
    {
        *("updated_at", "prompt_words", "response_words", "edited", "doubt", "text_hash", "kind_set", "edited_from"),
        *("changed_at", "followed_hash", "proposed_hash", "front_matter_json", "news"),
    }
)
# What is changed of an essay where pairs were proposed from it, and nothing else.
_PROPOSED = frozenset({"followed_hash", "proposed_hash", "news"})
_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an edit did to one thing: its name, and a line for each column."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """An edit that was undone or redone: a sentence, and the rows it touched as (table, id)."""

    sentence: str
    touched: tuple[tuple[str, int], ...]

    def ids(self, table: str) -> list[int]:
        """Return the touched ids of one table."""
        return [key for name, key in self.touched if name == table]


def is_large(project: Project, direction: Direction, down_to: int | None = None) -> bool:
    """Say whether undoing (down to the edit of a number) or redoing takes longer than a moment."""
    edits = 1 if down_to is None else edits_to_undo(project, down_to)
    return reversing.is_large(project.db, back=direction == "undo", edits=edits)


def reverse(
    project: Project,
    direction: Direction,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, label: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reversal | None:
    """Undo the last edit of the project, or redo what was undone last; return None when there is none.

    A large edit is undone in steps; one that was stopped in between comes first.

    Args:
        project: the project.
        direction: which of both.
        progress: called between the steps of a large edit, with rows done, rows in all, and what the edit did.
        cancelled: asked between the steps; the edit is then undone in part, which the sentence says.

    Raises:
        Conflict: a row is not as the edit, or undoing it, left it. Nothing is changed.
        DatabaseBusy: another program wrote for too long; what was done before stands, and is said.
    """
    turn = history.undo if direction == "undo" else history.redo
    done = turn(project.db, progress=progress, cancelled=cancelled)
    if done is None:
        return None
    if not done.whole:
        return _stopped(project, done.label)
    sentence = f"{'Undone' if direction == 'undo' else 'Redone'}: {done.label}"
    _follow(project, done.touched, sentence)
    return Reversal(sentence=sentence, touched=done.touched)


def undo(project: Project) -> str | None:
    """Undo the last edit of the project; return a sentence, or None when there is nothing to undo."""
    done = reverse(project, "undo")
    return done.sentence if done else None


def redo(project: Project) -> str | None:
    """Redo what was undone last; return a sentence, or None when there is nothing to redo."""
    done = reverse(project, "redo")
    return done.sentence if done else None


def edit_ids(project: Project) -> array[int]:
    """Return the numbers of all edits, newest first."""
    return history.ids(project.db)


def edit_rows(project: Project, numbers: Sequence[int]) -> list[HistoryRow]:
    """Return some edits as the list shows them, in the order asked."""
    return history.rows(project.db, numbers)


def edit_changes(project: Project, number: int, limit: int = SHOWN_ROWS) -> list[Change]:
    """Return what an edit changed, in words; of verdicts and marks only that they changed, so that nothing unmasks.

    Args:
        project: the project.
        number: of the edit.
        limit: at most so many rows, the first.

    Raises:
        NotFound: there is no such edit.
    """
    return [_told(change) for change in history.changes(project.db, number, limit)]


def rows_left_out(project: Project, number: int, shown: int) -> str:
    """Say how many rows an edit has beyond those that are shown; empty where there are none."""
    left = sum(row.rows for row in history.rows(project.db, [number])) - shown
    return f"and {counted(left, 'more row')}" if left > 0 else ""


def edits_to_undo(project: Project, number: int) -> int:
    """Return how many edits are undone by going back to before this one; 0 where it cannot be undone."""
    return history.standing(project.db, number)


def undo_to(
    project: Project,
    number: int,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, label: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reversal:
    """Undo the latest edits down to this one, and it too; redo brings them back one by one.

    Args:
        project: the project.
        number: of the edit.
        progress: called between the steps of large edits; see `reverse`.
        cancelled: asked between them.

    Raises:
        NotFound: there is no such edit.
        NothingToDoError: it cannot be undone: it was already, or was set aside.
        Conflict: a row is not as one of them left it; those after it are undone.
        DatabaseBusy: another program wrote for too long; what was undone before stands, and is said.
    """
    history.need(project.db, number)
    if not edits_to_undo(project, number):
        raise NothingToDoError(f"Edit {number} is not to be undone: it was undone already, or set aside.")
    touched: dict[tuple[str, int], None] = {}
    labels: list[str] = []
    try:
        # What an earlier undo left in part is undone first, also where it lies before the number.
        while done := history.undo(project.db, down_to=number, progress=progress, cancelled=cancelled):
            if not done.whole:
                return _stopped(project, done.label, tuple(touched))
            labels.append(done.label)
            touched |= dict.fromkeys(done.touched)
            if cancelled():
                break
    finally:
        _follow(project, tuple(touched), _undone(labels))
    if not labels:
        raise NothingToDoError(f"Edit {number} is not to be undone any more: another program undid it meanwhile.")
    left = edits_to_undo(project, number)
    said = f"Stopped: {left} of {len(labels) + left} edits still stand. " if left else ""
    return Reversal(sentence=said + _undone(labels), touched=tuple(touched))


def _undone(labels: Sequence[str]) -> str:
    """Say which edits were undone, by their labels, the latest first."""
    if len(labels) == 1:
        return f"Undone: {labels[0]}"
    return f"{len(labels)} edits undone, down to: {labels[-1]}" if labels else ""


def in_part(project: Project) -> Part | None:
    """Return the edit that is undone only in part, if there is one."""
    return part(project.db)


def _stopped(project: Project, label: str, touched: tuple[tuple[str, int], ...] = ()) -> Reversal:
    # Another program may have done the rest by now.
    left = in_part(project)
    return Reversal(sentence=left.sentence if left else f"Stopped: {label}", touched=touched)


def _follow(project: Project, touched: Sequence[tuple[str, int]], sentence: str) -> None:
    """Let pairs follow what became of their essays.

    Raises:
        DatabaseBusy: another program wrote for too long; the sentence, which stands, is said with it.
    """
    if not (sources := [key for table, key in touched if table == "source"]):
        return
    try:
        after_reversal(project, sources)
    except DatabaseBusy as error:
        raise DatabaseBusy(
            f"{sentence}. But another program has been writing to {project.db.path} for too long: the pairs of those "
            "essays follow their texts only with the next import."
        ) from error


def set_aside(project: Project, number: int) -> str:
    """Take an edit out of undo and redo, so that those before it can be undone; return a sentence.

    Raises:
        NotFound: there is no such edit.
        Conflict: it is out of undo already.
    """
    if history.set_aside(project.db, number) == "dropped":
        return f"Edit {number} was undone and is dropped: redo passes it over."
    return f"Edit {number} is set aside: what it did stays, and undo goes on with the one before it."


def _told(change: RowChange) -> Change:
    name = f"{EDITABLE.get(change.table, change.table)} {change.key}"
    if change.before is None:
        title = (change.after or {}).get("body" if change.table == "notebook" else "title")
        return Change(name=name, lines=(f"made: {_short(str(title))}" if title else "made",))
    if change.table == "source" and change.after and change.after.keys() <= _PROPOSED:
        return Change(name=name, lines=("its pairs were proposed or followed",))
    if change.after is None:
        return Change(name=name, lines=("removed",))
    if change.table in _HIDDEN:
        return Change(name=name, lines=("changed",))
    lines = [
        _column(column, change.before.get(column), value)
        for column, value in change.after.items()
        if column not in _SILENT
    ]
    return Change(name=name, lines=tuple(lines) or ("changed",))


def _column(column: str, before: object, after: object) -> str:
    name = column.replace("_", " ")
    if not (isinstance(before, str) and isinstance(after, str)):
        return f"{name}: {before} → {after}"
    # Of two long texts only what differs is told.
    start = next((at for at, (left, right) in enumerate(zip(before, after)) if left != right), len(before))
    start = max(0, before.rfind(" ", 0, start) + 1)
    return f"{name}: {_short(before[start:]) or 'nothing'} → {_short(after[start:]) or 'nothing'}"


def _short(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= _SHOWN else one[: _SHOWN - 1] + "…"
