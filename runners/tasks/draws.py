"""Drawing tokens, alike for every sampler: seeded, and each row by its own generator."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def choose(logits: Tensor, temperature: float, generators: Sequence[torch.Generator]) -> Tensor:
    """Return a token for each position, int64 `[b, m]`: the likeliest, or a draw at `temperature`.

    Adding Gumbel noise times the temperature and taking the largest draws from softmax(logits / temperature). In fp32
    the noise's tail is cut, which lowers the temperature in effect (arXiv 2409.02908), hence float64.

    Args:
        logits: `[b, m, v]`; minus infinity is never drawn.
        temperature: 0 takes the likeliest token.
        generators: one a row, where the temperature is above 0.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    chosen = []
    for row, generator in zip(logits, generators, strict=True):
        noise = uniform(generator, row.shape).clamp_min_(torch.finfo(torch.float64).tiny)
        noise.log_().neg_().log_().neg_()
        chosen.append(noise.mul_(temperature).add_(row.to(noise.device)).argmax(dim=-1).to(logits.device))
    return torch.stack(chosen)


def uniform(generator: torch.Generator, shape: torch.Size) -> Tensor:
    """Draw from [0, 1), float64, on the generator's device."""
    return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
