"""What is said of one run of the tree, of two compared, and of the notebook: sentences, and intervals as small bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.screens.run_lines import STATES, number, short_name
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.text_view import MEASURE, Lines

if TYPE_CHECKING:
    from runners.intervals import Interval
    from store.notebook import Note
    from workbench.operations.experiment_losses import LossDifference
    from workbench.operations.experiment_verdicts import Tally
    from workbench.operations.experiment_view import Experiment, RunComparison

_DIM = "$foreground-muted"
# The widest a bar gets, in cells; odd, so that it has a middle.
_BAR = 41
_FOUND = {
    "lower": "bold $text-success",
    "higher": "bold $text-warning",
    "within the noise": "bold",
    "not known": "bold $accent",
    "a replicate": "bold",
    "not comparable": _DIM,
}


def experiment_lines(view: Experiment, width: int) -> Lines:
    """Lay one run out: what changed, its replicates, how it differs, what hangs under it, verdicts, notes."""
    from workbench.operations.experiment_report import data_lines, spread_words
    from workbench.operations.experiment_words import verdict_words

    measure = min(width, MEASURE)
    glyph, word, style = STATES.get(view.row.status, ("?", view.row.status, _DIM))
    kind = {
        "training": "",
        "sampling": " · only samples",
        "scoring": " · a score",
        "smoke": " · smoke run",
        "imported": " · made elsewhere",
    }
    lines: Lines = [
        Content.assemble((one_line(view.row.name), "bold")).truncate(measure, ellipsis=True),
        Content.assemble((f"{glyph} {word}", style), (kind[view.sort], _DIM)),
        *_wrapped(data_lines(view), measure, _DIM),
    ]
    if view.above is not None:
        lines += [Content(""), *comparison_lines(view.above, width)]
    if view.sort == "scoring":
        lines += [*_title("Loss on the held-out pairs"), *_measured(view, measure)]
    if view.row.task == "train":
        lines += [*_title("Replicates"), *_measured(view, measure), *_wrapped(spread_words(view), measure, _DIM)]
    if view.verdicts is not None:
        lines += [*_title("Verdicts against the base"), *_tally(view.verdicts, verdict_words(view.verdicts), measure)]
    if view.blind:
        lines += [*_title("Which are mine?"), *_wrapped(view.blind, measure, "$foreground")]
    if view.beneath:
        lines += _title("Tried from here")
        for item in view.beneath:
            lines += _beneath(item, measure)
    return [*lines, *_title("Notes"), *note_lines(view.notes, width, shown=view.row.name)]


def comparison_lines(view: RunComparison, width: int, *, notes: bool = False) -> Lines:
    """Lay two runs out beside each other; `notes`: with what was noted on the comparison."""
    from workbench.operations.experiment_report import change_lines
    from workbench.operations.experiment_words import finding_words, loss_words, verdict_words

    measure = min(width, MEASURE)
    against = short_name(view.other, max(12, measure - 9))
    lines: Lines = [Content.assemble(("against ", "bold $accent"), (against, "bold"))]
    warned = view.warning
    lines += _wrapped([line for line in change_lines(view) if line != warned], measure, "$foreground")
    lines += _wrapped([warned] if warned else [], measure, "$text-warning")
    said = loss_words(view.loss)
    lines += [Content(""), *_wrapped(said[:1], measure, "$foreground"), *bars(view.loss, measure)]
    lines += _wrapped(said[1:-1], measure, _DIM)
    if len(said) > 1:
        lines += _wrapped([finding_words(view.loss)], measure, _FOUND[view.loss.finding])
    if view.verdicts is not None:
        lines += [Content(""), *_tally(view.verdicts, verdict_words(view.verdicts), measure)]
    if notes:
        lines += [*_title("Notes on this comparison"), *note_lines(view.notes, width, shown=view.run)]
    return lines


def note_lines(notes: Sequence[Note], width: int, *, shown: str | None = None) -> Lines:
    """Lay notes out, each under its date and what it is on.

    Args:
        notes: oldest first.
        width: cells there are.
        shown: the run that is shown, which is not named again; None for none.
    """
    measure = min(width, MEASURE)
    if not notes:
        return [Content.styled("Nothing noted yet: n writes what was learnt.", _DIM)]
    lines: Lines = []
    for item in notes:
        changed = "changed" if item.updated_at != item.created_at else ""
        head = " · ".join(part for part in (item.created_at[:10], _on(item, shown), changed) if part)
        lines.append(Content.styled(head, _DIM).truncate(measure, ellipsis=True))
        lines += [*_wrapped(item.body.splitlines(), measure, "$foreground"), Content("")]
    return lines[:-1]


def _on(note: Note, shown: str | None) -> str:
    """Say what a note is on, as far as that is not shown already."""
    if note.run is None:
        return "the project"
    if note.other_run is None:
        return "" if note.run == shown else short_name(note.run, 36)
    other = short_name(note.other_run, 22)
    return f"against {other}" if note.run == shown else f"{short_name(note.run, 22)} against {other}"


def bars(found: LossDifference, width: int) -> Lines:
    """Draw the intervals of a difference around zero, both on one scale; nothing where there is none."""
    named = [
        (name, item) for name, item in (("pairs", found.over_pairs), ("seeds", found.over_seeds)) if item is not None
    ]
    if not named or found.value is None:
        return []
    reach = max(max(abs(item.low or 0.0), abs(item.high or 0.0)) for _, item in named) or 1.0
    cells = min(_BAR, width - 8)
    cells -= 1 - cells % 2
    if cells < 9:
        return []
    return [
        *(Content.assemble((f"{name}  ", _DIM), interval_bar(item, -reach, reach, 0.0, cells)) for name, item in named),
        Content.styled(f"       lower {'0':^{cells - 12}} higher", "$foreground-disabled"),
    ]


def interval_bar(found: Interval, low: float, high: float, zero: float, cells: int) -> Content:
    """Draw an interval on a scale: its ends, its mean, and where nothing would differ.

    Args:
        found: the interval; one without ends is its mean alone.
        low: the left end of the scale.
        high: its right end.
        zero: what the interval is held against.
        cells: how wide it is.
    """

    def place(value: float | None) -> int:
        share = ((found.mean if value is None else value) - low) / (high - low)
        return min(cells - 1, max(0, round(share * (cells - 1))))

    start, end, middle, nothing = place(found.low), place(found.high), place(found.mean), place(zero)
    drawn = [("·", "$foreground-disabled")] * cells
    for at in range(start, end + 1):
        drawn[at] = ("─", "$accent")
    drawn[start], drawn[end] = ("├", "$accent"), ("┤", "$accent")
    drawn[nothing] = ("┼" if start <= nothing <= end else "│", "bold $foreground")
    drawn[middle] = ("●", "bold $accent")
    return Content.assemble(*drawn)


def _measured(view: Experiment, measure: int) -> Lines:
    """List what the run and its replicates measured, each with half the width of its interval over pairs."""
    lines: Lines = []
    room = max(10, min(24, measure - 34))
    for item in view.measured:
        half = "" if item.half is None else f" ± {item.half:.3f}"
        seed = "" if item.seed is None else f"seed {item.seed}"
        name = cell(short_name(item.run, room - 1), room)
        lines.append(
            Content.assemble(name, (f"{seed:<8}", _DIM), number(item.loss), (f"{half} at step {item.step}", _DIM))
        )
    return lines


def _beneath(view: RunComparison, measure: int) -> Lines:
    """Say in two lines what was tried from a run, and what came of it."""
    from workbench.operations.experiment_changes import summary
    from workbench.operations.experiment_words import short_finding

    told = summary(view.changes) if view.known else "what changed is not known"
    worth = short_finding(view.loss.value, view.loss.finding)
    name = short_name(view.run, 24)
    head = Content.assemble((f"{name}  ", "$foreground"), (worth, _FOUND[view.loss.finding]))
    return [head.truncate(measure, ellipsis=True), *_wrapped([f"  {told}"], measure, _DIM)]


def _tally(found: Tally, said: Sequence[str], measure: int) -> Lines:
    lines = _wrapped(said[:1], measure, "$foreground")
    cells = min(_BAR, measure - 11)
    cells -= 1 - cells % 2
    if found.share is not None and cells >= 9:
        bar = interval_bar(found.share, 0.0, 1.0, 0.5, cells)
        lines.append(Content.assemble(("0 %  ", _DIM), bar, (" 100 %", _DIM)))
    return [*lines, *_wrapped(said[1:], measure, _DIM)]


def _title(words: str) -> Lines:
    return [Content(""), Content.styled(words, "bold $accent")]


def _wrapped(texts: Iterable[str], measure: int, style: str) -> Lines:
    lines: Lines = []
    for text in texts:
        shown = visible(text)
        lines += [Content.styled(shown[start:end], style) for start, end in wrap(shown, measure)]
    return lines
