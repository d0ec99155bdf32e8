"""The commands of pairs: propose, list, show, count, accept, reject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from curation.counted import counted
from curation.pairs import Tier
from store.pair_types import PairStatus
from store.pairs import Order, PairFilter
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.cli.seen import Options, print_seen, seen_options, wants_sequence
from workbench.cli.watch import changed_command, settle_command
from workbench.operations import counting, curating, essays, proposing, seen
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def pairs_command() -> None:
    """Propose, list, accept and reject pairs."""


@pairs_command.command("propose")
@click.option("--essay", "names", multiple=True, help="Only from this essay; may be given again.")
@click.option(
    "--tier",
    "tiers",
    type=click.Choice(["continuation", "thesis", "note", "rewrite"]),
    multiple=True,
    default=("continuation",),
    show_default=True,
    help="Of this tier; may be given again. All but continuation wait for the prompt you write.",
)
@json_option
@with_project
def pairs_propose(project: Project, names: tuple[str, ...], tiers: tuple[Tier, ...], as_json: bool) -> None:
    """Propose pairs from every essay that has none of the tier, or anew from the named ones."""
    chosen = [row.id for row in essays.essay_rows(project) if row.slug in names]
    if len(chosen) < len(set(names)):
        raise WorkbenchError("Not every essay was found by name. See `workbench essays list`.")
    made = proposing.propose_pairs(project, chosen, tiers=tiers)
    emit({"proposed": made}, as_json, [str(made)])
    say(f"{curating.some(made)} proposed.")


_status_option = click.option(
    "--status", type=click.Choice(["proposed", "accepted", "rejected"]), multiple=True, help="Only these."
)


def _narrowing(function: F) -> F:
    """Add the options that narrow pairs to an essay, to words, to a tier, as the screen's filters do."""
    function = click.option(
        "--tier", type=click.Choice(["continuation", "thesis", "note", "rewrite"]), help="Only of this tier."
    )(function)
    function = click.option("--words", default="", help="Only pairs that hold these words.")(function)
    return click.option("--essay", "--source", "essay", help="Only of this essay or note, by its name.")(function)


def _source(project: Project, name: str | None) -> int | None:
    return None if name is None else essays.by_names(project, [name])[0]


@pairs_command.command("list")
@_status_option
@_narrowing
@click.option(
    "--order",
    type=click.Choice(["reading", "queue"]),
    default="reading",
    show_default=True,
    help="queue: doubtful first.",
)
@click.option("--over-limit", is_flag=True, help="Only pairs that are too long for any of the target models.")
@json_option
@with_project
def pairs_list(
    project: Project,
    status: tuple[PairStatus, ...],
    words: str,
    tier: Tier | None,
    essay: str | None,
    order: Order,
    over_limit: bool,
    as_json: bool,
) -> None:
    """List pairs, as they are read or the most doubtful first."""
    if over_limit:
        counting.count_pairs(project)
    over = counting.limits(project) if over_limit else ()
    where = PairFilter(statuses=status, words=words, tier=tier, source_id=_source(project, essay), over=over)
    ids = curating.pair_ids(project, where, order)
    rows = curating.pair_rows(project, ids)
    lines = table(
        ["id", "status", "split", "tier", "words", "essay", "response"],
        [[r.id, r.status, r.split, r.tier, r.response_words, r.source, r.opening] for r in rows],
    )
    emit(rows, as_json, lines)


@pairs_command.command("show")
@click.argument("pair_id", type=int)
@seen_options
@json_option
@with_project
def pairs_show(project: Project, pair_id: int, options: Options, as_json: bool) -> None:
    """Show one pair whole, with its tokens and warnings; with --model or --t, the very tokens a model sees of it."""
    if wants_sequence(options):
        print_seen(project, seen.pair_text(project, pair_id), options, as_json)
        return
    view = curating.pair_view(project, pair_id)
    if any(tokens.pending for tokens in view.counts):
        counting.count_pairs(project, [pair_id])
        view = curating.pair_view(project, pair_id)
    emit(view, as_json, ["### prompt", view.pair.prompt, "", "### response", view.pair.response])
    for tokens in view.counts:
        about = "" if tokens.exact else " (an estimate)"
        say(f"{tokens.total} of {tokens.max_length} tokens for {tokens.model}{about}")
    for warning in view.warnings:
        say(warning)


@pairs_command.command("count")
@json_option
@with_project
def pairs_count(project: Project, as_json: bool) -> None:
    """Count the tokens of every pair for every target model, as far as they are not counted yet."""
    made = counting.count_pairs(project)
    over = counting.over_count(project)
    emit({"counts_made": made, "over_limit": over}, as_json, [str(made)])
    say(f"{counted(made, 'count')} made; {counted(over, 'pair is', 'pairs are')} over the limit of a model.")


def _waiting(project: Project, ids: list[int]) -> list[int]:
    """Return those whose prompt is still to be written."""
    return [row.id for row in curating.pair_rows(project, ids) if not row.prompt_words]


def _decision(name: str, status: curating.Status, help_text: str) -> click.Command:
    @click.argument("ids", nargs=-1, type=int)
    @click.option("--all-proposed", is_flag=True, help="All that are still proposed.")
    @_narrowing
    @json_option
    @with_project
    def command(
        project: Project,
        ids: tuple[int, ...],
        all_proposed: bool,
        words: str,
        tier: Tier | None,
        essay: str | None,
        as_json: bool,
    ) -> None:
        if bool(ids) == all_proposed:
            raise click.UsageError("Give pair ids, or --all-proposed.")
        if ids and (words or tier or essay):
            raise click.UsageError("--essay, --words and --tier narrow --all-proposed, not ids.")
        curating.need(project, ids)
        where = PairFilter(statuses=("proposed",), words=words, tier=tier, source_id=_source(project, essay))
        chosen = list(ids) or list(curating.pair_ids(project, where))
        changed = curating.decide(project, chosen, status)
        emit({"changed": changed}, as_json, [str(changed)])
        left = len(_waiting(project, chosen)) if status == "accepted" else 0
        say(f"{curating.some(changed)} {status}." + (f" {left} still need their prompt." if left else ""))

    made: Callable[..., Any] = command
    return click.command(name, help=help_text)(made)


pairs_command.add_command(_decision("accept", "accepted", "Accept pairs by id, or all proposed ones."))
pairs_command.add_command(_decision("reject", "rejected", "Reject pairs by id, or all proposed ones."))
pairs_command.add_command(changed_command)
pairs_command.add_command(settle_command)
