"""All runs with their specs, read once for one question: what each came from, and which are replicates of another.

Nothing here is kept from one question to the next, so no answer is ever out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from runners.errors import SpecError
from runners.spec import RunSpec
from store import experiments, imported_runs, runs
from store.runs import RunRow
from workbench.operations.experiment_changes import Change, changes, training_key
from workbench.operations.experiment_verdicts import Verdicts
from workbench.operations.project import Project

Sort = Literal["training", "sampling", "smoke", "imported"]


@dataclass(frozen=True)
class Records:
    """All runs with their specs, read once.

    Attributes:
        project: whose.
        rows: every run by name, oldest first.
        specs: what each was to do; without those that were made elsewhere.
        kept: what else is kept of each.
        measured: the last validation of runs that were asked for it, by name.
    """

    project: Project
    rows: Mapping[str, RunRow]
    specs: Mapping[str, RunSpec]
    kept: Mapping[str, experiments.SpecRow]
    measured: dict[str, Any] = field(default_factory=dict)
    _keys: dict[str, tuple[tuple[str, Any], ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, project: Project) -> Records:
        """Read every run."""
        rows = {row.name: row for row in runs.rows(project.db)}
        kept = {item.name: item for item in experiments.specs(project.db) if item.name in rows}
        specs = {}
        for name, item in kept.items():
            if rows[name].place != imported_runs.PLACE:
                try:
                    specs[name] = RunSpec.from_json(item.spec_json)
                except SpecError:
                    # Written by a newer program: the run is shown, and what changed in it is not known.
                    continue
        return cls(project, rows, specs, kept)

    @cached_property
    def verdicts(self) -> Verdicts:
        """All verdicts."""
        return Verdicts.read(self.project, self.kept)

    def sort(self, name: str) -> Sort:
        """Say what sort of run it is."""
        row = self.rows[name]
        if row.place == imported_runs.PLACE:
            return "imported"
        if row.smoke:
            return "smoke"
        return "training" if row.task == "train" else "sampling"

    def above(self, name: str) -> str | None:
        """Return the run that one hangs under: whose adapter it sampled, or what it was copied from."""
        found = self.kept[name].adapter_run or self.rows[name].parent
        return found if found in self.rows else None

    def changed(self, name: str, other: str | None) -> tuple[Change, ...]:
        """Return what changed from another run to this one; nothing where one of them has no spec."""
        before, after = self.specs.get(other or ""), self.specs.get(name)
        if before is None or after is None or before.task != after.task:
            return ()
        ids = self.kept[other or ""].dataset_id, self.kept[name].dataset_id
        return changes(self.project, before, after, ids)

    def replicates(self, name: str) -> tuple[str, ...]:
        """Return a run and those that trained alike but for the seed, oldest first, one for each seed.

        Only runs that finished count; two runs of one seed are one training done twice and say nothing of the noise.
        """
        if not self._counts(name):
            return (name,)
        key, seen = self._key(name), {self._seed(name)}
        found = {name}
        for other in reversed(list(self.rows)):
            if self._counts(other) and self._key(other) == key and self._seed(other) not in seen:
                seen.add(self._seed(other))
                found.add(other)
        return tuple(item for item in self.rows if item in found)

    def alike(self, name: str, other: str) -> bool:
        """Say whether two runs train alike but for the seed, whether they have finished or not."""
        both = name in self.specs and other in self.specs
        return both and self.sort(name) == "training" == self.sort(other) and self._key(name) == self._key(other)

    def _counts(self, name: str) -> bool:
        return name in self.specs and self.sort(name) == "training" and self.rows[name].status == "finished"

    def _key(self, name: str) -> tuple[tuple[str, Any], ...]:
        if name not in self._keys:
            self._keys[name] = training_key(self.specs[name])
        return self._keys[name]

    def _seed(self, name: str) -> int | None:
        train = self.specs[name].train
        return train.seed if train is not None else None

    def free_seed(self, name: str) -> int:
        """Return a seed that no run which trains as this one does has had: the next after the highest."""
        alike = [other for other in self.rows if other == name or self.alike(name, other)]
        return 1 + max(self._seed(other) or 0 for other in alike)
