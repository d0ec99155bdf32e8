"""Where a run begins: the values of the first run of a model, and of a copy that is carried over to another model.

They follow what is known of the model's family. Of a model that nothing is known of, a run begins as LLaDA's would, and
the job says what does not fit.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runners.families.base import Known
from runners.spec import ModelSpec, RunSpec, SamplingSpec, ScoreSpec, TrainSpec
from workbench.operations.model_files import find_model, split_entry
from workbench.operations.project import Project
from workbench.operations.targets import known_of, pinned_revision

# A model as small as the embedded one, four layers wide of 256, takes a far higher rate than a large one does.
_SMALL_TRAIN = TrainSpec(learning_rate=1e-3, max_steps=60, per_device_train_batch_size=8, eval_every_steps=20)
# At 0.7 it says "of the world" until the canvas is full: docs/embedded-model.md.
_SMALL_SAMPLING = SamplingSpec(max_new_tokens=96, block_length=16, steps=96, temperature=1.0, samples_per_prompt=2)
_LARGE_TRAIN = TrainSpec(per_device_train_batch_size=1, gradient_accumulation_steps=8)


def known_model(project: Project, model: str) -> Known | None:
    """Return what is known of a model by its files, or by its id as long as they are not here."""
    return known_of(find_model(model, project.root))


def first_model(project: Project, entry: str) -> ModelSpec:
    """Return a model as a run names it: a folder by its whole path, a repository by the commit the project pins."""
    model, commit = split_entry(entry)
    model = located(project, model)
    found = known_model(project, model)
    dtype = "float32" if found and found.small else found.family.dtype if found else "bfloat16"
    return ModelSpec(id=model, revision=commit or pinned_revision(project, model), dtype=dtype)


def located(project: Project, model: str) -> str:
    """Make a model folder absolute: a job's working directory is its run directory."""
    folder = project.root / Path(model).expanduser()
    return str(folder.resolve()) if model != "embedded" and folder.is_dir() else model


def first_train(project: Project, found: Known | None) -> TrainSpec:
    """Return how the first run of a model trains."""
    longest = _within(project.settings.max_length, found)
    if found is None:
        return replace(_LARGE_TRAIN, max_length=longest)
    if found.small:
        return replace(_SMALL_TRAIN, max_length=longest)
    return replace(_LARGE_TRAIN, learning_rate=found.family.learning_rate, max_length=longest)


def first_score(train: TrainSpec) -> ScoreSpec:
    """Return how held-out pairs are measured as a training run would validate them, so that both compare."""
    return ScoreSpec(draws=train.eval_draws, max_length=train.max_length, over_long=train.over_long)


def first_sampling(found: Known | None) -> SamplingSpec:
    """Return how the first run of a model samples."""
    begin = _SMALL_SAMPLING if found is not None and found.small else SamplingSpec()
    if found is None:
        return begin
    begin = replace(begin, sampler=found.family.samplers[0], **found.family.sampling)
    if found.block_tokens is None:
        return begin
    length = -(-begin.max_new_tokens // found.block_tokens) * found.block_tokens
    return replace(begin, block_length=found.block_tokens, max_new_tokens=length, steps=length)


def carried_over(project: Project, spec: RunSpec, entry: str) -> RunSpec:
    """Return a spec for another model: what only fits the old one begins anew, the rest stays as it is."""
    model = first_model(project, entry)
    if model.id == spec.model.id:
        return spec
    before, after = known_model(project, spec.model.id), known_model(project, model.id)
    model = replace(model, device=spec.model.device, quantization=spec.model.quantization)
    if after is None:
        return replace(spec, model=model)
    sampling, train = spec.sampling, spec.train
    if before is None or _kind(before) != _kind(after):
        sampling = replace(first_sampling(after), samples_per_prompt=sampling.samples_per_prompt, seed=sampling.seed)
        if train is not None:
            rate = first_train(project, after).learning_rate
            train = replace(train, learning_rate=rate, max_length=_within(train.max_length, after))
            if after.family.objectives[0] == "causal":
                train = replace(train, complementary_masks=False)
    return replace(spec, model=model, sampling=sampling, train=train, objective=after.family.objectives[0])


def _within(max_length: int, found: Known | None) -> int:
    """Return the length, or the model's context where there are no positions beyond it."""
    limit = found.context_tokens if found is not None and found.family.context_is_hard else None
    return min(max_length, limit or max_length)


def _kind(found: Known) -> tuple[str, bool, int | None]:
    return found.family.name, found.small, found.block_tokens
