"""What a family says of its models, so that nothing else asks which model it is.

A family is one file of this folder with a `FAMILY`; adding a model means adding one. It is data and pure functions of
`config.json`, without torch: the launch form reads the very facts that the job goes by, and what loads the weights
(`tasks/models/registry.py`) is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runners.spec import Dtype, Method, Objective, SamplerName

Attention = Literal["bidirectional", "block-causal", "causal"]
"""What a position sees: everything; its own block and those before it; itself and what is before it."""

Config = Mapping[str, Any]
"""A `config.json`, as it was published."""

Network = Literal["LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "GPT2LMHeadModel"]
"""The class of transformers that computes the family."""

_METHODS: Mapping[Method, str] = {"lora": "for an adapter", "full": "in full"}

GATED_LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Every linear layer of a block with gated feed-forward, by its name in transformers."""

TOKEN_IDS = ("mask_token_id", "eos_token_id", "pad_token_id")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A published learning rate.

    Attributes:
        highest: the highest one published for models of a published size.
        words: the values and where they come from, as the form says it.
    """

    highest: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family of models.

    Attributes:
        name: of its file, `_` for `-`; kept in events.
        title: as people call it, without a size.
        recognises: whether a `config.json` belongs to it.
        in_id: words of a repository's id that give it away before its `config.json` is here; the longest wins.
        network: the class that computes it.
        settings: turns the published `config.json` into the settings of that class; raises ModelError.
        attention: what a position sees.
        shifted: whether the state at a position predicts the token after it, as causal models do, and not its own.
        objectives: those that fit; the first is the default.
        samplers: those that fit; the first is the default.
        lora_targets: linear layers that take an adapter when the spec names none.
        key_mapping: from published tensor names to those of the class, as patterns.
        token_ids: ids by the names of `TOKEN_IDS`, where `config.json` does not give them.
        block_tokens: the block of a block-causal model, by its `config.json` and id.
        trained_tokens: longest sequence it was trained on, where `config.json` promises more.
        context_is_hard: whether there are no positions beyond the context at all.
        published_width: hidden size from which on the published rates hold; a very small model needs higher ones.
        rates: published learning rates by method; none where nothing was published.
        published: what was published of other fields of a spec, by dotted path.
        learning_rate: where a run of it starts from.
        dtype: likewise, the number format of its weights.
        sampling: where its sampling starts from, by field, beside the program's own defaults.
        unverified: what of it was never checked against a published file; empty when all was.
    """

    name: str
    title: str
    recognises: Callable[[Config], bool]
    in_id: tuple[str, ...]
    network: Network
    settings: Callable[[Config], dict[str, Any]]
    attention: Attention
    shifted: bool
    objectives: tuple[Objective, ...]
    samplers: tuple[SamplerName, ...]
    lora_targets: tuple[str, ...]
    key_mapping: Mapping[str, str] = field(default_factory=dict)
    token_ids: Mapping[str, int] = field(default_factory=dict)
    block_tokens: Callable[[Config, str], int] | None = None
    trained_tokens: int | None = None
    context_is_hard: bool = False
    published_width: int = 2048
    rates: Mapping[Method, Rate] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    learning_rate: float = 2e-5
    dtype: Dtype = "bfloat16"
    sampling: Mapping[str, Any] = field(default_factory=dict)
    unverified: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one model from its id and, where it is here, its `config.json`.

    Attributes:
        family: its family.
        context_tokens: longest sequence it was made for; None where `config.json` is not here or does not say.
        block_tokens: length of its blocks; None for a model without blocks.
        small: whether it is too small for the published rates.
    """

    family: Family
    context_tokens: int | None = None
    block_tokens: int | None = None
    small: bool = False

    def highest_rate(self, method: Method) -> float | None:
        """Return the highest learning rate published for a model of this size, or None."""
        rate = self.family.rates.get(method)
        return None if rate is None or self.small else rate.highest

    def published(self, path: str) -> str | None:
        """Return what was published of a field, by dotted path; None where nothing of it is this model's own."""
        if path == "train.learning_rate":
            return self._published_rates()
        if path == "train.max_length" and self.context_tokens:
            whose = "this model" if self.small else self.family.title
            return f"{whose} was made for up to {self.context_tokens}"
        if path == "sampling.block_length" and self.block_tokens:
            return f"{self.block_tokens}, the block this model was trained with and the only one it can fill"
        return None if self.small else self.family.published.get(path)

    def _published_rates(self) -> str:
        if self.small:
            return "nothing for a model this small, which takes a far higher rate than its large relatives do"
        said = [f"{rate.words} ({_METHODS[method]})" for method, rate in self.family.rates.items()]
        said += [f"nothing {_METHODS[method]}" for method in _METHODS if method not in self.family.rates]
        return f"{self.family.title}: {', '.join(said)}"


def plain_settings(config: Config) -> dict[str, Any]:
    """Return the settings of a `config.json` that is in transformers' own naming, without what could run code."""
    dropped = ("auto_map", "model_type", "architectures", "is_causal", "use_cache", "dtype", "torch_dtype")
    return {key: value for key, value in config.items() if key not in dropped}


def width(config: Config) -> int | None:
    """Return the hidden size, in whichever naming."""
    return next((int(config[key]) for key in ("hidden_size", "d_model", "n_embd") if config.get(key)), None)


def context(config: Config) -> int | None:
    """Return the longest sequence that `config.json` promises, in whichever naming."""
    names = ("max_position_embeddings", "max_sequence_length", "n_positions")
    return next((int(config[key]) for key in names if config.get(key)), None)
