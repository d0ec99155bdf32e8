"""The models of a project: which they are, what is known of them here, and adding one from a folder or from the hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import runners
from workbench.operations.errors import NothingToDoError, UnknownModelError
from workbench.operations.model_files import Where, find_model, is_commit, split_entry
from workbench.operations.project import SETTINGS_FILE, Project, read_settings
from workbench.operations.settings_list import write_models
from workbench.operations.targets import Target, find_target, known_of, read, targets

_POLL_S = 0.1


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """A model of the project.

    Attributes:
        id: `embedded`, a folder, or a repository's id.
        runs_start_here: whether it is the model that runs start from.
        family: what is known of it as; else what its `config.json` calls it; empty where neither says anything.
        revision: the commit it is pinned to, or the one in the cache; None for a folder and the embedded model.
        pinned: whether the project names that commit.
        where: with the program, in a folder, in the hub's local cache, or nowhere.
        folder: the place.
        weights: whether weights lie there too.
        exact: whether pairs are counted as the job will lay them out; else it is an estimate.
        layout: how its pairs are laid out; None where that is not known.
        context_tokens: the longest sequence it was made for; None where its `config.json` does not say.
        limit_tokens: the longest pair that is taken here.
        problem: why a count is an estimate; empty when it is exact.
        unverified: what of it nobody has checked yet; empty when all was.
    """

    id: str
    runs_start_here: bool
    family: str
    revision: str | None
    pinned: bool
    where: Where
    folder: Path | None
    weights: bool
    exact: bool
    layout: str | None
    context_tokens: int | None
    limit_tokens: int
    problem: str
    unverified: str


def model_views(project: Project) -> list[ModelView]:
    """Return every model of the project, the one that runs start from first."""
    return [model_view(project, item) for item in targets(project)]


def model_named(project: Project, name: str) -> ModelView:
    """Return one model of the project by its id or the last part of it.

    Raises:
        UnknownModelError: it is none of the project's.
    """
    return model_view(project, find_target(project, name))


def model_view(project: Project, chosen: Target) -> ModelView:
    """Look at one model; its tokenizer is read here."""
    reading, files = read(chosen, project), chosen.files
    found = known_of(files)
    return ModelView(
        id=files.model,
        runs_start_here=files.model == split_entry(project.settings.model)[0],
        family=found.family.name if found else str(files.config().get("model_type") or ""),
        revision=files.revision,
        pinned=files.pinned,
        where=files.where,
        folder=files.folder,
        weights=files.has_weights,
        exact=reading.exact,
        layout=reading.layout.name if reading.layout else None,
        context_tokens=found.context_tokens if found else None,
        limit_tokens=chosen.limit,
        problem=reading.problem,
        unverified=found.family.unverified if found else "",
    )


def add_model(
    project: Project,
    model: str,
    *,
    revision: str | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ModelView:
    """Add a model to the project: a folder as it is, a repository pinned to a commit.

    Tokenizer and configuration of a repository are fetched where they are not in the local cache, never its weights.

    Args:
        project: the project; its settings are read again.
        model: a folder, or a repository's id.
        revision: branch, tag or commit; None for a commit that is in the cache already, else for the newest.
        cancelled: asked now and then while something is fetched.

    Raises:
        UnknownModelError: there is no such model, or it could not be fetched; nothing is changed.
        NothingToDoError: it is there already, at that commit.
    """
    name, commit = split_entry(model)
    commit = commit or revision
    found = find_model(name, project.root)
    if found.where in ("embedded", "folder"):
        if commit:
            raise UnknownModelError(f"{name} is a folder, which has no revision. Leave the revision out.")
        entry = name
    else:
        if name.startswith(("/", ".", "~")):
            raise UnknownModelError(f"{name}: no such folder. Name one that holds config.json and tokenizer.json.")
        pinned = find_model(f"{name}@{commit}", project.root) if commit and is_commit(commit) else found
        here = pinned.tokenizer is not None and (commit is None or pinned.revision == commit)
        entry = f"{name}@{pinned.revision if here else _fetch(project, name, commit, cancelled)}"
    others = [item for item in project.settings.models if split_entry(item)[0] != name]
    if len(others) < len(project.settings.models) and entry in project.settings.models:
        raise NothingToDoError(f"{entry} is a model of this project already.")
    _write(project, [*others, entry])
    return model_named(project, name)


def remove_model(project: Project, name: str) -> str:
    """Take a model out of the project's list and return its id; files that were fetched stay in the cache.

    Raises:
        UnknownModelError: it is none of the project's, or the one that runs start from.
    """
    chosen = find_target(project, name, may_be_added=False)
    model = chosen.files.model
    kept = [item for item in project.settings.models if split_entry(item)[0] != model]
    if len(kept) == len(project.settings.models):
        raise UnknownModelError(
            f"{model} is the model that runs start from. Name another in {SETTINGS_FILE}, with model = ..., first."
        )
    _write(project, kept)
    return model


def _write(project: Project, models: list[str]) -> None:
    path = project.root / SETTINGS_FILE
    write_models(path, models)
    project.settings = read_settings(path)


def _fetch(project: Project, model: str, revision: str | None, cancelled: Callable[[], bool]) -> str:
    """Fetch a repository's small files in a child process; return the commit."""
    python = project.settings.local.python or sys.executable
    program = Path(runners.__file__).parent / "fetch.py"
    # Safe path: the folder of the program holds modules with the names of others.
    command = [python, "-P", str(program), model, *([revision] if revision else [])]
    quiet = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    try:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet
        ) as child:
            while child.poll() is None:
                if cancelled():
                    child.kill()
                    raise UnknownModelError(f"Fetching {model} was cancelled; nothing was added.")
                time.sleep(_POLL_S)
            said = child.stdout.read() if child.stdout else ""
    except OSError as error:
        raise UnknownModelError(
            f"{python}: cannot be started ({error.strerror}). Name another Python under [local] in {SETTINGS_FILE}."
        ) from error
    try:
        answer = json.loads(said.splitlines()[-1])
        problem = answer.get("problem")
    except (ValueError, IndexError, AttributeError):
        raise UnknownModelError(
            f"{model} could not be fetched: {python} ended with code {child.returncode}. Try again, or fetch it by "
            "hand into a folder and add that."
        ) from None
    if problem:
        raise UnknownModelError(str(problem))
    return str(answer["commit"])
