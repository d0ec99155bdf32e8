"""A project with a tree of runs for tests of the experiments: replicates, a branch of one change, one of several."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runners.rundir import RunDir
from runners.spec import AdapterSpec, RunSpec, ScoreSpec, sample_key
from store import datasets, runs
from tests.journeys.builders import add_run, fixed_time, make_curated_project, train_spec
from workbench.operations.collecting import collect
from workbench.operations.freezing import freeze, snapshot_of
from workbench.operations.project import Project

ROOT = "20261120-1000-embedded-lr0.001-aaaa"
AGAIN = "20261120-1010-embedded-lr0.001-bbbb"
THIRD = "20261120-1020-embedded-lr0.001-cccc"
SLOWER = "20261120-1030-embedded-lr0.0005-dddd"
SEVERAL = "20261120-1040-embedded-lr0.0001-eeee"
BROKEN = "20261120-1050-embedded-lr0.01-ffff"

# The loss of each run beside the root's, nats a token: replicates lie within some hundredths.
SHIFTS = {ROOT: 0.0, AGAIN: 0.02, THIRD: -0.015, SLOWER: -0.4, SEVERAL: 0.3}


def make_tree(folder: Path, *, pair_losses: bool = True) -> Project:
    """Make a project whose runs are a root with two replicates, a copy of one change, one of several, and a failed one.

    The root and the copy with half the learning rate have samples; nothing is judged yet.
    """
    project = make_curated_project(folder)
    with fixed_time():
        freeze(project)
    add(project, ROOT, pair_losses=pair_losses, with_base=True, sampled=True)
    add(project, AGAIN, parent=ROOT, train={"seed": 2}, pair_losses=pair_losses)
    add(project, THIRD, parent=ROOT, train={"seed": 3}, pair_losses=pair_losses)
    add(project, SLOWER, parent=ROOT, learning_rate=5e-4, pair_losses=pair_losses, sampled=True)
    several = {"max_steps": 40, "weight_decay": 0.1}
    add(project, SEVERAL, parent=SLOWER, learning_rate=1e-4, train=several, pair_losses=pair_losses)
    add(project, BROKEN, parent=ROOT, learning_rate=1e-2, steps_done=10, error="Step 11: the loss is no number.")
    return project


def add(
    project: Project,
    name: str,
    *,
    parent: str | None = None,
    learning_rate: float = 1e-3,
    train: Mapping[str, Any] | None = None,
    sampling: Mapping[str, Any] | None = None,
    pair_losses: bool = True,
    **what: Any,
) -> RunDir:
    """Add a run that finished unless it is said to have failed; its name gives the time, and its loss by `SHIFTS`."""
    spec = train_spec(project, name, parent=parent, learning_rate=learning_rate)
    assert spec.train is not None
    spec = replace(spec, train=replace(spec.train, **(train or {})))
    spec = replace(spec, sampling=replace(spec.sampling, **(sampling or {})))
    at = f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:00.000Z"
    losses = losses_of_pairs(project, spec) if pair_losses else None
    finished = "error" not in what and "status" not in what
    shift = SHIFTS.get(name, 0.0)
    return add_run(project, spec, created_at=at, shift=shift, pair_losses=losses, finished=finished, **what)


def losses_of_pairs(project: Project, spec: RunSpec) -> dict[str, float]:
    """Return a loss for each held-out pair around zero: its own, the same in every run, and a little of each run's."""
    from workbench.operations.freezing import dataset_rows

    frozen = snapshot_of(project, dataset_rows(project)[0].id)
    ids = sorted(pair.id for pair in frozen.pairs if pair.split == "holdout")
    found = {}
    for pair in ids:
        own, noise = random.Random(pair), random.Random(f"{pair} {spec.name}")
        found[pair] = own.gauss(0, 0.5) + noise.gauss(0, 0.02)
    middle = sum(found.values()) / len(found)
    return {pair: loss - middle for pair, loss in found.items()}


def add_score(
    project: Project, name: str, *, of: str | None, dataset_id: int, losses: Mapping[str, float], draws: int = 5
) -> None:
    """Add a finished run that scored the base, or the last adapter of a run, on the held-out pairs of a dataset.

    Args:
        project: whose.
        name: of the score run; it gives the time.
        of: the run whose adapter it scored; None for the base.
        dataset_id: whose pairs.
        losses: of each held-out pair, by its id.
        draws: masks of each pair.
    """
    frozen = snapshot_of(project, dataset_id)
    step = 60 if of else 0
    at = f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:00.000Z"
    spec = RunSpec(
        name=name,
        task="score",
        score=ScoreSpec(draws=draws),
        objective="masked-diffusion",
        adapter=AdapterSpec(run=of, checkpoint=f"checkpoints/step-{step:06d}") if of else None,
        dataset_hash=datasets.get(project.db, dataset_id).content_hash,
    )
    weights = project.root / "an-adapter"
    weights.mkdir(exist_ok=True)
    run_dir = RunDir.create(
        project.runs_folder / name,
        spec,
        holdout_jsonl=frozen.holdout_jsonl,
        manifest_json=frozen.manifest_json,
        adapter=weights if of else None,
    )
    with fixed_time(at):
        runs.add(
            project.db,
            name=name,
            task="score",
            parent=None,
            dir=project.relative(run_dir.path),
            place="local",
            spec_json=run_dir.spec().to_json(),
            model=spec.model.id,
            sample_key=sample_key(spec),
            dataset_id=dataset_id,
            canary_set_id=None,
            adapter_run=of,
        )
    mean = sum(losses.values()) / len(losses)
    said = [
        {
            "type": "validation",
            "step": step,
            "values": {"val_loss": mean, "val_loss_low": mean - 0.3, "val_loss_high": mean + 0.3},
            "draws": draws,
            "pairs": len(losses),
            "pair_losses": [{"id": pair, "loss": loss} for pair, loss in losses.items()],
            "seconds": 2.0,
        },
        {"type": "finished", "seconds": 3.0},
    ]
    attempt = run_dir.new_attempt()
    run_dir.events(attempt).write_text(
        "".join(
            json.dumps({"attempt": attempt, "seq": seq, "at": at, **event}) + "\n"
            for seq, event in enumerate(said, start=1)
        ),
        encoding="utf-8",
    )
    collect(project, (name,))
