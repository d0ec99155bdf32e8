"""Training by the spec's method: read the pairs, set up, and fit step by step.

The order that matters: what belongs to a step is done before the next is taken, and a checkpoint is written before
samples, so a job killed anywhere makes up for what it missed. Resumed, the CPU computes the very bits that an unbroken
run would have computed.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch

from runners.errors import RunDirError, SpecError
from runners.rundir import RunDir
from runners.spec import RunSpec, TrainSpec
from runners.tasks import checkpoints
from runners.tasks.batches import Example, Examples, lay_out_pairs, read_pairs
from runners.tasks.checkpoints import Resumable
from runners.tasks.distributed import World, joined
from runners.tasks.masks import MaskSource
from runners.tasks.milestones import Milestones
from runners.tasks.models.registry import Loaded
from runners.tasks.precision import make_optimizer, make_scaler
from runners.tasks.reporter import Reporter
from runners.tasks.sample import Canary, sample_canaries
from runners.tasks.shortage import out_of_memory, shortage
from runners.tasks.steps import Stepper, make_row_loss
from runners.tasks.trained import prepare_trained
from runners.tasks.validate import probe_of
from runners.tasks.watching import Watch


def train(run_dir: RunDir, spec: RunSpec, loaded: Loaded, canaries: list[Canary], reporter: Reporter) -> None:
    """Carry out a training run, or the rest of one; returns early, with a checkpoint, when asked to end.

    Raises:
        SpecError: the spec cannot be carried out on these pairs, or by so many processes.
        RunDirError: the pairs or a checkpoint cannot be read, or one cannot be written.
        ModelError: the loss became infinite or no number.
    """
    if spec.train is None:
        raise SpecError(["train: missing, the task is train."])
    with joined(spec.train.world_size, loaded.model.device) as world:
        examples, holdout = read_examples(run_dir, spec.train, loaded, reporter)
        stopped = False
        if spec.sample_base and world.first:
            stopped = not sample_canaries(loaded, spec.sampling, canaries, of="base", step=0, reporter=reporter)
        if world.any(stopped):
            return
        moving = set_up(spec, spec.train, loaded, world)
        stepped = replace(loaded, model=moving.trained.model)
        row_loss = make_row_loss(spec.train, stepped, moving.trained, world)
        stepper = Stepper(spec, spec.train, stepped, examples, moving, world, row_loss)
        probe = probe_of(examples, spec.train.probe_pairs) if holdout else ()
        milestones = Milestones(run_dir, spec, spec.train, loaded, canaries, holdout, probe, moving, reporter)
        fit(stepper, milestones, world)


def set_up(spec: RunSpec, recipe: TrainSpec, loaded: Loaded, world: World) -> Resumable:
    """Make what changes while training, from the spec's seed."""
    device = loaded.model.device
    trained = prepare_trained(spec, recipe, loaded, world)
    # Activations of an 8B model do not fit beside its weights on a 24 GB card; recomputing them costs a third more.
    if recipe.gradient_checkpointing == "on" or (recipe.gradient_checkpointing == "auto" and device.type == "cuda"):
        recompute_activations(trained.model.net)
    masks = MaskSource(
        seed=recipe.seed,
        rows=recipe.rows,
        t_min=recipe.t_min,
        t_max=recipe.t_max,
        complementary=recipe.complementary_masks,
    )
    return Resumable(
        trained=trained,
        optimizer=make_optimizer(trained.parameters, recipe),
        masks=masks,
        watch=Watch(recipe.early_stopping_patience),
        scaler=make_scaler(device, spec.model, recipe),
    )


def recompute_activations(net: Any) -> None:
    """Let a network keep its layers' inputs only, and compute the rest again going back."""
    # Renamed in transformers 5.23; the old name goes with version 6.
    enable = getattr(net, "activation_checkpointing_enable", None) or net.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def fit(stepper: Stepper, milestones: Milestones, world: World) -> None:
    """Train to the last step from the newest checkpoint, or from the start; return early when asked to end."""
    recipe, reporter, run_dir = stepper.recipe, milestones.reporter, milestones.run_dir
    moving = stepper.moving
    step = resume(stepper, run_dir, world)
    while True:
        with moving.trained.together(moving.optimizer) if milestones.acts(step) else nullcontext():
            ended = world.any(world.first and not milestones.reach(step))
            if ended and world.first and step > 0:
                milestones.checkpoint(step)
        if ended or step == recipe.max_steps or world.any(world.first and milestones.over):
            return
        if world.any(reporter.stop_requested()):
            with moving.trained.together(moving.optimizer):
                if world.first:
                    milestones.checkpoint(step)
            return
        try:
            measured = stepper.take(step)
        except (torch.OutOfMemoryError, MemoryError) as error:
            reporter.emit("shortage", shortage(stepper.loaded, stepper.spec, stepper.examples, step))
            raise out_of_memory(step, stepper.recipe, error) from error
        step += 1
        reporter.metric(step, measured)
        reporter.progress("train", step, recipe.max_steps)


def resume(stepper: Stepper, run_dir: RunDir, world: World) -> int:
    """Put the newest checkpoint back, if there is one, and return its step.

    Raises:
        RunDirError: it cannot be read, or is of another run.
    """
    if world.first:
        checkpoints.tidy(run_dir)
    step = checkpoints.latest(run_dir)
    if step is None:
        return 0
    checkpoints.restore(run_dir, step, stepper.moving)
    if step > stepper.recipe.max_steps:
        raise RunDirError(
            f"{run_dir.checkpoint(step)}: later than the spec's last step, {stepper.recipe.max_steps}. "
            "This checkpoint belongs to another run; delete it."
        )
    return step


def read_examples(
    run_dir: RunDir, recipe: TrainSpec, loaded: Loaded, reporter: Reporter
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return the pairs to train on and those to validate on, and report what was skipped or cut.

    Raises:
        SpecError: pairs are too long and the spec refuses them, or none is left.
        RunDirError: a file of pairs cannot be read.
    """
    if recipe.eos_padding == "rainbow" and len(loaded.layout.reserved_token_ids) < 2:
        raise SpecError(
            [
                "train.eos_padding: rainbow cycles through reserved tokens, and this model's tokenizer has "
                f"{len(loaded.layout.reserved_token_ids)} of them. Choose eos or none."
            ]
        )
    pairs = read_pairs(run_dir.train_jsonl)
    held_pairs = read_pairs(run_dir.holdout_jsonl) if run_dir.holdout_jsonl.exists() else []

    def lay_out_all(name: str) -> Examples:
        return lay_out_pairs(
            pairs if name == "train" else held_pairs,
            loaded.layout,
            loaded.codec.encode,
            max_length=recipe.max_length,
            over_long=recipe.over_long,
        )

    train, held = lay_out_all("train"), lay_out_all("holdout")
    reporter.emit(
        "pairs",
        {
            "used": len(train.used),
            "skipped": [{"id": pair, "tokens": tokens} for pair, tokens in train.skipped],
            "cut": [{"id": pair, "tokens": tokens} for pair, tokens in train.cut],
        },
    )
    if not train.used:
        raise SpecError(
            [
                f"train.max_length: none of the {len(train.skipped)} pairs fits into {recipe.max_length} tokens. "
                "Raise max_length, or make shorter pairs."
            ]
        )
    if train.cut:
        reporter.warning(
            f"{len(train.cut)} of {len(train.used)} responses are longer than {recipe.max_length} tokens and were cut: "
            "they end nowhere, and the model sees no end of them. Raise max_length, or split these pairs."
        )
    if held.skipped or held.cut:
        reporter.warning(
            f"Of the holdout, {len(held.skipped)} pairs were skipped and {len(held.cut)} cut: longer than "
            f"{recipe.max_length} tokens."
        )
    if not held.used:
        reporter.warning("No pair is held out, so there is no validation. Hold an essay out to have one.")
    return train.used, held.used
