"""What a run will need, before it is launched: memory on each card, what would make it fit, and its time and cost.

Memory is computed (`runners/forecast`). Time is only ever measured: by an earlier run of the same model, method and
length at the same place, or by a smoke run of three steps made for the purpose; without one, it is said to be unknown.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from runners.errors import ModelError
from runners.forecast.cards import CARDS, Card
from runners.forecast.fitting import Change, alternatives, forecast
from runners.forecast.memory import GIB, Memory
from runners.forecast.shapes import Shape, published_shape, shape_of
from runners.spec import RunSpec
from store import runs
from workbench.operations.beginning import known_model
from workbench.operations.launching import SMOKE_NOTE, Draft, change, launch
from workbench.operations.machine import this_machine
from workbench.operations.model_files import find_model
from workbench.operations.project import Project

_SMOKE_STEPS = 3
_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class CardFit:
    """One card, what the run takes on it, and whether that fits."""

    card: Card
    memory: Memory

    @property
    def fits(self) -> bool:
        """Whether it fits."""
        return self.memory.total <= self.card.usable_bytes


@dataclass(frozen=True, kw_only=True)
class Time:
    """What an earlier run measured, as it applies to this one; its pairs may have been others.

    Attributes:
        seconds_per_step: the median of that run's steps, scaled to the rows of this one's.
        training_s: of all steps; validation and canary samples come on top.
        measured_in: that run.
        other_pairs: whether it trained on another dataset.
        memory_bytes: the most it had in use; of the whole process where there is no CUDA card; None if not told.
        cost: for the training alone, in the currency of `local.price_per_hour`; None where no price is set.
    """

    seconds_per_step: float
    training_s: float
    measured_in: str
    other_pairs: bool
    memory_bytes: float | None
    cost: float | None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Everything known of what a training run needs.

    Attributes:
        here: this machine.
        cards: the cards that are rented, smallest first.
        changes: what would make it fit here; empty where it does, or where nothing would.
        time: None where nothing like it has run at its place.
    """

    here: CardFit
    cards: tuple[CardFit, ...]
    changes: tuple[Change, ...]
    time: Time | None


def forecast_run(project: Project, draft: Draft) -> Forecast | None:
    """Return the forecast of a training run; None for other tasks, and for a model whose sizes are not known here."""
    spec, shape = draft.spec, model_shape(project, draft.spec.model.id)
    if spec.train is None or shape is None or draft.known is None:
        return None
    known = draft.known
    machine = this_machine()
    cuda = machine.cuda and spec.model.device in ("auto", "cuda")
    here = CardFit(card=machine, memory=forecast(shape, spec, known, cuda=cuda))
    on_cards = forecast(shape, spec, known, cuda=True)
    return Forecast(
        here=here,
        cards=tuple(CardFit(card=card, memory=on_cards) for card in CARDS),
        changes=() if here.fits else tuple(fitting_changes(project, spec, machine)),
        time=_time(project, draft),
    )


def model_shape(project: Project, model: str) -> Shape | None:
    """Return a model's sizes by its `config.json`, or by its id as long as that is not here; None if neither tells."""
    config = find_model(model, project.root).config()
    if config:
        try:
            return shape_of(config)
        except ModelError:
            return None
    return published_shape(model)


def fitting_changes(project: Project, spec: RunSpec, card: Card) -> list[Change]:
    """Return what would make a training run fit a card, the changes that alter it least first."""
    shape, known = model_shape(project, spec.model.id), known_model(project, spec.model.id)
    if spec.train is None or shape is None or known is None:
        return []
    return alternatives(shape, spec, known, usable_bytes=card.usable_bytes, cuda=card.cuda)


def smoke(project: Project, draft: Draft) -> str:
    """Launch three steps of a training run, to measure what it takes; return the name of that run.

    Raises:
        LaunchError: as for any launch.
    """
    short = {
        "train.max_steps": _SMOKE_STEPS,
        "train.warmup_steps": min(_SMOKE_STEPS, draft.spec.train.warmup_steps if draft.spec.train else 0),
        "train.eval_every_steps": 0,
        "train.eval_draws": 1,
        "train.probe_pairs": 0,
        "train.checkpoint_every_steps": 0,
        "train.sample_every_steps": 0,
        "train.sample_at_steps": [],
        "sampling.samples_per_prompt": 1,
    }
    name = launch(project, change(project, draft, short))
    runs.set_note(project.db, name, SMOKE_NOTE)
    return name


def in_words(size: int) -> str:
    """Return bytes as people read them: GiB, or MiB below one."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / _MIB:.0f} MiB"


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _time(project: Project, draft: Draft) -> Time | None:
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
        training = step * spec.train.max_steps
        price = project.settings.local.price_per_hour
        cost = training / 3600 * price if price else None
        used = [value for _, value in runs.metric(project.db, row.name, "memory_bytes")]
        return Time(
            seconds_per_step=step,
            training_s=training,
            measured_in=row.name,
            other_pairs=other.dataset_hash != spec.dataset_hash,
            memory_bytes=max(used, default=None),
            cost=cost,
        )
    return None


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
