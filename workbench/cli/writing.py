"""The command that edits the text of an essay or note."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from curation.textfile import decode, read_text
from workbench.cli.output import emit, json_option, say, with_project
from workbench.operations import essays, writing
from workbench.operations.importing import import_paths
from workbench.operations.outside import run_editor, text_from_editor
from workbench.operations.project import Project


@click.command("edit")
@click.argument("name")
@click.option("--text", type=click.Path(path_type=Path), help="Take the text from this file; - for standard input.")
@click.option("--as-imported", is_flag=True, help="Put the text back as it came in last.")
@json_option
@with_project
def essays_edit(project: Project, name: str, text: Path | None, as_imported: bool, as_json: bool) -> None:
    """Edit the text of NAME in $EDITOR, and let its pairs follow.

    A file is opened itself, at the line of a note, and read again. A post of an export and what was pasted have no
    file: what is saved replaces their text, as one edit that undo takes back.
    """
    if text is not None and as_imported:
        raise click.UsageError("Give --text or --as-imported, not both.")
    place = writing.place_of(project, essays.by_names(project, [name])[0])
    if as_imported:
        done = writing.as_imported(project, place.source_id)
    elif text is not None:
        done = writing.rewrite(project, place.source_id, _read(text))
    elif not sys.stdin.isatty():
        raise click.UsageError("Without a terminal there is no editor: give the text with --text.")
    elif place.path is not None:
        run_editor(place.path, line=place.line)
        report = import_paths(project, [place.path], as_edit=False)
        emit(report, as_json, [])
        for problem in report.problems:
            say(str(problem))
        say(report.summary)
        return
    else:
        written = text_from_editor(f"{place.slug}.md", place.text, run_editor)
        done = writing.rewrite(project, place.source_id, written)
    emit(done, as_json, [])
    say(f"{done.told(settle_with='`workbench pairs settle`')}.")


def _read(path: Path) -> str:
    return decode(Path("standard input"), sys.stdin.buffer.read()) if str(path) == "-" else read_text(path)
