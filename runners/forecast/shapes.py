"""The sizes of a network that decide what it takes: read from a `config.json`, or known of a published model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runners.errors import ModelError
from runners.families.base import Config, Family, Network
from runners.families.registry import family_of


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A network's sizes.

    Attributes:
        network: the class of transformers that computes it.
        hidden: width of a position's state.
        layers: how many.
        heads: of queries.
        key_heads: of keys and values.
        head_width: of one head.
        inner: width of the MLP.
        vocabulary: rows of embedding and head, in tokens.
        tied: whether embedding and head are one tensor.
        positions: rows of a learnt position embedding; 0 where positions are rotated.
    """

    network: Network
    hidden: int
    layers: int
    heads: int
    key_heads: int
    head_width: int
    inner: int
    vocabulary: int
    tied: bool
    positions: int = 0

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of each linear layer of one block, by the name an adapter is laid on by."""
        queries, keys = self.heads * self.head_width, self.key_heads * self.head_width
        if self.network == "GPT2LMHeadModel":
            return {
                "c_attn": (self.hidden, queries + 2 * keys),
                "attn.c_proj": (queries, self.hidden),
                "c_fc": (self.hidden, self.inner),
                "mlp.c_proj": (self.inner, self.hidden),
            }
        return {
            "q_proj": (self.hidden, queries),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (queries, self.hidden),
            "gate_proj": (self.hidden, self.inner),
            "up_proj": (self.hidden, self.inner),
            "down_proj": (self.inner, self.hidden),
        }

    @property
    def linear_parameters(self) -> int:
        """Weights of all blocks' linear layers, without biases: what 4-bit storage shrinks."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linears.values())

    @property
    def parameters(self) -> int:
        """All weights."""
        vocabulary = self.vocabulary * self.hidden
        return self.linear_parameters + self._small() + vocabulary * (1 if self.tied else 2) + self._positions()

    def _positions(self) -> int:
        return self.positions * self.hidden

    def _small(self) -> int:
        """Norms and biases."""
        if self.network == "GPT2LMHeadModel":
            biases = sum(outputs for _, outputs in self.linears.values())
            return self.layers * (4 * self.hidden + biases) + 2 * self.hidden
        norms = self.layers * 2 * self.hidden + self.hidden
        if self.network == "Qwen3ForCausalLM":
            return norms + self.layers * 2 * self.head_width
        if self.network == "Qwen2ForCausalLM":
            return norms + self.layers * (self.heads + 2 * self.key_heads) * self.head_width
        return norms


def shape_of(config: Config) -> Shape:
    """Return the sizes that a published `config.json` gives.

    Raises:
        ModelError: it is of no known family, or a size is missing.
    """
    family = family_of(config)
    settings = family.settings(config)
    try:
        return _shape(family, settings)
    except KeyError as error:
        raise ModelError(f"config.json: {error.args[0]} is missing. Fetch the model again.") from error


def _shape(family: Family, given: Mapping[str, Any]) -> Shape:
    if family.network == "GPT2LMHeadModel":
        width, heads = int(given["n_embd"]), int(given["n_head"])
        return Shape(
            network=family.network,
            hidden=width,
            layers=int(given["n_layer"]),
            heads=heads,
            key_heads=heads,
            head_width=width // heads,
            inner=int(given.get("n_inner") or 4 * width),
            vocabulary=int(given["vocab_size"]),
            tied=bool(given.get("tie_word_embeddings", True)),
            positions=int(given.get("n_positions", 1024)),
        )
    width, heads = int(given["hidden_size"]), int(given["num_attention_heads"])
    return Shape(
        network=family.network,
        hidden=width,
        layers=int(given["num_hidden_layers"]),
        heads=heads,
        key_heads=int(given.get("num_key_value_heads") or heads),
        # Qwen3 has 128 whatever the width is, and says so only where it differs.
        head_width=int(given.get("head_dim") or (128 if family.network == "Qwen3ForCausalLM" else width // heads)),
        inner=int(given["intermediate_size"]),
        vocabulary=int(given["vocab_size"]),
        tied=bool(given.get("tie_word_embeddings", False)),
    )


def _plain(network: Network, sizes: tuple[int, int, int, int, int, int, int], *, tied: bool = False) -> Shape:
    hidden, layers, heads, key_heads, head_width, inner, vocabulary = sizes
    return Shape(
        network=network,
        hidden=hidden,
        layers=layers,
        heads=heads,
        key_heads=key_heads,
        head_width=head_width,
        inner=inner,
        vocabulary=vocabulary,
        tied=tied,
    )


_LLADA = _plain("LlamaForCausalLM", (4096, 32, 32, 32, 128, 12288, 126464))
_DREAM = _plain("Qwen2ForCausalLM", (3584, 28, 28, 4, 128, 18944, 152064))

# What people train, by words of the id, for a forecast before `config.json` is here.
_PUBLISHED: dict[str, Shape] = {
    "illada-8b": _plain("LlamaForCausalLM", (4096, 32, 32, 8, 128, 14336, 155136), tied=True),
    "llada-8b": _LLADA,
    "llada-1.5": _LLADA,
    "dream-v0": _DREAM,
    "dream-7b": _DREAM,
    "diffucoder-7b": _DREAM,
    "sdar-1.7b": _plain("Qwen3ForCausalLM", (2048, 28, 16, 8, 128, 6144, 151936), tied=True),
    "sdar-4b": _plain("Qwen3ForCausalLM", (2560, 36, 32, 8, 128, 9728, 151936), tied=True),
    "sdar-8b": _plain("Qwen3ForCausalLM", (4096, 36, 32, 8, 128, 12288, 151936)),
    "qwen3-0.6b": _plain("Qwen3ForCausalLM", (1024, 28, 16, 8, 128, 3072, 151936), tied=True),
    "llama-3.1-8b": _plain("LlamaForCausalLM", (4096, 32, 32, 8, 128, 14336, 128256)),
    "llama-3-8b": _plain("LlamaForCausalLM", (4096, 32, 32, 8, 128, 14336, 128256)),
    "llama-3.2-1b": _plain("LlamaForCausalLM", (2048, 16, 32, 8, 64, 8192, 128256), tied=True),
    "llama-3.2-3b": _plain("LlamaForCausalLM", (3072, 28, 24, 8, 128, 8192, 128256), tied=True),
}


def published_shape(model_id: str) -> Shape | None:
    """Return the sizes of a published model by its id, or None; the longest word in it wins."""
    name = model_id.lower()
    found = [word for word in _PUBLISHED if word in name]
    return _PUBLISHED[max(found, key=len)] if found else None
