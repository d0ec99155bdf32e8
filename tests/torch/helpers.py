"""A tiny random LLaDA with the embedded tokenizer, and run directories made for it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM

from runners.events import read_lines
from runners.rundir import RunDir
from runners.spec import LoraSpec, ModelSpec, RunSpec, SamplingSpec, TrainSpec
from runners.tasks.models.llada import llama_config, save_llada
from runners.tasks.models.registry import EMBEDDED
from runners.tasks.reporter import Reporter
from runners.tasks.run import run_task

REPOSITORY = Path(__file__).parents[2]
WORDS = "the lane bends past a farm where nobody hurries and every gate is mended with string".split()


def golden() -> Path:
    """Return the golden folder; a missing one fails the test."""
    folder = Path(os.environ.get("WORKBENCH_GOLDEN") or REPOSITORY / "tests" / "data" / "golden") / "llada"
    assert folder.is_dir(), f"{folder}: the golden values are missing; copy them there or set WORKBENCH_GOLDEN"
    return folder


def tiny_model(folder: Path) -> Path:
    """Write a tiny random model into `folder`."""
    published = json.loads((EMBEDDED / "config.json").read_text(encoding="utf-8"))
    torch.manual_seed(7)
    small = {"d_model": 32, "n_layers": 2, "n_heads": 2, "n_kv_heads": 2, "mlp_hidden_size": 64}
    net = LlamaForCausalLM(llama_config(published | small))
    # Of usual size the random weights leave every prediction alike; larger ones make samples that differ.
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    ids = {key: published[key] for key in ("mask_token_id", "eos_token_id", "pad_token_id")}
    save_llada(net, folder, **ids)
    shutil.copy(EMBEDDED / "tokenizer.json", folder / "tokenizer.json")
    return folder


def pair_lines(count: int, split: str) -> bytes:
    """Return `count` lines of made-up pairs of different lengths."""
    lines = []
    for number in range(count):
        words = WORDS[number % 7 :] + [f"{split} {number}"]
        fields = {
            "prompt": " ".join(words[:4]),
            "response": " ".join(words[4 : 6 + number % 5]) + ".",
            "tier": "continuation",
            "source": f"essay-{number % 3}",
            "split": split,
        }
        name = "sha256:" + hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        lines.append(json.dumps({"id": name, **fields}))
    return "".join(f"{line}\n" for line in sorted(lines)).encode()


PROMPTS = b'{"slug": "lane", "prompt": "the lane", "topic": "known", "length": "short"}\n' + (
    b'{"slug": "tide", "prompt": "on the tide that came late", "topic": "novel", "length": "long"}\n'
)

SAMPLING = SamplingSpec(max_new_tokens=8, block_length=4, steps=8, samples_per_prompt=2)
TRAIN = TrainSpec(
    learning_rate=1e-2,
    max_steps=6,
    per_device_train_batch_size=2,
    gradient_accumulation_steps=2,
    max_length=64,
    warmup_steps=2,
    eval_draws=2,
)


def train_spec(model: Path, *, train: TrainSpec = TRAIN, sample_base: bool = False, dropout: float = 0.1) -> RunSpec:
    """Return the spec of a small training run."""
    return RunSpec(
        name="a-run",
        task="train",
        model=ModelSpec(id=str(model), device="cpu"),
        sampling=SAMPLING,
        train=train,
        lora=LoraSpec(r=4, lora_alpha=8, lora_dropout=dropout),
        sample_base=sample_base,
        dataset_hash="sha256:0",
        canary_hash="sha256:0",
    )


def sample_spec(model: Path, *, sampling: SamplingSpec = SAMPLING) -> RunSpec:
    """Return the spec of a small sample run of the base."""
    return RunSpec(
        name="a-sample-run",
        task="sample",
        model=ModelSpec(id=str(model), device="cpu"),
        sampling=sampling,
        canary_hash="sha256:0",
    )


def make_run(path: Path, spec: RunSpec, *, adapter: Path | None = None, prompts: bytes = PROMPTS) -> RunDir:
    """Make a run directory with a few pairs and canary prompts, as far as its task needs them."""
    pairs = spec.task in ("train", "score")
    return RunDir.create(
        path,
        replace(spec, name=path.name),
        prompts_jsonl=prompts if spec.task != "score" else None,
        train_jsonl=pair_lines(7, "train") if spec.task == "train" else None,
        holdout_jsonl=pair_lines(3, "holdout") if pairs else None,
        manifest_json=b"{}" if pairs else None,
        adapter=adapter,
    )


def carry_out(run_dir: RunDir, *, reporter_class: type[Reporter] = Reporter) -> str | None:
    """Carry out one attempt in this process and return the reason it stopped for, if it did."""
    with reporter_class(run_dir, run_dir.new_attempt()) as reporter:
        run_task(run_dir, run_dir.spec(), reporter)
    return reporter.stop_reason


def events(run_dir: RunDir, type: str) -> list[dict[str, Any]]:
    """Return the events of one type, of all attempts in order."""
    rows = [row for attempt in run_dir.attempts() for row in read_lines(run_dir.events(attempt), 0)[0]]
    return [row for row in rows if row["type"] == type]


def losses(run_dir: RunDir) -> dict[int, float]:
    """Return the training loss of each step, the latest attempt's."""
    return {row["step"]: row["values"]["loss"] for row in events(run_dir, "metric")}


def samples(run_dir: RunDir, of: str) -> dict[tuple[int, str, int], list[int]]:
    """Return the canvases of all samples by step, prompt and index."""
    rows, _ = read_lines(run_dir.samples, 0)
    return {(row["step"], row["prompt"], row["index"]): row["token_ids"] for row in rows if row["of"] == of}
