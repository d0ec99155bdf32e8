"""One run, and two runs beside each other, as lines of text: for the command line and the report."""

from __future__ import annotations

from curation.counted import counted
from store.notebook import Note
from workbench.operations.experiment_losses import Measurement
from workbench.operations.experiment_view import Experiment, RunComparison
from workbench.operations.experiment_words import loss_words, verdict_words
from workbench.operations.noting import subject


def experiment_lines(view: Experiment) -> list[str]:
    """Return one run in full, a line each."""
    row = view.row
    kind = view.sort if view.sort != "training" else "training run"
    lines = [f"{row.name}  {row.status}  {kind}", *data_lines(view)]
    lines += ["", "Replicates", *indented(replicate_lines(view))]
    if view.above is not None:
        lines += ["", *comparison_lines(view.above)]
    if view.beneath:
        lines += ["", "Runs that hang under it"]
        for item in view.beneath:
            lines += indented([item.run, *indented([*change_lines(item), *loss_words(item.loss)])])
    if view.verdicts is not None:
        lines += ["", "Verdicts against the base", *indented(verdict_words(view.verdicts))]
    if view.blind:
        lines += ["", "Which are mine?", *indented(list(view.blind))]
    return [*lines, "", "Notes", *indented(note_lines(view.notes))]


def comparison_lines(view: RunComparison) -> list[str]:
    """Return two runs beside each other, a line each."""
    lines = [f"{view.run} against {view.other}", *indented(change_lines(view)), *indented(loss_words(view.loss))]
    if view.verdicts is not None:
        lines += indented(verdict_words(view.verdicts))
    if view.notes:
        lines += ["  Notes", *indented(indented(note_lines(view.notes)))]
    return lines


def data_lines(view: Experiment) -> list[str]:
    """Say what a run is of: model and dataset."""
    row = view.row
    data = "no dataset" if row.dataset_number is None else f"dataset {row.dataset_number}"
    if view.dataset_hash:
        data += f" ({view.dataset_hash.removeprefix('sha256:')[:8]})"
    return [f"{row.model}, {data}, {row.place}"]


def replicate_lines(view: Experiment) -> list[str]:
    """Say what the replicates measured, and how far they lie apart."""
    return [*(loss_line(item) for item in view.measured), *spread_words(view)]


def spread_words(view: Experiment) -> list[str]:
    """Say how far the replicates lie apart, or that nobody knows."""
    if not view.measured:
        return ["No validation loss yet."]
    lines = [f"Left out: {', '.join(view.left_out)}."] if view.left_out else []
    if view.spread is None:
        return [*lines, "One run and no replicate: how much another seed would change is not known."]
    return [*lines, f"Spread among {counted(len(view.measured), 'run')}: {view.spread:.3f} (standard deviation)."]


def loss_line(item: Measurement) -> str:
    """Say what one run measured last."""
    ends = "" if item.low is None or item.high is None else f" (95 % {item.low:.3f} to {item.high:.3f} over pairs)"
    seed = "" if item.seed is None else f"  seed {item.seed}"
    return f"{item.run}{seed}  {item.loss:.3f}{ends} at step {item.step}"


def change_line(view: RunComparison) -> str:
    """Say what changed, in one line."""
    if not view.known:
        return "What changed is not known: one of them was made elsewhere."
    if not view.changes:
        return "Nothing changed: the same again."
    return "; ".join(item.words for item in view.changes)


def change_lines(view: RunComparison) -> list[str]:
    """Say what changed, a line each, and what that cannot prove."""
    if not view.known or not view.changes:
        return [change_line(view)]
    lines = []
    for item in view.changes:
        no_part = " (no part in the result)" if item.effect == "nothing" else ""
        lines.append(f"{item.words}{no_part}")
    return [*lines, view.warning] if view.warning else lines


def note_lines(notes: tuple[Note, ...]) -> list[str]:
    """Return notes with their number, date and what they are on."""
    if not notes:
        return ["Nothing noted yet."]
    lines = []
    for item in notes:
        head, *rest = item.body.splitlines()
        lines += [f"{item.id}  {item.created_at[:10]}  {subject(item)}: {head}", *indented(rest)]
    return lines


def indented(lines: list[str]) -> list[str]:
    """Return lines two cells further in."""
    return [f"  {line}" if line else line for line in lines]
