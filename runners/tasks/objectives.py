"""The masked-diffusion objective as pure tensors: what is hidden, and what hiding it costs.

Formulas are those of LLaDA (arXiv 2502.09992, equation 5 and algorithm 2). The one decision: a hidden token counts
1 / p of its cross entropy and a response's sum is divided by the response's whole length, which makes the expected loss
the same at every t. Dividing by the number of hidden tokens as well is a common fault that inflates it about sevenfold.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from runners.sequences import hiding_probability


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
    return row_losses(token_losses, rows, p_mask[rows], response_lengths)


def row_losses(each: Tensor, rows: Tensor, p_mask: Tensor, lengths: Tensor) -> Tensor:
    """Return each row's loss, float32 `[b]`: the sum of cross entropy / p over its counted positions, over its length.

    Args:
        each: float32 `[n]`, the cross entropy of each counted position.
        rows: int64 `[n]`, the row it stands in.
        p_mask: float32 `[n]`, the probability with which it was hidden.
        lengths: int64 `[b]`, the positions that count in each row, hidden or not.
    """
    weights = 1.0 / (p_mask * lengths[rows])
    sums = torch.zeros(len(lengths), dtype=torch.float32, device=each.device)
    return sums.index_add(0, rows, each.float() * weights)
