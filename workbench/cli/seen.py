"""Print what a model sees of a pair: for `pairs show` and `dataset pair`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any

import click

from curation.counted import counted
from runners.spec import EosPadding, OverLong
from workbench.cli.output import emit, say
from workbench.operations.project import Project
from workbench.operations.seen import EOS_PADDINGS, OVER_LONG, PairText, see, usual_recipe
from workbench.operations.sequences import SeenPair, hidden, probability
from workbench.operations.targets import find_target, targets

Options = dict[str, Any]


def seen_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the view; the command is given them together, as `options`."""

    @click.option("--model", help="Show the very tokens that this target model sees.")
    @click.option("--t", type=click.FloatRange(0, 1), help="Hide tokens as training does at this mask ratio.")
    @click.option("--draw", type=click.IntRange(1), default=1, show_default=True, help="Which draw of what is hidden.")
    @click.option("--complement", is_flag=True, help="Hide what the complementary mask of --t and --draw hides.")
    @click.option("--over-long", type=click.Choice(OVER_LONG), help="Default: as the next run of the model.")
    @click.option("--eos-padding", type=click.Choice(EOS_PADDINGS), help="Default: as the next run of the model.")
    @functools.wraps(command)
    def wrapped(
        *given: Any,
        model: str | None,
        t: float | None,
        draw: int,
        complement: bool,
        over_long: OverLong | None,
        eos_padding: EosPadding | None,
        **others: Any,
    ) -> Any:
        options = {
            "model": model,
            "t": t,
            "draw": draw,
            "complement": complement,
            "over_long": over_long,
            "eos_padding": eos_padding,
        }
        return command(*given, options=options, **others)

    return wrapped


def wants_sequence(options: Options) -> bool:
    """Say whether any option of the view was given."""
    return any(options[name] is not None for name in ("model", "t", "over_long", "eos_padding"))


def print_seen(project: Project, text: PairText, options: Options, as_json: bool) -> None:
    """Print the sequence, and what is hidden of it where a mask ratio was given."""
    chosen = find_target(project, options["model"]) if options["model"] else targets(project)[0]
    given = {name: options[name] for name in ("over_long", "eos_padding") if options[name] is not None}
    recipe = replace(usual_recipe(project, chosen), **given)
    seen = see(project, chosen, text, recipe)
    given_t, draw, complement = options["t"], options["draw"], options["complement"]
    t = 1 - given_t if complement and given_t is not None else given_t
    flags = hidden(seen, t, draw=draw, complement=complement) if t is not None else (False,) * len(seen.tokens)
    data = {
        "sequence": seen,
        "recipe": recipe,
        "t": t,
        "p_mask": None if t is None or not seen.hides else probability(t),
        "draw": draw,
        "complement": complement,
        "hidden": flags,
    }
    emit(data, as_json, _lines(seen, flags))
    say(f"{seen.length} of {seen.limit} tokens for {seen.model}, laid out as {seen.layout}: {seen.fate}")
    if seen.beyond:
        lie = "lies" if len(seen.beyond) == 1 else "lie"
        say(f"{counted(len(seen.beyond), 'token')} {lie} beyond the limit, the EOS among them.")
    if t is not None and not seen.hides:
        say("This model is causal: nothing is hidden, each token of the response is predicted from all before it.")


def _lines(seen: SeenPair, flags: tuple[bool, ...]) -> list[str]:
    shown: list[tuple[str, str]] = []
    for token, is_hidden in zip(seen.tokens, flags, strict=True):
        text = f"[{token.text}]" if token.special else token.text
        if is_hidden:
            bare = text.strip()
            text = text.replace(bare, "▒" * len(bare), 1) if bare else "▒"
        shown.append((token.part, text))
    shown += [("not seen", f"[{token.text}]" if token.special else token.text) for token in seen.beyond]
    lines = []
    for part, group in groupby(shown, key=lambda item: item[0]):
        first, *others = "".join(text for _, text in group).split("\n")
        lines += [f"{part:<9} {first}", *(f"{'':<9} {line}" for line in others)]
    return lines
