"""Tiny-A2D and other Qwen3 models that were turned bidirectional and trained by masked diffusion."""

from __future__ import annotations

from runners.families.base import GATED_LINEARS, Config, Family, plain_settings


def recognises(config: Config) -> bool:
    """Say whether a `config.json` is a bidirectional Qwen3's: by its own type, or by the mask being taken off."""
    kind = str(config.get("model_type", "")).lower()
    return kind.endswith("a2d-qwen3") or (kind == "qwen3" and config.get("is_causal") is False)


FAMILY = Family(
    name="qwen3-diffusion",
    title="Tiny-A2D",
    recognises=recognises,
    in_id=("a2d", "diffusion-mdlm"),
    network="Qwen3ForCausalLM",
    settings=lambda config: plain_settings(config) | {"use_sliding_window": False},
    attention="bidirectional",
    shifted=False,
    objectives=("masked-diffusion",),
    samplers=("block",),
    lora_targets=GATED_LINEARS,
    published_width=1024,
    learning_rate=1e-4,
)
