"""Export the experiments: a Markdown report, a JSON line a run, or preference pairs from the verdicts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from curation.counted import counted
from runners.intervals import Interval
from store.datasets import rows as dataset_rows
from workbench.operations.errors import NothingToDoError
from workbench.operations.experiment_markdown import report
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_samples import withholds_samples
from workbench.operations.experiment_verdicts import Tally
from workbench.operations.experiment_view import Experiment, RunComparison, experiment
from workbench.operations.exporting import write_exports
from workbench.operations.preferences import preferences
from workbench.operations.project import Project

FormName = Literal["report", "runs", "preferences"]


@dataclass(frozen=True, kw_only=True)
class ExperimentForm:
    """A form the experiments are written in: its name, what it is, and the ending of its file."""

    name: FormName
    words: str
    suffix: str


FORMS: tuple[ExperimentForm, ...] = (
    ExperimentForm(name="report", words="Markdown: notebook, tree, differences, samples", suffix=".md"),
    ExperimentForm(name="runs", words="JSON lines: a run each, with what is noise", suffix=".jsonl"),
    ExperimentForm(name="preferences", words="JSON lines: prompt, chosen, rejected", suffix=".jsonl"),
)


@dataclass(frozen=True, kw_only=True)
class ExperimentExport:
    """What was written, or would have been: where, in which form, how many lines or runs, and a sentence on it."""

    path: Path
    form: FormName
    count: int
    left_out: dict[str, int]
    summary: str


def export_experiments(
    project: Project,
    path: Path,
    *,
    form: FormName,
    with_real: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> ExperimentExport:
    """Write the experiments to a file.

    Args:
        project: whose.
        path: the file.
        form: the report, a line a run, or preference pairs.
        with_real: of preference pairs, keep those that hold a real held-out paragraph word for word.
        force: replace whatever stands there.
        dry_run: write nothing; what stands in the way is refused all the same.

    Raises:
        NothingToDoError: there is nothing to write.
        WouldReplaceError: a file of somebody's own stands there, and `force` is not given.
    """
    left_out: dict[str, int] = {}
    if form == "preferences":
        found = preferences(project, with_real=with_real)
        text, count, left_out, summary = (
            _lines([asdict(pair) for pair in found.pairs]),
            len(found.pairs),
            found.left_out,
            found.summary,
        )
        if not found.pairs:
            raise NothingToDoError(f"There is no preference pair to write: {summary}. Judge samples in Review first.")
    else:
        records = Records.read(project)
        count = len(records.rows)
        if not count:
            raise NothingToDoError("There is no run to write yet.")
        text = report(project) if form == "report" else _lines(run_lines(project, records))
        summary = f"{counted(count, 'run')} written as {'Markdown' if form == 'report' else 'JSON lines'}"
        hidden = sum(withholds_samples(project, records, name) for name in records.rows) if form == "report" else 0
        if hidden:
            left_out = {"runs without samples, since their masked review goes on": hidden}
            summary += f"; without samples of {counted(hidden, 'run')} whose masked review goes on"
    write_exports(project, {path: text.encode()}, force=force, dry_run=dry_run)
    return ExperimentExport(path=path, form=form, count=count, left_out=left_out, summary=summary)


def run_lines(project: Project, records: Records) -> list[dict[str, Any]]:
    """Return a dictionary for each run, oldest first; a null is something that is not known."""
    numbers = {row.content_hash: row.number for row in dataset_rows(project.db)}
    return [_run(records, experiment(project, name, records), numbers) for name in records.rows]


def _run(records: Records, view: Experiment, numbers: dict[str, int]) -> dict[str, Any]:
    row, own = view.row, view.measured[0] if view.measured else None
    spec = records.specs.get(row.name)
    return {
        "run": row.name,
        "task": row.task,
        "sort": view.sort,
        "status": row.status,
        "above": view.above.other if view.above is not None else None,
        "created_at": row.created_at,
        "model": row.model,
        "dataset": None
        if view.dataset_hash is None
        else {"number": numbers.get(view.dataset_hash), "hash": view.dataset_hash},
        "seed": spec.train.seed if spec is not None and spec.train is not None else None,
        "validation": None
        if own is None
        else {
            "step": own.step,
            "loss": own.loss if own.loss == own.loss else None,
            "low": own.low,
            "high": own.high,
            "draws": own.draws,
            "pairs": len(own.pairs) or None,
        },
        "replicates": [item.run for item in view.measured[1:]],
        "spread": view.spread,
        "against": _against(view.above) if view.above is not None else None,
        "verdicts": _verdicts(view.verdicts) if view.verdicts is not None else None,
        "notes": [asdict(note) for note in view.notes],
    }


def _against(view: RunComparison) -> dict[str, Any]:
    loss = view.loss
    return {
        "run": view.other,
        "changes": [asdict(item) for item in view.changes] if view.known else None,
        "warning": view.warning or None,
        "difference": loss.value,
        "over_pairs": _ends(loss.over_pairs),
        "one_by_one": loss.one_by_one,
        "pairs": loss.pairs or None,
        "over_seeds": _ends(loss.over_seeds),
        "finding": loss.finding,
        "why_not": loss.why_not or None,
    }


def _verdicts(tally: Tally) -> dict[str, Any]:
    told = {name: getattr(tally, name) for name in ("better", "worse", "ties", "both_bad")}
    counts = dict.fromkeys(told) if tally.withheld else told
    how_many = {"judged": tally.judged, "pairs": tally.pairs, "masked": tally.masked}
    return {**how_many, **counts, "share": _ends(tally.share)}


def _ends(found: Interval | None) -> list[float | None] | None:
    return None if found is None else [found.low, found.high]


def _lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
