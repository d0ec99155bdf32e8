"""Training an adapter by masked diffusion: set up, fit, validate, checkpoint, sample.

The order that matters: a checkpoint is written before the validation and the samples that belong to its step, so a job
killed in between makes them again on resuming and loses nothing. Resumed, the CPU computes the very bits that an
unbroken run would have computed.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

import torch

from runners.errors import ModelError, RunDirError, SpecError
from runners.rundir import RunDir
from runners.spec import LoraSpec, RunSpec, TrainSpec
from runners.tasks import checkpoints
from runners.tasks.adapters import lay_adapter, trainable
from runners.tasks.batches import Batch, Example, Examples, collate, lay_out_pairs, order, read_pairs
from runners.tasks.checkpoints import Resumable
from runners.tasks.device import memory_bytes
from runners.tasks.masks import MaskSource
from runners.tasks.models.registry import Loaded
from runners.tasks.reporter import Reporter
from runners.tasks.sample import Canary, sample_canaries
from runners.tasks.schedules import learning_rate_at
from runners.tasks.validate import validate


@dataclass(frozen=True)
class Training:
    """Everything a training run holds on to; nothing in it changes but `moving`."""

    run_dir: RunDir
    spec: RunSpec
    recipe: TrainSpec
    loaded: Loaded
    canaries: list[Canary]
    examples: tuple[Example, ...]
    holdout: tuple[Example, ...]
    moving: Resumable
    reporter: Reporter

    @property
    def rows(self) -> int:
        """Return the pairs of one optimizer step: those of the whole accumulated batch."""
        return self.recipe.per_device_train_batch_size * self.recipe.gradient_accumulation_steps


def train(run_dir: RunDir, spec: RunSpec, loaded: Loaded, canaries: list[Canary], reporter: Reporter) -> None:
    """Carry out a training run, or the rest of one; returns early, with a checkpoint, when asked to end.

    Raises:
        SpecError: the spec cannot be carried out on these pairs.
        RunDirError: the pairs or a checkpoint cannot be read.
        ModelError: the loss became infinite or no number.
    """
    if spec.train is None or spec.lora is None:
        raise SpecError(["train and lora: missing, the task is train."])
    examples, holdout = read_examples(run_dir, spec.train, loaded, reporter)
    if spec.sample_base and not sample_canaries(loaded, spec.sampling, canaries, of="base", step=0, reporter=reporter):
        return
    moving = set_up(spec, spec.train, spec.lora, loaded)
    fit(Training(run_dir, spec, spec.train, loaded, canaries, examples, holdout, moving, reporter))


def read_examples(
    run_dir: RunDir, recipe: TrainSpec, loaded: Loaded, reporter: Reporter
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return the pairs to train on and those to validate on, and report what was skipped or cut.

    Raises:
        SpecError: pairs are too long and the spec refuses them, or none is left.
        RunDirError: a file of pairs cannot be read.
    """

    def lay_out_all(name: str) -> Examples:
        pairs = read_pairs(run_dir.train_jsonl if name == "train" else run_dir.holdout_jsonl)
        return lay_out_pairs(
            pairs, loaded.layout, loaded.codec.encode, max_length=recipe.max_length, over_long=recipe.over_long
        )

    train = lay_out_all("train")
    held = lay_out_all("holdout") if run_dir.holdout_jsonl.exists() else Examples((), (), ())
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
    if held.skipped or held.cut:
        reporter.warning(
            f"Of the holdout, {len(held.skipped)} pairs were skipped and {len(held.cut)} cut: longer than "
            f"{recipe.max_length} tokens."
        )
    if not held.used:
        reporter.warning("No pair is held out, so there is no validation. Hold an essay out to have one.")
    return train.used, held.used


def set_up(spec: RunSpec, recipe: TrainSpec, lora: LoraSpec, loaded: Loaded) -> Resumable:
    """Lay a fresh adapter over the model, and start optimizer and masks from the spec's seed."""
    adapter = lay_adapter(loaded.model, lora, model_id=spec.model.id, seed=recipe.seed)
    if loaded.model.device.type == "cuda":
        # Activations of an 8B model do not fit beside its weights on a 24 GB card; recomputing them costs a third more.
        adapter.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
    optimizer = torch.optim.AdamW(trainable(adapter), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    rows = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    return Resumable(adapter, optimizer, MaskSource(seed=recipe.seed, rows=rows, t_min=recipe.t_min))


def fit(run: Training) -> None:
    """Train to the last step from the newest checkpoint, or from the start; return early when asked to end."""
    recipe, reporter = run.recipe, run.reporter
    step = checkpoints.latest(run.run_dir)
    if step is not None:
        checkpoints.restore(run.run_dir, step, run.moving)
        if step > recipe.max_steps:
            raise RunDirError(
                f"{run.run_dir.checkpoint(step)}: later than the spec's last step, {recipe.max_steps}. "
                "This checkpoint belongs to another run; delete it."
            )
    else:
        step = 0
    if not milestone(run, step):
        return
    while step < recipe.max_steps:
        if reporter.stop_requested():
            checkpoint(run, step)
            return
        optimize(run, step)
        step += 1
        reporter.progress("train", step, recipe.max_steps)
        if step == recipe.max_steps or _due(step, recipe.checkpoint_every_steps):
            checkpoint(run, step)
        if not milestone(run, step):
            checkpoint(run, step)
            return


def optimize(run: Training, step: int) -> None:
    """Take the optimizer step number `step`, from 0, over the whole accumulated batch.

    Raises:
        ModelError: the loss is infinite or no number.
    """
    recipe, moving = run.recipe, run.moving
    began = time.monotonic()
    run.loaded.model.net.train()
    rate = learning_rate_at(
        step,
        peak=recipe.learning_rate,
        warmup_steps=recipe.warmup_steps,
        max_steps=recipe.max_steps,
        shape=recipe.lr_scheduler_type,
    )
    for group in moving.optimizer.param_groups:
        group["lr"] = rate
    chosen = order(len(run.examples), seed=recipe.seed, start=step * run.rows, take=run.rows)
    loss, tokens = 0.0, 0
    for start in range(0, run.rows, recipe.per_device_train_batch_size):
        picked = [run.examples[index] for index in chosen[start : start + recipe.per_device_train_batch_size]]
        batch = collate(picked, layout=run.loaded.layout, eos_padding=recipe.eos_padding)
        part = batch_loss(run.loaded, batch, moving.masks) / recipe.gradient_accumulation_steps
        part.backward()
        loss += part.item()
        tokens += batch.input_ids.numel()
    norm = torch.nn.utils.clip_grad_norm_(trainable(moving.adapter), recipe.max_grad_norm)
    if not torch.isfinite(torch.tensor(loss)) or not torch.isfinite(norm):
        raise ModelError(
            f"Step {step + 1}: the loss is {loss} and its gradient's norm {norm.item()}, so nothing can be learnt from "
            "it. Lower the learning rate, or choose another dtype, and run again from the last checkpoint."
        )
    moving.optimizer.step()
    moving.optimizer.zero_grad(set_to_none=True)
    seconds = time.monotonic() - began
    run.reporter.metric(
        step + 1,
        {
            "loss": loss,
            "learning_rate": rate,
            "grad_norm": norm.item(),
            "tokens_per_s": tokens / seconds,
            "memory_bytes": memory_bytes(run.loaded.model.device),
            "seconds": seconds,
        },
    )


def batch_loss(loaded: Loaded, batch: Batch, masks: MaskSource) -> torch.Tensor:
    """Return the mean loss over a batch's rows, each at its own t; the head sees only counted positions."""
    rows, length = batch.input_ids.shape
    t, uniform = masks.ratios(rows), masks.uniform(rows, length)
    return loaded.objective.losses(loaded.model, batch, t, uniform).of_rows().mean()


def milestone(run: Training, step: int) -> bool:
    """Validate and sample if this step asks for it; return false when the job was asked to end meanwhile."""
    recipe, last = run.recipe, step == run.recipe.max_steps
    validates = bool(run.holdout) and (step == 0 or last or _due(step, recipe.eval_every_steps))
    samples = last or _due(step, recipe.sample_every_steps)
    if validates and not report_validation(run, step):
        return False
    if samples and not sample_canaries(
        run.loaded, run.spec.sampling, run.canaries, of="adapter", step=step, reporter=run.reporter
    ):
        return False
    if not last and (step == 0 or validates or samples):
        run.reporter.phase("train", recipe.max_steps)
    return True


def report_validation(run: Training, step: int) -> bool:
    """Validate and report the loss with its interval; return false when the job was asked to end meanwhile."""
    total, draws, reporter = len(run.holdout), run.recipe.eval_draws, run.reporter
    reporter.phase("validate", total)

    def after_pair(done: int) -> bool:
        reporter.progress("validate", done, total)
        return reporter.stop_requested()

    found = validate(run.loaded.model, run.holdout, run.loaded.objective, draws=draws, after_pair=after_pair)
    if found is None:
        return False
    names = ("val_loss", "val_loss_low", "val_loss_high")
    values = zip(names, dataclasses.astuple(found), strict=True)
    reporter.validation(step, {name: value for name, value in values if value is not None}, draws)
    return True


def checkpoint(run: Training, step: int) -> None:
    """Write a checkpoint and report it, unless a newer attempt owns the run now."""
    if not run.reporter.superseded():
        run.reporter.checkpoint(step, checkpoints.save(run.run_dir, step, run.moving))


def _due(step: int, every: int) -> bool:
    return every > 0 and step > 0 and step % every == 0
