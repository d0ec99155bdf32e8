"""The self-test after every load: a model that sees only leftwards trains and samples without an error, and badly."""

from __future__ import annotations

import torch

from runners.errors import ModelError
from runners.tasks.models.base import Model

_LENGTH_TOKENS = 8


def require_bidirectional(model: Model) -> None:
    """Change the last token of a short sequence and see the first position's logits move.

    Raises:
        ModelError: they do not move, or are not finite.
    """
    facts = model.facts
    usable = [token for token in range(min(facts.vocab_size, 4 * _LENGTH_TOKENS)) if token != facts.mask_token_id]
    first = torch.tensor([usable[:_LENGTH_TOKENS]], device=model.device)
    second = first.clone()
    second[0, -1] = usable[_LENGTH_TOKENS]
    with torch.no_grad():
        before, after = (model.logits(model.hidden(ids)[0, :1]) for ids in (first, second))
    if not bool(torch.isfinite(before).all() and torch.isfinite(after).all()):
        raise ModelError(
            "The self-test failed: the model's logits are not finite. Load it in another dtype, such as bfloat16."
        )
    if bool(torch.equal(before, after)):
        raise ModelError(
            "The self-test failed: the first position does not see the last token, so the model was loaded causal. "
            "A masked-diffusion model must see both ways. Check is_causal and the version of transformers."
        )
