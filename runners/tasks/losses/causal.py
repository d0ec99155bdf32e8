"""The causal loss: the cross entropy of each token of the response, given all before it; the prompt costs nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from runners.tasks.batches import Batch
from runners.tasks.losses.base import Losses, Objective, count, padding_of
from runners.tasks.models.base import Model


def losses(model: Model, batch: Batch, t: Tensor, uniform: Tensor) -> Losses:
    """Return the cost of each response token; nothing is hidden, so `t` and `uniform` are left aside."""
    spots = batch.response.clone()
    # Nothing stands before the first token of a sequence, so nothing predicts it.
    spots[:, 0] = False
    states = model.hidden(batch.input_ids.to(model.device), padding_of(batch, model.device))
    return count(model, states, batch.input_ids, spots, torch.ones(()), spots.sum(1))


OBJECTIVE = Objective("causal", losses, hides=False)
