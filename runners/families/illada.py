"""iLLaDA-8B: a LLaDA with tied embeddings and grouped heads, trained for answers of any length.

No file of it was read when this was written, only its published sizes and ids. So both namings are accepted, LLaDA's
and Llama's, of settings and tensors alike, and a run says that nobody has checked.
"""

from __future__ import annotations

from typing import Any

from runners.families import llada
from runners.families.base import Config, Family


def settings(config: Config) -> dict[str, Any]:
    """Return a `config.json` in either naming as a Llama's settings; embeddings are tied unless it says otherwise."""
    tied = config.get("tie_word_embeddings", config.get("weight_tying", True))
    return llada.settings(config) | {"tie_word_embeddings": bool(tied)}


FAMILY = Family(
    name="illada",
    title="iLLaDA",
    recognises=llada.is_illada,
    in_id=("illada",),
    network="LlamaForCausalLM",
    settings=settings,
    key_mapping=llada.KEY_MAPPING,
    attention="bidirectional",
    shifted=False,
    objectives=("masked-diffusion",),
    samplers=("block",),
    lora_targets=llada.FAMILY.lora_targets,
    token_ids={"mask_token_id": 5, "eos_token_id": 2, "pad_token_id": 1},
    learning_rate=2e-5,
    unverified="iLLaDA's tensor names, settings and prompt layout were not read from a published file when support for "
    "it was written. Look at its first samples before you trust a run of it.",
)
