"""The commands of models: list, show, add, remove."""

from __future__ import annotations

import click

from curation.counted import counted
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import models
from workbench.operations.project import Project


@click.group()
def models_command() -> None:
    """The models that pairs are counted for and runs start from: list, show, add, remove."""


@models_command.command("list")
@json_option
@with_project
def models_list(project: Project, as_json: bool) -> None:
    """List the models of the project; the first is the one that runs start from."""
    views = models.model_views(project)
    rows = [
        [
            view.id,
            view.family or "–",
            (view.revision or "–")[:12],
            view.where,
            "yes" if view.weights else "no",
            "exact" if view.exact else "estimate",
            view.context_tokens,
            view.layout or "–",
        ]
        for view in views
    ]
    headings = ["model", "family", "revision", "where", "weights", "counts", "context", "layout"]
    emit(views, as_json, table(headings, rows))
    for view in views:
        if view.problem:
            say(f"{view.id}: {view.problem}")


@models_command.command("show")
@click.argument("name")
@json_option
@with_project
def models_show(project: Project, name: str, as_json: bool) -> None:
    """Show one model by its id or the last part of it."""
    _show(models.model_named(project, name), as_json)


@models_command.command("add")
@click.argument("name")
@click.option("--revision", help="Branch, tag or commit of a repository (default: what is cached, else the newest).")
@json_option
@with_project
def models_add(project: Project, name: str, revision: str | None, as_json: bool) -> None:
    """Add a model: a folder, or a Hugging Face id, whose tokenizer and configuration are fetched, never its weights."""
    view = models.add_model(project, name, revision=revision)
    _show(view, as_json)
    say(f"Added. Pairs are counted for {counted(len(models.model_views(project)), 'model')} now.")


@models_command.command("remove")
@click.argument("name")
@json_option
@with_project
def models_remove(project: Project, name: str, as_json: bool) -> None:
    """Take a model out of the list; what was fetched stays in the hub's cache."""
    removed = models.remove_model(project, name)
    emit({"removed": removed}, as_json, [removed])


def _show(view: models.ModelView, as_json: bool) -> None:
    lines = [
        f"model     {view.id}",
        f"family    {view.family or 'not known: there is no config.json'}",
        f"revision  {view.revision or 'none'}{' (pinned)' if view.pinned else ''}",
        f"where     {view.where}{f': {view.folder}' if view.folder else ''}",
        f"weights   {'here' if view.weights else 'not here; a run fetches them'}",
        f"counts    {'exact, by its own tokenizer' if view.exact else 'an estimate'}",
        f"layout    {view.layout or 'not known'}",
        f"context   {view.context_tokens or 'not known'} tokens; pairs up to {view.limit_tokens} are taken here",
    ]
    emit(view, as_json, lines)
    for words in (view.problem, view.unverified):
        if words:
            say(words)
