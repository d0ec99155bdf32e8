"""The commands of curation: essays, canaries, dataset."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workbench.cli.cleaning import essays_clean, essays_footnotes, essays_rules
from workbench.cli.output import emit, json_option, plain, say, table, with_project
from workbench.cli.writing import essays_edit
from workbench.operations import canaries, essays
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project


@click.group()
def essays_command() -> None:
    """List the essays, hold whole ones out, edit their texts, see what goes of them when pairs are proposed."""


@essays_command.command("list")
@json_option
@with_project
def essays_list(project: Project, as_json: bool) -> None:
    """List every source."""
    rows, used = essays.essay_rows(project), essays.used(project)
    lines = table(
        ["name", "kind", "words", "paragraphs", "used", "split", "accepted", "proposed", "group"],
        [
            [
                r.slug,
                r.kind,
                r.words,
                r.paragraphs,
                essays.used_said(r, used.get(r.id)),
                r.split,
                r.accepted,
                r.proposed,
                r.group if r.grouped > 1 else "",
            ]
            for r in rows
        ],
    )
    data = [plain(row) | {"used": plain(used[row.id]) if row.id in used else None} for row in rows]
    emit(data, as_json, lines)


@essays_command.command("hold-out")
@click.argument("names", nargs=-1)
@click.option("--count", type=int, help="Choose so many by a seeded hash instead.")
@click.option("--share", type=float, help="Choose about this share, 0 to 1: a new essay never moves another.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of that choice.")
@json_option
@with_project
def essays_hold_out(
    project: Project, names: tuple[str, ...], count: int | None, share: float | None, seed: int, as_json: bool
) -> None:
    """Hold whole essays out by name, or COUNT or a SHARE of them by a seeded hash; groups are never torn apart."""
    if bool(names) + (count is not None) + (share is not None) != 1:
        raise click.UsageError("Give names, or --count, or --share.")
    if share is not None:
        held = essays.hold_out_share(project, share=share, seed=seed)
    elif count is not None:
        held = essays.hold_out_by_hash(project, count=count, seed=seed)
    else:
        held = essays.hold_out(project, names)
    emit([row.slug for row in held], as_json, [row.slug for row in held])
    said = f"{essays.sources_said(held)} held out."
    say(said if share is None else essays.share_said(essays.essay_rows(project), held, share=share))


@essays_command.command("take-back")
@click.argument("names", nargs=-1, required=True)
@with_project
def essays_take_back(project: Project, names: tuple[str, ...]) -> None:
    """Take essays that are held out, and their groups, back into training."""
    for row in essays.essay_rows(project):
        if row.slug in names and row.split == "holdout":
            say(essays.toggle_holdout(project, [row.id]))


@essays_command.command("join")
@click.argument("names", nargs=-1, required=True)
@with_project
def essays_join(project: Project, names: tuple[str, ...]) -> None:
    """Let essays share a side from now on: a draft and its finished piece, say. One held out holds all out."""
    say(essays.join(project, essays.by_names(project, names)))


@essays_command.command("part")
@click.argument("name")
@with_project
def essays_part(project: Project, name: str) -> None:
    """Take an essay out of its group; it stays on its side."""
    say(essays.part(project, essays.by_names(project, [name])[0]))


for _command in (essays_edit, essays_clean, essays_rules, essays_footnotes):
    essays_command.add_command(_command)


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
    report = canaries.import_canaries(project, path)
    emit(plain(report) | {"imported": report.imported}, as_json, [str(report.imported)])
    for problem in report.problems:
        say(str(problem))
    say(report.summary)
    if report.problems:
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


@canaries_command.command("rename")
@click.argument("name")
@click.argument("new")
@with_project
def canaries_rename(project: Project, name: str, new: str) -> None:
    """Give the prompt NAME another name, NEW."""
    say(f"{name} is named {canaries.rename_canary(project, name, new)} now.")


@canaries_command.command("remove")
@click.argument("name")
@with_project
def canaries_remove(project: Project, name: str) -> None:
    """Take a prompt out of the working set; frozen versions keep it."""
    found = [row for row in canaries.canary_rows(project) if row.slug == name]
    if not found:
        raise WorkbenchError(f"There is no canary named {name!r}. See `workbench canaries list`.")
    canaries.remove_canary(project, found[0].id)
