"""LLaDA: a Llama without the causal mask, so no remote code is run.

LLaDA-8B and LLaDA-1.5 come in a naming of their own, of settings and tensors alike; both are translated. The embedded
model is written in it too. Newer members may come in Llama's own naming, and both are accepted.
"""

from __future__ import annotations

from typing import Any

from runners.errors import ModelError
from runners.families.base import GATED_LINEARS, Config, Family, Rate, plain_settings

LAYER_NAMES = {
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
TOP_NAMES = {"wte": "model.embed_tokens", "ln_f": "model.norm", "ff_out": "lm_head"}

# transformers 5.23 allows one backreference a pattern, hence one pattern for each tensor of a layer.
KEY_MAPPING = {rf"^model\.transformer\.{old}\.": f"{new}." for old, new in TOP_NAMES.items()} | {
    rf"^model\.transformer\.blocks\.(\d+)\.{old}\.": rf"model.layers.\1.{new}." for old, new in LAYER_NAMES.items()
}

# What the published configuration can ask for and a Llama cannot do; the value is the only one accepted.
FIXED: dict[str, Any] = {
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

_ILLADA_VOCABULARY = 155136


def is_illada(config: Config) -> bool:
    """Say whether a LLaDA's `config.json` is the newer iLLaDA's; its vocabulary gives it away under any name."""
    names = f"{config.get('model_type')} {config.get('architectures')}".lower()
    size = config.get("embedding_size") or config.get("vocab_size")
    return "illada" in names or ("llada" in names and size == _ILLADA_VOCABULARY)


def settings(config: Config) -> dict[str, Any]:
    """Return a `config.json`, in the published naming or in Llama's, as a Llama's settings.

    Raises:
        ModelError: a setting that a Llama cannot do, or a size that is missing; all of them at once.
    """
    if "hidden_size" in config:
        return plain_settings(config)
    problems = [
        f"{key} is {config[key]!r}, only {value!r} can be loaded"
        for key, value in FIXED.items()
        if key in config and config[key] != value
    ]
    problems += [f"{key} is missing" for key in ("d_model", "n_layers", "n_heads") if key not in config]
    if not (config.get("embedding_size") or config.get("vocab_size")):
        problems.append("embedding_size is missing")
    if problems:
        raise ModelError(f"config.json: {'; '.join(problems)}. Choose another model.")
    return {
        "vocab_size": config.get("embedding_size") or config["vocab_size"],
        "hidden_size": config["d_model"],
        "intermediate_size": config.get("mlp_hidden_size") or config.get("mlp_ratio", 4) * config["d_model"],
        "num_hidden_layers": config["n_layers"],
        "num_attention_heads": config["n_heads"],
        "num_key_value_heads": config.get("n_kv_heads") or config["n_heads"],
        "max_position_embeddings": config.get("max_sequence_length", 4096),
        "rms_norm_eps": config.get("rms_norm_eps", 1e-5),
        "rope_parameters": {"rope_type": "default", "rope_theta": float(config.get("rope_theta", 10000.0))},
        "tie_word_embeddings": bool(config.get("weight_tying", False)),
        "attention_dropout": float(config.get("attention_dropout", 0.0)),
        "bos_token_id": config.get("bos_token_id"),
        "eos_token_id": config.get("eos_token_id"),
        "pad_token_id": config.get("pad_token_id"),
    }


def recognises(config: Config) -> bool:
    """Say whether a `config.json` is a LLaDA's; the mixtures of experts that bear the name are no Llamas."""
    kind = str(config.get("model_type", "")).lower()
    return "llada" in kind and "moe" not in kind and not is_illada(config)


FAMILY = Family(
    name="llada",
    title="LLaDA",
    recognises=recognises,
    in_id=("llada",),
    network="LlamaForCausalLM",
    settings=settings,
    key_mapping=KEY_MAPPING,
    attention="bidirectional",
    shifted=False,
    objectives=("masked-diffusion",),
    samplers=("block",),
    lora_targets=GATED_LINEARS,
    rates={
        "lora": Rate(highest=5e-5, words="1e-5 to 2e-5 on LLaDA-8B, 5e-5 the highest seen; 2e-4 destroyed a model"),
        "full": Rate(highest=2.5e-5, words="2.5e-5 on LLaDA-8B, arXiv 2502.09992"),
    },
    published={
        "train.method": "both for LLaDA-8B",
        "train.eos_padding": "LLaDA pads with EOS, Rainbow padding with a cycle, against answers that end too early; "
        "at batch 1 there is nothing to pad unless pad_to_multiple_of says so",
        "sampling.sampler": "block, LLaDA",
        "model.dtype": "bfloat16 for LLaDA-8B",
    },
    learning_rate=5e-5,
)
