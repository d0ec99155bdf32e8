"""The commands of the history: undo, redo."""

from __future__ import annotations

import click

from workbench.cli.output import say, with_project
from workbench.operations import edits
from workbench.operations.project import Project


@click.command()
@with_project
def undo_command(project: Project) -> None:
    """Undo the last edit, of whatever day."""
    say(edits.undo(project) or "Nothing to undo.")


@click.command()
@with_project
def redo_command(project: Project) -> None:
    """Redo what was undone last."""
    say(edits.redo(project) or "Nothing to redo.")
