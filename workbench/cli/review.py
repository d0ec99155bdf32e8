"""The commands of review, and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from curation.quoted import quoted
from workbench.cli.mine import mine_group
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.cli.rating import comparison_of, rate_command, rubric_command, tag_command, tags_command
from workbench.cli.replay import review_replay
from workbench.operations import dataset_files, exporting, rating, reviewing, running
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

_VERDICTS = {"base": "left", "run": "right", "tie": "tie", "both-bad": "both bad"}


@click.group()
def review_command() -> None:
    """Read base and adapter side by side; give verdicts, notes, marks, ratings, tags; tell which are mine."""


for _name, _command in (
    ("mine", mine_group),
    ("rate", rate_command),
    ("tag", tag_command),
    ("tags", tags_command),
    ("rubric", rubric_command),
):
    review_command.add_command(_command, _name)


@review_command.command("list")
@json_option
@with_project
def review_list(project: Project, as_json: bool) -> None:
    """List the runs that can be reviewed, newest first."""
    views = [reviewing.review(project, name) for name in reviewing.reviewable_runs(project)]
    rows = [[view.run, len(view.comparisons), view.judged] for view in views]
    data = [{"run": run, "pairs": count, "judged": judged} for run, count, judged in rows]
    emit(data, as_json, table(["run", "pairs", "judged"], rows))


@review_command.command("show")
@click.argument("run")
@click.option("--tag", help="Only pairs of which a sample has this tag.")
@json_option
@with_project
def review_show(project: Project, run: str, tag: str | None, as_json: bool) -> None:
    """Print a run's review as Markdown."""
    view = reviewing.review(project, running.run_named(project, run))
    if tag is not None:
        view = reviewing.only(view, rating.tagged(project, tag))
    emit(view, as_json, exporting.review_markdown(view).splitlines())


@review_command.command("verdict")
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@click.argument("verdict", type=click.Choice(list(_VERDICTS)))
@click.option("--replace-masked", is_flag=True, help="Also where a masked verdict stands that says something else.")
@with_project
def review_verdict(project: Project, run: str, prompt: str, number: int, verdict: str, replace_masked: bool) -> None:
    """Judge the NUMBER-th pair of samples (from 1) of a canary PROMPT, with the names shown."""
    comparison = comparison_of(project, run, prompt, number)
    said = cast(Any, _VERDICTS[verdict])
    reviewing.judge(project, comparison, said, masked=False, replace_masked=replace_masked)


@review_command.command("note")
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@click.argument("of", type=click.Choice(["base", "run"]))
@click.argument("text")
@with_project
def review_note(project: Project, run: str, prompt: str, number: int, of: str, text: str) -> None:
    """Write the note of one sample; an empty TEXT removes it."""
    comparison = comparison_of(project, run, prompt, number)
    reviewing.set_note(project, (comparison.base if of == "base" else comparison.adapter).id, text)


@review_command.command("mark")
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@click.argument("of", type=click.Choice(["base", "run"]))
@click.argument("label", type=click.Choice(reviewing.LABELS))
@click.argument("words")
@with_project
def review_mark(project: Project, run: str, prompt: str, number: int, of: str, label: str, words: str) -> None:
    """Mark the first place where WORDS stand in one sample."""
    comparison = comparison_of(project, run, prompt, number)
    sample = comparison.base if of == "base" else comparison.adapter
    start = sample.text.find(words)
    if start < 0 or not words:
        raise WorkbenchError(f"{quoted(words)} does not stand in that sample. Copy the words as they are.")
    reviewing.add_mark(project, sample.id, label, start, start + len(words))


review_command.add_command(review_replay)


_force_option = click.option("--force", is_flag=True, help="Replace files that no export of this project wrote.")


@click.group()
def export_command() -> None:
    """Export a dataset or a review to files."""


@export_command.command("dataset")
@click.argument("number", type=int, required=False)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option(
    "--form",
    type=click.Choice([item.name for item in dataset_files.FORMS]),
    default="run",
    show_default=True,
    help="; ".join(f"{item.name}: {item.words}" for item in dataset_files.FORMS) + ".",
)
@click.option("--out", type=click.Path(path_type=Path), help="The folder, in place of FOLDER.")
@click.option("--labels", is_flag=True, help="With JSON lines: each row also says tier, source and split.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@_force_option
@json_option
@with_project
def export_dataset(
    project: Project,
    number: int | None,
    folder: Path | None,
    form: str,
    out: Path | None,
    labels: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write dataset NUMBER (default: the newest) into FOLDER, a file for each side of the split.

    Files of these names that no export wrote are refused, and so are those that were changed since.
    """
    if (folder is None) == (out is None):
        raise click.UsageError("Name one folder: as FOLDER after the number, or with --out.")
    into = folder or out or Path()
    report = dataset_files.export_dataset(project, number, into, form=form, labels=labels, dry_run=dry_run, force=force)
    emit(report, as_json, [str(path) for path in report.files])
    for problem in report.said:
        say(str(problem))
    say(report.summary)


@export_command.command("review")
@click.argument("run")
@click.argument("path", type=click.Path(path_type=Path))
@_force_option
@json_option
@with_project
def export_review(project: Project, run: str, path: Path, force: bool, as_json: bool) -> None:
    """Write a review to PATH: JSONL where its name ends in .jsonl, else Markdown."""
    run = running.run_named(project, run)
    emit(exporting.export_review(project, run, path, force=force), as_json, [str(path)])
    say(f"Written: {path}")
