"""The commands of pairs: propose, list, show, accept, reject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from store.pairs import PairFilter
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.cli.watch import changed_command, settle_command
from workbench.operations import curating, essays, proposing
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


@click.group()
def pairs_command() -> None:
    """Propose, list, accept and reject pairs."""


@pairs_command.command("propose")
@click.option("--essay", "names", multiple=True, help="Only from this essay; may be given again.")
@json_option
@with_project
def pairs_propose(project: Project, names: tuple[str, ...], as_json: bool) -> None:
    """Propose continuation pairs from every essay that has none, or anew from the named ones."""
    chosen = [row.id for row in essays.essay_rows(project) if row.slug in names]
    if len(chosen) < len(set(names)):
        raise WorkbenchError("Not every essay was found by name. See `workbench essays list`.")
    made = proposing.propose_pairs(project, chosen)
    emit({"proposed": made}, as_json, [str(made)])
    say(f"{made} pairs proposed.")


_status_option = click.option(
    "--status", type=click.Choice(["proposed", "accepted", "rejected"]), multiple=True, help="Only these."
)


@pairs_command.command("list")
@_status_option
@click.option("--words", default="", help="Only pairs that hold these words.")
@json_option
@with_project
def pairs_list(project: Project, status: tuple[str, ...], words: str, as_json: bool) -> None:
    """List pairs in reading order."""
    ids = curating.pair_ids(project, PairFilter(statuses=status, words=words))
    rows = curating.pair_rows(project, ids)
    lines = table(
        ["id", "status", "split", "tier", "words", "essay", "response"],
        [[r.id, r.status, r.split, r.tier, r.response_words, r.source, r.opening] for r in rows],
    )
    emit(rows, as_json, lines)


@pairs_command.command("show")
@click.argument("pair_id", type=int)
@json_option
@with_project
def pairs_show(project: Project, pair_id: int, as_json: bool) -> None:
    """Show one pair whole, with its tokens and warnings."""
    view = curating.pair_view(project, pair_id)
    emit(view, as_json, ["### prompt", view.pair.prompt, "", "### response", view.pair.response])
    tokens = view.tokens
    say(f"{tokens.total} of {tokens.max_length} tokens for {tokens.model}" + ("" if tokens.exact else " (an estimate)"))
    for warning in view.warnings:
        say(warning)


def _decision(name: str, status: curating.Status, help_text: str) -> click.Command:
    @click.argument("ids", nargs=-1, type=int)
    @click.option("--all-proposed", is_flag=True, help="All that are still proposed.")
    @json_option
    @with_project
    def command(project: Project, ids: tuple[int, ...], all_proposed: bool, as_json: bool) -> None:
        if bool(ids) == all_proposed:
            raise click.UsageError("Give pair ids, or --all-proposed.")
        chosen = list(ids) or list(curating.pair_ids(project, PairFilter(statuses=("proposed",))))
        changed = curating.decide(project, chosen, status)
        emit({"changed": changed}, as_json, [str(changed)])
        say(f"{changed} pairs {status}.")

    made: Callable[..., Any] = command
    return click.command(name, help=help_text)(made)


pairs_command.add_command(_decision("accept", "accepted", "Accept pairs by id, or all proposed ones."))
pairs_command.add_command(_decision("reject", "rejected", "Reject pairs by id, or all proposed ones."))
pairs_command.add_command(changed_command)
pairs_command.add_command(settle_command)
