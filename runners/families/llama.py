"""The Llama family: causal models, those that answer and those that go on."""

from __future__ import annotations

from runners.families.base import GATED_LINEARS, Family, Rate, plain_settings

FAMILY = Family(
    name="llama",
    title="Llama",
    recognises=lambda config: config.get("model_type") == "llama" and "mask_token_id" not in config,
    in_id=("llama",),
    network="LlamaForCausalLM",
    settings=plain_settings,
    attention="causal",
    shifted=True,
    objectives=("causal",),
    samplers=("autoregressive",),
    lora_targets=GATED_LINEARS,
    rates={
        "lora": Rate(highest=2e-4, words="1e-4 to 2e-4, QLoRA on LLaMA, arXiv 2305.14314"),
        "full": Rate(highest=2e-5, words="2e-5, Alpaca on LLaMA-7B"),
    },
    learning_rate=1e-4,
    sampling={"temperature": 0.8, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.1},
)
