"""Measure sampling from a block-causal model with the keys and values of finished blocks kept, beside without.

A random model in SDAR's published naming, 256 wide with 6 layers, writes behind a prompt of 256 tokens in blocks of 16,
one token a step, greedily. Both ways must give the same tokens, which is checked first; no canvas ends early. Speed is
the best of a few rounds of wall time, taken in turn, so the machine should be idle, and the load average is printed.

    python benchmarks/sampling_speed.py [--tokens 256] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from transformers import Qwen3ForCausalLM  # noqa: E402

from runners.families.registry import known  # noqa: E402
from runners.tasks.models import native  # noqa: E402
from runners.tasks.models.base import Model  # noqa: E402
from runners.tasks.samplers.base import Filled  # noqa: E402
from runners.tasks.samplers.block import fill  # noqa: E402

_PROMPT_TOKENS = 256
_BLOCK = 16
_CONFIG = {
    "model_type": "sdar",
    "block_size": _BLOCK,
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 32,
    "vocab_size": 8192,
    "max_position_embeddings": 4096,
    "eos_token_id": 1,
    "mask_token_id": 2,
    "pad_token_id": 1,
}


def random_model() -> Model:
    """Return a random model that never ends its text."""
    torch.manual_seed(1)
    found = known("", _CONFIG)
    assert found is not None
    net = Qwen3ForCausalLM(native.network_config(found.family, _CONFIG)).eval()
    model = native.as_model(net, found, native.token_ids(_CONFIG, found.family))
    return replace(model, facts=replace(model.facts, end_token_ids=frozenset()))


def write(model: Model, prompt: torch.Tensor, tokens: int, *, keep: bool) -> tuple[Filled, float]:
    """Fill a canvas; return it with the seconds it took."""
    began = time.perf_counter()
    filled = fill(model, prompt, max_new_tokens=tokens, block_length=_BLOCK, steps=tokens, keep_blocks=keep)
    return filled, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Sampling with finished blocks kept, beside without.")
    parser.add_argument("--tokens", type=int, default=256, help="tokens to write, a multiple of the block (256)")
    parser.add_argument("--rounds", type=int, default=3, help="of each; the best counts (3)")
    options = parser.parse_args()
    model = random_model()
    prompt = torch.randint(10, 8000, (1, _PROMPT_TOKENS), generator=torch.Generator().manual_seed(1))
    best = {True: float("inf"), False: float("inf")}
    canvases = {}
    for _ in range(options.rounds):
        for keep in best:
            filled, seconds = write(model, prompt, options.tokens, keep=keep)
            best[keep], canvases[keep] = min(best[keep], seconds), filled.canvas
    if not torch.equal(canvases[True], canvases[False]):
        sys.exit("The tokens differ: what is kept is not exact.")
    print(
        json.dumps(
            {
                "prompt_tokens": _PROMPT_TOKENS,
                "tokens": options.tokens,
                "block": _BLOCK,
                "kept_s": round(best[True], 3),
                "computed_anew_s": round(best[False], 3),
                "times_faster": round(best[False] / best[True], 2),
                "load": round(os.getloadavg()[0], 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
