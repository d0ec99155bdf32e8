"""SDAR: a Qwen3 that writes block after block, each filled by diffusion (arXiv 2510.06303).

A position sees its own block whole, masks and all, and every block before it. Blocks are counted from the beginning of
the sequence, prompt included, so the first one to be filled may begin with the prompt's last tokens.
"""

from __future__ import annotations

import re

from runners.families.base import GATED_LINEARS, Config, Family, plain_settings

DEFAULT_BLOCK_TOKENS = 4


def block_tokens(config: Config, model_id: str) -> int:
    """Return the length of a block: from `config.json`, else from a name such as `SDAR-1.7B-Chat-b32`, else 4."""
    for key in ("block_size", "block_length"):
        if isinstance(config.get(key), int) and config[key] > 0:
            return int(config[key])
    named = re.search(r"-b(\d+)(?:-|$)", model_id.rstrip("/").rsplit("/", 1)[-1].lower())
    return int(named[1]) if named else DEFAULT_BLOCK_TOKENS


FAMILY = Family(
    name="sdar",
    title="SDAR",
    recognises=lambda config: str(config.get("model_type", "")).lower() == "sdar",
    in_id=("sdar",),
    network="Qwen3ForCausalLM",
    settings=lambda config: plain_settings(config) | {"use_sliding_window": False},
    attention="block-causal",
    shifted=False,
    objectives=("block-diffusion",),
    samplers=("block",),
    lora_targets=GATED_LINEARS,
    block_tokens=block_tokens,
    published={"sampling.block_length": "4 to 64: that of the model, and no other"},
    learning_rate=2e-5,
)
