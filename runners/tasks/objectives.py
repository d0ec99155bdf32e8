"""The masked-diffusion objective as pure tensors: what is hidden, and what hiding it costs.

Formulas are those of LLaDA (arXiv 2502.09992, equation 5 and algorithm 2). The one decision: a hidden token counts
1 / p of its cross entropy and a response's sum is divided by the response's whole length, which makes the expected loss
the same at every t. Dividing by the number of hidden tokens as well is a common fault that inflates it about sevenfold.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from runners.sequences import hiding_probability

CHUNK_ROWS = 1024
"""Rows whose logits are held at once; at LLaDA-8B's vocabulary 0.48 GiB in fp32."""

WHOLE_LOGITS = 2**25
"""Up to so many logits are computed in one piece, which is fastest and takes three copies of them in fp32, 0.4 GiB."""


@dataclass(frozen=True)
class Hidden:
    """A batch after the forward process.

    Attributes:
        input_ids: int64 `[b, l]`, the hidden tokens replaced by the mask.
        hidden: bool `[b, l]`.
        p_mask: float32 `[b]`, the probability with which each row's response tokens were hidden.
    """

    input_ids: Tensor
    hidden: Tensor
    p_mask: Tensor


def hide(input_ids: Tensor, response: Tensor, t: Tensor, uniform: Tensor, mask_token_id: int) -> Hidden:
    """Hide response tokens, each with probability p = (1 - 1e-3) t + 1e-3; a prompt's are never hidden.

    Args:
        input_ids: int64 `[b, l]`.
        response: bool `[b, l]`, true at the response and its EOS.
        t: float32 `[b]`, from 0 to 1.
        uniform: float32 `[b, l]`, draws from [0, 1).
        mask_token_id: what stands for a hidden token.
    """
    p_mask = hiding_probability(t)
    hidden = (uniform < p_mask[:, None]) & response
    return Hidden(input_ids.masked_fill(hidden, mask_token_id), hidden, p_mask)


def weigh(token_losses: Tensor, hidden: Tensor, p_mask: Tensor, response_lengths: Tensor) -> Tensor:
    """Return each row's loss, float32 `[b]`: the sum of cross entropy / p over its hidden tokens, over its length.

    Args:
        token_losses: float32 `[n]`, of the hidden tokens in row order.
        hidden: bool `[b, l]` with n true.
        p_mask: float32 `[b]`.
        response_lengths: int64 `[b]`, with the EOS padding that counts as response.
    """
    rows = hidden.nonzero()[:, 0]
    weights = 1.0 / (p_mask * response_lengths)
    losses = torch.zeros_like(p_mask, dtype=torch.float32)
    return losses.index_add(0, rows, token_losses.float() * weights[rows])


def token_losses(states: Tensor, head: Tensor, targets: Tensor, *, chunk_rows: int = CHUNK_ROWS) -> Tensor:
    """Return the cross entropy of each row, float32 `[n]`, without ever holding the logits of all rows.

    Args:
        states: `[n, d]`, the hidden states that predict the targets.
        head: `[v, d]`, the weight of a head without bias.
        targets: int64 `[n]`.
        chunk_rows: rows whose logits are held at once.
    """
    if _FUSED and _too_many(states, head, chunk_rows):
        # On CUDA, `accurate` would make a float32 copy of the whole head, 1.9 GiB at LLaDA-8B; `auto` does not.
        options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=min(chunk_rows, len(states)), acc_policy="auto")
        fused: Tensor = F.linear_cross_entropy(states, head, targets, reduction="none", options=options)
        return fused.float()
    return chunked_token_losses(states, head, targets, chunk_rows=chunk_rows)


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


def _too_many(states: Tensor, head: Tensor, chunk_rows: int) -> bool:
    return len(states) > chunk_rows or len(states) * len(head) > WHOLE_LOGITS


# torch 2.13 has it; the project runs from 2.8.
_FUSED = hasattr(F, "linear_cross_entropy") and hasattr(torch.nn, "LinearCrossEntropyOptions")


def _cross_entropy(states: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(states, head).float(), targets, reduction="none")
