"""Which of the canary prompts a sample run takes: all, those of held-out pairs, or those with a real piece.

What is chosen is frozen as a set of its own at the launch, and never before: looking through the choices freezes none.
"""

from __future__ import annotations

from typing import Literal, get_args

from curation.canaries import canary_set_hash
from store import canaries, datasets, runs
from store.canaries import Canary, CanarySet
from workbench.operations.canaries import canary_rows, canary_text, freeze_canaries
from workbench.operations.errors import LaunchError
from workbench.operations.project import Project

Prompts = Literal["all", "held out", "with a real piece"]
PROMPTS: tuple[Prompts, ...] = get_args(Prompts)
_NONE: dict[Prompts, str] = {
    "all": "There are no canary prompts: write one in Datasets with n.",
    "held out": "No canary prompt is the prompt of a held-out pair: p in the blind test (b in Review) adds some.",
    "with a real piece": "No canary prompt has a real piece: write one in Datasets, with e on a prompt.",
}


def chosen(project: Project, prompts: Prompts, adapter_run: str | None) -> list[Canary]:
    """Return the prompts of a choice, in order.

    Args:
        project: whose canary prompts.
        prompts: the choice.
        adapter_run: the training run whose adapter is sampled: what its dataset holds out is meant then, else what the
            newest does.
    """
    rows = canary_rows(project)
    if prompts == "held out":
        held = _held_out(project, adapter_run)
        return [row for row in rows if row.prompt.strip() in held]
    return [row for row in rows if prompts == "all" or row.reference.strip()]


def prompt_choices(project: Project, adapter_run: str | None) -> dict[Prompts, int]:
    """Return how many prompts each choice takes, without those that take none; all of them are always there."""
    counts = {name: len(chosen(project, name, adapter_run)) for name in PROMPTS}
    return {name: count for name, count in counts.items() if count or name == "all"}


def hash_of_chosen(project: Project, prompts: Prompts, adapter_run: str | None) -> str:
    """Return the hash of the set that a launch will freeze.

    Raises:
        LaunchError: the choice takes none.
        WorkbenchError: there are no canary prompts at all.
    """
    if prompts == "all":
        return freeze_canaries(project).content_hash
    return canary_set_hash([canary_text(row) for row in _some(project, prompts, adapter_run)])


def freeze_chosen(project: Project, prompts: Prompts, adapter_run: str | None) -> CanarySet:
    """Freeze the prompts of a choice, or return the set that says the same.

    Raises:
        LaunchError: the choice takes none.
        WorkbenchError: there are no canary prompts at all.
    """
    if prompts == "all":
        return freeze_canaries(project)
    rows = _some(project, prompts, adapter_run)
    texts = [(row.slug, row.prompt, row.topic, row.length, row.reference) for row in rows]
    return canaries.keep_set(project.db, canary_set_hash([canary_text(row) for row in rows]), texts)


def _some(project: Project, prompts: Prompts, adapter_run: str | None) -> list[Canary]:
    rows = chosen(project, prompts, adapter_run)
    if not rows:
        raise LaunchError(_NONE[prompts])
    return rows


def _held_out(project: Project, adapter_run: str | None) -> set[str]:
    dataset_id = runs.get(project.db, adapter_run).dataset_id if adapter_run else None
    if dataset_id is None:
        newest = max(datasets.rows(project.db), key=lambda row: row.number, default=None)
        dataset_id = newest.id if newest else None
    if dataset_id is None:
        return set()
    return {pair.prompt.strip() for pair in datasets.pairs(project.db, dataset_id) if pair.split == "holdout"}
