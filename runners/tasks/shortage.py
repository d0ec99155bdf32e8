"""What a job says when a step did not fit into memory: the numbers, and what would fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runners.errors import ModelError
from runners.families.registry import read_config
from runners.forecast.fitting import alternatives
from runners.forecast.shapes import shape_of
from runners.spec import RunSpec, TrainSpec
from runners.tasks.batches import Example
from runners.tasks.device import memory_bytes, usable_bytes
from runners.tasks.models.registry import Loaded


def shortage(loaded: Loaded, spec: RunSpec, examples: Sequence[Example], step: int) -> dict[str, Any]:
    """Return the fields of the event `shortage` for the step number `step`, from 0."""
    assert spec.train is not None
    device = loaded.model.device
    usable, found = usable_bytes(device), []
    if usable is not None:
        shape = shape_of(read_config(loaded.folder))
        found = alternatives(shape, spec, loaded.known, usable_bytes=usable, cuda=device.type == "cuda")
    return {
        "step": step + 1,
        "pairs": spec.train.per_device_train_batch_size,
        "tokens": max((len(example.input_ids) for example in examples), default=0),
        "used_bytes": memory_bytes(device),
        "usable_bytes": usable,
        "alternatives": [
            {"changes": dict(change.changes), "words": change.words, "bytes": change.memory.total} for change in found
        ],
    }


def out_of_memory(step: int, recipe: TrainSpec, error: Exception) -> ModelError:
    """Return the error that ends a run whose step did not fit into memory."""
    return ModelError(
        f"Step {step + 1} did not fit into memory: {recipe.per_device_train_batch_size} pairs of up to "
        f"{recipe.max_length} tokens in one pass ({error}). Lower per_device_train_batch_size and raise "
        "gradient_accumulation_steps by as much, switch gradient_checkpointing on, or lower max_length."
    )
