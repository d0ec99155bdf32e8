"""Loading weights in 4 bits: NF4 with its scales quantised again, as QLoRA (arXiv 2305.14314) does.

Embeddings, norms and head stay in the spec's dtype. peft's `prepare_model_for_kbit_training` is not used: it would copy
embeddings and head to float32, 1.9 GiB at LLaDA-8B, and its other half is a choice of this spec of its own.
"""

from __future__ import annotations

from typing import Any

import torch

from runners.spec import Quantization
from runners.tasks.precision import require_bitsandbytes


def loading_options(quantization: Quantization, *, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """Return what `from_pretrained` is given beside the rest to quantise each weight as it is read.

    Raises:
        ModelError: bitsandbytes is not installed.
    """
    if quantization == "none":
        return {}
    require_bitsandbytes("model.quantization nf4")
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=["lm_head"],
    )
    # Read straight to its device, so that an 8B model never lies in the machine's memory as a whole.
    return {"quantization_config": config, "device_map": {"": device}}
