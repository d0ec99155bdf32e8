"""What a place has to run on: asked of a host by `places check`, and remembered for the forecast.

What was found counts for as long as the place names the same host: another one has another card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from runners.errors import PlaceError
from runners.events import utc_now
from runners.forecast.cards import CARDS, Card
from workbench.operations import guide
from workbench.operations.machine import CARD_SHARE, OWN_SHARE, this_machine
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import asked_place, is_carried, place, settings_of
from workbench.operations.project import Project
from workbench.operations.slurm_settings import SlurmSettings


@dataclass(frozen=True, kw_only=True)
class PlaceReport:
    """A place and what was found there.

    Attributes:
        name: of the place.
        kind: `local`, `ssh`, `slurm`, `ray` or `bundle`.
        host: as the settings name it; the folder, of runs that are carried by hand.
        checked_at: UTC; None where nobody looked yet.
        system: name of the system and the processor.
        python: version of the interpreter there.
        torch: its version; None where it is missing or cannot be loaded.
        device: what torch would take: cuda, mps or cpu.
        cards: name and bytes of each card.
        memory_bytes: of the host itself.
        free_bytes: of its disk, where the runs lie.
        cluster: of a cluster, its version and its machines, a line each; the rest is of the machine that was asked.
        warnings: what does not keep a job from running there, and should be known.
        problems: what keeps a job from running there, each with what to do.
        failing_since: UTC; since when no check got an answer. None where the last one did, or nobody looked yet.
        failure: why the last check got none; empty likewise.
    """

    name: str
    kind: str
    host: str
    checked_at: str | None = None
    system: str | None = None
    python: str | None = None
    torch: str | None = None
    device: str | None = None
    cards: tuple[tuple[str, int], ...] = ()
    memory_bytes: int | None = None
    free_bytes: int | None = None
    cluster: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failing_since: str | None = None
    failure: str = ""

    @property
    def ready(self) -> bool:
        """Whether a job can run there, as far as is known."""
        return self.checked_at is not None and not self.problems


def place_reports(project: Project) -> list[PlaceReport]:
    """Return every place with what was found there last; nothing is asked."""
    here = PlaceReport(name=LOCAL, kind=LOCAL, host="this machine")
    return [here, *(known_of(project, name) for name in project.settings.places)]


def known_of(project: Project, name: str) -> PlaceReport:
    """Return what was found at a host when it was checked last.

    Raises:
        WorkbenchError: there is no place of that name.
    """
    settings = settings_of(project, name)
    failing = _failing(project, name, settings.where)
    nothing = PlaceReport(name=name, kind=settings.kind, host=settings.where, **failing)
    kept = guide.recall(project, _key(name))
    if not isinstance(kept, dict) or kept.get("host") != settings.where:
        return nothing
    try:
        lists = {key: tuple(kept.get(key, ())) for key in ("cluster", "warnings", "problems")}
        cards = tuple((str(card), int(size)) for card, size in kept["cards"])
        found = PlaceReport(**{**kept, **lists, "cards": cards})
        return replace(found, **failing)
    except (KeyError, TypeError, ValueError):
        return nothing


def check_place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> PlaceReport:
    """Ask a place what it has and what is missing, and remember what a host answered.

    Raises:
        WorkbenchError: there is no place of that name.
    """
    if name == LOCAL:
        problems = tuple(place(project, name).check())
        return PlaceReport(name=name, kind=name, host="this machine", checked_at=utc_now(), problems=problems)
    settings = settings_of(project, name)
    at = utc_now()
    found = PlaceReport(name=name, kind=settings.kind, host=settings.where, checked_at=at)
    if is_carried(project, name):
        found = replace(found, problems=tuple(place(project, name).check()))
        guide.remember(project, _key(name), asdict(found))
        return found
    where = asked_place(project, name, cancelled=cancelled)
    try:
        told = where.survey()
    except PlaceError as error:
        # What was known of it stands: a host that is away still has its card.
        since = _failing(project, name, settings.where).get("failing_since", at)
        failing = {"failing_since": since, "failure": str(error)}
        guide.remember(project, _failing_key(name), {"host": settings.where, **failing})
        return replace(found, checked_at=None, problems=(str(error),), failing_since=since, failure=str(error))
    unloaded = f"{settings.where}: torch cannot be loaded there ({told['torch_error']}). Install it anew."
    found = PlaceReport(
        **{
            **asdict(found),
            **{key: told[key] for key in ("system", "python", "torch", "device", "memory_bytes", "free_bytes")},
            "cards": tuple((card["name"], card["bytes"]) for card in told["cards"]),
            **{key: tuple(told.get(key, ())) for key in ("cluster", "warnings")},
            "problems": (*told["problems"], *((unloaded,) if told["torch_error"] else ())),
        }
    )
    if isinstance(settings, SlurmSettings):
        found = _of_a_node(found, settings)
    guide.remember(project, _key(name), asdict(found))
    guide.remember(project, _failing_key(name), None)
    return found


def _of_a_node(found: PlaceReport, settings: SlurmSettings) -> PlaceReport:
    """Return what was found on a login node without what a job there does not get: its cards and its memory."""
    kind = settings.request.gpu_kind.upper()
    # Of a kind that was made with more or less memory, what fits the smaller one fits.
    sizes = [card.usable_bytes for card in CARDS if card.name.partition("-")[0] == kind]
    known = [(kind, int(min(sizes) / CARD_SHARE))] if sizes else []
    return replace(found, device=None, memory_bytes=None, cards=tuple(known * settings.request.gpu_count))


def _failing(project: Project, name: str, where: str) -> dict[str, Any]:
    """Return since when a host gives no answer, and why, as it was kept; nothing where it answered last."""
    kept = guide.recall(project, _failing_key(name))
    if not isinstance(kept, dict) or kept.get("host") != where:
        return {}
    return {key: str(kept[key]) for key in ("failing_since", "failure") if kept.get(key)}


def card_at(project: Project, name: str) -> Card | None:
    """Return what a run at a place has room in; None where nobody looked yet."""
    if name == LOCAL:
        return this_machine()
    found = known_of(project, name) if name in project.settings.places else None
    if found is None or found.checked_at is None:
        return None
    if found.cards:
        card, size = found.cards[0]
        return Card(name=f"{name} ({card})", usable_bytes=int(size * CARD_SHARE))
    if found.memory_bytes is None:
        return None
    return Card(name=name, usable_bytes=int(found.memory_bytes * OWN_SHARE), cuda=False)


def _key(name: str) -> str:
    return f"place {name}"


def _failing_key(name: str) -> str:
    return f"place {name} failing"
