"""What the author should know of a run's model and data before she launches it; none of it keeps her from launching."""

from __future__ import annotations

from curation.findings import Finding, with_waivers
from curation.rules import holdout_findings, share_findings, without
from runners.families.base import Known
from runners.spec import RunSpec, method_name
from store import datasets, runs
from workbench.operations.checking import waivers
from workbench.operations.model_files import find_model, is_commit
from workbench.operations.project import Project


def model_warnings(project: Project, spec: RunSpec) -> list[str]:
    """Return a sentence on a model that is nowhere on this machine."""
    model, commit = spec.model.id, spec.model.revision
    files = find_model(f"{model}@{commit}" if commit and is_commit(commit) else model, project.root)
    if files.where != "nowhere":
        return []
    return [
        f"{model} is not here: the job fetches it at launch, and fails where there is none of that name. "
        f"`workbench models add {model}` asks for it now, and has its pairs counted."
    ]


def family_warnings(spec: RunSpec, found: Known) -> list[str]:
    """Return what the author should know of this model's family, and of a rate or a length that are not made for it."""
    family, train = found.family, spec.train
    warnings = [family.unverified] if family.unverified else []
    if train is None:
        return warnings
    highest = found.highest_rate(train.method)
    if highest is not None and train.learning_rate > highest:
        warnings.append(
            f"train.learning_rate {train.learning_rate:g} is above {highest:g}, the highest published for "
            f"{family.title} with {method_name(spec)} ({family.rates[train.method].words})."
        )
    if found.context_tokens and train.max_length > found.context_tokens:
        warnings.append(
            f"train.max_length {train.max_length} is beyond the {found.context_tokens} tokens the model was made for."
        )
    return warnings


def data_warnings(project: Project, spec: RunSpec, dataset_id: int) -> list[str]:
    """Return what the dataset breaks of the author's rules on shares and the holdout, unless it is waived or off.

    Args:
        project: whose run, and whose rules: those of the checks in Datasets.
        spec: what it will do.
        dataset_id: what it trains on; counted as it was frozen, whatever was accepted since.
    """
    rules = project.settings.rules
    trains = datasets.sources(project.db, dataset_id, "train") if spec.task == "train" else {}
    shares = _standing(project, share_findings(rules, trains))
    found = [shares[0] + _and_more(len(shares) - 1)] if shares else []
    holdout = _standing(project, holdout_findings(rules, datasets.sources(project.db, dataset_id, "holdout")))
    if not holdout:
        return found
    return [*found, *holdout[:-1], holdout[-1] + _as_measured(project, spec)]


def _standing(project: Project, findings: list[Finding]) -> list[str]:
    """Return the sentences of what is neither waived nor off."""
    looked_at = without(findings, project.settings.rules.off)
    return [item.message for item in with_waivers(looked_at, waivers(project)) if not item.waived]


def _and_more(others: int) -> str:
    """Count the sources that are above their share too; the form has room for one sentence."""
    if not others:
        return ""
    return f" {others} more {'sources are' if others > 1 else 'source is'} above it."


def _as_measured(project: Project, spec: RunSpec) -> str:
    """Say how sure of its loss an earlier run on this holdout was; empty where none measured it."""
    measured = runs.latest_validation(project.db, dataset_hash=spec.dataset_hash or "")
    if measured is None:
        return ""
    loss, high = measured
    return f" An earlier run on it measured a loss of {loss:.2f} ± {high - loss:.2f}."
