"""LLaDA, loaded natively: it is a Llama without the causal mask, so no remote code is run.

The published `config.json` is read into a `LlamaConfig(is_causal=False)` and the published tensor names are mapped
while loading. Only safetensors are read. Newer members of the family may come in Llama's own naming; both are accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from runners.errors import ModelError
from runners.tasks.models.base import Model, ModelFacts

_LAYER = {
    "attn_norm": "input_layernorm",
    "ff_norm": "post_attention_layernorm",
    "q_proj": "self_attn.q_proj",
    "k_proj": "self_attn.k_proj",
    "v_proj": "self_attn.v_proj",
    "attn_out": "self_attn.o_proj",
    "ff_proj": "mlp.gate_proj",
    "up_proj": "mlp.up_proj",
    "ff_out": "mlp.down_proj",
}
_TOP = {"wte": "model.embed_tokens", "ln_f": "model.norm", "ff_out": "lm_head"}

# transformers 5.23 allows one backreference a pattern, hence one pattern for each tensor of a layer.
KEY_MAPPING = {rf"^model\.transformer\.{old}\.": f"{new}." for old, new in _TOP.items()} | {
    rf"^model\.transformer\.blocks\.(\d+)\.{old}\.": rf"model.layers.\1.{new}." for old, new in _LAYER.items()
}

# What the published configuration can ask for and a Llama cannot do; the value is the only one accepted.
_FIXED: dict[str, Any] = {
    "activation_type": "silu",
    "alibi": False,
    "attention_layer_norm": False,
    "block_type": "llama",
    "include_bias": False,
    "include_qkv_bias": False,
    "input_emb_norm": False,
    "layer_norm_type": "rms",
    "rope": True,
    "scale_logits": False,
}


# Rates were published for models 4096 wide; a very small one needs higher ones and has no published value.
_PUBLISHED_WIDTH = 2048


class LladaFamily:
    """LLaDA-8B, LLaDA-1.5 and their relatives, and the embedded model."""

    name = "llada"

    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Say whether a `config.json` is a LLaDA's."""
        return "llada" in str(config.get("model_type", "")).lower()

    def load(self, folder: Path, config: Mapping[str, Any], *, dtype: torch.dtype, device: torch.device) -> Model:
        """Load a LLaDA from `folder`.

        Raises:
            ModelError: a setting that a Llama cannot do, or tensors missing, left over or of another shape.
        """
        if not list(folder.glob("*.safetensors")):
            raise ModelError(f"{folder}: holds no *.safetensors. Other formats can run code and are not read.")
        try:
            net, report = LlamaForCausalLM.from_pretrained(
                folder,
                config=llama_config(config),
                key_mapping=KEY_MAPPING,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                attn_implementation="sdpa",
                output_loading_info=True,
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{folder}: the weights cannot be loaded: {error}") from error
        problems = [
            f"{word}: {', '.join(sorted(map(str, names))[:5])}"
            for word, names in (("missing", report["missing_keys"]), ("not known", report["unexpected_keys"]))
            if names
        ]
        if problems:
            raise ModelError(f"{folder}: the weights do not fit config.json. Tensors {'; '.join(problems)}.")
        return as_model(net.to(device).eval(), config)


FAMILY = LladaFamily()


def as_model(net: LlamaForCausalLM, config: Mapping[str, Any]) -> Model:
    """Wrap a network with what `config.json` says of its ids.

    Raises:
        ModelError: the configuration names no mask or EOS id.
    """
    if missing := [key for key in ("mask_token_id", "eos_token_id") if not isinstance(config.get(key), int)]:
        raise ModelError(
            f"config.json gives no {' and no '.join(missing)}. Without them nothing can be hidden or ended."
        )
    facts = ModelFacts(
        family=FAMILY.name,
        mask_token_id=config["mask_token_id"],
        eos_token_id=config["eos_token_id"],
        pad_token_id=config.get("pad_token_id", config["eos_token_id"]),
        vocab_size=net.config.vocab_size,
        context_tokens=net.config.max_position_embeddings,
        lora_targets=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        highest_learning_rate=5e-5 if net.config.hidden_size >= _PUBLISHED_WIDTH else None,
    )
    return Model(net=net, backbone=net.model, head=net.lm_head, facts=facts)


def llama_config(config: Mapping[str, Any]) -> LlamaConfig:
    """Read a LLaDA's `config.json`, in the published naming or in Llama's, as a bidirectional `LlamaConfig`.

    Raises:
        ModelError: a setting that a Llama cannot do, or a size that is missing; all of them at once.
    """
    if "hidden_size" in config:
        dropped = ("auto_map", "model_type", "architectures", "is_causal", "use_cache")
        return LlamaConfig.from_dict(
            {key: value for key, value in config.items() if key not in dropped}
            | {"is_causal": False, "use_cache": False}
        )
    problems = [
        f"{key} is {config[key]!r}, only {value!r} can be loaded"
        for key, value in _FIXED.items()
        if key in config and config[key] != value
    ]
    problems += [f"{key} is missing" for key in ("d_model", "n_layers", "n_heads") if key not in config]
    if not (config.get("embedding_size") or config.get("vocab_size")):
        problems.append("embedding_size is missing")
    if problems:
        raise ModelError(f"config.json: {'; '.join(problems)}. Choose another model.")
    return LlamaConfig(
        vocab_size=config.get("embedding_size") or config["vocab_size"],
        hidden_size=config["d_model"],
        intermediate_size=config.get("mlp_hidden_size") or config.get("mlp_ratio", 4) * config["d_model"],
        num_hidden_layers=config["n_layers"],
        num_attention_heads=config["n_heads"],
        num_key_value_heads=config.get("n_kv_heads") or config["n_heads"],
        max_position_embeddings=config.get("max_sequence_length", 4096),
        rms_norm_eps=config.get("rms_norm_eps", 1e-5),
        rope_parameters={"rope_type": "default", "rope_theta": float(config.get("rope_theta", 10000.0))},
        tie_word_embeddings=bool(config.get("weight_tying", False)),
        attention_dropout=float(config.get("attention_dropout", 0.0)),
        bos_token_id=config.get("bos_token_id"),
        eos_token_id=config.get("eos_token_id"),
        pad_token_id=config.get("pad_token_id"),
        is_causal=False,
        use_cache=False,
    )


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
        **_FIXED,
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
    for old, new in _TOP.items():
        if name.startswith(f"{new}."):
            return f"model.transformer.{old}.{name.removeprefix(f'{new}.')}"
    if match := re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.(weight)", name):
        layer, middle, kind = match.groups()
        for old, new in _LAYER.items():
            if middle == new:
                return f"model.transformer.blocks.{layer}.{old}.{kind}"
    raise ModelError(f"The tensor {name} has no place in a LLaDA. Only a Llama without biases can be written as one.")
