"""The memory forecast against what a training step allocates, counted tensor by tensor on the CPU."""

import weakref
from dataclasses import dataclass

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from runners.forecast import memory
from runners.forecast.memory import forecast_memory
from runners.forecast.shapes import Shape
from runners.spec import LoraSpec, ModelSpec, TrainSpec
from runners.tasks import head_losses
from runners.tasks.head_losses import token_losses
from runners.tasks.train import recompute_activations

WIDTH, INNER, HEADS, VOCABULARY, PAIRS, TOKENS = 128, 384, 4, 1500, 2, 128
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
GPT2_TARGETS = ("c_attn", "c_proj", "c_fc")


class Allocations(TorchDispatchMode):
    """Counts the bytes of all storages alive, and the most there were."""

    def __init__(self):
        super().__init__()
        self._alive = {}
        self.now = self.most = 0

    def count(self, tensor):
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self._alive:
            self._alive[key] = storage.nbytes()
            self.now += storage.nbytes()
            self.most = max(self.most, self.now)
            weakref.finalize(storage, self._gone, key)

    def _gone(self, key):
        self.now -= self._alive.pop(key, 0)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.count(leaf)
        return result


@dataclass(frozen=True)
class Case:
    network: str = "LlamaForCausalLM"
    layers: int = 3
    key_heads: int = 4
    method: str = "lora"
    dtype: str = "float32"
    targets: tuple = ()
    dropout: float = 0.0
    recompute: bool = False
    mixed: str = "no"


CASES = [
    Case(),
    Case(recompute=True, layers=6),
    Case(dropout=0.05),
    Case(targets=("q_proj", "v_proj")),
    Case(dtype="bfloat16", key_heads=2),
    Case(dtype="bfloat16", recompute=True, layers=6),
    Case(mixed="bf16"),
    Case(method="full"),
    Case(method="full", recompute=True),
    Case(network="Qwen2ForCausalLM", key_heads=2),
    Case(network="Qwen3ForCausalLM", key_heads=2),
    Case(network="GPT2LMHeadModel"),
    Case(network="GPT2LMHeadModel", method="full"),
]


def network(case):
    common = {
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": case.layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": case.key_heads,
        "vocab_size": VOCABULARY,
        "use_cache": False,
        "is_causal": False,
        "attn_implementation": "sdpa",
        "tie_word_embeddings": False,
    }
    if case.network == "GPT2LMHeadModel":
        config = GPT2Config(
            n_embd=WIDTH, n_layer=case.layers, n_head=HEADS, n_inner=INNER, vocab_size=VOCABULARY, n_positions=TOKENS,
            attn_pdrop=0.0, resid_pdrop=0.0, embd_pdrop=0.0, bos_token_id=0, eos_token_id=0, use_cache=False,
        )  # fmt: skip
        return GPT2LMHeadModel(config)
    if case.network == "Qwen2ForCausalLM":
        return Qwen2ForCausalLM(Qwen2Config(**common))
    if case.network == "Qwen3ForCausalLM":
        return Qwen3ForCausalLM(Qwen3Config(head_dim=64, **common))
    return LlamaForCausalLM(LlamaConfig(**common))


def shape(case):
    gpt2 = case.network == "GPT2LMHeadModel"
    return Shape(
        network=case.network,
        hidden=WIDTH,
        layers=case.layers,
        heads=HEADS,
        key_heads=HEADS if gpt2 else case.key_heads,
        head_width=64 if case.network == "Qwen3ForCausalLM" else WIDTH // HEADS,
        inner=INNER,
        vocabulary=VOCABULARY,
        tied=gpt2,
        positions=TOKENS if gpt2 else 0,
    )


def measured(case):
    """Return the most bytes that two optimizer steps hold at once."""
    torch.manual_seed(0)
    net = network(case).to(getattr(torch, case.dtype))
    assert sum(each.numel() for each in net.parameters()) == shape(case).parameters
    inner = net
    if case.method == "lora":
        gpt2 = case.network == "GPT2LMHeadModel"
        targets = list(case.targets or (GPT2_TARGETS if gpt2 else TARGETS))
        lora = LoraConfig(
            r=8, lora_alpha=16, lora_dropout=case.dropout, target_modules=targets, fan_in_fan_out=gpt2
        )  # fmt: skip
        net = get_peft_model(net, lora)
        inner = net.base_model.model
    if case.recompute:
        recompute_activations(inner)
    net.train()
    optimizer = torch.optim.AdamW([each for each in net.parameters() if each.requires_grad], lr=1e-4)
    backbone, head = inner.base_model, inner.get_output_embeddings()
    counted = Allocations()
    for tensor in [*net.parameters(), *net.buffers()]:
        counted.count(tensor)
    with counted:
        for _ in range(2):
            ids = torch.randint(0, VOCABULARY, (PAIRS, TOKENS))
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=case.mixed != "no"):
                states = backbone(input_ids=ids, use_cache=False).last_hidden_state
                loss = token_losses(states.reshape(-1, WIDTH), head.weight, ids.reshape(-1)).mean()
            loss.backward()
            del states, loss
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return counted.most


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_forecast_is_within_a_seventh_of_what_a_step_allocates(case):
    train = TrainSpec(
        method=case.method,
        per_device_train_batch_size=PAIRS,
        max_length=TOKENS,
        gradient_checkpointing="on" if case.recompute else "off",
        mixed_precision=case.mixed,
    )
    found = forecast_memory(
        shape(case),
        ModelSpec(id="x", dtype=case.dtype),
        train,
        LoraSpec(r=8, lora_alpha=16, lora_dropout=case.dropout, target_modules=case.targets),
        default_targets=GPT2_TARGETS if case.network == "GPT2LMHeadModel" else TARGETS,
        cuda=False,
    )
    assert found.total - found.reserve == pytest.approx(measured(case), rel=0.15)


def test_the_head_is_counted_as_the_objective_computes_it():
    assert (memory.CHUNK_ROWS, memory.WHOLE_LOGITS) == (head_losses.CHUNK_ROWS, head_losses.WHOLE_LOGITS)


def test_a_step_that_does_not_fit_is_told_with_what_would_fit(tiny, tmp_path, monkeypatch):
    from runners.errors import ModelError
    from runners.tasks import shortage
    from runners.tasks.steps import Stepper
    from tests.torch.helpers import carry_out, events, make_run, train_spec

    def full(self, step):
        raise torch.OutOfMemoryError("tried to allocate 2.00 GiB")

    monkeypatch.setattr(Stepper, "take", full)
    monkeypatch.setattr(shortage, "usable_bytes", lambda device: 1_400_000)
    run_dir = make_run(tmp_path / "run", train_spec(tiny))
    with pytest.raises(ModelError, match="did not fit into memory"):
        carry_out(run_dir)
    (told,) = events(run_dir, "shortage")
    assert told["step"] == 1
    assert told["usable_bytes"] == 1_400_000
    assert told["used_bytes"] > 0
    assert all(change["bytes"] <= 1_400_000 for change in told["alternatives"])
