"""How datasets and canary prompts are written in their lists, and a canary prompt in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from workbench.screens.dataset_base import CandidateRow
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.text_view import MEASURE, Lines

if TYPE_CHECKING:
    from store.canaries import Canary
    from store.datasets import DatasetRow

# number, train, holdout, leaks, runs, hash, frozen at: their widths in cells.
_WIDTHS = (4, 6, 8, 6, 5)
_HASH = 8


def dataset_line(row: DatasetRow | CandidateRow, width: int) -> Content:
    """Lay a dataset, or what a freeze would take now, out as one line of the list."""
    if isinstance(row, CandidateRow):
        return _candidate_line(row, width)
    cells = (str(row.number), f"{row.train_pairs:,}", f"{row.holdout_pairs:,}", str(row.leaks), str(row.runs))
    number, train, holdout, leaks, runs = (
        cell(text, size, right=True) for text, size in zip(cells, _WIDTHS, strict=True)
    )
    rest = f"  {row.content_hash.removeprefix('sha256:')[:_HASH]}  {row.created_at[:16].replace('T', ' ')}"
    if row.note:
        rest += f"  {one_line(row.note)}"
    used = sum(_WIDTHS)
    return Content.assemble(
        (number, "bold"),
        train,
        holdout,
        (leaks, "bold $text-warning" if row.leaks else "$text-muted"),
        (runs, "$text-muted"),
        (cell(rest, max(0, width - used)), "$text-muted"),
    )


def _candidate_line(row: CandidateRow, width: int) -> Content:
    leaks = "?" if row.leaks is None or row.stale else str(row.leaks)
    cells = ("now", f"{row.train_pairs:,}", f"{row.holdout_pairs:,}", leaks, "")
    number, train, holdout, found, runs = (
        cell(text, size, right=True) for text, size in zip(cells, _WIDTHS, strict=True)
    )
    words = "  not checked yet" if row.leaks is None else "  edited since the check" if row.stale else "  checked"
    return Content.assemble(
        (number, "bold $accent"),
        train,
        holdout,
        (found, "bold $text-warning" if row.leaks and not row.stale else "$text-muted"),
        runs,
        (cell(words, max(0, width - sum(_WIDTHS))), "$text-muted"),
    )


def dataset_heading() -> Content:
    """Name the columns of `dataset_line`."""
    names = ("no.", "train", "holdout", "leaks", "runs")
    cells = "".join(cell(name, size, right=True) for name, size in zip(names, _WIDTHS, strict=True))
    return Content.styled(f"  {cells}  {cell('hash', _HASH)}  frozen (UTC)", "$text-muted")


def canary_line(row: Canary, width: int) -> Content:
    """Lay a canary prompt out as one line of the list."""
    kind = f"{row.topic}, {row.length}"
    return Content.assemble(
        (cell(row.slug, 17) + " ", "$foreground"),
        (cell(kind, 14), "$text-muted"),
        (cell("ref" if row.reference else "", 4), "$text-success"),
        (cell(one_line(row.prompt), max(0, width - 36)), "$text-muted"),
    )


def canary_lines(row: Canary, width: int) -> Lines:
    """Write a canary prompt out, and the real piece beneath."""
    measure = min(width - 4, MEASURE)
    lines: Lines = [
        Content.styled(f"  {row.slug}", "bold"),
        Content.styled(f"  {row.topic} topic, {row.length}", "$text-muted"),
        Content(""),
        *paragraph(row.prompt, measure, "$foreground"),
        Content(""),
    ]
    if row.reference:
        lines += [Content.styled("  The real piece", "bold"), *paragraph(row.reference, measure, "$text-muted")]
    else:
        lines += paragraph("No real piece to compare with. Add one with e.", measure, "$text-muted")
    return lines


def paragraph(text: str, measure: int, style: str) -> Lines:
    """Wrap a text of others to lines."""
    shown = visible(text)
    return [Content.styled(f"  {shown[start:end]}", style) for start, end in wrap(shown, measure)]
