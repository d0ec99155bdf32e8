"""The experiments as one Markdown report: the notebook, the tree, what is not known, and each run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.counted import counted
from store.notebook import Note
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_report import change_lines, data_lines, replicate_lines
from workbench.operations.experiment_samples import Chosen, chosen_samples, withholds_samples
from workbench.operations.experiment_view import Experiment, experiment
from workbench.operations.experiment_words import loss_words, short_finding, short_tally, verdict_words
from workbench.operations.experiments import Branch, tree
from workbench.operations.noting import notes, subject
from workbench.operations.project import Project

# Marks that would make something of a text that is not there.
_MARKS = re.compile(r"([\\`*_\[\]|#~<>&])")


def report(project: Project) -> str:
    """Return everything the experiments say as Markdown."""
    records, branches = Records.read(project), tree(project)
    views = [experiment(project, branch.row.name, records) for branch in branches]
    compared = [view for view in views if view.above is not None and view.above.loss.value is not None]
    parts = [
        f"# What was learnt in {_plain(project.root.name)}",
        f"{counted(len(branches), 'run')}, {counted(len(compared), 'comparison')} of losses. Every interval stands by "
        "itself at 95 %: of twenty comparisons of runs that do not differ, about one lies beyond it.",
        "## Notebook",
        *(_note(item) for item in notes(project)),
        *([] if notes(project) else ["Nothing noted yet."]),
        "## Tree",
        _block(_tree_lines(branches)),
        "## What is not known",
        _list(_unknown(branches, views)),
    ]
    for view in views:
        parts += _run(project, records, view)
    return "\n\n".join(parts) + "\n"


def _run(project: Project, records: Records, view: Experiment) -> list[str]:
    row = view.row
    kind = "" if view.sort == "training" else f", {view.sort} run"
    parts = [f"## {_plain(row.name)}", _plain(f"{row.status}{kind}. {'; '.join(data_lines(view))}.")]
    if view.above is not None:
        parts += [
            f"### Against {_plain(view.above.other)}",
            _list([*change_lines(view.above), *loss_words(view.above.loss)]),
        ]
        if view.above.verdicts is not None:
            parts.append(_list(verdict_words(view.above.verdicts)))
    if row.task != "sample":
        heading = "### Replicates" if row.task == "train" else "### Loss on the held-out pairs"
        parts += [heading, _list(replicate_lines(view))]
    if view.verdicts is not None:
        parts += ["### Verdicts against the base", _list(verdict_words(view.verdicts))]
    if view.blind:
        parts += ["### Which are mine?", _list(view.blind)]
    if withholds_samples(project, records, row.name):
        parts += ["### Samples", "Left out while the masked review of this run goes on."]
    for item in chosen_samples(project, records, row.name):
        parts += _samples(item)
    return parts


def _samples(item: Chosen) -> list[str]:
    head = f"### {_plain(item.prompt)}, sample {item.index + 1}: {item.verdict}"
    table = f"| base | run |\n|---|---|\n| {_cell(item.base)} | {_cell(item.run)} |"
    return [head, table, *([_list(item.notes)] if item.notes else [])]


def _tree_lines(branches: Sequence[Branch]) -> list[str]:
    lines = []
    for item in branches:
        parts = [item.row.status if item.sort in ("training", "sampling", "scoring") else item.sort, item.told]
        if item.finding is not None:
            parts.append(short_finding(item.difference, item.finding))
        if verdicts := short_tally(item.tally):
            parts.append(f"verdicts run:base {verdicts}")
        lines.append(f"{item.guide}{item.row.name}  {' · '.join(part for part in parts if part)}")
    return lines or ["No runs yet."]


def _unknown(branches: Sequence[Branch], views: Sequence[Experiment]) -> list[str]:
    """Say what the runs so far leave open."""
    lines = []
    alone = [item.row.name for item in branches if item.finding == "not known"]
    if alone:
        lines.append(f"Whether another seed would show it too, since there is no replicate: {', '.join(alone)}.")
    several = [view.row.name for view in views if view.above is not None and view.above.warning]
    if several:
        lines.append(f"Which of several changes at once did it: {', '.join(several)}.")
    open_runs = [item.row.name for item in branches if item.tally is not None and item.tally.judged < item.tally.pairs]
    if open_runs:
        lines.append(f"How samples that were not judged yet read: {', '.join(open_runs)}.")
    hidden = [item.row.name for item in branches if item.tally is not None and item.tally.withheld]
    if hidden:
        lines.append(f"Which side was better in masked reviews that go on: {', '.join(hidden)}.")
    bare = [item.row.name for item in branches if item.finding == "not comparable"]
    if bare:
        lines.append(f"How losses differ that cannot be laid beside each other: {', '.join(bare)}.")
    return lines or ["Nothing that the runs so far asked."]


def _note(note: Note) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in note.body.splitlines())
    return f"{note.created_at[:10]}, on {_plain(subject(note))}:\n\n{quoted}"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _block(lines: Sequence[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _cell(text: str) -> str:
    """Return a text for a cell of a table, its lines kept."""
    return "<br>".join(_plain(line) for line in text.strip().splitlines()) or "(nothing)"


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", text)
