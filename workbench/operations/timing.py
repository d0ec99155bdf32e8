"""How long a run takes and what it costs, by what an earlier run of the same model, method and length measured there.

Nothing is computed from figures of cards: without such a run, it is said to be unknown. Loading the model is left out.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from curation.counted import counted
from runners.spec import RunSpec, sample_key
from store import canaries, datasets, runs, samples
from workbench.operations.launching import Draft
from workbench.operations.places import price_per_hour
from workbench.operations.project import Project
from workbench.operations.prompt_choice import chosen


@dataclass(frozen=True, kw_only=True)
class Time:
    """What an earlier run measured, as it applies to this one; its pairs may have been others.

    Attributes:
        seconds_per_step: the median of that run's steps, scaled to the rows of this one's.
        training_s: of all steps.
        validation_s: of all validations; None where that run told nothing of its own.
        sampling_s: of the canary samples, those of the base among them if they are still to be made; None likewise.
        measured_in: that run.
        other_pairs: whether it trained on another dataset.
        memory_bytes: the most it had in use; of the whole process where there is no CUDA card; None if not told.
        cost: of all that is known, in the currency of its place's `price_per_hour`; None where no price is set.
    """

    seconds_per_step: float
    training_s: float
    validation_s: float | None
    sampling_s: float | None
    measured_in: str
    other_pairs: bool
    memory_bytes: float | None
    cost: float | None

    @property
    def parts(self) -> tuple[tuple[str, float | None], ...]:
        """What the time goes into, each by its name; None where that is not known."""
        return ("training", self.training_s), ("validation", self.validation_s), ("samples", self.sampling_s)

    @property
    def whole_s(self) -> float:
        """All that is known of, loading the model left out."""
        return self.training_s + (self.validation_s or 0) + (self.sampling_s or 0)


def expected_time(project: Project, draft: Draft) -> Time | None:
    """Return the time by the newest run that is alike in all that decides how long a row takes."""
    spec = draft.spec
    assert spec.train is not None
    for row in reversed(runs.rows(project.db)):
        if row.task != "train" or row.place != draft.place or row.model != spec.model.id:
            continue
        other = RunSpec.from_json(runs.get(project.db, row.name).spec_json)
        if other.train is None or _pace(other) != _pace(spec):
            continue
        seconds = [value for _, value in runs.metric(project.db, row.name, "seconds")]
        # The first step warms up.
        steps = seconds[1:] or seconds
        if not steps:
            continue
        step = statistics.median(steps) * spec.train.rows / other.train.rows
        price = price_per_hour(project, draft.place)
        used = [value for _, value in runs.metric(project.db, row.name, "memory_bytes")]
        found = Time(
            seconds_per_step=step,
            training_s=step * spec.train.max_steps,
            validation_s=_validation_s(project, row.name, draft),
            sampling_s=_sampling_s(project, row.name, other, draft),
            measured_in=row.name,
            other_pairs=other.dataset_hash != spec.dataset_hash,
            memory_bytes=max(used, default=None),
            cost=None,
        )
        return replace(found, cost=found.whole_s / 3600 * price) if price else found
    return None


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What a sample run writes, and how long that takes by what an earlier run measured.

    Attributes:
        prompts: how many canary prompts it samples.
        samples: how many samples that makes.
        seconds_per_sample: None where nothing alike was sampled there.
        measured_in: the run that measured; None likewise.
    """

    prompts: int
    samples: int
    seconds_per_sample: float | None
    measured_in: str | None

    @property
    def whole_s(self) -> float | None:
        """All samples, loading the model left out; None where nothing was measured."""
        return None if self.seconds_per_sample is None else self.seconds_per_sample * self.samples


def expected_sampling(project: Project, draft: Draft) -> Sampling | None:
    """Return what a sample run will write and how long that takes, by the newest run alike; None for other tasks."""
    spec = draft.spec
    if spec.task != "sample":
        return None
    prompts = len(chosen(project, draft.prompts, spec.adapter.run if spec.adapter else None))
    each = measured_in = None
    for row in reversed(runs.rows(project.db)):
        if row.place != draft.place or row.model != spec.model.id or not row.samples:
            continue
        other = RunSpec.from_json(runs.get(project.db, row.name).spec_json)
        if other.model == spec.model and (found := _sample_s(project, row.name, other, spec)) is not None:
            each, measured_in = found, row.name
            break
    count = prompts * spec.sampling.samples_per_prompt
    return Sampling(prompts=prompts, samples=count, seconds_per_sample=each, measured_in=measured_in)


def _validation_s(project: Project, measured_in: str, draft: Draft) -> float | None:
    """Return what all validations of a run will take, by what a pair and a mask took in an earlier one."""
    train = draft.spec.train
    if train is None or draft.dataset_id is None:
        return None
    dataset = datasets.get(project.db, draft.dataset_id)
    if not dataset.holdout_pairs:
        return 0.0
    said = [event.data for event in runs.latest_events(project.db, measured_in, types=("validation",), limit=100)]
    # A job of an older version does not tell.
    told = [data for data in said if data.get("seconds") and data.get("pairs") and data.get("draws")]
    if not told:
        return None
    each = statistics.median(data["seconds"] / (data["pairs"] * data["draws"]) for data in told)
    objective = draft.spec.objective or (draft.known.family.objectives[0] if draft.known else "")
    draws = 1 if objective == "causal" else train.eval_draws
    pairs = dataset.holdout_pairs + min(train.probe_pairs, dataset.train_pairs)
    between = (train.max_steps - 1) // train.eval_every_steps if train.eval_every_steps else 0
    return float(each * pairs * draws * (2 + between))


def _sampling_s(project: Project, measured_in: str, other: RunSpec, draft: Draft) -> float | None:
    """Return what all canary samples of a run will take, by what one took in an earlier run."""
    spec = draft.spec
    prompts = len(canaries.rows(project.db))
    assert spec.train is not None
    if not prompts:
        return 0.0
    each = _sample_s(project, measured_in, other, spec)
    if each is None:
        return None
    last = spec.train.max_steps
    every = spec.train.sample_every_steps
    at = {last, *spec.train.sample_at_steps, *(range(every, last + 1, every) if every else ())}
    rounds = len({step for step in at if step <= last}) + int(runs.base_run(project.db, sample_key(spec)) is None)
    return each * prompts * spec.sampling.samples_per_prompt * rounds


def _sample_s(project: Project, measured_in: str, other: RunSpec, spec: RunSpec) -> float | None:
    """Return what a sample will take by what one took in an earlier run; None where that tells nothing of it."""
    took = [
        row.seconds for of in ("base", "adapter") for row in samples.of_run(project.db, measured_in, of) if row.seconds
    ]
    then, now = other.sampling, spec.sampling
    if not took or now.sampler != then.sampler:
        return None
    scale = now.max_new_tokens / then.max_new_tokens
    if now.sampler == "block":
        # Each denoising step sees the whole canvas.
        scale *= now.steps / then.steps
    return float(statistics.median(took) * scale)


def _pace(spec: RunSpec) -> tuple[object, ...]:
    """Return what decides how long one row of a step takes."""
    train = spec.train
    assert train is not None
    return (
        spec.model,
        spec.lora,
        train.method,
        train.max_length,
        train.per_device_train_batch_size,
        train.world_size,
        train.sharding,
        train.mixed_precision,
        train.gradient_checkpointing,
        train.pad_to_multiple_of,
    )


def sampling_in_words(sampling: Sampling) -> str:
    """Say what a sample run writes, and how long that takes by what was measured there before."""
    what = f"{counted(sampling.samples, 'sample')} of {counted(sampling.prompts, 'prompt')}"
    if sampling.whole_s is None:
        return f"{what}; how long they take is not known yet: nothing alike was sampled there."
    each = f"{sampling.seconds_per_sample:.2g} s each"
    return f"{what}: about {duration(sampling.whole_s)} and loading the model ({each}, by {sampling.measured_in})."


def parts_in_words(time: Time) -> str:
    """Say what the time goes into, as far as it is known, and what is left out."""
    known = ", ".join(f"{name} {duration(seconds)}" for name, seconds in time.parts if seconds)
    unknown = " and ".join(name for name, seconds in time.parts if seconds is None)
    return f"{known}; {unknown} not known" if unknown else known


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
