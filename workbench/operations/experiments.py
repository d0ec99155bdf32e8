"""The tree of runs: what each came from, what changed at its branch, which runs are replicates of one another.

Everything is read once for one question, as `Records`; nothing here is kept, so the tree is never out of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from runners.errors import SpecError
from runners.spec import RunSpec
from store import experiments, imported_runs, notebook, runs
from store.runs import RunRow
from workbench.operations.experiment_changes import Change, changes, summary, training_key
from workbench.operations.experiment_verdicts import Tally, Verdicts
from workbench.operations.project import Project

Sort = Literal["training", "sampling", "smoke", "imported"]

# Indent guides of the tree: a branch beside which others follow, the last one, and what goes on beneath each.
_BRANCH, _LAST, _ON, _NOTHING = "├ ", "└ ", "│ ", "  "


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One run in the tree.

    Attributes:
        row: its line in the list of runs.
        sort: whether it trained or only sampled, or is a smoke run or one that was made elsewhere.
        above: the run it hangs under; None for a root.
        guide: what is drawn before its name: how deep it hangs, and what follows beneath.
        changes: what changed from the run it hangs under.
        told: that in few words; empty for a root.
        replicates: the other finished runs that trained alike but for the seed, oldest first.
        tally: the verdicts on its samples against the base's; None where there are no such samples.
        notes: how many notes of the notebook are on it.
    """

    row: RunRow
    sort: Sort
    above: str | None
    guide: str
    changes: tuple[Change, ...]
    told: str
    replicates: tuple[str, ...]
    tally: Tally | None
    notes: int

    @property
    def quiet(self) -> bool:
        """Whether it teaches little by itself: a smoke run, one made elsewhere, or one that failed."""
        return self.sort in ("smoke", "imported") or self.row.status in ("failed", "killed")


@dataclass(frozen=True)
class Records:
    """All runs with their specs, read once; `specs` holds none of a run that was made elsewhere."""

    project: Project
    rows: Mapping[str, RunRow]
    specs: Mapping[str, RunSpec]
    kept: Mapping[str, experiments.SpecRow]
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


def tree(project: Project, *, words: str = "", all_runs: bool = True) -> list[Branch]:
    """Return the tree of runs, as it is drawn from top to bottom.

    Args:
        project: whose runs.
        words: only runs that hold all these words in their name, model, note or what changed; empty for all. What
            hangs under a run that is left out hangs under the next one above it.
        all_runs: whether smoke runs, failed ones and those made elsewhere are in it.
    """
    records = Records.read(project)
    notes = notebook.counts(project.db)
    wanted = words.lower().split()
    shown: dict[str, Branch] = {}
    for name in records.rows:
        branch = _branch(records, name, notes.get(name, 0))
        text = " ".join((name, branch.row.model, branch.row.note, branch.row.status, branch.sort, branch.told)).lower()
        if all(word in text for word in wanted) and (all_runs or not branch.quiet):
            shown[name] = branch
    beneath: dict[str | None, list[str]] = {}
    for name in shown:
        above = records.above(name)
        while above is not None and above not in shown:
            above = records.above(above)
        beneath.setdefault(above, []).append(name)
    return list(_drawn(shown, beneath, None, ""))


def _drawn(
    shown: Mapping[str, Branch], beneath: Mapping[str | None, list[str]], top: str | None, lead: str
) -> Iterator[Branch]:
    """Yield what hangs under a run, each with the guides before its name."""
    here = beneath.get(top, [])
    for name in here:
        last = name == here[-1]
        own, further = ("", "") if top is None else (_LAST, _NOTHING) if last else (_BRANCH, _ON)
        yield replace(shown[name], guide=lead + own)
        yield from _drawn(shown, beneath, name, lead + further)


def _branch(records: Records, name: str, notes: int) -> Branch:
    above, row = records.above(name), records.rows[name]
    found = records.changed(name, above)
    told = ""
    if above is not None:
        same_task = records.rows[above].task == row.task
        told = summary(found) if same_task and name in records.specs and above in records.specs else "sampled again"
    return Branch(
        row=row,
        sort=records.sort(name),
        above=above,
        guide="",
        changes=found,
        told=told,
        replicates=tuple(other for other in records.replicates(name) if other != name),
        tally=records.verdicts.against_base(name),
        notes=notes,
    )
