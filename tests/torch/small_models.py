"""Small random checkpoints of every family, in the tensor names and settings they were published with.

Nothing here goes through transformers or through the program: names, shapes and settings are written out by hand, so a
family that loads them loads what was published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

WIDTH, HEADS, LAYERS, MLP = 32, 4, 2, 48
SPECIAL_FROM = 256

CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
HEADERS = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")


def tokenizer(path: Path, special: tuple[str, ...], *, first: bool = False) -> dict[str, int]:
    """Write a byte-level tokenizer without merges, its special tokens last or first; return their ids."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = [*special, *letters] if first else [*letters, *special]
    made = Tokenizer(models.BPE(vocab={name: number for number, name in enumerate(names)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(special))
    made.save(str(path))
    return {name: names.index(name) for name in special}


class Weights(dict[str, Tensor]):
    """Random tensors by their published names."""

    def __init__(self) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(7)

    def add(self, name: str, *shape: int, scale: float = 0.2) -> None:
        """Add a tensor; a vector lies about 1, as the weight of a norm does, unless it is called a bias."""
        drawn = torch.randn(shape, generator=self._generator) * scale
        self[name] = drawn + (1.0 if len(shape) == 1 and not name.endswith("bias") else 0.0)


def qwen_weights(vocabulary: int, *, key_values: int, head: int, bias: bool, norms: bool, tied: bool) -> Weights:
    """Return the tensors of the layout that Llama, Qwen2 and Qwen3 share."""
    weights, inner = Weights(), HEADS * head
    weights.add("model.embed_tokens.weight", vocabulary, WIDTH)
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        for name, rows in (("q", inner), ("k", key_values * head), ("v", key_values * head)):
            weights.add(f"{at}.self_attn.{name}_proj.weight", rows, WIDTH)
            if bias:
                weights.add(f"{at}.self_attn.{name}_proj.bias", rows)
        weights.add(f"{at}.self_attn.o_proj.weight", WIDTH, inner)
        if norms:
            weights.add(f"{at}.self_attn.q_norm.weight", head)
            weights.add(f"{at}.self_attn.k_norm.weight", head)
        weights.add(f"{at}.mlp.gate_proj.weight", MLP, WIDTH)
        weights.add(f"{at}.mlp.up_proj.weight", MLP, WIDTH)
        weights.add(f"{at}.mlp.down_proj.weight", WIDTH, MLP)
        weights.add(f"{at}.input_layernorm.weight", WIDTH)
        weights.add(f"{at}.post_attention_layernorm.weight", WIDTH)
    weights.add("model.norm.weight", WIDTH)
    if not tied:
        weights.add("lm_head.weight", vocabulary, WIDTH)
    return weights


def llada_weights(vocabulary: int, *, key_values: int, tied: bool) -> Weights:
    """Return the tensors of LLaDA's own naming."""
    weights, head = Weights(), WIDTH // HEADS
    weights.add("model.transformer.wte.weight", vocabulary, WIDTH)
    for layer in range(LAYERS):
        at = f"model.transformer.blocks.{layer}"
        weights.add(f"{at}.attn_norm.weight", WIDTH)
        weights.add(f"{at}.ff_norm.weight", WIDTH)
        weights.add(f"{at}.q_proj.weight", WIDTH, WIDTH)
        weights.add(f"{at}.k_proj.weight", key_values * head, WIDTH)
        weights.add(f"{at}.v_proj.weight", key_values * head, WIDTH)
        weights.add(f"{at}.attn_out.weight", WIDTH, WIDTH)
        weights.add(f"{at}.ff_proj.weight", MLP, WIDTH)
        weights.add(f"{at}.up_proj.weight", MLP, WIDTH)
        weights.add(f"{at}.ff_out.weight", WIDTH, MLP)
    weights.add("model.transformer.ln_f.weight", WIDTH)
    if not tied:
        weights.add("model.transformer.ff_out.weight", vocabulary, WIDTH)
    return weights


def gpt2_weights(vocabulary: int, positions: int) -> Weights:
    """Return the tensors of GPT-2: no prefix, linear layers as `[in, out]`, and the causal mask as a buffer."""
    weights = Weights()
    weights.add("wte.weight", vocabulary, WIDTH)
    weights.add("wpe.weight", positions, WIDTH)
    for layer in range(LAYERS):
        at = f"h.{layer}"
        for norm in ("ln_1", "ln_2"):
            weights.add(f"{at}.{norm}.weight", WIDTH)
            weights.add(f"{at}.{norm}.bias", WIDTH)
        for name, rows, columns in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            weights.add(f"{at}.{name}.weight", rows, columns)
            weights.add(f"{at}.{name}.bias", columns)
        weights[f"{at}.attn.bias"] = torch.ones(positions, positions).tril()[None, None]
    weights.add("ln_f.weight", WIDTH)
    weights.add("ln_f.bias", WIDTH)
    return weights


def qwen_config(vocabulary: int, **changes: Any) -> dict[str, Any]:
    """Return the settings that Llama and both Qwens are published with, in the older spelling of the rotation."""
    return {
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "initializer_range": 0.02,
        "intermediate_size": MLP,
        "max_position_embeddings": 4096,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": vocabulary,
        **changes,
    }


def write(folder: Path, config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Path:
    """Write settings and weights beside a tokenizer that is there."""
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(dict(weights), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def dream(folder: Path) -> Path:
    """Write a small Dream-7B-Instruct."""
    special = tokenizer(folder / "tokenizer.json", (*CHATML, "<|beginoftext|>", "<|mask|>"))
    config = qwen_config(
        264,
        architectures=["DreamModel"],
        auto_map={"AutoConfig": "configuration_dream.DreamConfig", "AutoModel": "modeling_dream.DreamModel"},
        bos_token_id=special["<|endoftext|>"],
        eos_token_id=special["<|endoftext|>"],
        mask_token_id=special["<|mask|>"],
        max_position_embeddings=131072,
        max_window_layers=1,
        model_type="Dream",
        pad_token_id=special["<|endoftext|>"],
        sliding_window=None,
        use_mrope=False,
        use_sliding_window=False,
    )
    return write(folder, config, qwen_weights(264, key_values=2, head=8, bias=True, norms=False, tied=False))


def qwen3_diffusion(folder: Path) -> Path:
    """Write a small Tiny-A2D: tied, with norms on queries and keys, and heads wider than their share."""
    special = tokenizer(folder / "tokenizer.json", (*CHATML, "<|mask|>"))
    config = qwen_config(
        264,
        architectures=["A2DQwen3LMHeadModel"],
        attention_bias=False,
        auto_map={"AutoConfig": "modeling_qwen3.A2DQwen3Config"},
        eos_token_id=special["<|im_end|>"],
        head_dim=16,
        model_type="a2d-qwen3",
        tie_word_embeddings=True,
    )
    return write(folder, config, qwen_weights(264, key_values=2, head=16, bias=False, norms=True, tied=True))


def sdar(folder: Path) -> Path:
    """Write a small SDAR-Chat; its blocks of 4 stand nowhere in its settings."""
    special = tokenizer(folder / "tokenizer.json", (*CHATML, "<|MASK|>"))
    config = qwen_config(
        264,
        architectures=["SDARForCausalLM"],
        attention_bias=False,
        auto_map={"AutoModelForCausalLM": "modeling_sdar.SDARForCausalLM"},
        eos_token_id=special["<|endoftext|>"],
        head_dim=8,
        model_type="sdar",
        sliding_window=None,
        use_sliding_window=False,
    )
    return write(folder, config, qwen_weights(264, key_values=2, head=8, bias=False, norms=True, tied=False))


def llama(folder: Path) -> Path:
    """Write a small Llama 3.1: grouped heads, a scaled rotation, several ends."""
    special = tokenizer(folder / "tokenizer.json", ("<|begin_of_text|>", "<|end_of_text|>", *HEADERS))
    config = qwen_config(
        264,
        architectures=["LlamaForCausalLM"],
        attention_bias=False,
        bos_token_id=special["<|begin_of_text|>"],
        eos_token_id=[special["<|end_of_text|>"], special["<|eot_id|>"]],
        mlp_bias=False,
        model_type="llama",
        rms_norm_eps=1e-5,
        rope_scaling={
            "factor": 8.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 64,
            "rope_type": "llama3",
        },
        rope_theta=500000.0,
    )
    return write(folder, config, qwen_weights(264, key_values=2, head=8, bias=False, norms=False, tied=False))


def gpt2(folder: Path, *, positions: int = 128) -> Path:
    """Write a small GPT-2."""
    special = tokenizer(folder / "tokenizer.json", ("<|endoftext|>",))
    config = {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.1,
        "bos_token_id": special["<|endoftext|>"],
        "embd_pdrop": 0.1,
        "eos_token_id": special["<|endoftext|>"],
        "layer_norm_epsilon": 1e-5,
        "model_type": "gpt2",
        "n_ctx": positions,
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_layer": LAYERS,
        "n_positions": positions,
        "resid_pdrop": 0.1,
        "vocab_size": 257,
    }
    return write(folder, config, gpt2_weights(257, positions))


def illada(folder: Path, *, own_naming: bool = True) -> Path:
    """Write a small iLLaDA: tied, with grouped heads, in LLaDA's naming or in Llama's."""
    tokenizer(folder / "tokenizer.json", ("[BOS]", "[PAD]", "[EOS]", "[UNK]", "[SEP]", "[MASK]"), first=True)
    if not own_naming:
        config = qwen_config(264, model_type="illada", tie_word_embeddings=True, max_position_embeddings=8192)
        return write(folder, config, qwen_weights(264, key_values=2, head=8, bias=False, norms=False, tied=True))
    config = {
        "activation_type": "silu",
        "block_type": "llama",
        "d_model": WIDTH,
        "embedding_size": 264,
        "eos_token_id": 2,
        "layer_norm_type": "rms",
        "mask_token_id": 5,
        "max_sequence_length": 8192,
        "mlp_hidden_size": MLP,
        "model_type": "illada",
        "n_heads": HEADS,
        "n_kv_heads": 2,
        "n_layers": LAYERS,
        "pad_token_id": 1,
        "rms_norm_eps": 1e-5,
        "rope": True,
        "rope_theta": 500000.0,
        "vocab_size": 264,
        "weight_tying": True,
    }
    return write(folder, config, llada_weights(264, key_values=2, tied=True))


def llada(folder: Path) -> Path:
    """Write a small LLaDA-8B-Instruct."""
    names = ("<|startoftext|>", "<|endoftext|>", "<|mdm_mask|>", *HEADERS)
    special = tokenizer(folder / "tokenizer.json", names)
    config = {
        "activation_type": "silu",
        "auto_map": {"AutoModelForCausalLM": "modeling_llada.LLaDAModelLM"},
        "block_type": "llama",
        "d_model": WIDTH,
        "embedding_size": 264,
        "eos_token_id": special["<|endoftext|>"],
        "include_bias": False,
        "include_qkv_bias": False,
        "layer_norm_type": "rms",
        "mask_token_id": special["<|mdm_mask|>"],
        "max_sequence_length": 4096,
        "mlp_hidden_size": MLP,
        "model_type": "llada",
        "n_heads": HEADS,
        "n_kv_heads": HEADS,
        "n_layers": LAYERS,
        "pad_token_id": special["<|endoftext|>"],
        "rms_norm_eps": 1e-5,
        "rope": True,
        "rope_theta": 500000.0,
        "vocab_size": 264,
        "weight_tying": False,
    }
    return write(folder, config, llada_weights(264, key_values=HEADS, tied=False))
