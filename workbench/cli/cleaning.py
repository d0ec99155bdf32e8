"""The commands about what goes of an essay: `essays clean`, `essays rules`, `essays footnotes`."""

from __future__ import annotations

import click

from curation.counted import counted
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import cleaning
from workbench.operations.project import Project

_LONGEST = 100


@click.command("clean")
@click.argument("name")
@json_option
@with_project
def essays_clean(project: Project, name: str, as_json: bool) -> None:
    """Show by line what goes of the essay NAME when pairs are proposed from it; the file is never changed."""
    view = cleaning.cleaning_view_of(project, name)
    going = [item for item in view.leftovers if item.on]
    rows = [[item.line, item.rule, _short(item.text), _short(item.kept)] for item in going]
    emit(view, as_json, table(["line", "rule", "what goes", "what stays"], rows) if rows else [])
    staying = len(view.leftovers) - len(going)
    say(f"{len(going)} go; {staying} more would, were every rule on. See `workbench essays rules`.")


@click.command("rules")
@click.argument("rule", required=False)
@click.argument("switch", required=False, type=click.Choice(["on", "off"]))
@json_option
@with_project
def essays_rules(project: Project, rule: str | None, switch: str | None, as_json: bool) -> None:
    """List the rules by which leftovers of a platform go, or switch one: essays rules links off."""
    if rule is not None and switch is None:
        raise click.UsageError("Say on or off behind the rule.")
    if rule is not None:
        say(cleaning.switch_rule(project, rule, switch == "on"))
    found = cleaning.rules(project)
    emit(found, as_json, table(["", "rule", "what goes"], [["on" if r.on else "off", r.name, r.words] for r in found]))


@click.command("footnotes")
@click.argument("names", nargs=-1)
@json_option
@with_project
def essays_footnotes(project: Project, names: tuple[str, ...], as_json: bool) -> None:
    """Print the notes that are kept aside, of the essays NAMES or of all, as Markdown."""
    found = cleaning.footnote_views(project, names)
    emit(found, as_json, [cleaning.footnotes_markdown(found).rstrip("\n")] if found else [])
    say(f"{counted(len(found), 'note')}.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
