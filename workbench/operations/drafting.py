"""The launch form without a screen: what stands in each line, what a typed value changes, and which values do not hold.

A form is never half-applied: values that do not hold are kept as typed beside the last draft that did, and are tried
again with every further change, since two fields may only fit together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from runners.errors import SpecError
from runners.sampler_fields import FIELDS as SAMPLER_FIELDS
from runners.spec import LoraSpec, ModelSpec, RunSpec, SamplingSpec, ScoreSpec, TrainSpec
from store import datasets, imported_runs, runs
from workbench.operations.adapters import LATEST, checkpoint_choices
from workbench.operations.fields import FIELDS, ONLY_WHERE_TOKENS_ARE_HIDDEN, Field, shown
from workbench.operations.launching import Draft, LaunchedTask, change, draft, parse_value
from workbench.operations.places import place_names
from workbench.operations.project import Project
from workbench.operations.prompt_choice import Prompts, prompt_choices

Kind = Literal["train", "sample base", "sample adapter", "score base", "score adapter"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_TASKS: dict[Kind, LaunchedTask] = {
    "train": "train",
    "sample base": "sample",
    "sample adapter": "sample",
    "score base": "score",
    "score adapter": "score",
}
_OF_ADAPTERS = ("sample adapter", "score adapter")
_LISTS = ("lora.target_modules", "train.sample_at_steps")
_TEXTS = ("objective", "model.id", "model.revision", "sampling.sampler")
_HEAD: dict[str, str] = {
    "task": "Train an adapter and sample it; or only sample the canary prompts, or score held-out pairs (measure their "
    "loss), with the base or an adapter.",
    "dataset": "The frozen pairs to train on; only what is frozen in Datasets is trained on. A score measures its "
    "held-out pairs.",
    "adapter": "The training run whose adapter is sampled or scored.",
    "checkpoint": "Which of its checkpoints: the latest, the one with the lowest validation loss, or that of a step.",
    "prompts": "Which of the canary prompts: all, those of pairs that the run's dataset holds out, or those with a "
    "real piece. Samples of a part are paired with samples of the base of the same part.",
    "parent": "The run this one is a copy of: change one variable, and what it does can be said.",
    "place": "Where the job runs. It goes on when this program is closed. `workbench places add` adds a host.",
    "more": "Fields that are rarely changed; those that are stand here anyway.",
}
_MORE = ("hidden", "shown")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the form.

    Attributes:
        path: the field's dotted path, or a name of the head (`task`, `dataset`, `adapter`, `checkpoint`, `prompts`,
            `parent`, `place`) or of its fold (`more`).
        value: as typed, or as it stands.
        parent: the parent's value where it is another one; empty otherwise.
        problem: why the value does not hold; empty when it does.
        choices: what can be chosen; empty for a field that is typed.
        explanation: what it does, unit, range, published value.
    """

    path: str
    value: str
    parent: str = ""
    problem: str = ""
    choices: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A run being drafted; every function here returns another one."""

    kind: Kind
    parent: str | None
    adapter_run: str | None
    dataset_id: int | None
    place: str
    changes: dict[str, Any]
    typed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    unfolded: bool = False
    checkpoint: str = LATEST
    checkpoints: tuple[str, ...] = ()
    prompts: Prompts = "all"
    prompt_counts: Mapping[Prompts, int] = field(default_factory=dict)
    draft: Draft
    parent_spec: RunSpec | None
    parents: tuple[str, ...]
    adapters: tuple[str, ...]
    datasets: tuple[tuple[int, str], ...]
    places: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether every value holds."""
        return not self.typed

    def held(self, path: str) -> str:
        """Return a field's value as it last held."""
        return shown(_flat(self.draft.spec)[path])

    def lines(self) -> list[Line]:
        """Return the lines in order."""
        head = [Line(path="task", value=self.kind, choices=KINDS, explanation=_HEAD["task"])]
        if self.draft.dataset_id is not None:
            names = dict(self.datasets)
            current = names.get(self.draft.dataset_id, "")
            choices = tuple(names.values())
            head.append(Line(path="dataset", value=current, choices=choices, explanation=_HEAD["dataset"]))
        if self.kind in _OF_ADAPTERS:
            value = self.adapter_run or ""
            head.append(Line(path="adapter", value=value, choices=self.adapters, explanation=_HEAD["adapter"]))
            of, words = self.checkpoints, _HEAD["checkpoint"]
            head.append(Line(path="checkpoint", value=self.checkpoint, choices=of, explanation=words))
        if self.prompt_counts:
            said = {item: f"{item}: {count}" for item, count in self.prompt_counts.items()}
            of, words = tuple(said.values()), _HEAD["prompts"]
            head.append(Line(path="prompts", value=said[self.prompts], choices=of, explanation=words))
        parent = self.draft.spec.parent or "none"
        head.append(Line(path="parent", value=parent, choices=self.parents, explanation=_HEAD["parent"]))
        head.append(Line(path="place", value=self.place, choices=self.places, explanation=_HEAD["place"]))
        own, before = _flat(self.draft.spec), _flat(self.parent_spec) if self.parent_spec else {}
        lines = {item: self._line(item, own, before) for item in FIELDS if item.path in own and self._matters(item)}
        rare = [line for item, line in lines.items() if item.rare and self._stands(line, own)]
        usual = [line for item, line in lines.items() if not item.rare]
        if not any(item.rare for item in lines):
            return head + usual
        more = Line(path="more", value=_MORE[self.unfolded], choices=_MORE, explanation=_HEAD["more"])
        return [*head, *usual, more, *rare]

    def _stands(self, line: Line, own: dict[str, Any]) -> bool:
        """Say whether a rarely changed field is shown: when all are, or when it is not as it usually is."""
        changed = line.parent or line.problem or own[line.path] != _USUAL[line.path]
        return self.unfolded or bool(changed)

    def _matters(self, item: Field) -> bool:
        """Say whether the run's sampler and objective go by a field, or something is wrong with it."""
        spec = self.draft.spec
        if item.path in {**self.typed, **self.problems}:
            return True
        if item.path in ONLY_WHERE_TOKENS_ARE_HIDDEN:
            return spec.objective != "causal"
        return item.section != "sampling" or item.name in SAMPLER_FIELDS[spec.sampling.sampler]

    def _line(self, item: Field, own: dict[str, Any], before: dict[str, Any]) -> Line:
        path = item.path
        differs = path in before and before[path] != own[path]
        return Line(
            path=path,
            value=self.typed.get(path, shown(own[path])),
            parent=shown(before[path]) if differs else "",
            problem=self.problems.get(path, ""),
            choices=item.choices,
            explanation=item.explained(self.draft.known),
        )


def open_form(
    project: Project,
    kind: Kind,
    *,
    parent: str | None = None,
    adapter_run: str | None = None,
    like: str | None = None,
    dataset_id: int | None = None,
) -> Form:
    """Open a form.

    Args:
        project: whose run.
        kind: the task.
        parent: the run to copy; None for the newest of the same task.
        adapter_run: the training run to sample, for `sample adapter`; None for the newest with a checkpoint.
        like: a run whose model and sampling a sample run takes over, so that its samples can be paired with that
            run's; None for none.
        dataset_id: what to train on; None for the newest.

    Raises:
        LaunchError: there is nothing to train on, or no adapter to sample.
    """
    # A place may have been added on the command line meanwhile.
    project.read_settings_again()
    changes = {}
    if kind != "train" and like is not None:
        source = _flat(RunSpec.from_json(runs.get(project.db, like).spec_json))
        changes = {path: value for path, value in source.items() if path.startswith(("sampling.", "model."))}
    return _filled(project, kind, parent, adapter_run, dataset_id, None, changes, {})


def with_choice(project: Project, form: Form, name: str, value: str) -> Form:
    """Choose in a line of the head: the changes made so far are kept where the new draft has such fields."""
    kind, parent, adapter, dataset_id, place = form.kind, form.parent, form.adapter_run, form.dataset_id, form.place
    if name == "task":
        kind = next(item for item in KINDS if item == value)
        parent = None
    elif name == "dataset":
        dataset_id = next(number for number, words in form.datasets if words == value)
    elif name == "more":
        return replace(form, unfolded=value == _MORE[1])
    elif name == "checkpoint":
        return _applied(project, replace(form, checkpoint=value), form.typed)
    elif name == "prompts":
        prompts = next(item for item in form.prompt_counts if value.startswith(f"{item}: "))
        return _applied(project, replace(form, prompts=prompts), form.typed)
    elif name == "adapter":
        adapter = value
    elif name == "parent":
        parent = value
    else:
        place = value
    filled = _filled(project, kind, parent, adapter, dataset_id, place, form.changes, form.typed)
    if form.prompts != filled.prompts and form.prompts in filled.prompt_counts:
        filled = _applied(project, replace(filled, prompts=form.prompts), filled.typed)
    return replace(filled, unfolded=form.unfolded)


def with_value(project: Project, form: Form, path: str, text: str) -> Form:
    """Type a value into a field; what does not hold is kept with its problem."""
    changes = {key: value for key, value in form.changes.items() if key != path}
    return _applied(project, replace(form, changes=changes), {**form.typed, path: text})


def with_changes(project: Project, form: Form, changes: Mapping[str, Any]) -> Form:
    """Give several fields a value at once, since some only hold together."""
    if not changes:
        return form
    kept = {key: value for key, value in form.changes.items() if key not in changes}
    typed = {**form.typed, **{path: shown(value) for path, value in changes.items()}}
    return _applied(project, replace(form, changes=kept), typed)


def _filled(
    project: Project,
    kind: Kind,
    parent: str | None,
    adapter_run: str | None,
    dataset_id: int | None,
    place: str | None,
    changes: dict[str, Any],
    typed: dict[str, str],
) -> Form:
    task, of_adapter = _TASKS[kind], kind in _OF_ADAPTERS
    rows = [row for row in reversed(runs.rows(project.db)) if row.place != imported_runs.PLACE]
    adapters = tuple(row.name for row in rows if row.task == "train" and runs.checkpoints(project.db, row.name))
    if of_adapter and adapter_run is None:
        adapter_run = adapters[0] if adapters else (rows[0].name if rows else None)
    drafted = draft(
        project,
        task=task,
        parent=parent,
        adapter_run=adapter_run if of_adapter else None,
        dataset_id=dataset_id if task != "sample" else None,
        place_name=place,
    )
    own = _flat(drafted.spec)
    frozen = sorted(datasets.rows(project.db), key=lambda row: -row.number)
    form = Form(
        kind=kind,
        parent=parent,
        adapter_run=adapter_run,
        dataset_id=drafted.dataset_id,
        place=drafted.place,
        places=place_names(project),
        changes={path: value for path, value in changes.items() if path in own},
        draft=drafted,
        parent_spec=_spec_of(project, drafted.spec.parent),
        parents=tuple(row.name for row in rows if row.task == task),
        adapters=adapters,
        checkpoints=checkpoint_choices(project, adapter_run) if of_adapter and adapter_run else (),
        prompt_counts=prompt_choices(project, adapter_run if of_adapter else None) if task == "sample" else {},
        datasets=tuple(
            (row.id, f"{row.number}: {row.train_pairs} train, {row.holdout_pairs} holdout") for row in frozen
        ),
    )
    return _applied(project, form, {path: text for path, text in typed.items() if path in own})


def _applied(project: Project, form: Form, typed: dict[str, str]) -> Form:
    """Try the typed values together with the changes that held before."""
    fresh = draft(
        project,
        task=_TASKS[form.kind],
        parent=form.draft.spec.parent,
        adapter_run=form.adapter_run if form.kind in _OF_ADAPTERS else None,
        checkpoint=form.checkpoint,
        dataset_id=form.dataset_id,
        place_name=form.place,
        prompts=form.prompts,
    )
    wanted = {**form.changes, **{path: _parsed(path, text) for path, text in typed.items()}}
    try:
        changed = change(project, fresh, wanted) if wanted else fresh
    except SpecError as error:
        problems = {}
        for problem in error.problems:
            path, _, words = problem.partition(": ")
            problems[path] = words or problem
        # A typed value may clash with a field that was not touched: then both lines say so.
        clash = "does not hold together with " + ", ".join(problems)
        problems = {**dict.fromkeys(typed, clash), **problems}
        return replace(form, typed=typed, problems=problems)
    return replace(form, draft=changed, changes=wanted, typed={}, problems={})


def _parsed(path: str, text: str) -> Any:
    text = text.strip()
    if path in _TEXTS:
        return None if text in ("", "null") else text
    if path in _LISTS:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [int(part) if part.isdecimal() else part for part in parts]
    try:
        return parse_value(text) if not text.startswith((".", "+")) else float(text)
    except ValueError:
        return text


def _spec_of(project: Project, name: str | None) -> RunSpec | None:
    return RunSpec.from_json(runs.get(project.db, name).spec_json) if name else None


def _flat(spec: RunSpec) -> dict[str, Any]:
    return _flat_parts(asdict(spec))


def _flat_parts(parts: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    task = parts.get("task")
    if task in ("train", "score"):
        found["objective"] = parts["objective"]
    shown_parts = {"train", "score", "lora", "sampling", "model"} - ({"sampling"} if task == "score" else set())
    for part, values in json.loads(json.dumps(parts)).items():
        if part in shown_parts and isinstance(values, dict):
            found.update({f"{part}.{key}": value for key, value in values.items()})
    return found


_USUAL = _flat_parts(
    {
        "train": asdict(TrainSpec()),
        "score": asdict(ScoreSpec()),
        "lora": asdict(LoraSpec()),
        "sampling": asdict(SamplingSpec()),
        "model": asdict(ModelSpec()),
    }
)
