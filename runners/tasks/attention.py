"""Who sees whom, as boolean tensors: the masks that transformers has no word for."""

from __future__ import annotations

import torch
from torch import Tensor


def block_causal(blocks: Tensor) -> Tensor:
    """Return what a block-causal model sees, bool `[l, l]`: its own block, and every block before it.

    Args:
        blocks: int64 `[l]`, the number of the block that each position lies in.
    """
    return blocks[:, None] >= blocks[None, :]


def noised_beside_clean(noised: Tensor, clean: Tensor) -> Tensor:
    """Return what is seen in a sequence of noised blocks followed by clean ones, bool `[n + c, n + c]`.

    A noised block sees itself and the clean blocks before it; a clean one sees itself and the clean ones before it. So
    one pass computes what filling each block in turn would (Block Diffusion, arXiv 2503.09573, section 3 and
    appendix B).

    Args:
        noised: int64 `[n]`, the number of the block that each noised position lies in.
        clean: int64 `[c]`, the same of the clean positions.
    """
    among_noised = noised[:, None] == noised[None, :]
    clean_before = noised[:, None] > clean[None, :]
    never = torch.zeros(len(clean), len(noised), dtype=torch.bool, device=noised.device)
    above = torch.cat([among_noised, clean_before], dim=1)
    below = torch.cat([never, block_causal(clean)], dim=1)
    return torch.cat([above, below])


def with_padding(seen: Tensor, attention_mask: Tensor | None) -> Tensor:
    """Take padding out of what is seen, bool `[b, l, l]`; a position still sees itself, or nothing would be left.

    Args:
        seen: bool `[b, l, l]`.
        attention_mask: bool or int64 `[b, l]`, false at padding; None when there is none.
    """
    if attention_mask is None:
        return seen
    itself = torch.eye(seen.shape[-1], dtype=torch.bool, device=seen.device)
    return (seen & attention_mask.bool()[:, None, :]) | itself
