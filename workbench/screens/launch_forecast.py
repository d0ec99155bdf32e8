"""What the launch form says of a run in words: its summary with the forecast, a page for every card, and choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from workbench.screens.run_lines import in_words as differences_in_words
from workbench.widgets.dialogs import Choice
from workbench.widgets.plain import one_line

if TYPE_CHECKING:
    from workbench.operations.drafting import Form
    from workbench.operations.forecasting import Forecast
    from workbench.operations.timing import Sampling

_DIM = "$foreground-muted"
_PARTS = (
    ("weights", "weights"),
    ("trained", "adapter"),
    ("moments", "AdamW's moments"),
    ("gradients", "gradients"),
    ("activations", "activations"),
    ("head", "head and loss, at the peak"),
    ("layer", "one layer going back, at the peak"),
    ("reserve", "CUDA context and rounding (assumed)"),
)


def summary(
    form: Form,
    forecast: Forecast | None,
    too_long: Sequence[str] = (),
    *,
    measuring: bool = False,
    sampling: Sampling | None = None,
) -> Content:
    """Say whether it fits and how long it takes, what differs from the parent, then every warning."""
    draft = form.draft
    parts: list[tuple[str, str] | str | Content] = []
    if forecast is not None:
        parts += [forecast_line(forecast, measuring=measuring), "\n"]
    if sampling is not None:
        from workbench.operations.timing import sampling_in_words

        parts += [(sampling_in_words(sampling), _DIM), "\n"]
    if draft.spec.parent:
        one = len(draft.variables) <= 1
        words = differences_in_words(draft.differences, draft.variables)
        parts.append((f"{words[0].upper()}{words[1:]}.", "$text-success" if one else ""))
    else:
        parts.append(("The first of its kind: it has no parent to differ from.", _DIM))
    # The warning about several variables would say the list once more.
    warnings = [warning for warning in draft.warnings if "what helps stays open" not in warning]
    parts += [(f"\n! {warning}", "$text-warning") for warning in (*too_long, *warnings)]
    if len(draft.variables) > 1:
        parts.append(("\n! More than one variable: what helps, and what harms, stays open.", "$text-warning"))
    return Content.assemble(*parts)


def forecast_line(forecast: Forecast, *, measuring: bool = False) -> Content:
    """Say in one line whether it fits here, and how long it takes, or that this is being measured."""
    from workbench.operations.timing import duration, parts_in_words

    fits = _fits(forecast)
    time = forecast.time
    if time is None:
        pace = "measuring: a smoke run goes on" if measuring else "time not measured: s runs a smoke step"
    else:
        cost = f", cost {time.cost:.2f}" if time.cost is not None else ""
        pairs = " on other pairs" if time.other_pairs else ""
        pace = f"about {duration(time.whole_s)}{cost} ({parts_in_words(time)}; measured{pairs})"
    more = " · c makes it fit" if forecast.changes else " · f on other cards"
    return Content.assemble(fits, (f" · {one_line(pace)}{more}", _DIM))


def _fits(forecast: Forecast) -> tuple[str, str]:
    """Say what it takes of what its place has, with a style."""
    from workbench.operations.forecasting import in_words

    here = forecast.here
    if here is None:
        computed = in_words(forecast.cards[0].memory.total)
        known = f"`workbench places check {forecast.place}` finds out what is there"
        if forecast.carried:
            known = "what is there is not known"
        return f"? {computed} computed for a CUDA card; {known}", "$text-warning"
    need, room = in_words(here.memory.total), in_words(here.card.usable_bytes)
    used = forecast.time.memory_bytes if forecast.time else None
    need = f"{need} computed, {in_words(int(used))} measured," if used else need
    if here.fits:
        return f"✓ {need} of {room}", "$text-success"
    return f"✗ {need.rstrip(',')}, and {here.card.name} has {room}", "bold $text-error"


def forecast_page(forecast: Forecast) -> Content:
    """Lay out what takes the memory, and on which cards it fits."""
    from workbench.operations.forecasting import in_words
    from workbench.operations.timing import duration, parts_in_words

    memory = forecast.cards[0].memory
    parts: list[tuple[str, str] | str] = [
        ("At the peak of a step, every pair as long as max_length, on a CUDA card:\n\n", _DIM)
    ]
    for name, words in _PARTS:
        size = getattr(memory, name)
        if size:
            parts.append(f"{in_words(size):>10}  {words}\n")
    parts.append((f"{in_words(memory.total):>10}  together, as far as they meet\n\n", "bold"))
    for fit in (*forecast.cards, *((forecast.here,) if forecast.here else ())):
        mark, style = ("✓", "$text-success") if fit.fits else ("✗", "$text-error")
        need = in_words(fit.memory.total)
        parts += [
            (f"  {mark} ", style),
            f"{fit.card.name:<14} {in_words(fit.card.usable_bytes):>10} there, {need} needed",
        ]
        parts.append(("" if fit.card.bfloat16 else "; slow in bfloat16", _DIM))
        parts.append("\n")
    parts.append(("\nComputed from the tensors; on a GPU it has not been measured.\n", _DIM))
    time = forecast.time
    if time is None:
        parts.append(("No run like this was measured at its place: s runs three steps to find out.", _DIM))
    else:
        parts.append(
            (
                f"About {duration(time.whole_s)}: {parts_in_words(time)}, at {time.seconds_per_step:.2g} s a step. As "
                f"measured in {one_line(time.measured_in)}; loading the model comes on top.",
                _DIM,
            )
        )
    return Content.assemble(*parts)


def fitting_choices(options: Iterable[tuple[Mapping[str, Any], str, int]]) -> list[Choice[dict[str, Any]]]:
    """Return ways to make a run fit, as choices.

    Args:
        options: changes by dotted path, words, and the bytes it then takes.
    """
    from workbench.operations.forecasting import in_words

    return [Choice(value=dict(changes), name=in_words(size), words=words) for changes, words, size in options]
