"""The commands of the experiments: the tree of runs, one in full, two compared, and the notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import (
    collecting,
    experiment_export,
    experiment_fields,
    experiment_view,
    experiment_words,
    experiments,
    noting,
    outside,
    running,
)
from workbench.operations.errors import NothingToDoError
from workbench.operations.experiment_report import comparison_lines, experiment_lines
from workbench.operations.fields import FIELDS
from workbench.operations.project import Project


@click.group()
def experiments_command() -> None:
    """See what changed from run to run, what is noise, and what was learnt."""


@experiments_command.command("tree")
@click.option("--words", default="", help="Only runs that hold all these words in name, model, note or what changed.")
@click.option("--whole-only", is_flag=True, help="Leave out smoke runs, failed ones and those made elsewhere.")
@json_option
@with_project
def experiments_tree(project: Project, words: str, whole_only: bool, as_json: bool) -> None:
    """Draw the tree of runs: what each came from, and what changed there."""
    _collect(project)
    branches = experiments.tree(project, words=words, all_runs=not whole_only)
    rows = [
        [
            item.guide + item.row.name,
            item.row.status if item.sort == "training" else item.sort,
            item.row.val_loss,
            experiment_words.short_tally(item.tally) or None,
            None if item.finding is None else experiment_words.short_finding(item.difference, item.finding),
            item.told,
        ]
        for item in branches
    ]
    headings = ["run", "status", "val loss", "run:base", "against the run above", "what changed"]
    emit(branches, as_json, table(headings, rows) if rows else [])
    if not branches and words:
        say("No run holds these words.")
    elif not branches:
        others = "leave --whole-only out for the others, or " if whole_only else ""
        say(f"No {'whole runs' if whole_only else 'runs'} yet: {others}launch one with `workbench run`.")


@experiments_command.command("show")
@click.argument("run")
@json_option
@with_project
def experiments_show(project: Project, run: str, as_json: bool) -> None:
    """Show one run: what changed, its replicates, how it differs and whether that is noise, verdicts, notes."""
    _collect(project)
    view = experiment_view.experiment(project, running.run_named(project, run))
    emit(view, as_json, experiment_lines(view))


@experiments_command.command("compare")
@click.argument("run")
@click.argument("other")
@json_option
@with_project
def experiments_compare(project: Project, run: str, other: str, as_json: bool) -> None:
    """Lay RUN beside OTHER: what is other in it, and which differences are smaller than the noise."""
    _collect(project)
    run, other = running.run_named(project, run), running.run_named(project, other)
    view = experiment_view.compare_runs(project, run, other)
    emit(view, as_json, comparison_lines(view))


@experiments_command.command("fields")
@click.argument("path", required=False)
@json_option
@with_project
def experiments_fields(project: Project, path: str | None, as_json: bool) -> None:
    """Say what a field of a run does, and what your own runs showed of it; without PATH, of each that you varied."""
    _collect(project)
    if path is not None:
        found = experiment_fields.field_shown(project, path)
        own = experiment_fields.shown_words(found) or "No two of your runs differ in it."
        emit(found, as_json, [*(item.explained(None) for item in FIELDS if item.path == path), own])
        return
    varied = experiment_fields.varied(project)
    rows = [[item.path, experiment_fields.shown_words(item)] for item in varied]
    emit(varied, as_json, table(["field", "what your runs showed"], rows) if rows else [])
    if not varied:
        say("No two runs differ in a field yet: launch a copy of one with one change.")


@experiments_command.command("notes")
@json_option
@with_project
def experiments_notes(project: Project, as_json: bool) -> None:
    """List the notes of the notebook, oldest first."""
    found = noting.notes(project)
    rows = [[item.id, item.created_at[:10], noting.subject(item), item.body] for item in found]
    emit(found, as_json, table(["note", "written", "on", "what was learnt"], rows) if rows else [])
    if not found:
        say("Nothing is noted yet: `workbench experiments note` writes.")


@experiments_command.command("note")
@click.argument("text", required=False)
@click.option("--run", help="The run it is on (default: the project).")
@click.option("--against", help="With --run: it is on the comparison with this run.")
@click.option("--change", "number", type=int, help="Write TEXT into the note of this number; an empty one removes it.")
@click.option("--edit", "edited", type=int, help="Open the note of this number in $EDITOR.")
@json_option
@with_project
def experiments_note(
    project: Project,
    text: str | None,
    run: str | None,
    against: str | None,
    number: int | None,
    edited: int | None,
    as_json: bool,
) -> None:
    """Note what was learnt: TEXT, on a run, on a comparison of two, or on the project."""
    if against and not run:
        raise click.UsageError("--against needs --run: a comparison is of two runs.")
    if number is not None and edited is not None:
        raise click.UsageError("Name one of --change and --edit.")
    if run and (number is not None or edited is not None):
        raise click.UsageError("--run and --against are for a new note: one that stands stays on what it is on.")
    if edited is not None and text is not None:
        raise click.UsageError("--edit takes no TEXT: the note is written in $EDITOR. --change takes one.")
    if edited is not None:
        _edit(project, edited)
        emit({"note": edited}, as_json, [])
        return
    if text is None:
        raise click.UsageError("Write the TEXT of the note.")
    if number is not None:
        noting.change_note(project, number, text)
        said = _changed(text)
    else:
        named: dict[str, Any] = {
            key: running.run_named(project, name) if name else None
            for key, name in (("run", run), ("other_run", against))
        }
        number = noting.add_note(project, text, **named)
        said = "Noted"
    emit({"note": number}, as_json, [str(number)])
    say(f"{said}. `workbench undo` takes it back.")


@experiments_command.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--form",
    type=click.Choice([item.name for item in experiment_export.FORMS]),
    help="; ".join(f"{item.name}: {item.words}" for item in experiment_export.FORMS)
    + " (default: report for .md, runs for .jsonl).",
)
@click.option("--with-real", is_flag=True, help="Keep preference pairs that hold a real held-out paragraph.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--force", is_flag=True, help="Replace a file that no export of this project wrote.")
@json_option
@with_project
def experiments_export(
    project: Project,
    path: Path,
    form: experiment_export.FormName | None,
    with_real: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the experiments to PATH: a report, a line a run, or preference pairs from the verdicts."""
    chosen: experiment_export.FormName = form or ("runs" if path.suffix == ".jsonl" else "report")
    if with_real and chosen != "preferences":
        raise click.UsageError("--with-real says something of preference pairs: it needs --form preferences.")
    _collect(project)
    done = experiment_export.export_experiments(
        project, path, form=chosen, with_real=with_real, force=force, dry_run=dry_run
    )
    emit(done, as_json, [str(path)])
    say(f"{done.summary}.")


def _edit(project: Project, number: int) -> None:
    try:
        text = noting.note_outside(project, number, outside.run_editor)
    except NothingToDoError as nothing:
        say(str(nothing))
        return
    say(f"{_changed(text)}. `workbench undo` takes it back.")


def _changed(text: str) -> str:
    return "Changed" if text.strip() else "Removed"


def _collect(project: Project) -> None:
    """Collect first, so that what is said is of what stands now."""
    for problem in collecting.collect(project, ()).problems:
        say(problem)
