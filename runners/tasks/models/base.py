"""A loaded model: its network, and what the rest of the program asks of it.

Hidden states and head stay apart, so that logits are computed only where they are asked for: LLaDA-8B's vocabulary is
126464 wide, and 1024 rows of fp32 logits take half a GiB. The decision a reader needs: `hidden` gives the state that
predicts each position, whatever the model; who calls it never asks whether logits are shifted, or what may be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runners.errors import ModelError
from runners.families.base import Attention
from runners.tasks.attention import block_causal, with_padding

Cache = Any
"""Keys and values of what was read so far, as transformers keeps them."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the rest of the program needs to know of a model.

    Attributes:
        family: name of its family.
        mask_token_id: stands for a hidden token; None for a model that hides none.
        eos_token_id: ends a response.
        pad_token_id: fills a batch up.
        end_token_ids: every id that ends a response.
        vocab_size: width of the head, in tokens.
        context_tokens: longest sequence the model was made for.
        context_is_hard: whether there are no positions beyond it.
        lora_targets: names of the linear layers that take an adapter when the spec names none.
        highest_learning_rate: the highest rate published for an adapter of a model like this, above which a run is
            warned; None where nothing is published.
        highest_full_learning_rate: the same for training every weight.
        attention: what a position sees.
        block_tokens: length of a block; None but for a block-causal model.
        shifted: whether the state at a position predicts the token after it.
    """

    family: str
    mask_token_id: int | None
    eos_token_id: int
    pad_token_id: int
    end_token_ids: frozenset[int] = frozenset()
    vocab_size: int
    context_tokens: int
    context_is_hard: bool = False
    lora_targets: tuple[str, ...]
    highest_learning_rate: float | None
    highest_full_learning_rate: float | None = None
    attention: Attention = "bidirectional"
    block_tokens: int | None = None
    shifted: bool = False


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

    @property
    def mask_token_id(self) -> int:
        """Return the mask's id.

        Raises:
            ModelError: the model has none.
        """
        if self.facts.mask_token_id is None:
            raise ModelError(f"A model of the family {self.facts.family} has no mask: nothing of a text can be hidden.")
        return self.facts.mask_token_id

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, position_ids: Tensor | None = None
    ) -> Tensor:
        """Return the hidden state that predicts each position, `[b, l, d]`; nothing before the first predicts it.

        Args:
            input_ids: int64 `[b, l]`.
            attention_mask: bool or int64 `[b, l]`, false at padding, for the model's own attention; or bool
                `[b, l, l]`, true where a position sees another, in its place; None when there is no padding.
            position_ids: int64 `[b, l]`; None for 0, 1, 2 and so on.
        """
        states = self.states(input_ids, attention_mask, position_ids)
        # A shifted model predicts a position from the one before it; the very first has only itself.
        return torch.cat([states[:, :1], states[:, :-1]], dim=1) if self.facts.shifted else states

    def states(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, position_ids: Tensor | None = None
    ) -> Tensor:
        """Return the hidden state at each position, `[b, l, d]`; the arguments are those of `hidden`."""
        if attention_mask is None or attention_mask.dim() == 2:
            if self.facts.block_tokens is not None:
                places = torch.arange(input_ids.shape[1], device=input_ids.device)
                seen = block_causal(places // self.facts.block_tokens).expand(len(input_ids), -1, -1)
                attention_mask = with_padding(seen, attention_mask)[:, None]
        else:
            attention_mask = attention_mask[:, None]
        states: Tensor = self.backbone(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        ).last_hidden_state
        return states

    def read_on(self, input_ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        """Read tokens behind those of a cache; return the state that predicts what follows, `[b, d]`, and the cache.

        For causal models only.

        Args:
            input_ids: int64 `[b, l]`, what was not read yet.
            cache: what an earlier call returned; None at the beginning.
        """
        read = self.backbone(input_ids=input_ids, past_key_values=cache, use_cache=True)
        return read.last_hidden_state[:, -1], read.past_key_values

    @property
    def keeps_blocks(self) -> bool:
        """Whether finished blocks can be kept: nothing behind them is seen from them, so their keys and values stay.

        Every key of a bidirectional model changes with each token that is committed, wherever it stands; of such a
        model nothing can be kept but approximately.
        """
        return self.facts.block_tokens is not None and not self.facts.shifted

    def read_block(self, input_ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        """Read a sequence to its end; return the states that predict its last block, `[b, m, d]`, and the cache.

        For models that keep blocks only. The cache holds the blocks before the last; those that it holds already are
        not read again, and the last one never goes into it, since its tokens may still change.

        Args:
            input_ids: int64 `[b, l]`, the whole sequence; nothing in its kept blocks may have changed.
            cache: what an earlier call returned; None at the beginning.
        """
        assert self.facts.block_tokens is not None
        rows, length = input_ids.shape
        known = 0 if cache is None else cache.get_seq_length()
        begin = (length - 1) // self.facts.block_tokens * self.facts.block_tokens
        places = torch.arange(length, device=input_ids.device)
        seen = block_causal(places // self.facts.block_tokens)[known:].expand(rows, 1, -1, -1)
        read = self.backbone(
            input_ids=input_ids[:, known:],
            attention_mask=seen,
            position_ids=places[known:].expand(rows, -1),
            past_key_values=cache,
            use_cache=True,
        )
        read.past_key_values.crop(begin - length)
        return read.last_hidden_state[:, begin - known :], read.past_key_values

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits `[n, vocabulary]` of some hidden states `[n, d]`."""
        return F.linear(hidden, self.head.weight)
