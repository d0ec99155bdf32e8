"""Print the largest errors against the reference values, for which the golden tests assert bounds.

python benchmarks/golden_errors.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from runners.tasks.head_losses import chunked_token_losses, frozen_head_losses, token_losses  # noqa: E402
from runners.tasks.objectives import weigh  # noqa: E402
from tests.torch.helpers import golden  # noqa: E402
from tests.torch.test_golden import load_model  # noqa: E402


def main() -> None:
    """Compute logits and losses, and compare."""
    model = load_model(golden() / "checkpoint", dtype=torch.float32, device=torch.device("cpu"))
    given = load_file(golden() / "logits.safetensors")
    with torch.no_grad():
        found = model.logits(model.hidden(given["input_ids"]))
        print(f"logits, largest error: {(found - given['logits']).abs().max().item():.1e}")
        for name, losses in (
            ("frozen head", frozen_head_losses),
            ("trained head", token_losses),
            ("trained head without torch's own", chunked_token_losses),
        ):
            for rows in (1024, 5):
                worst = 0.0
                for batch in json.loads((golden() / "sft_loss.json").read_text(encoding="utf-8")):
                    input_ids, masked = torch.tensor(batch["input_ids"]), torch.tensor(batch["masked"]).bool()
                    lengths = input_ids.shape[1] - torch.tensor(batch["prompt_lengths"])
                    states = model.hidden(input_ids.masked_fill(masked, model.facts.mask_token_id))[masked]
                    each = losses(states, model.head.weight, input_ids[masked], chunk_rows=rows)
                    loss = weigh(each, masked, torch.tensor(batch["p_mask"]), lengths).mean().item()
                    worst = max(worst, abs(loss - batch["loss"]))
                print(f"losses, {name}, {rows} rows a chunk, largest error: {worst:.1e}")


if __name__ == "__main__":
    main()
