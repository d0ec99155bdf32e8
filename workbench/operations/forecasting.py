"""What a run will need, before it is launched: memory on each card, what would make it fit, and its time and cost.

Memory is computed (`runners/forecast`). Time is only ever measured (`timing.py`): by an earlier run, or by a smoke run
of three steps made for the purpose; without one, it is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runners.errors import ModelError
from runners.forecast.cards import CARDS, Card
from runners.forecast.fitting import Change, alternatives, forecast
from runners.forecast.memory import GIB, Memory
from runners.forecast.shapes import Shape, published_shape, shape_of
from runners.spec import RunSpec
from store import runs
from workbench.operations.beginning import known_model
from workbench.operations.launching import Draft, change, launch
from workbench.operations.model_files import find_model
from workbench.operations.place_checks import card_at
from workbench.operations.places import is_carried
from workbench.operations.project import Project
from workbench.operations.timing import Time, expected_time

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
class Forecast:
    """Everything known of what a training run needs.

    Attributes:
        place: where the run is to go.
        carried: whether it is carried there by hand: what there is nobody can ask.
        here: what that place has; None where nobody looked yet.
        cards: the cards that are rented, smallest first.
        changes: what would make it fit there; empty where it does, or where nothing would.
        time: None where nothing like it has run at its place.
    """

    place: str
    carried: bool
    here: CardFit | None
    cards: tuple[CardFit, ...]
    changes: tuple[Change, ...]
    time: Time | None


def forecast_run(project: Project, draft: Draft) -> Forecast | None:
    """Return the forecast of a training run; None for other tasks, and for a model whose sizes are not known here."""
    spec, shape = draft.spec, model_shape(project, draft.spec.model.id)
    if spec.train is None or shape is None or draft.known is None:
        return None
    known = draft.known
    machine = card_at(project, draft.place)
    here = None
    if machine is not None:
        cuda = machine.cuda and spec.model.device in ("auto", "cuda")
        here = CardFit(card=machine, memory=forecast(shape, spec, known, cuda=cuda))
    on_cards = forecast(shape, spec, known, cuda=True)
    return Forecast(
        place=draft.place,
        carried=is_carried(project, draft.place),
        here=here,
        cards=tuple(CardFit(card=card, memory=on_cards) for card in CARDS),
        changes=tuple(fitting_changes(project, spec, here.card)) if here and not here.fits else (),
        time=expected_time(project, draft),
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


def smoke(project: Project, draft: Draft, *, cancelled: Callable[[], bool] = lambda: False) -> str:
    """Launch three steps of a training run, to measure what it takes; return the name of that run.

    Args:
        project: whose run.
        draft: the run it is three steps of.
        cancelled: as for any launch.

    Raises:
        LaunchError: as for any launch.
    """
    short = {
        **{f"train.{name}": value for name, value in runs.SMOKE_TRAIN.items()},
        "train.warmup_steps": min(
            runs.SMOKE_TRAIN["max_steps"], draft.spec.train.warmup_steps if draft.spec.train else 0
        ),
        "train.sample_at_steps": [],
        "sampling.samples_per_prompt": 1,
    }
    name = launch(project, change(project, draft, short), cancelled=cancelled)
    runs.set_note(project.db, name, runs.SMOKE_NOTE)
    return name


def in_words(size: int) -> str:
    """Return bytes as people read them: GiB, or MiB below one."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / _MIB:.0f} MiB"
