"""The tree of runs: what hangs under what, what changed at each branch, and whether a difference is more than noise.

Here the experiments begin. The modules beside it, from what is read to what is said:

- `experiment_records`: all runs with their specs, read once for one question.
- `experiment_changes`: what changed between two runs, and what of it counts as a variable.
- `experiment_losses`: whether a difference of losses is more than noise; `experiment_verdicts`: what the author judged.
- `experiment_view`: one run in full, or two beside each other, put together from these.
- `experiment_words`: what each of that says, a sentence; `experiment_report`: a whole view as lines of text.
- `experiment_samples`, `experiment_markdown`, `experiment_export`: what is read of it outside the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from store import notebook
from store.runs import RunRow
from workbench.operations.experiment_changes import Change, summary
from workbench.operations.experiment_losses import Finding, loss_difference
from workbench.operations.experiment_records import Records, Sort
from workbench.operations.experiment_verdicts import Tally
from workbench.operations.project import Project

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
        difference: of its validation loss, or its replicates' mean, from that of the run it hangs under; None where
            they cannot be compared.
        finding: what can be said of that; None for a root and for a run that did not train.
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
    difference: float | None
    finding: Finding | None
    tally: Tally | None
    notes: int

    @property
    def quiet(self) -> bool:
        """Whether it teaches little by itself: a smoke run, one made elsewhere, or one that failed."""
        return self.sort in ("smoke", "imported") or self.row.status in ("failed", "killed")


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
        known = name in records.specs and above in records.specs
        told = summary(found) if known and (found or same_task) else "sampled again"
    if records.sort(name) == "scoring":
        told = f"scored on dataset {row.dataset_number}" + (f", {told}" if found else "")
    difference = loss_difference(records, name, above) if above is not None and row.task == "train" else None
    return Branch(
        row=row,
        sort=records.sort(name),
        above=above,
        guide="",
        changes=found,
        told=told,
        replicates=tuple(other for other in records.replicates(name) if other != name),
        difference=None if difference is None else difference.value,
        finding=None if difference is None else difference.finding,
        tally=records.verdicts.against_base(name),
        notes=notes,
    )
