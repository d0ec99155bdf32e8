"""Scoring: the loss of a base or an adapter on the held-out pairs of a frozen dataset, without any training.

Measured as a validation of training is, on the same fixed masks of each pair. So runs that were trained on different
datasets, and validated on different pairs, can be laid beside each other on the same ones.
"""

from __future__ import annotations

import time

from runners.errors import SpecError
from runners.rundir import RunDir
from runners.spec import RunSpec
from runners.tasks.batches import lay_out_pairs, read_pairs
from runners.tasks.models.registry import Loaded
from runners.tasks.reporter import Reporter
from runners.tasks.validate import measure_reported, values_of


def score(run_dir: RunDir, spec: RunSpec, loaded: Loaded, *, step: int, reporter: Reporter) -> None:
    """Measure the held-out pairs and report them as one validation; report nothing when asked to end meanwhile.

    Args:
        run_dir: whose `dataset/holdout.jsonl` is measured.
        spec: how.
        loaded: the model with its adapter, put into evaluation mode by this.
        step: optimizer step of the adapter, 0 for the base.
        reporter: where it goes.

    Raises:
        SpecError: pairs are too long and the spec refuses them, or none is left.
        RunDirError: the pairs cannot be read.
    """
    recipe, began = spec.score, time.monotonic()
    if recipe is None:
        raise SpecError(["score: missing, the task is score."])
    held = lay_out_pairs(
        read_pairs(run_dir.holdout_jsonl),
        loaded.layout,
        loaded.codec.encode,
        max_length=recipe.max_length,
        over_long=recipe.over_long,
        section="score",
    )
    reporter.emit(
        "pairs",
        {
            "used": len(held.used),
            "skipped": [{"id": pair, "tokens": tokens} for pair, tokens in held.skipped],
            "cut": [{"id": pair, "tokens": tokens} for pair, tokens in held.cut],
        },
    )
    if not held.used:
        raise SpecError([_nothing_left(len(held.skipped), recipe.max_length)])
    if held.skipped or held.cut:
        reporter.warning(
            f"{len(held.skipped)} pairs were skipped and {len(held.cut)} cut: longer than {recipe.max_length} tokens."
        )
    measured = measure_reported(loaded, held.used, "validate", draws=recipe.draws, reporter=reporter)
    if measured is None:
        return
    reporter.validation(
        step,
        values_of(measured, "val_loss"),
        draws=len(measured.losses[0]),
        pairs=len(held.used),
        pair_losses={example.id: loss for example, loss in zip(held.used, measured.pair_means, strict=True)},
        seconds=time.monotonic() - began,
    )


def _nothing_left(skipped: int, max_length: int) -> str:
    if not skipped:
        return "dataset_hash: this dataset holds no pair out, so there is nothing to measure. Choose one that does."
    return (
        f"score.max_length: none of the {skipped} held-out pairs fits into {max_length} tokens. Raise max_length, or "
        "set over_long to cut."
    )
