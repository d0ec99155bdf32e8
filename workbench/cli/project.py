"""The commands about the project itself: init, import, backup, doctor, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from curation.substack import ALSO
from curation.textfile import decode
from workbench.cli.output import emit, errors_as_sentences, json_option, say, table, with_project
from workbench.cli.watch import emit_look
from workbench.operations import import_notes, importing, maintenance
from workbench.operations.looking import look
from workbench.operations.project import SETTINGS_FILE, Project


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--essays", multiple=True, help="A folder of essays, relative to the project; may be given again.")
@click.option("--model", default="embedded", show_default=True, help="embedded, a folder, or a Hugging Face id.")
@json_option
@click.pass_obj
def init_command(here: Path, folder: Path | None, essays: tuple[str, ...], model: str, as_json: bool) -> None:
    """Make a project in FOLDER (default: here); what is there stays."""
    stood = ((folder or here) / SETTINGS_FILE).is_file()
    with errors_as_sentences():
        project = Project.create(folder or here, essays=essays, model=model)
    emit({"project": project.root, "made": not stood}, as_json, [str(project.root)])
    if stood:
        say(f"This is a project already, and stays as it is. Its settings are in {SETTINGS_FILE}.")
    else:
        say("Project made. Next: workbench import FOLDER")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(["essay", "note"]), help="What they are (default: by folder and length).")
@click.option("--as", "form", help="Read every file as this form (default: each is recognised).")
@click.option("--also", type=click.Choice(ALSO), multiple=True, help="What is left out by itself; may be given again.")
@click.option("--accept", is_flag=True, help="Take pairs as accepted (default: they are proposals).")
@click.option("--dry-run", is_flag=True, help="Read everything, save nothing, and say what would come in.")
@click.option("--paste", is_flag=True, help="Read notes from standard input, one a section between --- lines.")
@click.option("--changed", is_flag=True, help="Only what came, changed, moved or went on the disk since last time.")
@json_option
@with_project
def import_command(
    project: Project,
    paths: tuple[Path, ...],
    kind: Literal["essay", "note"] | None,
    form: str | None,
    also: tuple[str, ...],
    accept: bool,
    dry_run: bool,
    paste: bool,
    changed: bool,
    as_json: bool,
) -> None:
    """Import what PATHS name or hold, each file by its form; without PATHS, the folders that workbench.toml names."""
    if changed:
        if paths or kind or form or also or dry_run or paste:
            raise click.UsageError("--changed stands by itself: it looks at what came in before.")
        emit_look(look(project), as_json)
        return
    if paste:
        if paths or kind or form or also:
            raise click.UsageError("--paste reads notes from standard input, and takes no paths.")
        report = import_notes.import_pasted(project, _standard_input(), dry_run=dry_run)
    else:
        report = importing.import_paths(project, paths, kind=kind, form=form, also=also, accept=accept, dry_run=dry_run)
    shown = [item for item in report.arrivals if dry_run or item.outcome != "same"]
    rows = [[i.outcome, i.what, i.name, i.count, i.words, i.paragraphs, i.title, i.path] for i in shown]
    headings = ["outcome", "what", "name", "count", "words", "paragraphs", "title", "file"]
    emit(report, as_json, table(headings, rows) if rows else [])
    for problem in (*report.problems, *report.left_out):
        say(str(problem))
    if dry_run and report.passed_over:
        say(report.passed_over_said)
    say(report.summary)
    if report.problems and not report.arrivals:
        sys.exit(1)


def _standard_input() -> str:
    return decode(Path("standard input"), sys.stdin.buffer.read())


@click.command()
@json_option
@with_project
def backup_command(project: Project, as_json: bool) -> None:
    """Back the store up by SQLite's own interface; the last five backups are kept."""
    path = maintenance.backup(project)
    emit({"backup": path}, as_json, [str(path)])


@click.command()
@json_option
@with_project
def doctor_command(project: Project, as_json: bool) -> None:
    """Check interpreter, store, tokenizer, places and disk; exit 1 when something is wrong."""
    checks = maintenance.doctor(project)
    rows = [["ok" if check.ok else "PROBLEM", check.name, check.found] for check in checks]
    emit(checks, as_json, table(["", "what", "found"], rows))
    for check in checks:
        if check.advice:
            say(f"{check.name}: {check.advice}")
    if not all(check.ok for check in checks):
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo-project"))
@click.option("--no-open", is_flag=True, help="Do not open the program at the end.")
@json_option
def demo_command(folder: Path, no_open: bool, as_json: bool) -> None:
    """Play the whole loop on the sample essays in FOLDER, then open the program at the review of what it made."""
    from workbench.cli.main import open_program
    from workbench.operations.demo import play

    with errors_as_sentences():
        report = play(folder, say=say)
    emit(report, as_json, [str(folder)])
    if not no_open and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        sys.exit(open_program(folder, screen="review"))
