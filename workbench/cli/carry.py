"""The commands about runs that are carried by hand: zip a bundle, bring its results back."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.output import emit, json_option, say, with_project
from workbench.operations import running
from workbench.operations.project import Project


@click.command("bring")
@click.argument("name")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[RESULTS.ZIP ...]")
@json_option
@with_project
def runs_bring(project: Project, name: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Take in the results of a run that was carried by hand.

    Give the zip as it was downloaded, whatever it is called now, several where it came as several, or a folder. Without
    any, the folder is looked into that the run was put into.
    """
    from workbench.operations.carrying import bring

    brought = bring(project, files, run=running.run_named(project, name))
    emit(brought, as_json, [f"{item.run} {item.status}" for item in brought])
    for item in brought:
        say(item.words)


@click.command("zip")
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), help="The zip, or a folder for it (default: beside the bundle).")
@json_option
@with_project
def runs_zip(project: Project, name: str, to: Path | None, as_json: bool) -> None:
    """Put the bundle of a run that is carried by hand into one zip, for uploading it."""
    from workbench.operations.carrying import zip_bundle

    path = zip_bundle(project, running.run_named(project, name), to)
    emit({"zip": str(path)}, as_json, [str(path)])
