"""The self-test after every load: a model that sees too little, or too much, trains and samples without an error.

A diffusion model loaded causal writes badly; a causal one that sees ahead learns to copy what it should predict. So
after each load tokens are changed, and the positions that move must be exactly those that may see them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from runners.errors import ModelError
from runners.tasks.models.base import Model

_LENGTH_TOKENS = 8


def require_attention(model: Model) -> None:
    """Check that every position sees what the model's attention lets it see, and nothing else.

    Raises:
        ModelError: it does not, or the logits are not finite.
    """
    if model.facts.attention == "bidirectional":
        require_bidirectional(model)
        return
    block = model.facts.block_tokens or 1
    length = 2 * block if block > 1 else _LENGTH_TOKENS
    first = _tokens(model, length)
    for changed in (block - 1, length // 2, length - 1):
        second = first.clone()
        second[0, changed] = _usable(model)[-1]
        before, after = _logits(model, first), _logits(model, second)
        _require_finite(before, after)
        moved = ~(before == after).all(dim=-1)
        may = torch.arange(length) // block >= changed // block
        if not torch.equal(moved, may):
            raise ModelError(_told(model, changed, moved, may))


def require_bidirectional(model: Model) -> None:
    """Change the last token of a short sequence and see the first position's logits move.

    Raises:
        ModelError: they do not move, or are not finite.
    """
    first = _tokens(model, _LENGTH_TOKENS)
    second = first.clone()
    second[0, -1] = _usable(model)[-1]
    before, after = (_logits(model, ids)[0] for ids in (first, second))
    _require_finite(before, after)
    if bool(torch.equal(before, after)):
        raise ModelError(
            "The self-test failed: the first position does not see the last token, so the model was loaded causal. "
            "A masked-diffusion model must see both ways. Check is_causal and the version of transformers."
        )


def _usable(model: Model) -> list[int]:
    """Return a few ids that are no mask; the last is in no sequence of `_tokens`."""
    facts = model.facts
    return [token for token in range(min(facts.vocab_size, 4 * _LENGTH_TOKENS)) if token != facts.mask_token_id]


def _tokens(model: Model, length: int) -> Tensor:
    usable = _usable(model)[:-1]
    return torch.tensor([[usable[place % len(usable)] for place in range(length)]], device=model.device)


@torch.no_grad()
def _logits(model: Model, input_ids: Tensor) -> Tensor:
    """Return the logits of the state at each position, `[l, v]` on the CPU."""
    return model.logits(model.states(input_ids)[0]).cpu()


def _require_finite(*logits: Tensor) -> None:
    if not all(bool(torch.isfinite(found).all()) for found in logits):
        raise ModelError(
            "The self-test failed: the model's logits are not finite. Load it in another dtype, such as bfloat16."
        )


def _told(model: Model, changed: int, moved: Tensor, may: Tensor) -> str:
    wrong = int((moved != may).nonzero()[0])
    what = "sees" if moved[wrong] else "does not see"
    blocks = f" in blocks of {model.facts.block_tokens}" if model.facts.block_tokens else ""
    return (
        f"The self-test failed: position {wrong} {what} position {changed}, and the model's attention is "
        f"{model.facts.attention}{blocks}. Check is_causal and the version of transformers."
    )
