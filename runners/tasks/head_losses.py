"""What each predicted token costs, from the states before the head, without ever holding the logits of all of them.

A head that is not trained, as beside every adapter, needs no second look: a row's gradient is known up to one factor as
soon as its logits are, so each chunk's logits are made once, turned into the gradient where they lie, and dropped. That
is two multiplications by the head, fewer passes over the logits than torch's own loss makes, and one piece of code for
every torch. A head that is trained goes through torch's `linear_cross_entropy`, or makes its logits again going back.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

CHUNK_ROWS = 512
"""Rows whose logits are held at once; at LLaDA-8B's vocabulary 0.24 GiB in float32."""

WHOLE_LOGITS = 2**25
"""Up to so many logits of a head that is trained are computed in one piece, which is fastest and takes three copies."""

_HALF_SCALE = 1024.0
"""Probabilities are multiplied by so much before they become float16, which knows none below 6e-8."""


def token_losses(states: Tensor, head: Tensor, targets: Tensor, *, chunk_rows: int = CHUNK_ROWS) -> Tensor:
    """Return the cross entropy of each row, float32 `[n]`.

    Args:
        states: `[n, d]`, the hidden states that predict the targets.
        head: `[v, d]`, the weight of a head without bias.
        targets: int64 `[n]`.
        chunk_rows: rows whose logits are held at once.
    """
    if not head.requires_grad:
        return frozen_head_losses(states, head, targets, chunk_rows=chunk_rows)
    if _FUSED and _too_many(states, head, chunk_rows):
        # On CUDA, `accurate` would make a float32 copy of the whole head, 1.9 GiB at LLaDA-8B; `auto` does not.
        options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=min(chunk_rows, len(states)), acc_policy="auto")
        fused: Tensor = F.linear_cross_entropy(states, head, targets, reduction="none", options=options)
        return fused.float()
    return chunked_token_losses(states, head, targets, chunk_rows=chunk_rows)


def frozen_head_losses(states: Tensor, head: Tensor, targets: Tensor, *, chunk_rows: int = CHUNK_ROWS) -> Tensor:
    """Do what `token_losses` does for a head that gets no gradient."""
    kind = states.device.type
    if torch.is_autocast_enabled(kind):
        # Cast once, not for each chunk; what is no leaf of the graph is not kept by autocast.
        worked = torch.get_autocast_dtype(kind)
        states, head = states.to(worked), head.to(worked)
    with torch.autocast(kind, enabled=False):
        if torch.is_grad_enabled() and states.requires_grad:
            losses: Tensor = _FrozenHeadLosses.apply(states, head.detach(), targets, chunk_rows)
        else:
            losses = _losses_and_gradients(states, head, targets, chunk_rows, None)
    return losses


def chunked_token_losses(states: Tensor, head: Tensor, targets: Tensor, *, chunk_rows: int = CHUNK_ROWS) -> Tensor:
    """Do what `token_losses` does on a torch without `linear_cross_entropy`: logits are made again going back."""
    if not _too_many(states, head, chunk_rows):
        return _cross_entropy(states, head, targets)
    # Three copies of a chunk's logits are alive going back, where the fused one has a single one.
    rows = max(1, chunk_rows // 3)
    parts = [
        checkpoint(
            _cross_entropy, states[start : start + rows], head, targets[start : start + rows], use_reentrant=False
        )
        for start in range(0, len(states), rows)
    ]
    return torch.cat(parts)


class _FrozenHeadLosses(torch.autograd.Function):
    """Computes the losses, and with them the gradient of each."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, head: Tensor, targets: Tensor, chunk_rows: int) -> Tensor:
        gradients = torch.empty_like(states)
        losses = _losses_and_gradients(states, head, targets, chunk_rows, gradients)
        ctx.save_for_backward(gradients)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *factors: Tensor) -> tuple[Tensor, None, None, None]:
        (gradients,) = ctx.saved_tensors
        return (gradients * (factors[0] / _scale(gradients.dtype))[:, None]).to(gradients.dtype), None, None, None


def _losses_and_gradients(
    states: Tensor, head: Tensor, targets: Tensor, chunk_rows: int, gradients: Tensor | None
) -> Tensor:
    """Return the losses, float32 `[n]`, and fill in (softmax - target) times the head, `[n, d]`, scaled."""
    losses = torch.empty(len(states), dtype=torch.float32, device=states.device)
    scale = _scale(head.dtype)
    for start in range(0, len(states), chunk_rows):
        rows = slice(start, start + chunk_rows)
        logits = F.linear(states[rows], head).float()
        target = targets[rows, None]
        at_target = logits.gather(1, target)
        most = logits.amax(1, keepdim=True)
        # From here on in place: the exponentials, then the gradient of the logits.
        total = logits.sub_(most).exp_().sum(1, keepdim=True)
        losses[rows] = (total.log() + most - at_target)[:, 0]
        if gradients is not None:
            logits.mul_(scale / total).scatter_add_(1, target, torch.full_like(total, -scale))
            torch.mm(logits.to(head.dtype), head, out=gradients[rows])
    return losses


def _scale(dtype: torch.dtype) -> float:
    return _HALF_SCALE if dtype == torch.float16 else 1.0


def _too_many(states: Tensor, head: Tensor, chunk_rows: int) -> bool:
    return len(states) > chunk_rows or len(states) * len(head) > WHOLE_LOGITS


# torch 2.13 has it; the project runs from 2.8.
_FUSED = hasattr(F, "linear_cross_entropy") and hasattr(torch.nn, "LinearCrossEntropyOptions")


def _cross_entropy(states: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(states, head).float(), targets, reduction="none")
