"""All runs with their specs, read once for one question: what each came from, and which are replicates of another.

The decision to know: from one question to the next only what was made of a text is kept, by that text. So a tree that
is asked for again with every step of a run costs little, and no answer is ever out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from runners.errors import SpecError
from runners.spec import RunSpec, substance
from store import experiments, imported_runs, runs
from store.runs import RunRow
from workbench.operations.experiment_changes import Change, changes, drawing, training_key
from workbench.operations.experiment_verdicts import Verdicts
from workbench.operations.project import Project

Sort = Literal["training", "sampling", "scoring", "smoke", "imported"]
_SORTS: dict[str, Sort] = {"train": "training", "sample": "sampling", "score": "scoring"}


@dataclass(frozen=True)
class _Read:
    """A spec, its fields of substance, and what it shares with its replicates."""

    spec: RunSpec
    fields: Mapping[str, Any]
    key: tuple[tuple[str, Any], ...]


@lru_cache(maxsize=1024)
def _read(spec_json: str) -> _Read:
    spec = RunSpec.from_json(spec_json)
    fields = substance(spec)
    return _Read(spec, fields, training_key(fields))


@dataclass(frozen=True)
class Records:
    """All runs with their specs, read once.

    Attributes:
        project: whose.
        rows: every run by name, oldest first.
        specs: what each was to do; without those that were made elsewhere.
        kept: what else is kept of each.
        validations: what each said of its last validation, as JSON; without those that never validated.
    """

    project: Project
    rows: Mapping[str, RunRow]
    specs: Mapping[str, RunSpec]
    kept: Mapping[str, experiments.SpecRow]
    validations: Mapping[str, str]

    @classmethod
    def read(cls, project: Project) -> Records:
        """Read every run."""
        rows = {row.name: row for row in runs.rows(project.db)}
        kept = {item.name: item for item in experiments.specs(project.db) if item.name in rows}
        specs = {}
        for name, item in kept.items():
            if rows[name].place != imported_runs.PLACE:
                try:
                    specs[name] = _read(item.spec_json).spec
                except SpecError:
                    # Written by a newer program: the run is shown, and what changed in it is not known.
                    continue
        return cls(project, rows, specs, kept, experiments.last_validations(project.db))

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
        return _SORTS[row.task]

    def above(self, name: str) -> str | None:
        """Return the run that one hangs under: whose adapter it sampled, or what it was copied from."""
        found = self.kept[name].adapter_run or self.rows[name].parent
        return found if found in self.rows else None

    def fields(self, name: str) -> Mapping[str, Any]:
        """Return the fields of substance of a run's spec, by dotted path."""
        return _read(self.kept[name].spec_json).fields

    def changed(self, name: str, other: str | None) -> tuple[Change, ...]:
        """Return what changed from another run to this one; nothing where one of them has no spec.

        Of a run that trained and one that only samples its adapter, that is how the samples were drawn; of one that
        scores it, nothing.
        """
        if other is None or other not in self.specs or name not in self.specs:
            return ()
        before, after = self.kept[other], self.kept[name]
        fields = _read(before.spec_json).fields, _read(after.spec_json).fields
        tasks = {self.specs[other].task, self.specs[name].task}
        if len(tasks) > 1 and "score" in tasks:
            return ()
        if len(tasks) > 1:
            fields = drawing(fields[0]), drawing(fields[1])
        return changes(self.project, *fields, (before.dataset_id, after.dataset_id))

    def replicates(self, name: str) -> tuple[str, ...]:
        """Return a run and those that trained alike but for the seed, oldest first, one for each seed.

        Only runs that finished count; two runs of one seed are one training done twice and say nothing of the noise.
        """
        if not self._counts(name):
            return (name,)
        alike = self._alike[self._key(name)]
        by_seed = {**{self._seed(other): other for other in alike}, self._seed(name): name}
        return tuple(other for other in alike if by_seed[self._seed(other)] == other)

    @cached_property
    def _alike(self) -> dict[tuple[tuple[str, Any], ...], list[str]]:
        """The runs that count, oldest first, by what they share with their replicates."""
        found: dict[tuple[tuple[str, Any], ...], list[str]] = {}
        for name in self.rows:
            if self._counts(name):
                found.setdefault(self._key(name), []).append(name)
        return found

    def scores(self, name: str) -> tuple[str, ...]:
        """Return the finished runs that scored a run's adapter, newest first."""
        return tuple(
            other
            for other in reversed(list(self.rows))
            if self.sort(other) == "scoring" and self.above(other) == name and self.rows[other].status == "finished"
        )

    def alike(self, name: str, other: str) -> bool:
        """Say whether two runs train alike but for the seed, whether they have finished or not."""
        both = name in self.specs and other in self.specs
        return both and self.sort(name) == "training" == self.sort(other) and self._key(name) == self._key(other)

    def _counts(self, name: str) -> bool:
        return name in self.specs and self.sort(name) == "training" and self.rows[name].status == "finished"

    def _key(self, name: str) -> tuple[tuple[str, Any], ...]:
        return _read(self.kept[name].spec_json).key

    def _seed(self, name: str) -> int | None:
        train = self.specs[name].train
        return train.seed if train is not None else None

    def free_seed(self, name: str) -> int:
        """Return a seed that no run which trains as this one does has had: the next after the highest."""
        alike = [other for other in self.rows if other == name or self.alike(name, other)]
        return 1 + max(self._seed(other) or 0 for other in alike)
