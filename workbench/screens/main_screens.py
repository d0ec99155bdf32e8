"""The six screens of the tabs, each loaded when it is first shown or in a pause before.

Nothing here imports a screen at once: the first frame paints before any of them is read.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

# What the first visit to a screen imports; ahead of it, in pauses, small pieces first.
AHEAD = (
    "curation.paragraphs",
    "curation.sentences",
    "curation.tokens",
    "curation.lint",
    "workbench.operations.curating",
    "workbench.screens.pairs",
    "workbench.operations.reviewing",
    "workbench.screens.review",
    "workbench.operations.running",
    "workbench.screens.runs",
    "workbench.screens.datasets",
    "workbench.screens.launch",
    "workbench.operations.experiments",
    "workbench.screens.experiments",
)


def _essays() -> Screen[None]:
    from workbench.screens.essays import EssaysScreen

    return EssaysScreen()


def _pairs() -> Screen[None]:
    from workbench.screens.pairs import PairsScreen

    return PairsScreen()


def _datasets() -> Screen[None]:
    from workbench.screens.datasets import DatasetsScreen

    return DatasetsScreen()


def _runs() -> Screen[None]:
    from workbench.screens.runs import RunsScreen

    return RunsScreen()


def _review() -> Screen[None]:
    from workbench.screens.review import ReviewScreen

    return ReviewScreen()


def _experiments() -> Screen[None]:
    from workbench.screens.experiments import ExperimentsScreen

    return ExperimentsScreen()


MAIN: dict[str, Callable[[], Screen[None]]] = {
    "essays": _essays,
    "pairs": _pairs,
    "datasets": _datasets,
    "runs": _runs,
    "review": _review,
    "experiments": _experiments,
}
