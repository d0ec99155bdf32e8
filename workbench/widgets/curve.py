"""A run's loss over its steps: each as a faint dot, their mean as a line, validation with its 95 % interval.

The decision to know: one step of a masked-diffusion loss says little by itself, since its masks and its mask ratio are
drawn anew; so the line is the mean of some steps, which the legend counts, and the dots show how far they lie apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content, Span
from textual.reactive import reactive
from textual.widget import Widget

from curation.counted import counted

Loss = Sequence[tuple[int, float]]
Validation = Sequence[tuple[int, float, float, float]]

_BRAILLE = 0x2800
# Bit of each dot of a braille cell, by row and column.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LINE, _POINT, _AXIS, _WORDS = "$accent", "bold $text-warning", "$foreground-disabled", "$foreground-muted"
_STEP = "$accent 45%"
_PROBE = "$foreground"
_SMALLEST = (24, 5)
# Fewer steps than this are joined as they are; of more, the mean is over one in so many of them.
_FEW, _OF = 12, 10


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Steps `first` to `last` over the columns and losses `low` to `high` over the rows, in dots."""

    first: int
    last: int
    low: float
    high: float
    columns: int
    rows: int

    def x(self, step: float) -> int:
        """Return the column of a step, from the left."""
        return round((step - self.first) / max(1, self.last - self.first) * (self.columns - 1))

    def y(self, loss: float) -> int:
        """Return the row of a loss, from the top."""
        share = (loss - self.low) / (self.high - self.low)
        return min(self.rows - 1, max(0, round((1 - share) * (self.rows - 1))))


class Curve(Widget):
    """The loss curve of one run.

    Attributes:
        loss: (step, training loss), in the order of the steps.
        validation: (step, loss, low, high).
        probe: the same of training pairs, drawn as points; where they fall and validation does not, it memorises.
        last_step: the step the run is to reach, None when unknown; the axis runs that far.
        unit: what the axes count.
        empty: what is said where there is no loss.
    """

    DEFAULT_CSS = """
    Curve { height: 1fr; min-height: 5; }
    """

    loss: reactive[tuple[tuple[int, float], ...]] = reactive(())
    validation: reactive[tuple[tuple[int, float, float, float], ...]] = reactive(())
    probe: reactive[tuple[tuple[int, float, float, float], ...]] = reactive(())
    last_step: reactive[int | None] = reactive(None)
    unit: reactive[str] = reactive("nats a token, by step")
    empty: reactive[str] = reactive("No loss yet: it comes with the first training step.")

    def render(self) -> Content:
        """Draw the curve in the room there is."""
        if not self.loss and not self.validation:
            return Content.styled(self.empty, _WORDS)
        return draw_curve(
            self.loss,
            self.validation,
            self.size.width,
            self.size.height,
            last_step=self.last_step,
            probe=self.probe,
            unit=self.unit,
        )


def draw_curve(
    loss: Loss,
    validation: Validation,
    width: int,
    height: int,
    *,
    last_step: int | None = None,
    probe: Validation = (),
    unit: str = "nats a token, by step",
) -> Content:
    """Draw a loss curve with axes, ticks and a legend.

    Args:
        loss: (step, training loss); steps that are not finite are left out, and counted in the legend.
        validation: (step, loss, low, high).
        width: cells.
        height: lines, legend and axis included.
        last_step: how far the axis of the steps runs; None for as far as there is data.
        probe: like `validation`, drawn without its interval.
        unit: what the axes count, for the legend.

    Returns:
        `height` lines; a sentence instead when there is too little room or nothing finite to draw.
    """
    finite = [(step, value) for step, value in loss if math.isfinite(value)]
    points = [item for item in validation if all(map(math.isfinite, item[1:]))]
    probed = [(step, value) for step, value, *_ in probe if math.isfinite(value)]
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return Content.styled(_in_words(finite, points), _WORDS)
    if not finite and not points:
        return Content.styled(
            "No finite loss: every step gave NaN or infinity. A lower learning rate may help.", _WORDS
        )
    values = [value for _, value in finite] + [value for _, *interval in points for value in interval]
    values += [value for _, value in probed]
    steps = [step for step, _ in finite] + [step for step, *_ in points]
    margin = 0.04 * (max(values) - min(values)) or 0.1
    low, high = min(values) - margin, max(values) + margin
    ticks = nice_ticks(low, high, max(2, (height - 2) // 3))
    labels = {tick: _number(tick, ticks) for tick in ticks}
    left = max(map(len, labels.values()), default=0) + 2
    scale = _Scale(
        first=min(0, *steps),
        last=max(1, last_step or 0, *steps),
        low=low,
        high=high,
        columns=(width - left) * 2,
        rows=(height - 3) * 4,
    )
    means, window = smoothed(finite)
    cells, styles = _plot(finite, means, points, probed, scale)
    lines = [_legend(means, window, points, probed, len(loss) - len(finite), width, unit)]
    by_row = {scale.y(tick) // 4: labels[tick] for tick in ticks}
    for row, (drawn, coloured) in enumerate(zip(cells, styles, strict=True)):
        label = by_row.get(row, "")
        axis = Content.styled(f"{label:>{left - 2}} {'┤' if label else '│'}", _AXIS)
        lines.append(axis + Content("".join(drawn), spans=coloured))
    lines += _step_axis(scale, left, width)
    return Content("\n").join(lines)


def nice_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return about `wanted` round numbers (multiples of 1, 2 or 5 times a power of ten) from `low` to `high`."""
    raw = ((high - low) or abs(high) or 1.0) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def smoothed(loss: Loss) -> tuple[list[tuple[int, float]], int]:
    """Return the mean around each step, and of how many steps it is; at the ends of those that are there.

    Args:
        loss: (step, finite loss), in the order of the steps.

    Returns:
        (step, mean) for each, and the number: 1 where there are too few for a mean.
    """
    if len(loss) < _FEW:
        return list(loss), 1
    half = max(2, round(len(loss) / _OF) // 2)
    sums = [0.0, *itertools.accumulate(value for _, value in loss)]
    means = []
    for index, (step, _) in enumerate(loss):
        start, end = max(0, index - half), min(len(loss), index + half + 1)
        means.append((step, (sums[end] - sums[start]) / (end - start)))
    return means, 2 * half + 1


def _plot(
    finite: Loss, means: Loss, points: Validation, probed: Loss, scale: _Scale
) -> tuple[list[list[str]], list[list[Span]]]:
    """Draw dots, line and points; return the cells of each row, and the styles of each row."""
    steps = [[0] * (scale.columns // 2) for _ in range(scale.rows // 4)]
    line = [[0] * (scale.columns // 2) for _ in range(scale.rows // 4)]
    for step, value in finite:
        _dot(steps, scale.x(step), scale.y(value))
    # Where the steps are denser than the columns, a column's own mean: the line has no thickness.
    columns: dict[int, list[float]] = {}
    for step, value in means:
        columns.setdefault(scale.x(step), []).append(value)
    before: tuple[int, int] | None = None
    for column, values in sorted(columns.items()):
        here = (column, scale.y(sum(values) / len(values)))
        for x, y in _line(before or here, here):
            _dot(line, x, y)
        before = here
    cells, styles = [], []
    for dots, over in zip(steps, line, strict=True):
        cells.append(
            [chr(_BRAILLE | (top or under)) if top or under else " " for under, top in zip(dots, over, strict=True)]
        )
        styles.append([Span(0, len(dots), _STEP), *(Span(x, x + 1, _LINE) for x, top in enumerate(over) if top)])
    for step, value in probed:
        x, y = scale.x(step) // 2, scale.y(value) // 4
        cells[y][x] = "○"
        styles[y].append(Span(x, x + 1, _PROBE))
    for step, value, low, high in points:
        x = scale.x(step) // 2
        top, middle, bottom = (scale.y(item) // 4 for item in (high, value, low))
        for y in range(top, bottom + 1):
            cells[y][x] = "●" if y == middle else "┬" if y == top else "┴" if y == bottom else "│"
            styles[y].append(Span(x, x + 1, _POINT))
    return cells, styles


def _dot(bits: list[list[int]], x: int, y: int) -> None:
    bits[y // 4][x // 2] |= _DOTS[y % 4][x % 2]


def _line(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the dots of a straight line, both ends included."""
    (x0, y0), (x1, y1) = start, end
    count = max(abs(x1 - x0), abs(y1 - y0), 1)
    return [(round(x0 + (x1 - x0) * i / count), round(y0 + (y1 - y0) * i / count)) for i in range(count + 1)]


def _legend(means: Loss, window: int, points: Validation, probed: Loss, broken: int, width: int, unit: str) -> Content:
    """Say the last values; where there is no room for all, not what the plot shows anyway."""
    for with_unit, with_interval in ((True, True), (False, True), (False, False)):
        parts: list[tuple[str, str]] = []
        if means:
            of = f" (mean of {window})" if window > 1 else ""
            parts += [("⣀⡠⠔ ", _LINE), (f"loss {means[-1][1]:.3f}{of}", _WORDS)]
        if points:
            _, value, low, high = points[-1]
            interval = f" ({low:.3f} to {high:.3f}, 95%)" if with_interval and low < high else ""
            parts += [("   ● ", _POINT), (f"validation {value:.3f}{interval}", _WORDS)]
        if probed:
            parts += [("   ○ ", _PROBE), (f"probe {probed[-1][1]:.3f}", _WORDS)]
        if broken:
            parts.append((f"   {counted(broken, 'step')} not finite", "bold $text-error"))
        if with_unit:
            parts.append((f"   {unit}", _AXIS))
        legend = Content.assemble(*parts)
        if legend.cell_length <= width:
            break
    return legend.truncate(width, ellipsis=True)


def _step_axis(scale: _Scale, left: int, width: int) -> list[Content]:
    room = width - left
    ticks = [int(tick) for tick in nice_ticks(scale.first, scale.last, max(2, room // 16)) if tick == int(tick)]
    rule, labels = ["─"] * room, [" "] * room
    for tick in ticks:
        x = scale.x(tick) // 2 if tick <= scale.last else room
        text = str(tick)
        start = min(max(0, x - len(text) // 2), room - len(text))
        if x < room and all(cell == " " for cell in labels[max(0, start - 1) : x + 2]):
            rule[x] = "┬"
            labels[start : start + len(text)] = text
    margin = " " * (left - 1)
    return [
        Content.styled(margin + "└" + "".join(rule), _AXIS),
        Content.styled(margin + " " + "".join(labels), _AXIS),
    ]


def _number(tick: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    return f"{tick:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


def _in_words(finite: Loss, points: Validation) -> str:
    parts = [f"loss {finite[-1][1]:.3f} at step {finite[-1][0]}"] if finite else []
    parts += [f"validation {points[-1][1]:.3f}"] if points else []
    return ", ".join(parts) or "no loss yet"
