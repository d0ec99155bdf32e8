"""Compare two datasets, or one with what a freeze would take now."""

from __future__ import annotations

from dataclasses import dataclass

from curation.comparison import SetDifference, Version, compare
from store import datasets, pairs
from workbench.operations.freezing import dataset_numbered, frozen_pairs
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How two datasets differ, by their numbers; None is what a freeze would take now."""

    old: int | None
    new: int | None
    difference: SetDifference

    @property
    def names(self) -> tuple[str, str]:
        """What the two are called."""
        old, new = ("what is accepted" if item is None else f"dataset {item}" for item in (self.old, self.new))
        return old, new


def compare_datasets(project: Project, old: int | None, new: int | None) -> Comparison:
    """Compare two datasets by their numbers; None is what a freeze would take now.

    Raises:
        WorkbenchError: there is none of that number.
    """
    difference = compare(_versions(project, old), _versions(project, new))
    return Comparison(old=old, new=new, difference=difference)


def _versions(project: Project, number: int | None) -> list[Version]:
    if number is None:
        members = frozen_pairs(pairs.accepted(project.db))
    else:
        members = datasets.pairs(project.db, dataset_numbered(project, number).id)
    return [
        Version(
            key=pair.pair_id,
            hash=pair.pair_hash,
            source=pair.source,
            split=pair.split,
            tier=pair.tier,
            prompt=pair.prompt,
            response=pair.response,
        )
        for pair in members
    ]
