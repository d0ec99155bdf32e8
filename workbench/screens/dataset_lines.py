"""How datasets and canary prompts are written: their lines in the lists, and the report beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.text_view import MEASURE, Lines

if TYPE_CHECKING:
    from store.canaries import Canary
    from store.datasets import DatasetRow
    from workbench.operations.freezing import DatasetView

# number, train, holdout, leaks, runs, hash, frozen at: their widths in cells.
_WIDTHS = (4, 6, 8, 6, 5)
_HASH = 8


def dataset_line(row: DatasetRow, width: int) -> Content:
    """Lay a dataset out as one line of the list."""
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


def report_lines(view: DatasetView, width: int) -> Lines:
    """Write what a dataset holds: counts, difference, tiers, leaks, sources."""
    measure = min(width - 4, MEASURE)
    row = view.row
    lines: Lines = [
        Content.styled(f"  Dataset {row.number}", "bold"),
        Content.styled(f"  {row.content_hash}"[: width - 1], "$text-muted"),
        Content(""),
        Content(f"  {row.train_pairs:,} pairs to train on, {row.holdout_pairs:,} held out"),
        Content(f"  tiers: {', '.join(f'{tier} {count}' for tier, count in view.tiers)}"),
    ]
    if view.difference is not None:
        change = view.difference
        lines.append(
            Content(f"  since the one before: {change.added} added, {change.removed} removed, {change.kept} kept")
        )
    canaries = "" if row.canary_set_version is None else f" (canary prompts version {row.canary_set_version})"
    lines += [Content(""), Content.assemble(("  Leaks", "bold"), (canaries, "$text-muted"))]
    if not view.leaks:
        lines.append(Content.styled("  none found", "$text-success"))
    for leak in view.leaks:
        lines += _paragraph(leak.message, measure, "$text-warning")
    if view.warnings:
        lines += [Content(""), Content.styled("  Warnings", "bold")]
        for warning in view.warnings:
            lines += _paragraph(warning, measure, "$text-warning")
    lines += [Content(""), Content.styled("  Sources", "bold")]
    most = max((count for _, _, count in view.sources), default=1)
    name_width = max(12, measure - 32)
    for source, split, count in sorted(view.sources, key=lambda item: (item[1] == "holdout", -item[2])):
        bar = "▇" * max(1, round(12 * count / most))
        lines.append(
            Content.assemble(
                f"  {cell(source, name_width)}",
                (cell("held" if split == "holdout" else "", 6), "bold $accent"),
                cell(str(count), 5, right=True),
                "  ",
                (bar, "$accent" if split == "train" else "$text-muted"),
            )
        )
    return lines


def canary_lines(row: Canary, width: int) -> Lines:
    """Write a canary prompt out, and the real piece beneath."""
    measure = min(width - 4, MEASURE)
    lines: Lines = [
        Content.styled(f"  {row.slug}", "bold"),
        Content.styled(f"  {row.topic} topic, {row.length}", "$text-muted"),
        Content(""),
        *_paragraph(row.prompt, measure, "$foreground"),
        Content(""),
    ]
    if row.reference:
        lines += [Content.styled("  The real piece", "bold"), *_paragraph(row.reference, measure, "$text-muted")]
    else:
        lines += _paragraph("No real piece to compare with. Add one with e.", measure, "$text-muted")
    return lines


def _paragraph(text: str, measure: int, style: str) -> Lines:
    shown = visible(text)
    return [Content.styled(f"  {shown[start:end]}", style) for start, end in wrap(shown, measure)]
