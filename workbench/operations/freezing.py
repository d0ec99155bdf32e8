"""Freeze what is accepted into a dataset: content-hashed, checked for leaks, compared with the one before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from curation import lint, snapshot
from curation.lint import Leak
from store import datasets, pairs
from store.datasets import DatasetPair, DatasetRow
from workbench.operations.canaries import canary_rows, freeze_canaries
from workbench.operations.errors import NothingToDoError
from workbench.operations.members import lint_pair, snapshot_pair
from workbench.operations.project import Project

# The author's own rule: no source above 15 to 20 % of the pairs.
SHARE_WARNING = 0.15


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How one dataset differs from another, in pairs."""

    added: int
    removed: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class FreezeReport:
    """The dataset that stands after freezing; `new` is False when the same pairs were frozen before."""

    dataset: DatasetRow
    new: bool
    leaks: tuple[Leak, ...]
    warnings: tuple[str, ...]
    difference: Difference | None


@dataclass(frozen=True, kw_only=True)
class DatasetView:
    """One dataset with its leak report, its warnings, its tiers and sources, and what changed since its parent."""

    row: DatasetRow
    leaks: tuple[Leak, ...]
    tiers: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, str, int], ...]
    difference: Difference | None
    warnings: tuple[str, ...]


def check_leaks(project: Project) -> list[Leak]:
    """Look for duplicates and near-copies across the split, and for canary prompts and topics in training text."""
    return _leaks(project, list(pairs.accepted(project.db)))


def freeze(project: Project, *, note: str = "") -> FreezeReport:
    """Freeze the accepted pairs into a dataset; the canary prompts are frozen with it.

    Raises:
        NothingToDoError: no pair of the train side is accepted.
        WorkbenchError: there are no canary prompts.
    """
    accepted = list(pairs.accepted(project.db))
    if not any(pair.split == "train" for pair in accepted):
        held = f"All {len(accepted)} accepted pairs are of essays held out. " if accepted else ""
        raise NothingToDoError(f"{held}No accepted pair on the train side: accept some in Pairs with a, then freeze.")
    canary_set = freeze_canaries(project)
    members = [
        DatasetPair(
            pair_hash=snapshot_pair(pair).id,
            pair_id=pair.id,
            split=pair.split,
            tier=pair.tier,
            source=pair.source,
            prompt=pair.prompt,
            response=pair.response,
        )
        for pair in accepted
    ]
    frozen = snapshot.freeze(snapshot_pair(pair) for pair in accepted)
    found = _leaks(project, accepted)
    row, new = datasets.save(
        project.db,
        content_hash=frozen.content_hash,
        pairs=list({member.pair_hash: member for member in members}.values()),
        leaks_json=json.dumps([asdict(leak) for leak in found], ensure_ascii=False),
        canary_set_id=canary_set.id,
        note=note,
    )
    warnings = _warnings([lint_pair(pair.id, pair) for pair in accepted])
    if len(members) > row.train_pairs + row.holdout_pairs:
        twice = len(members) - row.train_pairs - row.holdout_pairs
        warnings.append(f"{twice} pairs are the same as another to the letter, and are kept once.")
    return FreezeReport(
        dataset=row, new=new, leaks=tuple(found), warnings=tuple(warnings), difference=_difference(project, row)
    )


def dataset_rows(project: Project) -> list[DatasetRow]:
    """Return every dataset, newest first."""
    return sorted(datasets.rows(project.db), key=lambda row: -row.number)


def dataset_view(project: Project, dataset_id: int) -> DatasetView:
    """Return one dataset with its report."""
    row = datasets.get(project.db, dataset_id)
    tiers: dict[str, int] = {}
    sources: dict[tuple[str, str], int] = {}
    members = datasets.pairs(project.db, dataset_id)
    for pair in members:
        tiers[pair.tier] = tiers.get(pair.tier, 0) + 1
        sources[pair.source, pair.split] = sources.get((pair.source, pair.split), 0) + 1
    return DatasetView(
        row=row,
        leaks=tuple(Leak(**item) for item in json.loads(datasets.leaks_json(project.db, dataset_id))),
        tiers=tuple(sorted(tiers.items())),
        sources=tuple((source, split, count) for (source, split), count in sorted(sources.items())),
        difference=_difference(project, row),
        warnings=tuple(_warnings([lint_pair(pair.pair_hash, pair) for pair in members])),
    )


def snapshot_of(project: Project, dataset_id: int) -> snapshot.Snapshot:
    """Build a dataset's files again from the store; the same bytes as when it was frozen."""
    return snapshot.freeze(snapshot_pair(pair) for pair in datasets.pairs(project.db, dataset_id))


def _leaks(project: Project, members: Sequence[pairs.Pair]) -> list[Leak]:
    prompts = [lint.LintCanary(slug=row.slug, prompt=row.prompt, topic=row.topic) for row in canary_rows(project)]
    return lint.leaks([lint_pair(pair.id, pair) for pair in members], prompts)


def _warnings(members: Sequence[lint.LintPair]) -> list[str]:
    """Say what speaks against training on these pairs."""
    warnings = [
        f"{source} gives {share:.0%} of the training pairs: above {SHARE_WARNING:.0%} a model may learn that one essay."
        for source, share in lint.source_shares([pair for pair in members if pair.split == "train"])
        if share > SHARE_WARNING
    ]
    if not any(pair.split == "holdout" for pair in members):
        warnings.append("Nothing is held out: validation is not possible. Hold an essay out in Essays with h.")
    return warnings


def _difference(project: Project, row: DatasetRow) -> Difference | None:
    if row.parent_id is None:
        return None
    before = set(datasets.pair_hashes(project.db, row.parent_id))
    after = set(datasets.pair_hashes(project.db, row.id))
    return Difference(added=len(after - before), removed=len(before - after), kept=len(after & before))
