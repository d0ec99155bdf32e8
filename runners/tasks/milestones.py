"""What is done between optimizer steps: validate, note the best, sample, checkpoint, prune.

The first process does it and the others wait. A checkpoint is written before the validation and the samples that belong
to its step, so a job killed in between makes them again on resuming and loses nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from runners.rundir import RunDir
from runners.spec import RunSpec, TrainSpec
from runners.tasks import checkpoints
from runners.tasks.batches import Example
from runners.tasks.checkpoints import Resumable
from runners.tasks.models.registry import Loaded
from runners.tasks.precision import arithmetic
from runners.tasks.reporter import Reporter
from runners.tasks.sample import Canary, sample_canaries
from runners.tasks.validate import Measured, measure_reported, values_of


@dataclass(frozen=True)
class Milestones:
    """Everything that is done between steps; nothing in it changes but `moving`."""

    run_dir: RunDir
    spec: RunSpec
    recipe: TrainSpec
    loaded: Loaded
    canaries: list[Canary]
    holdout: tuple[Example, ...]
    probe: tuple[Example, ...]
    moving: Resumable
    reporter: Reporter

    def reach(self, step: int) -> bool:
        """Do what belongs to a step; return false when the job was asked to end meanwhile."""
        recipe, last = self.recipe, step == self.recipe.max_steps
        if last or due(step, recipe.checkpoint_every_steps):
            self.checkpoint(step)
        validates = bool(self.holdout) and (step == 0 or last or due(step, recipe.eval_every_steps))
        if validates and not self._validate(step):
            return False
        last = last or self.over
        samples = last or due(step, recipe.sample_every_steps) or step in recipe.sample_at_steps
        if samples:
            self.checkpoint(step)
        if samples and not sample_canaries(
            self.loaded, self.spec.sampling, self.canaries, of="adapter", step=step, reporter=self.reporter
        ):
            return False
        if not last and (step == 0 or validates or samples):
            self.reporter.phase("train", recipe.max_steps)
        return True

    def acts(self, step: int) -> bool:
        """Say whether anything belongs to a step; every process answers alike."""
        recipe = self.recipe
        every = (recipe.checkpoint_every_steps, recipe.eval_every_steps, recipe.sample_every_steps)
        named = step in (0, recipe.max_steps, *recipe.sample_at_steps)
        return named or any(due(step, each) for each in every)

    @property
    def over(self) -> bool:
        """Whether the run ends early."""
        return self.moving.watch.reason is not None

    def _validate(self, step: int) -> bool:
        """Validate and report; return false when the job was asked to end meanwhile."""
        began = time.monotonic()
        held = self._measure("validate", self.holdout)
        probed = self._measure("probe", self.probe) if held is not None and self.probe else None
        if held is None or (self.probe and probed is None):
            return False
        values = values_of(held, "val_loss") | ({} if probed is None else values_of(probed, "probe_loss"))
        pairs, seconds = len(held.losses) + len(self.probe), time.monotonic() - began
        losses = {example.id: loss for example, loss in zip(self.holdout, held.pair_means, strict=True)}
        self.reporter.validation(
            step, values, draws=len(held.losses[0]), pairs=pairs, pair_losses=losses, seconds=seconds
        )
        watch, was_over = self.moving.watch, self.over
        best = watch.observe(step, held.pair_means)
        # At step 0 nothing has been trained, so there is nothing to keep.
        if best and step > 0:
            self.checkpoint(step)
            checkpoints.name_best(self.run_dir, step, held.overall.mean)
            self.reporter.best(step, self.run_dir.checkpoint(step), held.overall.mean)
        if watch.reason is not None and not was_over:
            self.reporter.early(step, watch.reason)
        if step == 0 and (words := too_small(held)):
            self.reporter.warning(words)
        return True

    def _measure(self, phase: str, examples: tuple[Example, ...]) -> Measured | None:
        with arithmetic(self.loaded.model.device, self.recipe.mixed_precision):
            return measure_reported(self.loaded, examples, phase, draws=self.recipe.eval_draws, reporter=self.reporter)

    def checkpoint(self, step: int) -> None:
        """Write a checkpoint, report it and prune older ones, unless a newer attempt owns the run now."""
        if self.reporter.superseded() or self.reporter.lost() is not None:
            return
        if self.reporter.said_checkpoint(step):
            return
        self.reporter.checkpoint(step, checkpoints.save(self.run_dir, step, self.moving))
        kept = {step, self.moving.watch.best_step, *self.reporter.sampled_steps()}
        for old in checkpoints.prune(self.run_dir, keep_last=self.recipe.save_total_limit, keep=kept):
            self.reporter.pruned(old, self.run_dir.checkpoint(old))


def due(step: int, every: int) -> bool:
    """Say whether a step is one of every so many."""
    return every > 0 and step > 0 and step % every == 0


def too_small(held: Measured) -> str:
    """Say what a holdout cannot show, where that is a lot; empty otherwise."""
    pairs, overall = len(held.losses), held.overall
    if pairs < 2 or overall.half is None:
        return (
            "The holdout has a single pair: its loss has no interval over pairs, so it cannot show whether anything "
            "helps. Hold more out."
        )
    if overall.half < 0.1 * overall.mean:
        return ""
    return (
        f"The holdout has {pairs} pairs: the smallest difference that its validation loss of {overall.mean:.2f} could "
        f"show is {overall.half:.2f}. Pairs compared one by one show less. Hold more out to see more."
    )
