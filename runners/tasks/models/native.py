"""Loading the weights of any family with transformers' own classes: safetensors only, no code of the repository.

Everything that differs between families stands in `runners/families`. What a `config.json` says of classes to fetch is
dropped before transformers sees it, and a folder with pickled weights only is refused, since unpickling can run code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from runners.errors import ModelError
from runners.families.base import TOKEN_IDS, Config, Family, Known
from runners.layouts import Layout
from runners.spec import Quantization
from runners.tasks.models.base import Model, ModelFacts
from runners.tasks.quantize import loading_options

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class TokenIds:
    """The ids that mean something to a model: mask, EOS, padding, and all that end a response."""

    mask: int | None
    eos: int
    pad: int
    ends: frozenset[int]


def load_weights(
    folder: Path,
    config: Config,
    known: Known,
    ids: TokenIds,
    *,
    dtype: torch.dtype,
    device: torch.device,
    quantization: Quantization = "none",
) -> Model:
    """Load the weights of a folder.

    Args:
        folder: holds `*.safetensors`.
        config: its `config.json`.
        known: which family it is of, and what follows from `config.json`.
        ids: of its special tokens.
        dtype: number format in memory.
        device: where the weights go.
        quantization: how few bits the linear layers are kept in.

    Raises:
        ModelError: no safetensors, a setting the class cannot do, or tensors missing, left over or of another shape.
    """
    if not list(folder.glob("*.safetensors")):
        pickled = sorted(file.name for pattern in _PICKLED for file in folder.glob(pattern))
        there = f", and {pickled[0]} is left alone" if pickled else ""
        raise ModelError(
            f"{folder}: holds no *.safetensors, the only weights that are read: other formats can run code{there}. "
            "Choose a repository that has safetensors."
        )
    if "quantization_config" in config:
        raise ModelError(
            f"{folder}: the weights are stored quantized. Name the model they were made from; it can be made smaller "
            "while it is loaded."
        )
    family = known.family
    network: Any = getattr(transformers, family.network)
    try:
        net, report = network.from_pretrained(
            folder,
            config=network_config(family, config),
            key_mapping=dict(family.key_mapping),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            attn_implementation="sdpa",
            output_loading_info=True,
            **loading_options(quantization, dtype=dtype, device=device),
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{folder}: the weights cannot be loaded: {error}") from error
    problems = [
        f"{word}: {', '.join(sorted(map(str, names))[:_SHOWN_NAMES])}"
        for word, names in (("missing", report["missing_keys"]), ("not known", report["unexpected_keys"]))
        if names
    ]
    if problems:
        raise ModelError(f"{folder}: the weights do not fit config.json. Tensors {'; '.join(problems)}.")
    return as_model((net.to(device) if quantization == "none" else net).eval(), known, ids)


def network_config(family: Family, config: Config) -> Any:
    """Read a published `config.json` as the configuration of the class that computes its family.

    Raises:
        ModelError: a setting that the class cannot do, or a size that is missing.
    """
    settings = family.settings(config) | {"is_causal": family.attention == "causal", "use_cache": False}
    network: Any = getattr(transformers, family.network)
    try:
        return network.config_class.from_dict(settings)
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(f"config.json: a setting does not fit a {family.title} ({error}). Choose another.") from error


def as_model(net: Any, known: Known, ids: TokenIds) -> Model:
    """Wrap a network with what its family and its `config.json` say of it."""
    family, own = known.family, net.config
    facts = ModelFacts(
        family=family.name,
        mask_token_id=ids.mask,
        eos_token_id=ids.eos,
        pad_token_id=ids.pad,
        end_token_ids=ids.ends,
        vocab_size=own.vocab_size,
        context_tokens=known.context_tokens or own.max_position_embeddings,
        context_is_hard=family.context_is_hard,
        lora_targets=family.lora_targets,
        highest_learning_rate=known.highest_rate("lora"),
        highest_full_learning_rate=known.highest_rate("full"),
        attention=family.attention,
        block_tokens=known.block_tokens,
        shifted=family.shifted,
    )
    return Model(net=net, backbone=net.base_model, head=net.get_output_embeddings(), facts=facts)


def token_ids(config: Config, family: Family, layout: Layout | None = None) -> TokenIds:
    """Return a model's ids: its layout's, which must agree with `config.json`, or those of `config.json` alone.

    Raises:
        ModelError: the two disagree, or mask or EOS is nowhere to be found.
    """
    hides = family.attention != "causal"
    stated = {name: config.get(name, family.token_ids.get(name)) for name in TOKEN_IDS}
    mask, pad = stated["mask_token_id"] if hides else None, stated["pad_token_id"]
    eos = stated["eos_token_id"]
    ends = frozenset(eos if isinstance(eos, list) else [] if eos is None else [eos])
    if layout is None:
        missing = [name for name, found in (("mask_token_id", mask or not hides), ("eos_token_id", ends)) if not found]
        if missing:
            raise ModelError(
                f"config.json gives no {' and no '.join(missing)}. Without them nothing can be hidden or ended."
            )
        eos = min(ends)
        return TokenIds(mask, eos, eos if pad is None else pad, ends)
    if hides and layout.mask_token_id is None:
        raise ModelError(
            "tokenizer.json names no mask token, and a diffusion model needs one. Fetch the model's own tokenizer."
        )
    agree = not ends or bool(ends & layout.end_token_ids)
    if not agree or (mask is not None and mask != layout.mask_token_id):
        raise ModelError(
            f"config.json and tokenizer.json disagree on mask and EOS: {(mask, *sorted(ends))} against "
            f"{(layout.mask_token_id, *sorted(layout.end_token_ids))}. They belong to different models; fetch the "
            "model again."
        )
    return TokenIds(
        layout.mask_token_id if hides else None, layout.eos_token_id, layout.pad_token_id, layout.end_token_ids
    )
