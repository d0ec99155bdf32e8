"""Import what was sampled and logged elsewhere: each file of outputs and each logged run becomes an imported run.

Files are gathered until all were read, since they belong together: baselines with what was fine-tuned, a log with the
run it tells of, prompts with the outputs that do not say them. A run keeps what its files say and nothing else; what
they do not say is named as unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.canaries import CanaryText, canary_set_hash
from curation.counted import counted
from curation.earlier import NAMING_FOLDERS, EarlierRun, earlier_runs, identity, outputs_identity
from curation.errors import EssayError, Problem
from curation.essay import slugify
from curation.outputs import Outputs, read_outputs
from curation.textfile import read_text
from curation.trainlog import LoggedRun, read_log
from store import canaries, imported_runs, runs
from store.canaries import Canary, CanarySet
from store.imported_runs import ImportedRun, ImportedSample
from store.known_sources import Outcome
from workbench.operations.heads import MAX_PAIR_BYTES
from workbench.operations.intake import Arrival, Intake

_UNKNOWN = ("seeds", "sampler", "tokens and time of the samples")
_FOLDER_LETTERS = 24


class OutputBasket:
    """The outputs and logs of one import."""

    def __init__(self) -> None:
        self._outputs: list[Outputs] = []
        self._logs: list[tuple[LoggedRun, tuple[str, ...]]] = []
        self._read: list[CanaryText] = []

    def add_outputs(self, outputs: Outputs) -> None:
        """Take a file of outputs."""
        self._outputs.append(outputs)

    def add_log(self, logged: Sequence[LoggedRun], folders: tuple[str, ...]) -> None:
        """Take the runs of a log."""
        self._logs += [(item, folders) for item in logged]

    def add_prompts(self, prompts: Sequence[CanaryText]) -> None:
        """Take the prompts of a file, which a dry run does not keep."""
        self._read += prompts

    def finish(self, intake: Intake) -> None:
        """Keep every run that is not known yet, and say what came of each."""
        working = {item.slug: item for item in (*map(_text_of, canaries.rows(intake.project.db)), *self._read)}
        unknown: dict[str, str] = {}
        for run in earlier_runs(self._outputs, self._logs):
            prompts = _prompts(run, self._outputs, list(working.values()))
            for prompt in prompts:
                if not prompt.prompt and run.outputs is not None:
                    unknown.setdefault(prompt.slug, run.outputs.path)
            intake.arrived(_keep(intake, run, prompts))
            if run.outputs is not None and run.base is None:
                message = (
                    f"has no baselines of the model {run.outputs.model!r} beside it or in a folder above: its samples "
                    "are shown in Runs, and cannot be compared in Review. Import both together."
                )
                intake.problem(Problem(run.outputs.path, None, message))
        if unknown:
            names = ", ".join(sorted(unknown))
            message = (
                f"the words of the prompts {names} are said nowhere. Write them to a prompts file, each under its "
                "`## name` and a line `topic: known`, and import again: the samples stay as they are."
            )
            intake.leave_out(Problem(next(iter(unknown.values())), None, message))


def _keep(intake: Intake, run: EarlierRun, prompts: Sequence[CanaryText]) -> Arrival:
    db = intake.project.db
    name = _name(run)
    outcome: Outcome = "added"
    standing = runs.get(db, name).canary_set_id if imported_runs.exists(db, name) else None
    if imported_runs.exists(db, name):
        outcome = "same"
        if standing is not None and _says_more(canaries.get_set(db, standing), prompts):
            outcome = "changed"
    if not intake.options.dry_run and outcome != "same":
        kept = _keep_set(intake, prompts) if prompts else None
        if outcome == "changed" and kept is not None:
            imported_runs.learn_prompts(db, name, kept.id)
        else:
            imported_runs.add(db, _imported(intake, run, name, kept))
    path = run.outputs.path if run.outputs is not None else run.logged.path if run.logged is not None else ""
    samples = [text for canary in run.outputs.canaries for _, text in canary.samples] if run.outputs is not None else []
    of = run.outputs.of if run.outputs is not None else "log"
    return Arrival(
        outcome=outcome,
        what="run",
        name=name,
        title=f"{'/'.join(run.folders[-1:])}: {of}, {counted(len(samples), 'sample')}",
        path=path,
        words=sum(len(text.split()) for text in samples),
    )


def _imported(intake: Intake, run: EarlierRun, name: str, prompts: CanarySet | None) -> ImportedRun:
    outputs, logged = run.outputs, run.logged
    file = outputs.path if outputs is not None else logged.path if logged is not None else ""
    key = identity(run) if run.base is None else outputs_identity(run.base)
    return ImportedRun(
        name=name,
        file=intake.project.relative(Path(file)),
        known=_known(run),
        model=outputs.model if outputs is not None else "unknown",
        sample_key=f"imported:{key}",
        canary_set_id=prompts.id if prompts is not None else None,
        of=outputs.of if outputs is not None else None,
        samples=[
            ImportedSample(slug=_slug(canary.letter), idx=place, text=text)
            for canary in (outputs.canaries if outputs is not None else ())
            for place, text in canary.samples
        ],
        note=f"Run {logged.number} {logged.date}".rstrip() + f"\n\n{logged.text}" if logged is not None else "",
        metrics=_metrics(logged),
    )


def _known(run: EarlierRun) -> dict[str, Any]:
    """Return what the files say of a run, by name."""
    outputs, logged = run.outputs, run.logged
    known: dict[str, Any] = {"imported": True, "folders": list(run.folders[-NAMING_FOLDERS:])}
    if outputs is not None:
        known |= {"model": outputs.model, "samples_of": outputs.of, "files": [outputs.path]}
        known["files"] += [item.path for item in run.also]
        known |= {f"canary {item.letter}": item.label for item in outputs.canaries if item.label}
        headers = [item.header for item in (outputs, *run.also) if item.header]
        known |= {"header": headers[0]} if headers else {}
    if logged is not None:
        said = {"log": f"{logged.path}:{logged.line}", "date": logged.date, "config": logged.config, "gpu": logged.gpu}
        known |= {key: value for key, value in said.items() if value}
        if logged.epochs:
            known["steps"] = "epochs"
    known["unknown"] = list(_UNKNOWN if outputs is not None else ("samples",))
    return known


def _metrics(logged: LoggedRun | None) -> list[tuple[str, int, float | None]]:
    found: list[tuple[str, int, float | None]] = []
    for item in logged.epochs if logged is not None else ():
        for name, value in (("loss", item.train_loss), ("val_loss", item.val_loss)):
            if value is not None:
                found.append((name, item.epoch, value if math.isfinite(value) else None))
    return found


def _prompts(run: EarlierRun, files: Sequence[Outputs], working: Sequence[CanaryText]) -> list[CanaryText]:
    """Return the prompts that a run's samples continue, with empty words where neither file nor working set says."""
    if run.outputs is None:
        return []
    own = [run.outputs, *run.also, *([run.base] if run.base is not None else [])]
    prompts = []
    for canary in run.outputs.canaries:
        said = _said(canary.letter, own) or _said(canary.letter, files)
        slug = _slug(canary.letter)
        named = [row for row in working if row.slug in (canary.letter.lower(), slug) or row.slug.startswith(f"{slug}-")]
        row = next((row for row in named if said in (None, row.prompt.strip())), None)
        if row is not None:
            prompts.append(replace(row, slug=slug))
        else:
            prompts.append(CanaryText(slug=slug, prompt=said or "", topic="unknown", length="unknown", reference=""))
    return prompts


def _text_of(row: Canary) -> CanaryText:
    return CanaryText(slug=row.slug, prompt=row.prompt, topic=row.topic, length=row.length, reference=row.reference)


def _said(letter: str, files: Sequence[Outputs]) -> str | None:
    """Return the words of a prompt where all files that say them say the same."""
    words = {item.prompt for file in files for item in file.canaries if item.letter == letter and item.prompt}
    return words.pop() if len(words) == 1 else None


def _says_more(standing: CanarySet, prompts: Sequence[CanaryText]) -> bool:
    said = {item.slug: item.prompt for item in standing.prompts}
    return said.keys() == {item.slug for item in prompts} and any(
        item.prompt and not said[item.slug] for item in prompts
    )


def _keep_set(intake: Intake, prompts: Sequence[CanaryText]) -> CanarySet:
    texts = [(item.slug, item.prompt, item.topic, item.length, item.reference) for item in prompts]
    return canaries.keep_set(intake.project.db, canary_set_hash(prompts), texts)


def _slug(letter: str) -> str:
    return f"canary-{letter.lower()}"


def _name(run: EarlierRun) -> str:
    folder = slugify(run.folders[-1])[:_FOLDER_LETTERS].strip("-") if run.folders else "run"
    told = run.outputs.stem if run.outputs is not None else f"run {run.logged.number}" if run.logged is not None else ""
    return f"imported-{folder}-{slugify(told)}-{identity(run).removeprefix('sha256:')[:4]}"


def bring_in_outputs(intake: Intake, path: Path) -> None:
    """Bring in a file of canary outputs."""
    text = _read_file(intake, path)
    if text is None:
        return
    outputs, problems = read_outputs(text, str(path), stem=path.stem, folders=path.absolute().parent.parts)
    for problem in problems:
        intake.problem(problem)
    if outputs is not None:
        intake.gathered(OutputBasket).add_outputs(outputs)


def bring_in_log(intake: Intake, path: Path) -> None:
    """Bring in an experiment log."""
    text = _read_file(intake, path)
    if text is None:
        return
    logged, problems = read_log(text, str(path))
    for problem in problems:
        intake.problem(problem)
    intake.gathered(OutputBasket).add_log(logged, path.absolute().parent.parts)


def _read_file(intake: Intake, path: Path) -> str | None:
    try:
        return read_text(path, max_bytes=MAX_PAIR_BYTES)
    except EssayError as error:
        intake.problem(error.problem)
        return None
