"""The losses that the embedded model is made with, and the one it is measured by.

They are the project's own objective, plus two that only pretraining needs: the next token, and a canvas hidden as the
block sampler finds it. The decision a reader needs: all are in nats a token, so that their numbers can be compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from runners.layouts import Layout
from runners.tasks.batches import Batch, Example
from runners.tasks.head_losses import token_losses
from runners.tasks.models.base import Model
from runners.tasks.objectives import hide, weigh
from runners.tasks.validate import losses_of

BLOCK_TOKENS = 16
WINDOW_TOKENS = 256


def causal_loss(net: LlamaForCausalLM, batch: Batch, dropped: Tensor, layout: Layout) -> Tensor:
    """Return the mean loss of each next token.

    Args:
        net: a causal network.
        batch: rows; prompts count like responses.
        dropped: bool `[b, l]`, inputs replaced by the mask; what is to be predicted stays.
        layout: names the mask and the padding.
    """
    inputs = batch.input_ids.masked_fill(dropped, layout.needed_mask_token_id)
    targets = batch.input_ids[:, 1:]
    counted = targets != layout.pad_token_id
    states = net.model(input_ids=inputs).last_hidden_state[:, :-1][counted]
    return F.cross_entropy(net.lm_head(states).float(), targets[counted])


def anywhere_loss(model: Model, batch: Batch, t: Tensor, uniform: Tensor) -> Tensor:
    """Return the published objective: each response token hidden with probability t, averaged over the rows.

    Args:
        model: sees both ways.
        batch: rows.
        t: float32 `[b]`, above 0 to 1.
        uniform: float32 `[b, l]`, draws from [0, 1).
    """
    hidden = hide(batch.input_ids, batch.response, t, uniform, model.mask_token_id)
    states = model.hidden(hidden.input_ids, batch.attention_mask)[hidden.hidden]
    losses = token_losses(states, model.head.weight, batch.input_ids[hidden.hidden])
    return weigh(losses, hidden.hidden, hidden.p_mask, batch.response.sum(1)).mean()


def block_loss(model: Model, batch: Batch, t: Tensor, uniform: Tensor, starts: Tensor) -> Tensor:
    """Return the loss of canvases hidden as the block sampler finds them, averaged over the rows.

    Args:
        model: sees both ways.
        batch: rows.
        t: float32 `[b]`, part of the block that is hidden, above 0 to 1.
        uniform: float32 `[b, l]`, draws from [0, 1).
        starts: float32 `[b]`, where in its response each row's block begins, 0 to below 1.
    """
    hidden, weight = hide_block(batch.response, t, uniform, starts)
    states = model.hidden(batch.input_ids.masked_fill(hidden, model.mask_token_id), batch.attention_mask)[hidden]
    losses = token_losses(states, model.head.weight, batch.input_ids[hidden])
    return (losses * weight[hidden]).sum() / len(batch.input_ids)


def hide_block(response: Tensor, t: Tensor, uniform: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is hidden, bool `[b, l]`, and what each token's loss weighs, float32 `[b, l]`.

    Nothing is hidden before the block, part t of the block, everything after it. What lies after counts less and less,
    since so far from its context only a token's frequency can be known. See `block_loss` for the arguments.
    """
    places = torch.arange(response.shape[1])
    begin = response.int().argmax(1) + (starts * response.sum(1)).long()
    distance = places - begin[:, None]
    inside = (distance >= 0) & (distance < BLOCK_TOKENS)
    after = distance >= BLOCK_TOKENS
    hidden = ((inside & (uniform < t[:, None])) | after) & response
    beyond = torch.exp(-(distance - BLOCK_TOKENS).clamp(min=0) / BLOCK_TOKENS)
    return hidden, torch.where(inside, 1 / t[:, None], beyond) / (2 * BLOCK_TOKENS)


def windows(name: str, ids: Sequence[int]) -> list[Example]:
    """Cut a text's ids into rows of 256, each named so that its masks are always the same; a shorter end is dropped."""
    starts = range(0, max(1, len(ids) - WINDOW_TOKENS + 1), WINDOW_TOKENS)
    return [Example(f"{name}:{start}", list(ids[start : start + WINDOW_TOKENS]), 0) for start in starts]


def masked_loss(model: Model, rows: Sequence[Example], *, draws: int) -> float:
    """Return the masked-diffusion loss of some rows on fixed masks, with t spread evenly over 0 to 1."""
    return statistics.fmean(loss for row in rows for loss in losses_of(model, row, draws=draws))
