"""The commands of the history: list it, show an edit, undo, redo, undo down to one, set one aside."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import click

from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import edits
from workbench.operations.edits import Reversal
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

# How often a large edit says how far its undoing is, in seconds.
_SAYS_EVERY_S = 2.0


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="So many, the newest first.")
@json_option
@click.pass_context
def history_command(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the edits, newest first; show, undo-to and set-aside take an edit's number."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(_listed, limit=limit, as_json=as_json)


@history_command.command("list", hidden=True)
@click.option("--limit", type=click.IntRange(min=1), default=50)
@json_option
@with_project
def _listed(project: Project, limit: int, as_json: bool) -> None:
    """List the edits."""
    rows = edits.edit_rows(project, edits.edit_ids(project)[:limit])
    lines = table(["number", "at", "state", "rows", "edit"], [[r.edit, r.at, r.state, r.rows, r.label] for r in rows])
    emit(rows, as_json, lines)


@history_command.command("show")
@click.argument("number", type=int)
@click.option(
    "--limit", type=click.IntRange(min=1), default=edits.SHOWN_ROWS, show_default=True, help="So many rows at most."
)
@json_option
@with_project
def history_show(project: Project, number: int, limit: int, as_json: bool) -> None:
    """Show what an edit changed."""
    changes = edits.edit_changes(project, number, limit)
    emit(changes, as_json, [line for item in changes for line in (item.name, *(f"  {text}" for text in item.lines))])
    if left := edits.rows_left_out(project, number, len(changes)):
        say(f"{left}: --limit shows them.")


@history_command.command("undo-to")
@click.argument("number", type=int)
@json_option
@with_project
def history_undo_to(project: Project, number: int, as_json: bool) -> None:
    """Undo the latest edits down to this one, and it too."""
    _tell(_telling(project, partial(edits.undo_to, project, number)), as_json)


@history_command.command("set-aside")
@click.argument("number", type=int)
@json_option
@with_project
def history_set_aside(project: Project, number: int, as_json: bool) -> None:
    """Take an edit out of undo and redo; what it did stays."""
    sentence = edits.set_aside(project, number)
    emit({"edit": number, "state": edits.edit_rows(project, [number])[0].state}, as_json, [])
    say(sentence)


@click.command()
@json_option
@with_project
def undo_command(project: Project, as_json: bool) -> None:
    """Undo the last edit, of whatever day: an import as well, whole."""
    _tell(_telling(project, partial(edits.reverse, project, "undo")), as_json, none="Nothing to undo.")


@click.command()
@json_option
@with_project
def redo_command(project: Project, as_json: bool) -> None:
    """Redo what was undone last."""
    _tell(_telling(project, partial(edits.reverse, project, "redo")), as_json, none="Nothing to redo.")


def _telling(project: Project, reverse: Callable[..., Reversal | None]) -> Reversal | None:
    """Undo or redo, and say now and then how far it is; say so where it is stopped by ctrl+c."""
    said_at = time.monotonic()

    def progress(done: int, total: int, label: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SAYS_EVERY_S:
            said_at = time.monotonic()
            say(f"{done:,} of {total:,} rows: {label}")

    try:
        return reverse(progress=progress)
    except KeyboardInterrupt:
        if left := edits.in_part(project):
            raise WorkbenchError(left.sentence, on_command_line=left.on_command_line) from None
        raise


def _tell(done: Reversal | None, as_json: bool, none: str = "") -> None:
    """Print what was undone or redone: the rows it touched as data, or null where there was nothing; words beside."""
    if done is None:
        emit(None, as_json, [])
        say(none)
        return
    touched = [{"table": table, "id": key} for table, key in done.touched]
    emit({"sentence": done.sentence, "touched": touched}, as_json, [])
    say(done.sentence)
