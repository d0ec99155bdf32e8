"""Masked diffusion as LLaDA published it (arXiv 2502.09992, equation 5 and algorithm 2): one t a row, one pass."""

from __future__ import annotations

from torch import Tensor

from runners.tasks.batches import Batch
from runners.tasks.losses.base import Losses, Objective, count, padding_of
from runners.tasks.models.base import Model
from runners.tasks.objectives import hide


def losses(model: Model, batch: Batch, t: Tensor, uniform: Tensor) -> Losses:
    """Hide response tokens at each row's own t and return the cost of predicting them; see `LossFunction`."""
    hidden = hide(batch.input_ids, batch.response, t, uniform, model.mask_token_id)
    states = model.hidden(hidden.input_ids.to(model.device), padding_of(batch, model.device))
    return count(model, states, batch.input_ids, hidden.hidden, hidden.p_mask[:, None], batch.response.sum(1))


OBJECTIVE = Objective("masked-diffusion", losses, hides=True)
