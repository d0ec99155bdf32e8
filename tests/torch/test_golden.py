"""What the public reference computed from a tiny LLaDA, recomputed; configuration comes from the golden files."""

import json

import pytest
import torch
from safetensors.torch import load_file

from runners.tasks.head_losses import chunked_token_losses, frozen_head_losses, token_losses
from runners.tasks.models.registry import load_model
from runners.tasks.objectives import weigh
from runners.tasks.samplers import block
from runners.tasks.selftest import require_bidirectional
from tests.torch.helpers import golden

RUNS = 9
BATCHES = 6


@pytest.fixture(scope="module")
def model():
    return load_model(golden() / "checkpoint", dtype=torch.float32, device=torch.device("cpu"))


def read(name):
    return json.loads((golden() / name).read_text(encoding="utf-8"))


def test_golden_logits_agree_within_1e_5(model):
    given = load_file(golden() / "logits.safetensors")
    require_bidirectional(model)
    with torch.no_grad():
        found = model.logits(model.hidden(given["input_ids"]))
    assert found.shape == given["logits"].shape
    assert (found - given["logits"]).abs().max() <= 1e-5


def test_golden_sampler_runs_are_all_there():
    assert len(read("generate.json")) == RUNS


@pytest.mark.parametrize("number", range(RUNS))
def test_golden_sampler_run_gives_the_same_tokens(model, number):
    run = read("generate.json")[number]
    prompt = torch.tensor(run["prompt"])
    filled = block.fill(
        model,
        prompt,
        max_new_tokens=run["gen_length"],
        block_length=run["block_length"],
        steps=run["steps"],
        temperature=run["temperature"],
        cfg_scale=run["cfg_scale"],
        remasking=run["remasking"],
        suppress_eos=run["logits_eos_inf"],
    )
    assert torch.cat([prompt, filled.canvas], dim=1).tolist() == run["output"]


def test_golden_loss_batches_are_all_there():
    assert len(read("sft_loss.json")) == BATCHES


@pytest.mark.parametrize("chunk_rows", [1024, 5], ids=["whole", "chunked"])
@pytest.mark.parametrize(
    "losses", [frozen_head_losses, token_losses, chunked_token_losses], ids=["frozen head", "torch", "fallback"]
)
@pytest.mark.parametrize("number", range(BATCHES))
def test_golden_sft_loss_agrees_within_1e_5(model, number, losses, chunk_rows):
    batch = read("sft_loss.json")[number]
    input_ids, masked = torch.tensor(batch["input_ids"]), torch.tensor(batch["masked"]).bool()
    lengths = input_ids.shape[1] - torch.tensor(batch["prompt_lengths"])
    with torch.no_grad():
        states = model.hidden(input_ids.masked_fill(masked, model.facts.mask_token_id))[masked]
        each = losses(states, model.head.weight, input_ids[masked], chunk_rows=chunk_rows)
    assert abs(weigh(each, masked, torch.tensor(batch["p_mask"]), lengths).mean().item() - batch["loss"]) <= 1e-5
