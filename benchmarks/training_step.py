"""Measure a training step beside a plain implementation of the published recipe, and its cost beside its operations.

The plain one computes the logits of every position and then picks the hidden ones; both train the same adapter on the
same masks, and their losses must agree. Two shapes: a small trunk under LLaDA's real vocabulary, and LLaDA-8B's own
ratio of head to trunk with everything scaled down. Memory is what a step allocates at most beyond weights, gradients
and optimizer, counted allocation by allocation by torch's profiler; speed is the best of a few steps of wall time, so
the machine should be idle, and the load average is printed.

    python benchmarks/training_step.py [head | ratio | growth]
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402
from transformers import LlamaForCausalLM  # noqa: E402

from runners.sequences import hiding_probability  # noqa: E402
from runners.spec import LoraSpec, ModelSpec, RunSpec, TrainSpec  # noqa: E402
from runners.tasks.batches import Example  # noqa: E402
from runners.tasks.device import prepare  # noqa: E402
from runners.tasks.distributed import World  # noqa: E402
from runners.tasks.models.llada import llama_config, save_llada  # noqa: E402
from runners.tasks.models.registry import EMBEDDED, load  # noqa: E402
from runners.tasks.steps import Pass, Stepper, make_row_loss  # noqa: E402
from runners.tasks.train import set_up  # noqa: E402

_STEPS = 3
_R = 8


@dataclass(frozen=True)
class Shape:
    """A model's size and a batch's."""

    vocabulary: int
    d: int
    layers: int
    heads: int
    length: int
    rows: int
    recompute: bool = False

    @property
    def trunk_weights(self) -> int:
        """Return the weights of the linear layers below the head: four of d x d and three of d x 3d a layer."""
        return self.layers * 13 * self.d**2


# LLaDA's vocabulary over a small trunk, and over LLaDA-8B's: 32 layers, and 30.875 words for each of its width.
HEAD = Shape(vocabulary=126_464, d=256, layers=4, heads=4, length=256, rows=4)
RATIO = Shape(vocabulary=5_928, d=192, layers=32, heads=6, length=256, rows=2)


def make_stepper(folder: Path, shape: Shape, *, seed: int = 1) -> Stepper:
    """Write a random model of a shape into a folder, load it, and return what takes its steps."""
    published = json.loads((EMBEDDED / "config.json").read_text(encoding="utf-8"))
    size = {
        "d_model": shape.d,
        "n_layers": shape.layers,
        "n_heads": shape.heads,
        "n_kv_heads": shape.heads,
        "mlp_hidden_size": 3 * shape.d,
        "vocab_size": shape.vocabulary,
        "embedding_size": shape.vocabulary,
        "weight_tying": False,
        "max_sequence_length": 4096,
    }
    if not (folder / "model.safetensors").exists():
        torch.manual_seed(seed)
        ids = {key: published[key] for key in ("mask_token_id", "eos_token_id", "pad_token_id")}
        save_llada(LlamaForCausalLM(llama_config(published | size)), folder, **ids)
        shutil.copy(EMBEDDED / "tokenizer.json", folder / "tokenizer.json")
    train = TrainSpec(
        max_steps=1000,
        warmup_steps=0,
        learning_rate=1e-3,
        per_device_train_batch_size=shape.rows,
        max_length=shape.length,
        gradient_checkpointing="on" if shape.recompute else "off",
    )
    spec = RunSpec(
        name="step",
        task="train",
        model=ModelSpec(id=str(folder), device="cpu"),
        train=train,
        lora=LoraSpec(r=_R),
        dataset_hash="sha256:0",
    )
    loaded = load(spec.model, torch.device("cpu"))
    words = torch.Generator().manual_seed(seed)
    examples = [
        Example(str(number), torch.randint(10, 1000, (shape.length,), generator=words).tolist(), shape.length // 4)
        for number in range(4 * shape.rows)
    ]
    moving = set_up(spec, train, loaded, World())
    row_loss = make_row_loss(train, loaded, moving.trained, World())
    return Stepper(spec, train, loaded, examples, moving, World(), row_loss)


def plain_loss(stepper: Stepper) -> Callable[[Pass], torch.Tensor]:
    """Return the published recipe: logits of the whole sequence, then the hidden rows of them."""
    model = stepper.loaded.model

    def loss(one: Pass) -> torch.Tensor:
        ids, response = one.batch.input_ids, one.batch.response
        p = hiding_probability(one.t)[:, None].expand(ids.shape)
        hidden = (one.uniform < p) & response
        logits = model.net(input_ids=ids.masked_fill(hidden, model.mask_token_id), use_cache=False).logits.float()
        each = F.cross_entropy(logits[hidden], ids[hidden], reduction="none") / p[hidden]
        lengths = response.sum(1, keepdim=True).expand(ids.shape)
        total: torch.Tensor = (each / lengths[hidden]).sum() / len(ids)
        return total

    return loss


def seconds_and_losses(stepper: Stepper, steps: int = _STEPS) -> tuple[float, list[float]]:
    """Take steps; return the best time of one, the first left out, and all their losses."""
    measured = []
    for step in range(steps):
        began = time.perf_counter()
        values = stepper.take(step)
        measured.append((time.perf_counter() - began, values["loss"]))
    return min(took for took, _ in measured[1:]), [loss for _, loss in measured]


def peak_bytes(stepper: Stepper, step: int) -> int:
    """Return the most bytes that one step holds at once beyond what stands before it."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        stepper.take(step)
    found: Any = seen.profiler
    changes = [event for event in found.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(changes, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def compare(name: str, shape: Shape) -> None:
    """Print ours beside the plain one."""
    print(f"\n{name}: vocabulary {shape.vocabulary:,}, {shape.layers} layers of width {shape.d}, {shape.rows} rows of")
    print(f"{shape.length} tokens, LoRA r={_R}; head to trunk {shape.vocabulary * shape.d / shape.trunk_weights:.1%}")
    tokens, results = shape.length * shape.rows, {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("plain", "ours", "ours, recomputing"):
            stepper = make_stepper(Path(folder), replace(shape, recompute=kind == "ours, recomputing"))
            if kind == "plain":
                stepper = replace(stepper, row_loss=plain_loss(stepper))
            took, losses = seconds_and_losses(stepper)
            results[kind] = (took, losses, peak_bytes(stepper, _STEPS))
    plain_s, plain_losses, plain_peak = results["plain"]
    for kind, (took, losses, peak) in results.items():
        assert torch.allclose(torch.tensor(losses), torch.tensor(plain_losses), rtol=1e-4), (kind, losses, plain_losses)
        print(
            f"  {kind:<18} {took:6.2f} s a step  {tokens / took:7.0f} tokens/s  {plain_s / took:5.2f} times the speed"
            f"   peak {peak / 2**20:7.0f} MiB, {peak / plain_peak:5.2f} of plain"
        )
    print(f"  the losses of {_STEPS} steps agree: {', '.join(f'{loss:.4f}' for loss in plain_losses)}")


def operations(stepper: Stepper, shape: Shape) -> float:
    """Count the multiplications and additions of the next step, attention included.

    Forward, a weight costs 2 a token, attention 4 l d a token and layer. Backward, a frozen weight costs as much again
    for its input's gradient, an adapter's twice, attention 2.5 times since it recomputes its scores. The head costs 4 a
    weight and hidden token.
    """
    state = stepper.moving.masks.state()
    one = stepper.passes(0)[0]
    stepper.moving.masks.restore(state)
    hidden = int(((one.uniform < hiding_probability(one.t)[:, None]) & one.batch.response).sum())
    tokens = shape.rows * shape.length
    linear = 4 * shape.trunk_weights * tokens
    adapter = 6 * shape.layers * _R * (4 * 2 + 3 * 4) * shape.d * tokens
    attention = 3.5 * 4 * shape.length * shape.d * shape.layers * tokens
    return float(linear + adapter + attention + 4 * shape.vocabulary * shape.d * hidden)


def growth() -> None:
    """Print how far the time of a step is from its count of operations, as length and batch grow."""
    print("\nCost of a step beside its operations; 1.00 is the middle one's cost for each operation")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for length, rows in ((256, 1), (256, 4), (512, 1), (512, 2), (1024, 1), (1024, 2)):
            shape = Shape(vocabulary=7_904, d=384, layers=8, heads=6, length=length, rows=rows)
            stepper = make_stepper(Path(folder), shape)
            took, count = float("inf"), 0.0
            for step in range(3):
                expected = operations(stepper, shape)
                began = time.perf_counter()
                stepper.take(step)
                cost = (time.perf_counter() - began) / expected
                if step and cost < took:
                    took, count = cost, expected
            found.append((length, rows, count, took))
    middle = sorted(cost for *_, cost in found)[len(found) // 2]
    for length, rows, count, cost in found:
        print(f"  {length:5} tokens, batch {rows}: {count / 1e9:7.0f} GFLOP {cost * count:6.2f} s {cost / middle:5.2f}")
    print(f"  largest deviation {max(abs(cost / middle - 1) for *_, cost in found):.0%}")


def main() -> None:
    """Run the parts that are asked for, or all."""
    asked = sys.argv[1:] or ["head", "ratio", "growth"]
    prepare(torch.device("cpu"))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.2f}")
    if "head" in asked:
        compare("A small trunk under the real vocabulary", HEAD)
    if "ratio" in asked:
        compare("LLaDA-8B's ratio of head to trunk", RATIO)
    if "growth" in asked:
        growth()
    print(f"\nload average at the end {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
