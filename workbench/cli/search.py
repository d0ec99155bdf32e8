"""The command that searches everything by words."""

from __future__ import annotations

import sys

import click

from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations.project import Project
from workbench.operations.searching import find


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many of each sort."
)
@json_option
@with_project
def search_command(project: Project, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search essays, notes, pairs, canary prompts, samples, notes on them, and the notebook.

    All the words, in any order; the last may be unfinished; words in double quotes as they follow each other.
    """
    hits = find(project, " ".join(words), limit)
    lines = table(
        ["what", "id", "where", "about", "words"],
        [[hit.kind, hit.id, hit.title, hit.about, hit.excerpt] for hit in hits],
    )
    emit(hits, as_json, lines if hits else [])
    say("1 found." if len(hits) == 1 else f"{len(hits)} found.")
    if not hits:
        sys.exit(1)
