"""What is to be expected of a run, in lines for standard error: memory, time, samples."""

from __future__ import annotations

from workbench.operations import forecasting, timing
from workbench.operations.launching import Draft
from workbench.operations.place_settings import LOCAL
from workbench.operations.project import Project


def expected_lines(project: Project, ready: Draft, *, smoke: bool = False) -> list[str]:
    """Say what a training run takes, here and on the cards that are rented, or what a sample run writes and how long.

    Args:
        project: whose run.
        ready: the run.
        smoke: whether three steps of it are run to find out its time, which is left out then.
    """
    if (sampling := timing.expected_sampling(project, ready)) is not None:
        return [timing.sampling_in_words(sampling)]
    found = forecasting.forecast_run(project, ready)
    if found is None:
        return []
    lines = [_memory_line(found)]
    lines += [f"  would fit: {item.words} ({forecasting.in_words(item.memory.total)})" for item in found.changes]
    fitting = ", ".join(fit.card.name for fit in found.cards if fit.fits) or "none of those listed"
    lines.append(f"on a CUDA card: {forecasting.in_words(found.cards[0].memory.total)}; fits {fitting}")
    if found.time is not None and found.time.memory_bytes:
        lines.append(f"measured in {found.time.measured_in}: {forecasting.in_words(int(found.time.memory_bytes))}")
    if smoke:
        return lines
    if found.time is None:
        lines.append("time: not measured; --smoke runs three steps to find out")
    else:
        lines.append(
            f"time: about {timing.duration(found.time.whole_s)} ({timing.parts_in_words(found.time)}), at "
            f"{found.time.seconds_per_step:.2g} s a step as measured in {found.time.measured_in}"
        )
    return lines


def _memory_line(found: forecasting.Forecast) -> str:
    """Say whether a run fits where it is to go, as far as that is known."""
    place, fit = found.place, found.here
    if found.carried:
        return f"memory: what the machine has that it is carried to by way of {place} is not known"
    if fit is None:
        return f"memory: how much {place} has is not known; `workbench places check {place}` looks"
    need, room = forecasting.in_words(fit.memory.total), forecasting.in_words(fit.card.usable_bytes)
    where = "here" if place == LOCAL else f"at {fit.card.name}"
    return f"memory: {need} of {room} {where}" + ("" if fit.fits else ": it does not fit")
