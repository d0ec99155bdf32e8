"""Freeze what is accepted into a dataset: content-hashed, checked for leaks, compared with the one before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from curation import snapshot
from curation.counted import counted
from curation.findings import Finding, Waiver, with_waivers
from curation.statistics import statistics
from store import checks, datasets, pairs
from store.datasets import DatasetPair, DatasetRow
from workbench.operations.canaries import canary_rows, freeze_canaries
from workbench.operations.checking import Progress, Report, check_members, lacking_text, report_from, waivers
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.members import lint_pair, snapshot_pair
from workbench.operations.project import Project


class LeaksError(WorkbenchError):
    """A freeze that was to take no leaks, and found some."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How one dataset differs from another, in pairs."""

    added: int
    removed: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class FreezeReport:
    """The dataset that stands after freezing.

    Attributes:
        dataset: it.
        new: False when the same pairs were frozen before.
        report: as it was checked now; of a dataset that stood already, its own keeps what was found then.
        difference: to the dataset before it; None for the first.
        twice: accepted pairs that are the same as another to the letter, and are kept once.
    """

    dataset: DatasetRow
    new: bool
    report: Report
    difference: Difference | None
    twice: int = 0

    @property
    def leaks(self) -> list[Finding]:
        """The leaks that stand."""
        return self.report.leaks

    @property
    def warnings(self) -> list[str]:
        """What to look at, as sentences."""
        found = [item.message for item in self.report.warnings]
        if self.twice:
            found.append(
                f"{counted(self.twice, 'pair is', 'pairs are')} the same as another to the letter, and kept once."
            )
        return found


@dataclass(frozen=True, kw_only=True)
class DatasetView:
    """One dataset with the report it was frozen with, and what changed since its parent.

    Attributes:
        row: the dataset.
        report: findings and statistics as of then; what was waived later is marked so.
        difference: to its parent; None for the first.
    """

    row: DatasetRow
    report: Report
    difference: Difference | None


def freeze(
    project: Project,
    *,
    note: str = "",
    leaks_too: bool = True,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FreezeReport:
    """Freeze the accepted pairs into a dataset; the canary prompts are frozen with it.

    Args:
        project: whose.
        note: for people.
        leaks_too: freeze although leaks were found.
        progress: called with steps done, steps in all, and what is being done.
        cancelled: asked now and then; no dataset is frozen then.

    Raises:
        LeaksError: leaks were found, and are not to be frozen; the report is kept as that of a check.
        NothingToDoError: no pair of the train side is accepted, or an accepted one lacks a text.
        WorkbenchError: there are no canary prompts.
        Conflict: another program edited them just now.
        Cancelled: it was asked to stop.
    """
    stamp = checks.stamp(project.db)
    accepted = list(pairs.accepted(project.db))
    if not any(pair.split == "train" for pair in accepted):
        all_held = "The only accepted pair is of an essay held out. "
        if len(accepted) != 1:
            all_held = f"All {len(accepted)} accepted pairs are of essays held out. "
        held = all_held if accepted else ""
        raise NothingToDoError(
            f"{held}No accepted pair on the train side: accept some in Pairs with a, then freeze.",
            on_command_line=f"{held}No accepted pair on the train side: `workbench pairs accept` some, then freeze.",
        )
    lacking = {pair.id: said for pair in accepted if (said := lacking_text(pair.id, pair))}
    if lacking:
        first = next(iter(lacking.values()))
        more = f" So it is with {len(lacking) - 1} more." if len(lacking) > 1 else ""
        raise NothingToDoError(
            # The key comes first: the status line has no room for all of it.
            f"Not frozen, o in Datasets goes to what is missing. {first}{more} i writes it, x rejects the pair; c "
            "lists all.",
            on_command_line=f"{first}{more} Nothing was frozen. `workbench check` lists all; `pairs edit` "
            "writes what is missing, `pairs reject` rejects it.",
            pair_ids=list(lacking),
        )
    prompts = canary_rows(project)
    if prompts and not leaks_too:
        # Before anything is frozen; what it looked at is not looked at again below.
        found = check_members(project, accepted, prompts, stamp=stamp, progress=progress, cancelled=cancelled).leaks
        _refuse(found)
    canary_set = freeze_canaries(project, prompts)
    report = check_members(project, accepted, prompts, stamp=stamp, progress=progress, cancelled=cancelled)
    progress(0, 0, "hashing and writing")
    members = frozen_pairs(accepted)
    frozen = snapshot.freeze(snapshot_pair(pair) for pair in members)
    row, new = datasets.save(
        project.db,
        content_hash=frozen.content_hash,
        pairs=members,
        leaks_json=json.dumps([asdict(leak) for leak in report.leaks], ensure_ascii=False),
        canary_set_id=canary_set.id,
        note=note,
        report_json=json.dumps(report.to_json(), ensure_ascii=False),
    )
    return FreezeReport(
        dataset=row,
        new=new,
        report=report,
        difference=dataset_difference(project, row),
        twice=len(accepted) - len(members),
    )


def _refuse(leaks: Sequence[Finding]) -> None:
    if leaks:
        found = f"{counted(len(leaks), 'leak')} found, and so nothing was frozen:"
        raise LeaksError(
            f"{found} o in Datasets goes to their pairs, W waives with a reason.",
            on_command_line=f"{found} `workbench check` lists them, `workbench waive` sets one aside with a reason.",
        )


def frozen_pairs(accepted: Iterable[pairs.Pair]) -> list[DatasetPair]:
    """Return pairs as a dataset holds them, each text once."""
    members = {}
    for pair in accepted:
        text = snapshot.normalised(snapshot_pair(pair))
        members[text.id] = DatasetPair(
            pair_hash=text.id,
            pair_id=pair.id,
            split=text.split,
            tier=text.tier,
            source=text.source,
            prompt=text.prompt,
            response=text.response,
        )
    return list(members.values())


def dataset_rows(project: Project) -> list[DatasetRow]:
    """Return every dataset, newest first, each with the leaks that its report shows."""
    later = waivers(project)
    rows = [_as_waived(project, row, later) for row in datasets.rows(project.db)]
    return sorted(rows, key=lambda row: -row.number)


def dataset_numbered(project: Project, number: int) -> DatasetRow:
    """Return a dataset by its number.

    Raises:
        WorkbenchError: there is none of that number.
    """
    found = [row for row in datasets.rows(project.db) if row.number == number]
    if not found:
        raise WorkbenchError(f"There is no dataset {number}. See `workbench dataset list`.")
    return found[0]


def dataset_view(project: Project, dataset_id: int) -> DatasetView:
    """Return one dataset with its report; what was waived since it was frozen says so."""
    later = waivers(project)
    row = _as_waived(project, datasets.get(project.db, dataset_id), later)
    return DatasetView(row=row, report=_report_since(project, row, later), difference=dataset_difference(project, row))


def snapshot_of(project: Project, dataset_id: int) -> snapshot.Snapshot:
    """Build a dataset's files again from the store; the same bytes as when it was frozen."""
    return snapshot.freeze(snapshot_pair(pair) for pair in datasets.pairs(project.db, dataset_id))


def _as_waived(project: Project, row: DatasetRow, later: Sequence[Waiver]) -> DatasetRow:
    """Return a dataset without the leaks that were waived since it was frozen."""
    return replace(row, leaks=len(_report_since(project, row, later).leaks)) if row.leaks and later else row


def _report_since(project: Project, row: DatasetRow, later: Sequence[Waiver]) -> Report:
    """Return what was found when a dataset was frozen; what was waived later says so."""
    report = _frozen_report(project, row)
    since = [replace(item, reason=f"since: {item.reason}") for item in later]
    findings = tuple(
        finding if finding.waived else now
        for finding, now in zip(report.findings, with_waivers(report.findings, since), strict=True)
    )
    return replace(report, findings=findings)


def _frozen_report(project: Project, row: DatasetRow) -> Report:
    data = json.loads(datasets.report_json(project.db, row.id))
    if data:
        return report_from(data)
    # Frozen before reports were kept: its leaks were, and what it is made of can be counted again.
    members = [lint_pair(pair.pair_id, pair) for pair in datasets.pairs(project.db, row.id)]
    by_id = {pair.id: pair.source for pair in members}
    return Report(
        findings=tuple(
            Finding(
                rule=leak["kind"],
                severity="leak",
                scope="pair",
                subject=leak["left"],
                source=by_id.get(leak["left"], ""),
                other=leak["right"],
                other_source=by_id.get(leak["right"], leak["right"]),
                message=leak["message"],
            )
            for leak in json.loads(datasets.leaks_json(project.db, row.id))
        ),
        unclear_topics=(),
        statistics=statistics(members),
        checked_at=row.created_at,
    )


def dataset_difference(project: Project, row: DatasetRow) -> Difference | None:
    """Return how a dataset differs from the one before it, in numbers; None for the first."""
    if row.parent_id is None:
        return None
    before = set(datasets.pair_hashes(project.db, row.parent_id))
    after = set(datasets.pair_hashes(project.db, row.id))
    return Difference(added=len(after - before), removed=len(before - after), kept=len(after & before))
