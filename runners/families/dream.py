"""Dream-7B and DiffuCoder: a Qwen2 without the causal mask, whose logits are shifted by one.

They were made from a causal model and kept its habit: the state at a position predicts the token after it.
"""

from __future__ import annotations

from runners.families.base import GATED_LINEARS, Family, Rate, plain_settings

FAMILY = Family(
    name="dream",
    title="Dream",
    recognises=lambda config: str(config.get("model_type", "")).lower() == "dream",
    in_id=("dream", "diffucoder"),
    network="Qwen2ForCausalLM",
    # Every layer sees everything: a window would hide the prompt from the end of a long canvas.
    settings=lambda config: plain_settings(config) | {"use_sliding_window": False},
    attention="bidirectional",
    shifted=True,
    objectives=("masked-diffusion",),
    samplers=("block",),
    lora_targets=GATED_LINEARS,
    # config.json promises what the Qwen2 it was made from could do; Dream itself was fine-tuned on 2048 tokens.
    trained_tokens=2048,
    rates={"full": Rate(highest=2e-6, words="2e-6, as Dream-7B-Instruct was made")},
    published={"sampling.sampler": "block fits too; Dream's own takes the whole canvas as one block"},
    learning_rate=2e-5,
)
