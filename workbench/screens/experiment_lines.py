"""How the tree of runs is drawn: guides, status, name, what changed, and quiet columns of loss and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.screens.run_lines import STATES, number, short_name
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from workbench.operations.experiment_losses import Finding
    from workbench.operations.experiments import Branch

_DIM = "$foreground-muted"
# What the difference from the run above is worth: a mark and its style, which must do without colour.
MARKS: dict[Finding, tuple[str, str]] = {
    "lower": ("▼", "bold $text-success"),
    "higher": ("▲", "bold $text-warning"),
    "within the noise": ("≈", _DIM),
    "a replicate": ("=", _DIM),
    "not known": ("?", "$accent"),
    "not comparable": ("", _DIM),
}
LEGEND = (
    "Marks beside the loss, against the run above: ▼ ▲ lower, higher beyond the noise · ≈ smaller than the noise · "
    "= a replicate · ? the noise is not known. run:base 3:1 of 5: the run was better in 3 pairs of samples, the base "
    "in 1, of 5 judged; ?:? while a masked review goes on. ✎ has notes."
)
_LOSS, _MARK, _VERDICTS, _NOTED = 6, 2, 9, 2


@dataclass(frozen=True, kw_only=True)
class NotebookRow:
    """The first line of the tree: the notebook itself, and how many notes it holds."""

    notes: int


def _name_width(width: int) -> int:
    """Return the cells of guides, glyph and name; what changed takes what is left."""
    return max(16, min(36, width // 2 - 10))


def tree_line(row: Branch | NotebookRow, width: int) -> Content:
    """Lay a run, or the notebook, out as one line of the tree."""
    if isinstance(row, NotebookRow):
        words = f"{row.notes} note{'' if row.notes == 1 else 's'}" if row.notes else "nothing noted yet: n writes"
        return Content.assemble(("≡ Notebook  ", "bold $accent"), (words, _DIM))
    name_width = _name_width(width)
    glyph, _, style = STATES.get(row.row.status, ("?", "", _DIM))
    quiet = row.quiet or row.sort in ("sampling", "scoring")
    room = name_width - len(row.guide) - 2
    name = short_name(row.row.name, room) if room > 4 else ""
    mark, mark_style = MARKS[row.finding] if row.finding is not None else ("", _DIM)
    changed = max(0, width - name_width - _LOSS - _MARK - _VERDICTS - _NOTED)
    told = {"smoke": "smoke run", "imported": "imported"}.get(row.sort, row.told)
    from workbench.operations.experiment_words import short_tally

    parts = [
        (row.guide, "$foreground-disabled"),
        (f"{glyph} ", _DIM if quiet else style),
        (cell(name, max(0, room)), _DIM if quiet else "$foreground"),
        (cell(f" {_fitting(one_line(told), changed - 1)}", changed), _DIM),
        (cell(number(row.row.val_loss) if row.row.task != "sample" else "", _LOSS, right=True), _DIM),
        (cell(f" {mark}", _MARK), mark_style),
        (cell(short_tally(row.tally), _VERDICTS, right=True), _DIM),
        (cell(" ✎" if row.notes else "", _NOTED), "$accent"),
    ]
    return Content.assemble(*parts)


def _fitting(told: str, width: int) -> str:
    """Return what changed; where it does not fit, without the value before."""
    before, arrow, after = told.rpartition(" → ")
    return f"{before.split()[0]} {after}" if arrow and len(told) > width else told


def tree_heading(width: int) -> Content:
    """Name the columns of `tree_line`."""
    name_width = _name_width(width)
    changed = max(0, width - name_width - _LOSS - _MARK - _VERDICTS - _NOTED)
    text = cell("run", name_width) + cell(" what changed", changed) + cell("val", _LOSS, right=True)
    return Content.styled(text + cell("", _MARK) + cell("run:base", _VERDICTS, right=True), _DIM)
