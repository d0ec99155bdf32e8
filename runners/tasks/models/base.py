"""What a model says of itself, so that nothing else asks which model it is.

A family is one file of this folder with a `FAMILY`: it recognises a `config.json`, loads the folder, and hands back a
`Model`. Hidden states and head stay apart, so that logits are computed only where they are asked for: LLaDA-8B's
vocabulary is 126464 wide, and 1024 rows of fp32 logits take half a GiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the rest of the program needs to know of a model.

    Attributes:
        family: name of the file that loads it.
        mask_token_id: stands for a hidden token.
        eos_token_id: ends a response.
        pad_token_id: fills a batch up.
        vocab_size: width of the head, in tokens.
        context_tokens: longest sequence the model was made for.
        lora_targets: names of the linear layers that take an adapter when the spec names none.
        highest_learning_rate: the highest rate published for an adapter of a model like this, above which a run is
            warned; None where nothing is published.
    """

    family: str
    mask_token_id: int
    eos_token_id: int
    pad_token_id: int
    vocab_size: int
    context_tokens: int
    lora_targets: tuple[str, ...]
    highest_learning_rate: float | None


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded network with its facts.

    Attributes:
        net: the whole network; an adapter is laid into it in place.
        backbone: its part below the head.
        head: its part that turns hidden states into logits, without a bias.
        facts: what it says of itself.
    """

    net: nn.Module
    backbone: nn.Module
    head: nn.Linear
    facts: ModelFacts

    @property
    def device(self) -> torch.device:
        """Return the device that holds the head's weights."""
        return self.head.weight.device

    def hidden(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the hidden state that predicts each position, `[b, l, d]`, seeing every position both ways.

        Args:
            input_ids: int64 `[b, l]`.
            attention_mask: bool or int64 `[b, l]`, false at padding; None when there is none.
        """
        states: Tensor = self.backbone(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state
        return states

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits `[n, vocabulary]` of some hidden states `[n, d]`."""
        return F.linear(hidden, self.head.weight)


class Family(Protocol):
    """A family of models: one file of this folder."""

    name: str

    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Say whether a `config.json` belongs to this family."""
        ...

    def load(self, folder: Path, config: Mapping[str, Any], *, dtype: torch.dtype, device: torch.device) -> Model:
        """Load the weights from `folder`.

        Raises:
            ModelError: the configuration or the weights are not what this family reads.
        """
        ...
