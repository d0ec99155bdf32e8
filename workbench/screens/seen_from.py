"""Open the view of what a model sees from another screen than Pairs: for a dataset, and for a run before its launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.seen import SeenPairs, SeenScreen

if TYPE_CHECKING:
    from runners.spec import RunSpec


def see_dataset(screen: ProjectScreen, dataset_id: int | None) -> None:
    """Show what the models see of a frozen dataset's pairs; None for what a freeze would take now."""

    def ask() -> Sequence[int | str]:
        from store.pairs import PairFilter
        from workbench.operations.curating import pair_ids
        from workbench.operations.seen import dataset_pairs

        if dataset_id is None:
            return list(pair_ids(screen.project, PairFilter(statuses=("accepted",))))
        return dataset_pairs(screen.project, dataset_id)

    def show(keys: Sequence[int | str]) -> None:
        if keys:
            screen.app.push_screen(SeenScreen(SeenPairs(keys=keys, dataset_id=dataset_id)))

    screen.ask(ask, show, group="seen")


def see_run(screen: ProjectScreen, spec: RunSpec, dataset_id: int | None) -> None:
    """Show what the model of a run sees of the pairs it would train on, as the run would take them."""
    train = spec.train
    if train is None or dataset_id is None:
        screen.say("This run only samples: it takes no pairs.")
        return

    def ask() -> SeenPairs:
        from workbench.operations.seen import dataset_pairs, recipe_of

        model = spec.model.id if spec.model.revision is None else f"{spec.model.id}@{spec.model.revision}"
        keys = dataset_pairs(screen.project, dataset_id)
        return SeenPairs(keys=keys, dataset_id=dataset_id, model=model, recipe=recipe_of(train))

    def show(pairs: SeenPairs) -> None:
        screen.app.push_screen(SeenScreen(pairs))

    screen.ask(ask, show, group="seen")
