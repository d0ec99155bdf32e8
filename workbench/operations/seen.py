"""What a target model sees of a pair: one of the list, or one of a frozen dataset, as a run would take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from runners.spec import EosPadding, OverLong, RunSpec, TrainSpec
from store import datasets, pairs, runs, token_counts
from workbench.operations.beginning import first_train
from workbench.operations.project import Project
from workbench.operations.sequences import Recipe, SeenPair
from workbench.operations.targets import Target, known_of
from workbench.operations.tokens import lay_out_pair

EOS_PADDINGS: tuple[EosPadding, ...] = get_args(EosPadding)
OVER_LONG: tuple[OverLong, ...] = get_args(OverLong)


@dataclass(frozen=True, kw_only=True)
class PairText:
    """The text of a pair, wherever it is kept, and what to call it."""

    title: str
    prompt: str
    response: str


def pair_text(project: Project, pair_id: int) -> PairText:
    """Return a pair of the list."""
    pair = pairs.get(project.db, pair_id)
    return PairText(title=f"{pair.title}, pair {pair.id}", prompt=pair.prompt, response=pair.response)


def dataset_pair_text(project: Project, dataset_id: int, pair_hash: str) -> PairText:
    """Return a pair of a frozen dataset."""
    pair = datasets.pair(project.db, dataset_id, pair_hash)
    number = datasets.get(project.db, dataset_id).number
    return PairText(title=f"{pair.source}, dataset {number}", prompt=pair.prompt, response=pair.response)


def dataset_pairs(project: Project, dataset_id: int) -> list[str]:
    """Return the hashes of a dataset's pairs, in the order of its files."""
    return sorted(datasets.pair_hashes(project.db, dataset_id))


def recipe_of(train: TrainSpec) -> Recipe:
    """Return how a training run takes pairs."""
    return Recipe(
        max_length=train.max_length,
        over_long=train.over_long,
        eos_padding=train.eos_padding,
        batch=train.per_device_train_batch_size,
        pad_to_multiple_of=train.pad_to_multiple_of,
        t_min=train.t_min,
        t_max=train.t_max,
        complementary=train.complementary_masks,
    )


def usual_recipe(project: Project, chosen: Target) -> Recipe:
    """Return how the next run of a model would take pairs: as its latest training run did, else by the defaults."""
    model = chosen.files.model
    known = {model, str(chosen.files.folder)} if chosen.files.where == "folder" else {model}
    latest = [row.name for row in runs.rows(project.db) if row.task == "train" and row.model in known]
    if latest:
        train = RunSpec.from_json(runs.get(project.db, latest[-1]).spec_json).train
        if train is not None:
            return recipe_of(train)
    return recipe_of(first_train(project, known_of(chosen.files)))


def see(project: Project, chosen: Target, text: PairText, recipe: Recipe) -> SeenPair:
    """Lay a pair out for a target model; its batch may be as long as the longest accepted pair that is counted.

    Raises:
        ModelError, CountingError: the model's tokenizer or layout is not known here.
    """
    longest = token_counts.longest_accepted(project.db, chosen.fingerprint, recipe.max_length)
    return lay_out_pair(project, chosen, text.prompt, text.response, recipe, longest=longest)
