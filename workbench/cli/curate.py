"""The commands of curation: essays, pairs, canaries, dataset, undo, redo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from store.pairs import PairFilter
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import canaries, curating, essays, freezing
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


@click.group()
def essays_command() -> None:
    """List the essays, and hold whole ones out."""


@essays_command.command("list")
@json_option
@with_project
def essays_list(project: Project, as_json: bool) -> None:
    """List every source."""
    rows = essays.essay_rows(project)
    lines = table(
        ["name", "kind", "words", "paragraphs", "split", "accepted", "proposed"],
        [[r.slug, r.kind, r.words, r.paragraphs, r.split, r.accepted, r.proposed] for r in rows],
    )
    emit(rows, as_json, lines)


@essays_command.command("hold-out")
@click.argument("names", nargs=-1)
@click.option("--count", type=int, help="Choose so many by a seeded hash instead.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of that choice.")
@json_option
@with_project
def essays_hold_out(project: Project, names: tuple[str, ...], count: int | None, seed: int, as_json: bool) -> None:
    """Hold whole essays out by name, or COUNT of them by a seeded hash."""
    if bool(names) == bool(count):
        raise click.UsageError("Give names, or --count.")
    held = essays.hold_out(project, names) if names else essays.hold_out_by_hash(project, count=count or 0, seed=seed)
    emit([row.slug for row in held], as_json, [row.slug for row in held])
    say(f"{len(held)} held out.")


@essays_command.command("take-back")
@click.argument("names", nargs=-1, required=True)
@with_project
def essays_take_back(project: Project, names: tuple[str, ...]) -> None:
    """Take essays that are held out back into training."""
    for row in essays.essay_rows(project):
        if row.slug in names and row.split == "holdout":
            say(essays.toggle_holdout(project, [row.id]))


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
    made = curating.propose_pairs(project, chosen)
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


@click.group()
def canaries_command() -> None:
    """The canary prompts: list, import, export, add, remove."""


@canaries_command.command("list")
@json_option
@with_project
def canaries_list(project: Project, as_json: bool) -> None:
    """List the working set."""
    rows = canaries.canary_rows(project)
    lines = table(
        ["name", "topic", "length", "reference", "prompt"],
        [[r.slug, r.topic, r.length, "yes" if r.reference else "no", r.prompt[:60]] for r in rows],
    )
    emit(rows, as_json, lines)


@canaries_command.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@with_project
def canaries_import(project: Project, path: Path, as_json: bool) -> None:
    """Add the prompts of a Markdown file of `## name` blocks; those of a known name are replaced."""
    count, problems = canaries.import_canaries(project, path)
    emit({"imported": count, "problems": problems}, as_json, [str(count)])
    for problem in problems:
        say(str(problem))
    if problems and not count:
        sys.exit(1)


@canaries_command.command("export")
@with_project
def canaries_export(project: Project) -> None:
    """Print the working set as Markdown that `canaries import` reads."""
    click.echo(canaries.export_canaries(project), nl=False)


@canaries_command.command("add")
@click.argument("prompt")
@click.option("--name", default="", help="Default: from its first words.")
@click.option("--topic", type=click.Choice(["known", "novel"]), default="known", show_default=True)
@click.option("--length", type=click.Choice(["short", "long"]), default="short", show_default=True)
@click.option("--reference", default="", help="The real piece to compare with.")
@with_project
def canaries_add(project: Project, prompt: str, name: str, topic: str, length: str, reference: str) -> None:
    """Add one prompt."""
    canaries.add_canary(project, prompt=prompt, slug=name, topic=topic, length=length, reference=reference)


@canaries_command.command("remove")
@click.argument("name")
@with_project
def canaries_remove(project: Project, name: str) -> None:
    """Take a prompt out of the working set; frozen versions keep it."""
    found = [row for row in canaries.canary_rows(project) if row.slug == name]
    if not found:
        raise WorkbenchError(f"There is no canary named {name!r}. See `workbench canaries list`.")
    canaries.remove_canary(project, found[0].id)


@click.group()
def dataset_command() -> None:
    """Freeze the accepted pairs, list datasets, look for leaks."""


@dataset_command.command("freeze")
@click.option("--note", default="", help="What this dataset is for.")
@json_option
@with_project
def dataset_freeze(project: Project, note: str, as_json: bool) -> None:
    """Freeze what is accepted into a dataset with a content hash."""
    report = freezing.freeze(project, note=note)
    row = report.dataset
    emit(report, as_json, [f"{row.number} {row.content_hash}"])
    say(("Frozen" if report.new else "Stands already") + f": {row.train_pairs} train, {row.holdout_pairs} holdout.")
    for leak in report.leaks:
        say(f"leak: {leak.message}")
    for warning in report.warnings:
        say(warning)


@dataset_command.command("list")
@json_option
@with_project
def dataset_list(project: Project, as_json: bool) -> None:
    """List the datasets, newest first."""
    rows = freezing.dataset_rows(project)
    lines = table(
        ["number", "hash", "train", "holdout", "leaks", "canaries", "frozen"],
        [
            [
                r.number,
                r.content_hash[7:19],
                r.train_pairs,
                r.holdout_pairs,
                r.leaks,
                r.canary_set_version,
                r.created_at,
            ]
            for r in rows
        ],
    )
    emit(rows, as_json, lines)


@dataset_command.command("check")
@json_option
@with_project
def dataset_check(project: Project, as_json: bool) -> None:
    """Look for leaks between train, holdout and canary prompts, without freezing."""
    found = freezing.check_leaks(project)
    emit(found, as_json, [leak.message for leak in found])
    say(f"{len(found)} leaks.")


@click.command()
@with_project
def undo_command(project: Project) -> None:
    """Undo the last edit, of whatever day."""
    say(curating.undo(project) or "Nothing to undo.")


@click.command()
@with_project
def redo_command(project: Project) -> None:
    """Redo what was undone last."""
    say(curating.redo(project) or "Nothing to redo.")
