"""What the author should know of a run's data before she launches it; none of it keeps her from launching."""

from __future__ import annotations

from runners.intervals import smallest_difference
from runners.spec import RunSpec
from store import checks, datasets, runs
from workbench.operations.model_files import find_model, is_commit
from workbench.operations.project import Project

# As in the job, `runners/tasks/train.py`: one essay with more than this share teaches its subject, and not a voice.
_OVERUSED = 0.4
# With fewer pairs than this only a difference of more than two thirds of their spread could be shown.
_FEW_PAIRS = 12


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


def data_warnings(project: Project, spec: RunSpec, dataset_id: int) -> list[str]:
    """Return sentences on an over-used source and on a holdout too small to decide anything, unless they are waived.

    Args:
        project: whose run.
        spec: what it will do.
        dataset_id: what it trains on.
    """
    sources, found = datasets.train_sources(project.db, dataset_id), []
    pairs = sum(count for _, count in sources)
    waived = {(waiver.rule, waiver.subject) for waiver in checks.waivers(project.db)}
    share = {("source-share", ""), ("source-share", sources[0][0])} if sources else set()
    if len(sources) > 1 and sources[0][1] > _OVERUSED * pairs and not share & waived:
        source, count = sources[0]
        found.append(
            f"{count} of {pairs} training pairs come from {source}: the model will learn its subject before your voice."
        )
    held = datasets.get(project.db, dataset_id).holdout_pairs
    if ("small-holdout" if held else "no-holdout", "") in waived:
        return found
    if held == 0:
        found.append("The dataset holds nothing out: there will be no validation loss.")
    elif held == 1:
        found.append("The holdout is a single pair: its loss cannot show whether anything helps. Hold more out.")
    elif held < _FEW_PAIRS:
        found.append(_what_it_could_show(project, spec, held))
    return found


def _what_it_could_show(project: Project, spec: RunSpec, held: int) -> str:
    """Name the smallest difference that the holdout could show: in nats where a run measured it, else in spreads."""
    measured = runs.latest_validation(project.db, dataset_hash=spec.dataset_hash or "")
    share = smallest_difference(held) or 0.0
    if measured is None:
        size = f"{share:.1f} times the spread between its pairs"
    else:
        loss, high = measured
        size = f"{high - loss:.2f} beside a loss of {loss:.2f}, as an earlier run on it measured"
    return f"The holdout has {held} pairs: the smallest difference its loss could show alone is {size}. Hold more out."
