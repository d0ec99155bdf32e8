"""One optimizer step: the passes of its accumulated batch, their gradients, and what is measured on the way.

The decision to know: which pairs, which masks, which dropout and which rate a step takes are functions of the step and
the seed, whatever the number of processes. The passes are numbered over the whole step and dealt out in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from runners.errors import ModelError
from runners.spec import RunSpec, TrainSpec
from runners.tasks.batches import Batch, Example, collate, order
from runners.tasks.checkpoints import Resumable
from runners.tasks.device import memory_bytes
from runners.tasks.distributed import World, whole
from runners.tasks.masks import ratio_bin
from runners.tasks.models.registry import Loaded
from runners.tasks.precision import arithmetic
from runners.tasks.schedules import learning_rate_at
from runners.tasks.trained import Trained

# A loss scale below this has been halved so often that the gradients themselves are broken.
_LOWEST_SCALE = 2.0**-10


@dataclass(frozen=True)
class Pass:
    """One forward pass: its rows, each with its mask ratio and the draws that decide what is hidden."""

    batch: Batch
    t: Tensor
    uniform: Tensor


@dataclass(frozen=True)
class Stepper:
    """Takes optimizer steps; nothing in it changes but `moving`.

    Attributes:
        spec: the run.
        recipe: its training part.
        loaded: the model.
        examples: what is trained on.
        moving: weights, moments, masks.
        world: the processes that share a step.
        row_loss: the mean loss of a pass; computes through torch's DDP where there are several processes.
    """

    spec: RunSpec
    recipe: TrainSpec
    loaded: Loaded
    examples: Sequence[Example]
    moving: Resumable
    world: World
    row_loss: Callable[[Pass], Tensor]

    def take(self, step: int) -> dict[str, float]:
        """Take the optimizer step number `step`, from 0, and return what was measured.

        Raises:
            ModelError: the loss is infinite or no number.
        """
        recipe, moving, device = self.recipe, self.moving, self.loaded.model.device
        began = time.monotonic()
        self.loaded.model.net.train()
        rate = learning_rate_at(
            step,
            peak=recipe.learning_rate,
            warmup_steps=recipe.warmup_steps,
            max_steps=recipe.max_steps,
            shape=recipe.lr_scheduler_type,
        )
        for group in moving.optimizer.param_groups:
            group["lr"] = rate
        loss, tokens, norms = self._gradients(step)
        if moving.scaler is not None:
            moving.scaler.unscale_(moving.optimizer)
        norm = whole(torch.nn.utils.clip_grad_norm_(moving.trained.parameters, recipe.max_grad_norm))
        self._refuse_broken(step, loss, norm)
        scale = {}
        if moving.scaler is not None:
            # Leaves the weights alone where a scaled gradient overflowed, and takes a smaller scale from then on.
            moving.scaler.step(moving.optimizer)
            moving.scaler.update()
            scale = {"loss_scale": moving.scaler.get_scale()}
        else:
            moving.optimizer.step()
        moving.optimizer.zero_grad(set_to_none=True)
        seconds = time.monotonic() - began
        return {
            "loss": loss,
            "learning_rate": rate,
            "grad_norm": norm.item(),
            **norms,
            **scale,
            "tokens_per_s": tokens / seconds,
            "memory_bytes": memory_bytes(device),
            "seconds": seconds,
        }

    def _gradients(self, step: int) -> tuple[float, int, dict[str, float]]:
        """Add up the gradients of the whole accumulated batch; return loss, tokens, and norms by mask ratio."""
        passes = self.passes(step)
        own = range(self.world.rank, len(passes), self.world.size)
        # What several processes exchange is the gradient of all their passes, whose ratios differ.
        told = self.loaded.objective.hides and self.world.size == 1
        norms = _NormsByRatio(self.moving, alone=len(own) == 1, hides=told)
        loss = torch.zeros((), device=self.loaded.model.device)
        for number in own:
            # Of the pass, so that dropout neither needs a state nor depends on the number of processes.
            torch.manual_seed((self.recipe.seed * 1_000_003 + step) * 4_099 + number)
            last = number == own[-1]
            with nullcontext() if last or not isinstance(self.row_loss, _Shared) else self.row_loss.no_sync():
                part = self.row_loss(passes[number]) / len(passes)
                # DDP takes the mean over the processes, and the loss is a sum over all passes.
                (self._scaled(part) * self.world.size).backward()
            loss += part.detach()
            norms.add(passes[number].t, len(passes))
        tokens = sum(each.batch.input_ids.numel() for each in passes)
        return self.world.total(loss.item()), tokens, norms.values()

    def _scaled(self, loss: Tensor) -> Tensor:
        return loss if self.moving.scaler is None else self.moving.scaler.scale(loss)

    def passes(self, step: int) -> list[Pass]:
        """Lay out every pass of a step, this process's own and the others'; draws from the masks, in order."""
        recipe, size = self.recipe, self.recipe.per_device_train_batch_size
        twice = 2 if recipe.complementary_masks else 1
        pairs = recipe.rows // twice
        chosen = order(len(self.examples), seed=recipe.seed, start=step * pairs, take=pairs)
        rows = [self.examples[index] for index in chosen for _ in range(twice)]
        found = []
        for start in range(0, len(rows), size):
            batch = collate(
                rows[start : start + size],
                layout=self.loaded.layout,
                eos_padding=recipe.eos_padding,
                pad_to_multiple_of=recipe.pad_to_multiple_of,
                max_length=recipe.max_length,
            )
            t = self.moving.masks.ratios(size)
            found.append(Pass(batch, t, self.moving.masks.uniform(size, batch.input_ids.shape[1])))
        return found

    def _refuse_broken(self, step: int, loss: float, norm: Tensor) -> None:
        scaler = self.moving.scaler
        finite = torch.isfinite(torch.tensor(loss)) and (scaler is not None or torch.isfinite(norm))
        if finite and (scaler is None or scaler.get_scale() > _LOWEST_SCALE):
            return
        raise ModelError(
            f"Step {step + 1}: the loss is {loss} and its gradient's norm {norm.item()}, so nothing can be learnt from "
            "it. Lower the learning rate, or choose another dtype, and run again from the last checkpoint."
        )


def make_row_loss(recipe: TrainSpec, loaded: Loaded, trained: Trained, world: World) -> Callable[[Pass], Tensor]:
    """Return what computes the mean loss of a pass in the spec's arithmetic.

    Where there are several processes it goes through torch's DDP, which exchanges gradients while they are computed, or
    through FSDP2, which gathers the weights of a layer before it is needed, too.
    """
    model = loaded.model

    def alone(one: Pass) -> Tensor:
        # Kept casts of every layer would undo what gathering one after the other saves.
        with arithmetic(model.device, recipe.mixed_precision, keep_casts=not trained.in_parts):
            found = loaded.objective.losses(model, one.batch, one.t, one.uniform)
            return found.of_rows(max_weight=recipe.max_loss_weight).mean()

    if trained.in_parts:
        return lambda one: trained.through(alone, one)
    return alone if world.size == 1 else _Shared(model.net, alone)


class _Shared:
    """A loss whose gradients are averaged over all processes."""

    def __init__(self, net: nn.Module, loss: Callable[[Pass], Tensor]) -> None:
        self._ddp = DistributedDataParallel(_AsModule(net, loss), gradient_as_bucket_view=True)
        self.no_sync = self._ddp.no_sync

    def __call__(self, one: Pass) -> Tensor:
        found: Tensor = self._ddp(one)
        return found


class _AsModule(nn.Module):
    """A loss as a module, which is what DDP takes; the network is its part."""

    def __init__(self, net: nn.Module, loss: Callable[[Pass], Tensor]) -> None:
        super().__init__()
        self.net = net
        self._loss = loss

    def forward(self, one: Pass) -> Tensor:
        return self._loss(one)


class _NormsByRatio:
    """The gradient's norm of passes by their mask ratio: where t is small the loss is few tokens at a high weight.

    A pass tells something of a ratio only where all its rows lie in one fifth of it, as they do at batch size 1. What
    it adds to the gradient is told by a copy of the gradient before it, which an adapter can afford and a whole model
    cannot; there, norms are told where a step is one pass.
    """

    def __init__(self, moving: Resumable, *, alone: bool, hides: bool) -> None:
        self._parameters = moving.trained.parameters
        self._scale = 1.0 if moving.scaler is None else moving.scaler.get_scale()
        self._told = hides and (alone or moving.trained.folder == "adapter")
        self._before: list[Tensor] | None = None
        self._alone = alone
        self._found: dict[str, list[float]] = {}

    def add(self, t: Tensor, passes: int) -> None:
        """Look at what the pass at these t added, as a gradient of its own mean loss."""
        if not self._told:
            return
        grads = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        before = self._before
        bins = {ratio_bin(each) for each in t.tolist()}
        if len(bins) == 1 and grads:
            added = grads if before is None else torch._foreach_sub(grads, before)
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(added))).item() * passes / self._scale
            self._found.setdefault(bins.pop(), []).append(norm)
        if not self._alone:
            self._before = [grad.clone() for grad in grads]

    def values(self) -> dict[str, float]:
        """Return the mean norm at each ratio: `grad_norm@0.1` to `grad_norm@0.9`."""
        return {f"grad_norm@{name}": sum(norms) / len(norms) for name, norms in sorted(self._found.items())}
