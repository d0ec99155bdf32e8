"""Runs in words and columns: names at any width, states as a glyph and a word, ages, numbers, differences."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from curation.counted import counted
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from store.runs import RunRow
    from store.samples import Sample

_DATED = re.compile(r"^\d{8}-\d{4}-")

# Glyph, word and style of each status; the glyph alone must do where there is no colour.
STATES = {
    "submitted": ("◌", "submitted", "$foreground-muted"),
    "starting": ("◔", "starting", "$accent"),
    "running": ("◑", "running", "bold $accent"),
    "stopping": ("◕", "stopping", "$text-warning"),
    "finished": ("●", "finished", "$text-success"),
    "stopped": ("◼", "stopped", "$text-warning"),
    "failed": ("✗", "failed", "bold $text-error"),
    "killed": ("✗", "killed", "$text-error"),
}


def state_of(row: RunRow) -> tuple[str, str, str]:
    """Return glyph, word and style of a status; of a run that is unreached, to be carried, or in a queue, that."""
    if row.unreached_at:
        return "?", "unreached", "$text-warning"
    if row.carried and row.status == "submitted":
        return "◌", "by hand", "$foreground-muted"
    if row.waits_for and row.status == "submitted":
        return "◌", "waiting", "$foreground-muted"
    return STATES.get(row.status, ("?", row.status, "$foreground-muted"))


def short_name(name: str, width: int = 28) -> str:
    """Return a run's name in at most `width` cells: without its date, then without its first parts.

    The end of a name is what tells runs apart; the list shows their age beside it.
    """
    name = one_line(name)
    if len(name) <= width:
        return name
    shorter = _DATED.sub("", name)
    while len(shorter) > width and "-" in shorter:
        shorter = shorter.partition("-")[2]
    return shorter if len(shorter) <= width else "…" + shorter[len(shorter) - width + 1 :]


def present() -> datetime:
    """Return the time that ages are counted to; tests replace it."""
    return datetime.now(UTC)


def age(at: str) -> str:
    """Return how long ago a time of the store is, in one unit."""
    seconds = max(0.0, (present() - datetime.fromisoformat(at)).total_seconds())
    for size, unit in ((86400 * 7, "w"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def number(value: float | None) -> str:
    """Return a loss with three decimals, `–` before there is one, `NaN` when it diverged."""
    if value is None:
        return "–"
    return f"{value:.3f}" if math.isfinite(value) else "NaN"


def shown_value(value: Any) -> str:
    """Return a field's value as it is typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return one_line(str(value))


def seed_words(sample: Sample) -> str:
    """Say what seed a sample was drawn with, or that nobody knows."""
    return "seed unknown" if sample.seed is None else f"seed {sample.seed}"


def size_words(sample: Sample) -> str:
    """Say how long a sample is: in tokens, or in words where those were not counted."""
    if sample.tokens is not None:
        return counted(sample.tokens, "token")
    words = len(sample.text.replace("\u200b", " ").split())
    return counted(words, "word")


def in_words(differences: Sequence[tuple[str, Any, Any]], variables: Collection[str]) -> str:
    """Say what differs from a parent: first what counts as a variable, then the rest, each by name and values."""
    if not differences:
        return "does not differ from its parent: a replicate"
    told = {path: f"{path} {_value(path, old)} → {_value(path, new)}" for path, old, new in differences}
    counting = ", ".join(words for path, words in told.items() if path in variables)
    rest = ", ".join(words for path, words in told.items() if path not in variables)
    if not counting:
        return f"differs from its parent in no variable, only in {rest}"
    number = "one variable" if len(variables) == 1 else f"{len(variables)} variables"
    return f"differs from its parent in {number}: {counting}" + (f"; besides in {rest}" if rest else "")


def memory(value: float | None) -> str:
    """Return a peak of memory in GiB or MiB."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"


def put(pane: Static, content: Content, *, fixed: bool = True) -> None:
    """Show a content where it is another one than before; a pane of fixed height needs no new layout, which is slow."""
    before = pane.content
    if not (isinstance(before, Content) and before.is_same(content)):
        pane.update(content, layout=not fixed)


def run_columns(width: int) -> tuple[int, bool]:
    """Return the width of the name column, and whether there is room for the columns that say where and what."""
    wide = width >= 104
    return max(12, width - (_FIXED + _MORE if wide else _FIXED)), wide


_FIXED = 8 + 12 + 7 + 8 + 8 + 7
_MORE = 4 + 4 + 10


def _validation(row: RunRow) -> str:
    """Return the validation loss, marked where it is not to be laid beside another run's."""
    return number(row.val_loss) if row.val_compares or row.val_loss is None else f"~{number(row.val_loss)}"


def run_line(row: RunRow, width: int) -> Content:
    """Lay a run out as one line of the list."""
    name_width, wide = run_columns(width)
    glyph, word, style = state_of(row)
    name = short_name(row.name, name_width - 2)
    mark = "✎" if row.note else ""
    diverged = row.last_loss is not None and not math.isfinite(row.last_loss)
    parts: list[tuple[str, str] | str] = [
        (cell(f"{glyph} {word}", 12), style),
        (cell(f"{name} {mark}".rstrip(), name_width), "$foreground"),
        (cell(row.task, 8), "$foreground-muted"),
        (cell("–" if row.last_step is None else f"{row.last_step:,}", 7, right=True), "$foreground-muted"),
        (cell(number(row.last_loss), 8, right=True), "bold $text-error" if diverged else "$foreground"),
        (cell(_validation(row), 8, right=True), "$foreground" if row.val_compares else "$foreground-muted"),
    ]
    if wide:
        dataset = "–" if row.dataset_number is None else f"d{row.dataset_number}"
        parts += [
            (cell(dataset, 4, right=True), "$foreground-muted"),
            (cell("–" if row.canary_version is None else f"c{row.canary_version}", 4, right=True), "$foreground-muted"),
            (cell(one_line(row.place), 10, right=True), "$foreground-muted"),
        ]
    parts.append((cell(age(row.created_at), 7, right=True), "$foreground-muted"))
    return Content.assemble(*parts)


def run_heading(width: int) -> Content:
    """Name the columns of `run_line`."""
    name_width, wide = run_columns(width)
    text = cell("status", 12) + cell("run", name_width) + cell("task", 8)
    text += "".join(cell(name, size, right=True) for name, size in (("step", 7), ("loss", 8), ("val", 8)))
    if wide:
        text += "".join(cell(name, size, right=True) for name, size in (("set", 4), ("can", 4), ("place", 10)))
    return Content.styled(text + cell("age", 7, right=True), "$foreground-muted")


def _value(path: str, value: Any) -> str:
    """Shorten hashes: eight digits tell two datasets apart."""
    text = shown_value(value)
    return text.removeprefix("sha256:")[:8] if path.endswith("_hash") else text
