"""What changed from one run to another, in the words of the launch form, and what each change can have an effect on.

The decision to know: a change of how samples are drawn leaves the loss alone, and a change of how often something is
measured or kept leaves both alone. Only what can have had an effect counts as a variable of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from runners.spec import differences
from store import canaries, datasets, experiments
from workbench.operations.fields import shown
from workbench.operations.project import Project

Effect = Literal["training", "samples", "nothing"]
# What `runners.spec.substance` returns.
Fields = Mapping[str, Any]

SEED = "train.seed"
_SEEDS = (SEED, "sampling.seed")
# What is measured and kept has no part in training: every step is seeded by its number alone.
_MEASURING = frozenset(
    {
        *("train.probe_pairs", "train.checkpoint_every_steps", "train.save_total_limit"),
        *("train.sample_every_steps", "train.sample_at_steps"),
    }
)
# These decide when a run ends early, where it may.
_WATCHED = frozenset({"train.eval_every_steps", "train.eval_draws"})
_HASH_DIGITS = 8
# What came and went between two frozen datasets, by their content hashes: it never changes, and counting it takes a
# quarter of a second for large ones, each time the tree is asked for.
_COUNTED: dict[tuple[str | None, str | None], dict[str, tuple[int, int]]] = {}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is other than in the run compared with.

    Attributes:
        path: the field's dotted path, as the launch form names it; `dataset` and `canary prompts` for those.
        before: its value there, as it is typed.
        after: its value here.
        effect: what it can have an effect on: training and so everything, only the samples, or nothing.
        counts: of a dataset, how many pairs came and went; empty otherwise.
    """

    path: str
    before: str
    after: str
    effect: Effect
    counts: str = ""

    @property
    def words(self) -> str:
        """The change in one line."""
        return f"{self.path} {self.before} → {self.after}" + (f" ({self.counts})" if self.counts else "")

    @property
    def name(self) -> str:
        """The field's own name."""
        return self.path.rpartition(".")[2]


def changes(
    project: Project, before: Fields, after: Fields, dataset_ids: tuple[int | None, int | None]
) -> tuple[Change, ...]:
    """Return what changed between the fields of two specs; `dataset_ids` are those of the two runs."""
    early = _ends_early(before) or _ends_early(after)
    found = []
    for path, old, new in _leading(before, after):
        if path == "dataset_hash":
            found.append(_of_datasets(project, dataset_ids, (old, new)))
        elif path == "canary_hash":
            old, new = _version(project, old), _version(project, new)
            found.append(Change(path="canary prompts", before=old, after=new, effect="samples"))
        else:
            effect = effect_of(path, early=early, scored=_scores(after))
            found.append(Change(path=path, before=shown(old), after=shown(new), effect=effect))
    return tuple(found)


def effect_of(path: str, *, early: bool, scored: bool = False) -> Effect:
    """Return what a field can have an effect on.

    Args:
        path: the field.
        early: whether a run may end before its last step.
        scored: whether it is of a run that scores: then the loss is the adapter's.
    """
    if scored and path.startswith("adapter."):
        return "training"
    if path.partition(".")[0] in ("sampling", "adapter", "canary_hash"):
        return "samples"
    return "nothing" if path in _MEASURING or (path in _WATCHED and not early) else "training"


def drawing(fields: Fields) -> Fields:
    """Return those fields alone that say how samples are drawn, and with which prompts."""
    return {path: value for path, value in fields.items() if path.partition(".")[0] in ("sampling", "canary_hash")}


def training_key(fields: Fields) -> tuple[tuple[str, Any], ...]:
    """Return all that training depends on but its seed: runs that share it are replicates."""
    early = _ends_early(fields)
    return tuple(
        (path, value) for path, value in fields.items() if path != SEED and effect_of(path, early=early) == "training"
    )


def all_else(fields: Fields, path: str) -> tuple[tuple[str, Any], ...]:
    """Return all that what a field does depends on beside it: runs that share it differ in this field alone.

    Seeds are left out, and so is what only follows from the field. For a field that training depends on, how samples
    are drawn does not matter.
    """
    early = _ends_early(fields)
    effects = ("training",) if effect_of(path, early=early) == "training" else ("training", "samples")
    return tuple(
        (other, value)
        for other, value in fields.items()
        if other != path
        and other not in _SEEDS
        and not _follows(other, {path})
        and effect_of(other, early=early) in effects
    )


def variables(found: Sequence[Change], of: Literal["loss", "samples"]) -> tuple[Change, ...]:
    """Return the changes that can have had an effect on a run's loss, or on its samples and so on their verdicts.

    A seed is no variable beside another one: what it changes is the noise, and replicates tell how much that is.
    """
    effects = ("training",) if of == "loss" else ("training", "samples")
    changed = tuple(item for item in found if item.effect in effects)
    return tuple(item for item in changed if item.path not in _SEEDS) or changed


def variable_paths(before: Fields, after: Fields) -> tuple[str, ...]:
    """Return the fields of two specs that count as variables of their comparison, without a look into the store."""
    early = _ends_early(before) or _ends_early(after)
    found = [
        Change(
            path=path, before=shown(old), after=shown(new), effect=effect_of(path, early=early, scored=_scores(after))
        )
        for path, old, new in _leading(before, after)
    ]
    return tuple(item.path for item in variables(found, "samples"))


def summary(found: Sequence[Change]) -> str:
    """Say what changed in few words, for a line of the tree."""
    counting = variables(found, "samples") or tuple(found)
    if not counting:
        return "the same again"
    reseeded = ", another seed" if any(item.path in _SEEDS and item not in counting for item in found) else ""
    if len(counting) == 1:
        only = counting[0]
        return f"{only.name} {only.before} → {only.after}{reseeded}"
    return f"{len(counting)} changes: " + ", ".join(item.name for item in counting) + reseeded


def warning(found: Sequence[Change]) -> str:
    """Say what a branch cannot prove since several things changed at once; empty where one did, or none."""
    of_loss, of_samples = variables(found, "loss"), variables(found, "samples")
    if len(of_loss) > 1:
        names = ", ".join(item.path for item in of_loss)
        return f"{len(of_loss)} variables changed at once ({names}): this branch proves nothing about any one of them."
    if len(of_samples) > 1:
        names = ", ".join(item.path for item in of_samples)
        alone = f"the loss depends on {of_loss[0].path} alone" if of_loss else "the loss depends on none of them"
        return (
            f"{len(of_samples)} variables of the samples changed at once ({names}): verdicts prove nothing about any "
            f"one of them; {alone}."
        )
    return ""


def _leading(before: Fields, after: Fields) -> list[tuple[str, Any, Any]]:
    """Return what differs, without what only follows from another difference."""
    found = differences(before, after)
    paths = {path for path, _, _ in found}
    return [item for item in found if not _follows(item[0], paths)]


def _follows(path: str, paths: set[str]) -> bool:
    """Say whether a difference only follows from another one that is told."""
    section, _, name = path.partition(".")
    if section == "lora" and "train.method" in paths:
        return True
    if path == "model.revision" and "model.id" in paths:
        return True
    # Another run's adapter is another checkpoint too.
    return section == "adapter" and (name == "path" or (name in ("", "checkpoint") and "adapter.run" in paths))


def _scores(fields: Fields) -> bool:
    return fields.get("score.draws") is not None


def _ends_early(fields: Fields) -> bool:
    return bool(fields.get("train.early_stopping_patience"))


def _of_datasets(project: Project, ids: tuple[int | None, int | None], hashes: tuple[str | None, str | None]) -> Change:
    named = []
    for dataset_id, content_hash in zip(ids, hashes, strict=True):
        digits = (content_hash or "none").removeprefix("sha256:")[:_HASH_DIGITS]
        number = datasets.get(project.db, dataset_id).number if dataset_id is not None else None
        named.append(digits if number is None else f"{number} ({digits})")
    counts = ""
    old, new = ids
    if old is not None and new is not None:
        if hashes not in _COUNTED:
            _COUNTED[hashes] = experiments.dataset_changes(project.db, old, new)
        counts = ", ".join(_side(side, came, went) for side, (came, went) in _COUNTED[hashes].items())
    return Change(path="dataset", before=named[0], after=named[1], effect="training", counts=counts)


def _side(side: str, came: int, went: int) -> str:
    return f"{side} +{came} −{went}" if came or went else f"{side} as before"


def _version(project: Project, content_hash: str | None) -> str:
    found = [item.version for item in canaries.sets(project.db) if item.content_hash == content_hash]
    return f"version {found[0]}" if found else (content_hash or "none").removeprefix("sha256:")[:_HASH_DIGITS]
