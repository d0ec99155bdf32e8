"""Block diffusion (arXiv 2503.09573, equation 8 and algorithm 1): each block is filled given the clean ones before it.

All blocks are learnt from in one pass: the noised sequence and the clean one stand side by side, and who sees whom
makes every noised block see itself and the clean blocks before it. The decision a reader needs: the blocks of a row
share its t. The paper draws one for each; no noised block sees another, so the expected loss is the same, and t stays
what is stratified over the batch. Blocks are counted from the beginning of the sequence, as the sampler counts them:
the first to be noised may hold the prompt's last tokens, and only what lies from it on is computed twice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from runners.tasks.attention import noised_beside_clean, with_padding
from runners.tasks.batches import Batch
from runners.tasks.losses.base import Losses, Objective, count, padding_of
from runners.tasks.models.base import Model
from runners.tasks.objectives import hide


def losses(model: Model, batch: Batch, t: Tensor, uniform: Tensor) -> Losses:
    """Hide response tokens at each row's own t and return the cost of predicting them; see `LossFunction`."""
    size = model.facts.block_tokens or batch.input_ids.shape[1]
    found = hide(batch.input_ids, batch.response, t, uniform, model.mask_token_id)
    begin = int(batch.response.int().argmax(1).min()) // size * size
    states = noised_states(model, found.input_ids[:, begin:], batch, size=size, begin=begin)
    return count(
        model,
        states,
        batch.input_ids[:, begin:],
        found.hidden[:, begin:],
        found.p_mask[:, None],
        batch.response.sum(1),
    )


def noised_states(model: Model, noised: Tensor, batch: Batch, *, size: int, begin: int) -> Tensor:
    """Return the states that predict the noised positions, `[b, l - begin, d]`.

    Args:
        model: sees its own block and those before it.
        noised: int64 `[b, l - begin]`.
        batch: the clean rows.
        size: tokens of a block.
        begin: the first position that is noised, the beginning of a block.
    """
    device, (rows, length) = model.device, batch.input_ids.shape
    clean = torch.arange(length, device=device)
    seen = noised_beside_clean(clean[begin:] // size, clean // size).expand(rows, -1, -1)
    padding = padding_of(batch, device)
    if padding is not None:
        padding = torch.cat([padding[:, begin:], padding], dim=1)
    input_ids = torch.cat([noised, batch.input_ids], dim=1).to(device)
    places = torch.cat([clean[begin:], clean]).expand(rows, -1)
    return model.hidden(input_ids, with_padding(seen, padding), places)[:, : length - begin]


OBJECTIVE = Objective("block-diffusion", losses, hides=True)
