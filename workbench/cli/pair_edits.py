"""The commands that change pairs: skip, shift, trim, merge, split, edit, retag, flag, note."""

from __future__ import annotations

import click

from curation.pairs import Tier
from curation.reshape import End, Side
from workbench.cli.output import emit, json_option, say, with_project
from workbench.cli.pairs import pairs_command as pairs_command
from workbench.operations import curating, reshaping
from workbench.operations.project import Project
from workbench.operations.reshaping import Reshaped

_TIERS = click.Choice(["continuation", "thesis", "note", "rewrite"])
_ids = click.argument("ids", nargs=-1, type=int, required=True)


@pairs_command.command("skip")
@_ids
@with_project
def pairs_skip(project: Project, ids: tuple[int, ...]) -> None:
    """Let proposed pairs come back last in the queue."""
    curating.need(project, ids)
    say(f"{curating.some(curating.skip(project, ids))} skipped.")


@pairs_command.command("shift")
@_ids
@click.option("--sentences", type=int, default=1, show_default=True, help="Negative: back to the response.")
@json_option
@with_project
def pairs_shift(project: Project, ids: tuple[int, ...], sentences: int, as_json: bool) -> None:
    """Move the boundary: give the prompt the first sentences of the response."""
    _tell(reshaping.shift_boundary(project, ids, sentences), as_json)


@pairs_command.command("trim")
@_ids
@click.option("--side", type=click.Choice(["prompt", "response"]), required=True)
@click.option("--end", type=click.Choice(["first", "last"]), required=True, help="Its first or its last sentence.")
@json_option
@with_project
def pairs_trim(project: Project, ids: tuple[int, ...], side: Side, end: End, as_json: bool) -> None:
    """Cut the first or last sentence of the prompts or responses."""
    _tell(reshaping.trim(project, ids, side, end), as_json)


@pairs_command.command("merge")
@_ids
@with_project
def pairs_merge(project: Project, ids: tuple[int, ...]) -> None:
    """Merge a pair with the next of its essay, or several that follow each other."""
    say(f"{curating.some(len(reshaping.merge_pairs(project, ids)))} went into the one before.")


@pairs_command.command("split")
@click.argument("pair_id", type=int)
@click.argument("offset", type=int)
@json_option
@with_project
def pairs_split(project: Project, pair_id: int, offset: int, as_json: bool) -> None:
    """Split the response at a character; what stands before it prompts what follows."""
    second = reshaping.split_pair(project, pair_id, offset)
    emit({"second": second}, as_json, [str(second)])


@pairs_command.command("edit")
@click.argument("pair_id", type=int)
@click.option("--prompt", help="The new prompt.")
@click.option("--response", help="The new response.")
@with_project
def pairs_edit(project: Project, pair_id: int, prompt: str | None, response: str | None) -> None:
    """Write the prompt or the response of a pair."""
    if prompt is None and response is None:
        raise click.UsageError("Give --prompt, or --response, or both.")
    pair = curating.pair_view(project, pair_id).pair
    prompt, response = (pair.prompt if prompt is None else prompt), (pair.response if response is None else response)
    changes = {"prompt": pair.prompt != prompt, "response": pair.response != response}
    sides = [side for side, changed in changes.items() if changed]
    reshaping.edit_pair(project, pair_id, prompt=prompt, response=response)
    say(f"{' and '.join(sides).capitalize()} of pair {pair_id} written." if sides else "It says that already.")


@pairs_command.command("retag")
@_ids
@click.option("--tier", type=_TIERS, required=True)
@with_project
def pairs_retag(project: Project, ids: tuple[int, ...], tier: Tier) -> None:
    """Give pairs another tier."""
    curating.retag(project, ids, tier)
    say(f"{curating.some(len(set(ids)))} of the tier {tier} now.")


@pairs_command.command("flag")
@_ids
@with_project
def pairs_flag(project: Project, ids: tuple[int, ...]) -> None:
    """Flag pairs, or take the flags off when all of them are flagged."""
    curating.need(project, ids)
    say("Flagged." if curating.flag(project, ids) else "Flags taken off.")


@pairs_command.command("note")
@_ids
@click.option("--text", required=True, help="The note; an empty one is removed.")
@with_project
def pairs_note(project: Project, ids: tuple[int, ...], text: str) -> None:
    """Write the note of pairs, the same for all."""
    curating.note(project, ids, text)
    say(f"Note {'written on' if text.strip() else 'taken off'} {curating.some(len(set(ids)))}.")


def _tell(reshaped: Reshaped, as_json: bool) -> None:
    emit(reshaped, as_json, [reshaped.text])
    left = f", {curating.some(reshaped.left)} stayed as they were" if reshaped.left else ""
    say(f"{curating.some(reshaped.changed)} changed{left}.")
