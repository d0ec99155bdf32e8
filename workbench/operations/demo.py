"""Play the whole loop on the sample essays, by the same operations an author uses; playing again goes on from there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from curation.counted import counted
from store.pairs import PairFilter
from workbench.operations.canaries import canary_rows, import_canaries
from workbench.operations.collecting import wait
from workbench.operations.curating import decide, pair_counts, pair_ids, pair_view
from workbench.operations.errors import LaunchError
from workbench.operations.essays import essay_rows, hold_out_by_hash
from workbench.operations.freezing import dataset_rows, freeze
from workbench.operations.importing import import_paths
from workbench.operations.launching import draft, launch
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.operations.reviewing import reviewable_runs
from workbench.operations.running import run_rows, run_view

_HELD_OUT = 2


@dataclass(frozen=True, kw_only=True)
class DemoReport:
    """What the demo made, and where."""

    project: Path
    sources: int
    accepted: int
    held_out: int
    dataset: int
    run: str
    seconds: float


def play(folder: Path, *, say: Callable[[str], None]) -> DemoReport:
    """Import, propose, accept, hold out, freeze, train, sample; tell each step as it is done.

    Raises:
        LaunchError: the run did not finish; the message says why and where its log is.
    """
    began = time.monotonic()
    say(f"A project in {folder}, with twelve sample essays and ten notes")
    _copy_samples(folder)
    project = Project.create(folder, essays=("essays",))
    report = import_paths(project, ())
    say(f"  {report.summary}")
    if not pair_ids(project, PairFilter()):
        made = propose_pairs(project)
        say(f"  {counted(made, 'pair')} proposed, continuation: the text before, then the paragraph")
    if not any(row.split == "holdout" for row in essay_rows(project)):
        held = hold_out_by_hash(project, count=_HELD_OUT, seed=1)
        say(f"  held out whole: {', '.join(row.title for row in held)}")
    if not pair_counts(project).accepted:
        proposed = pair_ids(project, PairFilter(statuses=("proposed",)))
        sound = [pair_id for pair_id in proposed if not pair_view(project, pair_id).warnings]
        decide(project, sound, "accepted")
        say(f"  {len(sound)} accepted: every proposal without a warning (you would read them, with a and x)")
    if not canary_rows(project):
        with as_file(files("workbench") / "demo" / "canaries.md") as path:
            count = import_canaries(project, path).imported
        say(f"  {counted(count, 'canary prompt')}")
    if not dataset_rows(project):
        frozen = freeze(project, note="the demo's")
        row = frozen.dataset
        leaks = counted(row.leaks, "leak")
        say(f"  dataset {row.number} frozen: {row.train_pairs} train, {row.holdout_pairs} holdout, {leaks}")
    standing = reviewable_runs(project)
    run = standing[0] if standing else _train(project, say)
    counts = pair_counts(project)
    held_out = sum(1 for row in essay_rows(project) if row.split == "holdout")
    done = DemoReport(
        project=folder,
        sources=len(essay_rows(project)),
        accepted=counts.accepted,
        held_out=held_out,
        dataset=dataset_rows(project)[0].number,
        run=run,
        seconds=time.monotonic() - began,
    )
    say(f"Done in {done.seconds:.0f} s. Base and adapter stand side by side: workbench -p {folder}, then 5")
    project.close()
    return done


def _train(project: Project, say: Callable[[str], None]) -> str:
    unfinished = [
        row.name for row in run_rows(project) if row.task == "train" and row.status not in ("failed", "killed")
    ]
    name = unfinished[0] if unfinished else launch(project, draft(project))
    say(f"Run {name}: the base is sampled, an adapter is trained, and sampled from the same seeds")
    status = wait(project, name, say=say)
    if status != "finished":
        view = run_view(project, name)
        raise LaunchError(f"{name} is {status}: {view.error or 'see its log'} ({view.directory}/attempts)")
    return name


def _copy_samples(folder: Path) -> None:
    """Copy the sample essays beside the project; files that are there stay as the author left them."""
    target = folder / "essays"
    with as_file(files("workbench") / "demo" / "essays") as source:
        for path in sorted(source.rglob("*.md")):
            copy = target / path.relative_to(source)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
