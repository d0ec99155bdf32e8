"""The commands that rate and tag one sample of a review, and list criteria and tags."""

from __future__ import annotations

import click

from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import rating, reviewing, running
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

_of_argument = click.argument("of", type=click.Choice(["base", "run"]))


def comparison_of(project: Project, run: str, prompt: str, number: int) -> reviewing.Comparison:
    """Return the NUMBER-th pair of samples, from 1, of a run's canary prompt.

    Raises:
        WorkbenchError: there is none.
    """
    view = reviewing.review(project, running.run_named(project, run))
    found = [item for item in view.comparisons if item.base.canary_slug == prompt and item.base.idx == number - 1]
    if not found:
        known = ", ".join(reviewing.prompts_of(view))
        raise WorkbenchError(f"{run} has no pair {number} of samples for {prompt!r}. Its prompts: {known}.")
    return found[0]


@click.command()
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@_of_argument
@click.argument("criterion")
@click.argument("value", type=click.Choice(["1", "2", "3", "4", "5", "none"]))
@with_project
def rate_command(project: Project, run: str, prompt: str, number: int, of: str, criterion: str, value: str) -> None:
    """Rate one sample by a CRITERION of the rubric, 1 to 5; none takes the rating away."""
    sample = _sample(project, run, prompt, number, of)
    rating.rate(project, sample, criterion, None if value == "none" else int(value))


@click.command()
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@_of_argument
@click.argument("tags", nargs=-1)
@with_project
def tag_command(project: Project, run: str, prompt: str, number: int, of: str, tags: tuple[str, ...]) -> None:
    """Give one sample these TAGS and no others; without any, it has none."""
    given = rating.set_tags(project, _sample(project, run, prompt, number, of), " ".join(tags))
    say(f"Tagged {', '.join(given)}." if given else "Without tags.")


@click.command()
@json_option
@with_project
def tags_command(project: Project, as_json: bool) -> None:
    """List the tags that are used, the most used first."""
    used = rating.used_tags(project)
    data = [{"tag": tag, "samples": count} for tag, count in used]
    emit(data, as_json, table(["tag", "samples"], [[tag, count] for tag, count in used]))


@click.command()
@json_option
@with_project
def rubric_command(project: Project, as_json: bool) -> None:
    """List the criteria that samples are rated by; they stand in workbench.toml under [rubric]."""
    found = rating.criteria(project)
    emit(dict(found), as_json, table(["criterion", "asks"], [[name, question] for name, question in found]))


def _sample(project: Project, run: str, prompt: str, number: int, of: str) -> int:
    comparison = comparison_of(project, run, prompt, number)
    return (comparison.base if of == "base" else comparison.adapter).id
