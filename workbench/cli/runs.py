"""The commands about runs: run, sample, runs, collect."""

from __future__ import annotations

import sys
from typing import Any

import click

from curation.counted import counted
from runners.status import OVER
from store import datasets
from store.runs import RunRow
from workbench.cli.carry import runs_bring, runs_zip
from workbench.cli.expected import expected_lines
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import adapters, collecting, forecasting, launching, lengths, running
from workbench.operations.clock import clock
from workbench.operations.errors import ChildError, WorkbenchError
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import settings_of
from workbench.operations.project import Project
from workbench.operations.prompt_choice import Prompts

_PROMPTS: dict[str, Prompts] = {"all": "all", "held-out": "held out", "real": "with a real piece"}
_set_option = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Such as train.max_steps=90; may be given again.",
)
_place_option = click.option(
    "--place", "place_name", metavar="NAME", help="Where (default: where the parent ran). See `workbench places list`."
)
_wait_option = click.option("--wait", is_flag=True, help="Wait for the end, with progress.")
_dry_option = click.option("--dry-run", is_flag=True, help="Show what would be launched; launch nothing.")


@click.command()
@click.option("--parent", help="The run to copy (default: the latest).")
@click.option("--dataset", "number", type=int, help="The dataset's number (default: the newest).")
@click.option("--model", help="Default: the project's.")
@_place_option
@_set_option
@click.option("--smoke", is_flag=True, help="Run three steps only, to measure time and memory.")
@_wait_option
@_dry_option
@json_option
@with_project
def run_command(
    project: Project,
    parent: str | None,
    number: int | None,
    model: str | None,
    place_name: str | None,
    changes: tuple[str, ...],
    smoke: bool,
    wait: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Launch a training run as a copy of its parent, and say what differs."""
    parent = running.run_named(project, parent) if parent else None
    ready = launching.draft(
        project,
        task="train",
        parent=parent,
        dataset_id=_dataset_id(project, number),
        model=model,
        place_name=_known_place(project, place_name),
    )
    _launch(project, ready, changes, smoke=smoke, wait=wait, dry_run=dry_run, as_json=as_json)


@click.command()
@click.option("--adapter", help="The training run whose adapter is sampled (default: the base).")
@click.option(
    "--checkpoint", default=adapters.LATEST, help="Of the adapter: latest, best, or a step.", show_default=True
)
@click.option("--parent", help="The sample run to copy (default: the latest).")
@click.option(
    "--prompts",
    type=click.Choice(list(_PROMPTS)),
    default="all",
    show_default=True,
    help="Which canary prompts: all, those of held-out pairs, or those with a real piece.",
)
@_place_option
@_set_option
@_wait_option
@_dry_option
@json_option
@with_project
def sample_command(
    project: Project,
    adapter: str | None,
    checkpoint: str,
    parent: str | None,
    prompts: str,
    place_name: str | None,
    changes: tuple[str, ...],
    wait: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Sample the canary prompts from the base, or from a run's adapter."""
    parent, adapter = (running.run_named(project, name) if name else None for name in (parent, adapter))
    ready = launching.draft(
        project,
        task="sample",
        parent=parent,
        adapter_run=adapter,
        checkpoint=checkpoint,
        place_name=_known_place(project, place_name),
        prompts=_PROMPTS[prompts],
    )
    _launch(project, ready, changes, wait=wait, dry_run=dry_run, as_json=as_json)


@click.command()
@click.option("--adapter", help="The training run whose adapter is scored (default: the base).")
@click.option(
    "--checkpoint", default=adapters.LATEST, help="Of the adapter: latest, best, or a step.", show_default=True
)
@click.option("--dataset", "number", type=int, help="Whose held-out pairs: its number (default: the newest).")
@click.option("--parent", help="The score run to copy (default: the latest).")
@_place_option
@_set_option
@_wait_option
@_dry_option
@json_option
@with_project
def score_command(
    project: Project,
    adapter: str | None,
    checkpoint: str,
    number: int | None,
    parent: str | None,
    place_name: str | None,
    changes: tuple[str, ...],
    wait: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Measure the loss on held-out pairs, of the base or of a run's adapter.

    Runs that were trained on different datasets, and so validated on different pairs, are compared by it:
    score one on the other's dataset, then see `workbench experiments compare`.
    """
    parent, adapter = (running.run_named(project, name) if name else None for name in (parent, adapter))
    ready = launching.draft(
        project,
        task="score",
        parent=parent,
        adapter_run=adapter,
        checkpoint=checkpoint,
        dataset_id=_dataset_id(project, number),
        place_name=_known_place(project, place_name),
    )
    _launch(project, ready, changes, wait=wait, dry_run=dry_run, as_json=as_json)


def _dataset_id(project: Project, number: int | None) -> int | None:
    """Return a dataset by its number; None for none named."""
    found = [row.id for row in datasets.rows(project.db) if row.number == number]
    if number is not None and not found:
        raise WorkbenchError(f"There is no dataset {number}. See `workbench dataset list`.")
    return found[0] if found else None


def _known_place(project: Project, name: str | None) -> str | None:
    """Return the name of a place as it was given, if there is such a place."""
    if name not in (None, LOCAL):
        settings_of(project, str(name))
    return name


def _launch(
    project: Project,
    ready: launching.Draft,
    changes: tuple[str, ...],
    *,
    smoke: bool = False,
    wait: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    wanted: dict[str, Any] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise click.UsageError(f"--set {change}: write FIELD=VALUE.")
        wanted[name.strip()] = launching.parse_value(value)
    if wanted:
        ready = launching.change(project, ready, wanted)
    for path, before, after in ready.differences:
        say(f"{path}: {before} -> {after}")
    for warning in ready.warnings:
        say(f"warning: {warning}")
    for warning in _length_warnings(project, ready):
        say(f"warning: {warning}")
    for line in expected_lines(project, ready, smoke=smoke):
        say(line)
    if dry_run:
        click.echo(ready.spec.to_json(), nl=False)
        return
    name = forecasting.smoke(project, ready) if smoke else launching.launch(project, ready)
    if not wait:
        emit({"run": name}, as_json, [name])
        carried = running.run_view(project, name).carried
        say(carried or "Launched; it outlives this command. Follow it with: workbench collect --wait")
        return
    status = collecting.wait(project, name, say=say)
    emit({"run": name, "status": status}, as_json, [name])
    if status != "finished":
        _say_why(project, name)
        sys.exit(1)


def _length_warnings(project: Project, ready: launching.Draft) -> tuple[str, ...]:
    """Say how the pairs meet the limit; that they could not be counted keeps nobody from launching."""
    try:
        return lengths.length_warnings(project, ready.spec, ready.dataset_id)
    except ChildError as error:
        return (f"How many pairs are too long is not known. {error}",)


@click.group()
def runs_command() -> None:
    """List, show, stop, kill and resume runs; carry them by hand."""


@runs_command.command("list")
@json_option
@with_project
def runs_list(project: Project, as_json: bool) -> None:
    """List the runs, newest first."""
    _collect(project)
    rows = running.run_rows(project)
    lines = table(
        ["run", "task", "place", "status", "step", "loss", "val loss", "samples"],
        [[r.name, r.task, r.place, _status(r), r.last_step, r.last_loss, r.val_loss, r.samples] for r in rows],
    )
    emit(rows, as_json, lines)


def _status(row: RunRow) -> str:
    """Return a status, and since when its host cannot be asked, or what it waits for."""
    if row.unreached_at:
        return f"{row.status}, not reached since {clock(row.unreached_at)}"
    if row.waits_for and row.status == "submitted":
        return row.waits_for[:1].lower() + row.waits_for[1:].split(". ")[0].rstrip(".")
    return row.status


@runs_command.command("show")
@click.argument("name")
@json_option
@with_project
def runs_show(project: Project, name: str, as_json: bool) -> None:
    """Show one run: spec, differences, curves, checkpoints, the end of its log."""
    name = _collected(project, name)
    view = running.run_view(project, name)
    lines = [f"{view.row.name}  {_status(view.row)}  at {view.row.place}  attempts {view.attempts}"]
    lines.append(str(view.directory))
    if view.contact is not None and view.contact.coming_bytes:
        lines.append(f"checkpoints still to come: {forecasting.in_words(view.contact.coming_bytes)}")
    lines += [f"{path}: {before} -> {after}" for path, before, after in view.differences]
    lines += table(["step", "loss"], list(view.loss))
    lines += table(["step", "val loss", "low", "high"], list(view.validation))
    if view.probe:
        lines += table(["step", "probe loss", "low", "high"], list(view.probe))
    if view.by_ratio:
        lines += table(["hidden", "measured", "value", "low", "high"], list(view.by_ratio))
    if view.best:
        lines.append(f"best checkpoint: step {view.best[0]}, validation loss {view.best[1]:.4f}")
    lines += [f"ended early: {view.early}"] if view.early else []
    emit(view, as_json, lines)
    if view.contact is not None and view.contact.note:
        say(view.contact.note)
    if view.carried:
        say(view.carried)
    if view.error:
        say(view.error)


@runs_command.command("log")
@click.argument("name")
@with_project
def runs_log(project: Project, name: str) -> None:
    """Print the end of a run's log."""
    name = _collected(project, name)
    emit(None, False, running.run_view(project, name).log_tail.splitlines())


def _collected(project: Project, name: str) -> str:
    """Return the whole name of a run, which was collected first."""
    name = running.run_named(project, name)
    _collect(project, name)
    return name


def _collect(project: Project, *names: str) -> None:
    """Collect first, so that what is printed is what stands now; what cannot be collected is said and no more."""
    for problem in collecting.collect(project, names).problems:
        say(problem)


@runs_command.command("stop")
@click.argument("name")
@with_project
def runs_stop(project: Project, name: str) -> None:
    """Ask a run to end at its next step; it keeps a checkpoint."""
    say(running.stop(project, _collected(project, name)))


@runs_command.command("kill")
@click.argument("name")
@click.option("--lost", is_flag=True, help="Count it as killed without asking its host, which will not come back.")
@with_project
def runs_kill(project: Project, name: str, lost: bool) -> None:
    """End a run's process at once; what it wrote stands."""
    name = running.run_named(project, name)
    if lost:
        say(running.give_up(project, name))
        collecting.collect(project, (name,), far="nothing")
        return
    _collect(project, name)
    say(running.kill(project, name))
    if (status := collecting.see_end(project, name)) not in OVER:
        say(f"Its process is not over yet: {status}. `workbench runs list` looks again.")


@runs_command.command("resume")
@click.argument("name")
@with_project
def runs_resume(project: Project, name: str) -> None:
    """Start a run that was cut off again, from its last checkpoint."""
    say(running.resume(project, _collected(project, name)))


runs_command.add_command(runs_bring)
runs_command.add_command(runs_zip)


@click.command()
@click.argument("names", nargs=-1)
@_wait_option
@json_option
@with_project
def collect_command(project: Project, names: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Fold what the jobs wrote into the store; collecting twice changes nothing."""
    names = tuple(running.run_named(project, name) for name in names)
    report = collecting.collect(project, names, far="all")
    if wait:
        for name in names or tuple(collecting.living(project)):
            collecting.wait(project, name, say=say)
    emit(report, as_json, [f"{name} {status}" for name, status in report.statuses])
    for problem in report.problems:
        say(problem)
    say(f"{counted(report.events, 'event')}, {counted(report.samples, 'sample')}.")


def _say_why(project: Project, name: str) -> None:
    view = running.run_view(project, name)
    say(view.error or f"{name} is {view.row.status}. The end of its log:")
    if not view.error:
        say("\n".join(view.log_tail.splitlines()[-15:]))
