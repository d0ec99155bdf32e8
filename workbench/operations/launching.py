"""Draft a run as a copy of a parent, say what differs, and launch it: run directory first, then the place."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from runners.errors import SpecError
from runners.families.base import Known
from runners.misfits import misfits
from runners.places.alone import alone
from runners.rundir import RunDir, run_name
from runners.spec import (
    LoraSpec,
    ModelSpec,
    RunSpec,
    differences,
    from_dict,
    sample_key,
    substance,
)
from store import datasets, imported_runs, runs
from workbench.operations.adapters import LATEST, adapter_folder, adapter_of, spec_of
from workbench.operations.beginning import (
    carried_over,
    first_model,
    first_sampling,
    first_score,
    first_train,
    known_model,
)
from workbench.operations.canaries import prompt_lines
from workbench.operations.errors import LaunchError
from workbench.operations.experiment_changes import variable_paths
from workbench.operations.freezing import snapshot_of
from workbench.operations.launch_warnings import data_warnings, family_warnings, model_warnings
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import place, place_names
from workbench.operations.project import Project
from workbench.operations.prompt_choice import Prompts, freeze_chosen, hash_of_chosen
from workbench.operations.starting import start

LaunchedTask = Literal["train", "sample", "score"]
_UNFINISHED_NAME = "draft"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A run before launch: everything the form shows.

    Attributes:
        spec: what it will do; its name is not yet final.
        place: where.
        dataset_id: what it trains on; None for the task `sample`.
        differences: dotted field, parent's value, own value.
        variables: those fields among them that count as variables, as in Experiments.
        warnings: sentences; a launch is not refused for them.
        known: what is known of its model; None where that is nothing.
        prompts: which of the canary prompts it samples.
    """

    spec: RunSpec
    place: str
    dataset_id: int | None
    differences: tuple[tuple[str, Any, Any], ...]
    variables: tuple[str, ...]
    warnings: tuple[str, ...]
    known: Known | None = None
    prompts: Prompts = "all"


def draft(
    project: Project,
    *,
    task: LaunchedTask = "train",
    parent: str | None = None,
    adapter_run: str | None = None,
    checkpoint: str = LATEST,
    dataset_id: int | None = None,
    model: str | None = None,
    place_name: str | None = None,
    prompts: Prompts = "all",
) -> Draft:
    """Start a run: a copy of its parent where there is one, else the defaults for the project's model.

    Args:
        project: whose run.
        task: what it does.
        parent: the run to copy; None takes the latest of the same task and model, if any.
        adapter_run: for the tasks `sample` and `score`, the training run whose adapter is asked; None for the base.
        checkpoint: which of that run's, as `checkpoint_choices` names them.
        dataset_id: what to train on, or whose held-out pairs to measure; None for the newest dataset.
        model: None for the parent's where one is named, else for the project's.
        place_name: where; None for where the parent ran, if that place is still known, else for this machine.
        prompts: for the task `sample`, which of the canary prompts.

    Raises:
        LaunchError: there is nothing to train on or to measure, or the adapter's run has no checkpoint.
    """
    rows = [row for row in runs.rows(project.db) if row.place != imported_runs.PLACE]
    if parent is not None and imported_runs.exists(project.db, parent) and not any(row.name == parent for row in rows):
        raise LaunchError(f"{parent} was made elsewhere, and how is not known: copy another run, or none.")
    source = spec_of(project, adapter_run)
    base = spec_of(project, parent)
    # An adapter fits the model it was trained on, and no other; a copy is of its parent's.
    copied = source or (base if model is None else None)
    chosen = copied.model if copied else first_model(project, model or project.settings.model)
    if parent is None:
        same = [row.name for row in rows if row.task == task and row.model == chosen.id and not row.smoke]
        parent = same[-1] if same else None
        base = spec_of(project, parent)
    if base and base.task != task:
        raise LaunchError(f"{parent} is a run of the task {base.task}: name a parent of the task {task}.")
    frozen_hash = None
    if task in ("train", "score"):
        dataset_id, frozen_hash = _frozen(project, dataset_id, task)
    found = _copy(project, base, source, chosen.id) if base else _first_of(project, task, source, chosen, frozen_hash)
    adapter = adapter_of(project, adapter_run, checkpoint) if task != "train" and adapter_run else None
    spec = replace(
        found,
        name=_UNFINISHED_NAME,
        parent=parent,
        adapter=adapter,
        objective=source.objective if task == "score" and source else found.objective,
        dataset_hash=frozen_hash,
        canary_hash=hash_of_chosen(project, prompts, adapter_run) if task != "score" else None,
        sample_base=False,
        hashes={},
    )
    return _described(project, spec, place_name or _place_of(project, parent), dataset_id, prompts)


def _place_of(project: Project, parent: str | None) -> str:
    """Return where a copy of a run goes, unless something else is said."""
    known = runs.get(project.db, parent).place if parent else LOCAL
    return known if known in place_names(project) else LOCAL


def _copy(project: Project, base: RunSpec, source: RunSpec | None, model: str) -> RunSpec:
    """Return a parent's spec for a model; where the adapter of another run is sampled, that run's model is meant."""
    carried = carried_over(project, base, model)
    return replace(carried, model=source.model) if source else carried


def _first_of(
    project: Project, task: LaunchedTask, source: RunSpec | None, model: ModelSpec, dataset_hash: str | None
) -> RunSpec:
    """Return the spec of the first run of its kind.

    Samples of an adapter are drawn as its own run drew them, and its loss is measured as its own run validated.
    """
    found = known_model(project, model.id)
    sampling = source.sampling if source else first_sampling(found)
    if task == "sample":
        return RunSpec(name=_UNFINISHED_NAME, task=task, model=model, sampling=sampling)
    if task == "score":
        recipe = first_score(source.train if source and source.train else first_train(project, found))
        return RunSpec(
            name=_UNFINISHED_NAME,
            task=task,
            model=model,
            sampling=sampling,
            score=recipe,
            dataset_hash=dataset_hash,
            objective=found.family.objectives[0] if found else None,
        )
    return RunSpec(
        name=_UNFINISHED_NAME,
        task="train",
        model=model,
        sampling=sampling,
        dataset_hash=dataset_hash,
        train=first_train(project, found),
        lora=LoraSpec(),
        objective=found.family.objectives[0] if found else None,
    )


def change(project: Project, current: Draft, changes: dict[str, Any]) -> Draft:
    """Return the draft with some fields replaced, named by dotted path such as `train.learning_rate`.

    Another model brings what belongs to it along: what only fitted the old one begins anew, unless it is named too.

    Raises:
        SpecError: an unknown field, a wrong type, a value out of range or one that does not fit the model; all of them
            at once.
    """
    spec = current.spec
    if isinstance(model := changes.get("model.id"), str) and model:
        spec = carried_over(project, spec, model)
        changes = changes | {"model.id": spec.model.id}
    data = json.loads(spec.to_json())
    problems = []
    # An adapter belongs to the method lora alone: choosing a method takes it away, or brings it.
    if isinstance(train := data.get("train"), dict) and changes.get("train.method", train.get("method")) == "full":
        data["lora"] = None
        changes = {path: value for path, value in changes.items() if not path.startswith("lora.")}
    elif isinstance(train, dict):
        data["lora"] = data.get("lora") or asdict(LoraSpec())
    for path, value in changes.items():
        *outer, last = path.split(".")
        target = data
        for key in outer:
            target = target.get(key) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            problems.append(f"{path}: this run has no such part.")
        else:
            target[last] = value
    if problems:
        raise SpecError(problems)
    changed = from_dict(RunSpec, data)
    found = known_model(project, changed.model.id)
    if found is not None and (problems := misfits(changed, found)):
        raise SpecError(problems)
    return _described(project, changed, current.place, current.dataset_id, current.prompts)


def parse_value(text: str) -> Any:
    """Read a field's value as typed: a number, true, false, null, a list with commas, or words."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return [part.strip() for part in text.split(",") if part.strip()] if "," in text else text.strip()


def launch(project: Project, ready: Draft, *, cancelled: Callable[[], bool] = lambda: False) -> str:
    """Make the run directory, record the run, submit it; return its name.

    A training run samples the canaries from the base first, when no run of the same model, prompts, sampler and
    seeds has done so yet.

    Args:
        project: whose run.
        ready: what is launched.
        cancelled: asked a few times a second while a far host is asked; the launch is given up then.

    Raises:
        LaunchError: the place is not ready, and there is no trace of the run; or it refused the job, and the run
            stands as failed and can be resumed.
    """
    where = place(project, ready.place, cancelled=cancelled)
    problems = where.check(ready.spec)
    if problems:
        raise LaunchError(f"{where.name} is not ready: " + " ".join(problems))
    now = datetime.now(UTC)
    spec = replace(ready.spec, name=_name(now, ready.spec))
    adapter_run = spec.adapter.run if spec.adapter else None
    canary_set = freeze_chosen(project, ready.prompts, adapter_run) if spec.task != "score" else None
    spec = replace(spec, canary_hash=canary_set.content_hash if canary_set else None)
    key = sample_key(spec)
    if spec.task == "train":
        spec = replace(spec, sample_base=runs.base_run(project.db, key) is None)
    frozen = snapshot_of(project, ready.dataset_id) if ready.dataset_id is not None else None
    run_dir = RunDir.create(
        project.runs_folder / spec.name,
        spec,
        train_jsonl=frozen.train_jsonl if frozen and spec.task == "train" else None,
        holdout_jsonl=frozen.holdout_jsonl if frozen else None,
        manifest_json=frozen.manifest_json if frozen else None,
        prompts_jsonl=prompt_lines(canary_set.prompts) if canary_set else None,
        adapter=adapter_folder(project, spec) if spec.adapter else None,
    )
    with alone(run_dir, "start"):
        runs.add(
            project.db,
            name=spec.name,
            task=spec.task,
            parent=spec.parent,
            dir=project.relative(run_dir.path),
            place=ready.place,
            spec_json=run_dir.spec().to_json(),
            model=spec.model.id,
            sample_key=key,
            dataset_id=ready.dataset_id,
            canary_set_id=canary_set.id if canary_set else None,
            adapter_run=adapter_run,
        )
        start(project, spec.name, cancelled=cancelled)
    return spec.name


def _described(project: Project, spec: RunSpec, place_name: str, dataset_id: int | None, prompts: Prompts) -> Draft:
    warnings = []
    differing: list[tuple[str, Any, Any]] = []
    varied: tuple[str, ...] = ()
    if spec.parent:
        before, after = substance(RunSpec.from_json(runs.get(project.db, spec.parent).spec_json)), substance(spec)
        differing, varied = differences(before, after), variable_paths(before, after)
        if len(varied) > 1:
            names = ", ".join(varied)
            warnings.append(f"Differs from its parent in {len(varied)} variables ({names}): what helps stays open.")
    found = known_model(project, spec.model.id)
    warnings += model_warnings(project, spec)
    if found is not None:
        warnings += family_warnings(spec, found)
    if dataset_id is not None:
        warnings += data_warnings(project, spec, dataset_id)
    return Draft(
        spec=spec,
        place=place_name,
        dataset_id=dataset_id,
        differences=tuple(differing),
        variables=varied,
        warnings=tuple(warnings),
        known=found,
        prompts=prompts,
    )


def _frozen(project: Project, dataset_id: int | None, task: LaunchedTask) -> tuple[int, str]:
    """Return a dataset and its hash: the one that is named, or the newest."""
    if dataset_id is None:
        rows = sorted(datasets.rows(project.db), key=lambda row: row.number)
        if not rows:
            lacking = "There is no dataset to train on." if task == "train" else "There is no dataset to measure."
            raise LaunchError(
                f"{lacking} Freeze one in Datasets with f.",
                on_command_line=f"{lacking} Freeze one with `workbench dataset freeze`.",
            )
        dataset_id = rows[-1].id
    return dataset_id, datasets.get(project.db, dataset_id).content_hash


def _name(now: datetime, spec: RunSpec) -> str:
    rate = re.sub(r"e([+-])0+(?=\d)", r"e\1", f"{spec.train.learning_rate:g}") if spec.train else ""
    words = f"lr{rate}" if rate else ("adapter" if spec.adapter else "base")
    words = f"score-{words}" if spec.task == "score" else words
    model = re.sub(r"[^a-z0-9.]+", "-", spec.model.id.rstrip("/").split("/")[-1].lower())
    return run_name(now, model, words, secrets.token_hex(2))
