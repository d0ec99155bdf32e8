"""The adapters that training runs leave: which of a run's checkpoints can be taken, and where one lies."""

from __future__ import annotations

from pathlib import Path

from runners.rundir import RunDir
from runners.spec import AdapterSpec, RunSpec
from store import runs
from workbench.operations.errors import LaunchError
from workbench.operations.places import is_remote
from workbench.operations.project import Project

LATEST, BEST = "latest", "best"


def spec_of(project: Project, run: str | None) -> RunSpec | None:
    """Return what a run was to do; None for no run."""
    return RunSpec.from_json(runs.get(project.db, run).spec_json) if run else None


def checkpoint_choices(project: Project, run: str) -> tuple[str, ...]:
    """Return what of a training run can be sampled: `latest`, `best` where one is known, and every step that stands."""
    steps = [item.step for item in runs.checkpoints(project.db, run)]
    best = runs.best_step(project.db, run)
    named = [LATEST, *([BEST] if best in steps else [])]
    return (*named, *map(str, steps)) if steps else ()


def adapter_of(project: Project, run: str, checkpoint: str) -> AdapterSpec:
    """Return the adapter of a run's checkpoint, as `checkpoint_choices` names it.

    Raises:
        LaunchError: there is no such checkpoint.
    """
    found = {item.step: item.path for item in runs.checkpoints(project.db, run)}
    if not found:
        raise LaunchError(f"{run} has no checkpoint yet: wait for one, or sample the base.")
    step = runs.best_step(project.db, run) if checkpoint == BEST else None
    step = max(found) if checkpoint == LATEST else step if step is not None else _number(checkpoint)
    if step not in found:
        choices = ", ".join(checkpoint_choices(project, run))
        raise LaunchError(f"{run} has no checkpoint {checkpoint!r}. It has {choices}.")
    return AdapterSpec(run=run, checkpoint=found[step])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def adapter_folder(project: Project, spec: RunSpec) -> Path:
    """Return where the adapter of a spec lies.

    Raises:
        LaunchError: it is gone.
    """
    assert spec.adapter is not None
    folder = project.absolute(runs.get(project.db, spec.adapter.run).dir) / spec.adapter.checkpoint
    if not folder.is_dir() and is_remote(place_of := runs.get(project.db, spec.adapter.run).place):
        raise LaunchError(
            f"{folder.name} of {spec.adapter.run} has not come from {place_of} yet. Wait for it, or sample another.",
            on_command_line=f"{folder.name} of {spec.adapter.run} has not come from {place_of} yet. `workbench collect "
            f"{spec.adapter.run}` brings it.",
        )
    if not folder.is_dir():
        raise LaunchError(f"{folder}: the checkpoint is gone. Sample another run, or train this one again.")
    return RunDir.weights(folder)
