"""What a run's validations say: the loss of holdout and probe with their intervals, at each step and mask ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from curation.counted import counted
from workbench.screens.run_lines import number
from workbench.widgets.plain import cell, visible, wrap

if TYPE_CHECKING:
    from workbench.operations.running import RunView
    from workbench.widgets.text_view import Lines

_DIM = "$foreground-muted"
_NAME, _VALUE = 8, 24


def validation_lines(view: RunView, width: int) -> Lines:
    """Lay the validations out: by mask ratio first, then every one of them, the newest first."""
    if view.row.task == "sample":
        return [Content.styled("A sample run has no validation.", _DIM)]
    if not view.validation:
        return [Content.styled("No validation yet. It comes before the first step, where pairs are held out.", _DIM)]
    lines: Lines = []
    if view.early:
        shown = f"Ended early. {visible(view.early)}"
        lines += [Content.styled(shown[start:end], "$text-warning") for start, end in wrap(shown, width)]
        lines.append(Content(""))
    lines += _by_ratio(view, width)
    lines.append(_heading("step", view, width, ""))
    best = view.best[0] if view.best else None
    probed = {step: rest for step, *rest in view.probe}
    for step, value, low, high in reversed(view.validation):
        mark = "  best" if step == best else ""
        parts: list[tuple[str, str]] = [
            (cell(f"{step:,}", _NAME), "bold" if mark else ""),
            (cell(_interval(value, low, high), _VALUE), "bold" if mark else ""),
            (cell(_interval(*probed[step]) if step in probed else "", _VALUE if probed else 0), _DIM),
            (mark, "$text-success"),
        ]
        lines.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    if view.imported:
        words = "As the log of a run made elsewhere says, by epoch; how it was measured is not known."
        return [*lines, Content(""), *(Content.styled(words[start:end], _DIM) for start, end in wrap(words, width))]
    words = "Intervals are 95% over pairs; the masks are the same at every step, and in every run with as many a pair."
    if not view.row.val_compares:
        few = counted(view.row.val_draws or 0, "mask")
        words = f"Each pair is measured on {few} only, not at every mask ratio: lay it beside no other run. {words}"
    return [*lines, Content(""), *(Content.styled(words[start:end], _DIM) for start, end in wrap(words, width))]


def _by_ratio(view: RunView, width: int) -> Lines:
    if not view.by_ratio:
        return []
    found = {(ratio, name): (value, low, high) for ratio, name, value, low, high in view.by_ratio}
    norms = any(name == "grad_norm" for _, name in found)
    lines: Lines = [_heading("hidden", view, width, "gradient" if norms else "")]
    for ratio in dict.fromkeys(ratio for ratio, *_ in view.by_ratio):
        values = [found.get((ratio, name)) for name in ("val_loss", "probe_loss")]
        held, probe = (_interval(*value) if value else "" for value in values)
        norm = found.get((ratio, "grad_norm"))
        parts: list[tuple[str, str]] = [
            (cell(f"{float(ratio) * 100:.0f}%", _NAME), _DIM),
            (cell(held, _VALUE), ""),
            (cell(probe, _VALUE if view.probe else 0), _DIM),
            (number(norm[0]) if norm else "", _DIM),
        ]
        lines.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    return [*lines, Content("")]


def _heading(first: str, view: RunView, width: int, last: str) -> Content:
    text = cell(first, _NAME) + cell("holdout", _VALUE) + cell("training probe", _VALUE if view.probe else 0) + last
    return Content.styled(text, _DIM).truncate(width, ellipsis=True)


def _interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None or low == high:
        return number(value)
    return f"{number(value)}  {number(low)} to {number(high)}"
