"""Writing a network as a LLaDA is published, and wrapping one that was never written; the embedded model needs both."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from runners.errors import ModelError
from runners.families import llada
from runners.families.registry import known
from runners.tasks.models import native
from runners.tasks.models.base import Model


def as_model(net: LlamaForCausalLM, config: Mapping[str, Any]) -> Model:
    """Wrap a network with what a LLaDA's `config.json` says of it.

    Raises:
        ModelError: the configuration names no mask or EOS id, or is no LLaDA's.
    """
    ids = native.token_ids(config, llada.FAMILY)
    found = known("", {"model_type": "llada", "d_model": net.config.hidden_size, **config})
    if found is None:
        raise ModelError("config.json: no LLaDA's. Only a LLaDA can be wrapped here.")
    return native.as_model(net, found, ids)


def llama_config(config: Mapping[str, Any]) -> LlamaConfig:
    """Read a LLaDA's `config.json`, in the published naming or in Llama's, as a bidirectional `LlamaConfig`.

    Raises:
        ModelError: a setting that a Llama cannot do, or a size that is missing; all of them at once.
    """
    return native.network_config(llada.FAMILY, config)


def save_llada(
    net: LlamaForCausalLM, folder: Path, *, mask_token_id: int, eos_token_id: int, pad_token_id: int | None = None
) -> None:
    """Write a network as a LLaDA is published: `config.json` and `model.safetensors` in its own naming.

    Args:
        net: a Llama without biases; its weights are written in the dtype they have.
        folder: made if it is not there; the two files are replaced.
        mask_token_id: stands for a hidden token.
        eos_token_id: ends a response.
        pad_token_id: fills a batch up; EOS when None.
    """
    own = net.config
    config = {
        **llada.FIXED,
        "architectures": ["LLaDAModelLM"],
        "attention_dropout": 0.0,
        "bos_token_id": own.bos_token_id,
        "d_model": own.hidden_size,
        "embedding_dropout": 0.0,
        "embedding_size": own.vocab_size,
        "eos_token_id": eos_token_id,
        "mask_token_id": mask_token_id,
        "max_sequence_length": own.max_position_embeddings,
        "mlp_hidden_size": own.intermediate_size,
        "model_type": "llada",
        "n_heads": own.num_attention_heads,
        "n_kv_heads": own.num_key_value_heads,
        "n_layers": own.num_hidden_layers,
        "pad_token_id": eos_token_id if pad_token_id is None else pad_token_id,
        "residual_dropout": 0.0,
        "rms_norm_eps": own.rms_norm_eps,
        "rope_theta": own.rope_parameters["rope_theta"],
        "use_cache": False,
        "vocab_size": own.vocab_size,
        "weight_tying": own.tie_word_embeddings,
    }
    tensors = {
        _published(name): tensor.detach().cpu().contiguous()
        for name, tensor in net.state_dict().items()
        if not (own.tie_word_embeddings and name.startswith("lm_head."))
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _published(name: str) -> str:
    """Return the published name of a Llama tensor."""
    for old, new in llada.TOP_NAMES.items():
        if name.startswith(f"{new}."):
            return f"model.transformer.{old}.{name.removeprefix(f'{new}.')}"
    if match := re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.(weight)", name):
        layer, middle, kind = match.groups()
        for old, new in llada.LAYER_NAMES.items():
            if middle == new:
                return f"model.transformer.blocks.{layer}.{old}.{kind}"
    raise ModelError(f"The tensor {name} has no place in a LLaDA. Only a Llama without biases can be written as one.")
