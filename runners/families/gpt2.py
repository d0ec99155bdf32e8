"""GPT-2: a causal model with learnt positions, 1024 of them, and linear layers stored the other way round."""

from __future__ import annotations

from runners.families.base import Family, Rate, plain_settings

FAMILY = Family(
    name="gpt2",
    title="GPT-2",
    recognises=lambda config: config.get("model_type") == "gpt2",
    in_id=("gpt2", "gpt-2"),
    network="GPT2LMHeadModel",
    settings=plain_settings,
    attention="causal",
    shifted=True,
    objectives=("causal",),
    samplers=("autoregressive",),
    lora_targets=("c_attn", "c_proj", "c_fc"),
    context_is_hard=True,
    published_width=768,
    rates={"lora": Rate(highest=2e-4, words="2e-4 on GPT-2 medium and large, arXiv 2106.09685")},
    learning_rate=2e-4,
    dtype="float32",
    sampling={"temperature": 0.8, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.1},
)
