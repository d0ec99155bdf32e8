"""What would make a run fit: changes to its spec, the ones that alter the training least first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from runners.errors import SpecError
from runners.families.base import Known
from runners.forecast.memory import Memory, forecast_memory
from runners.forecast.shapes import Shape
from runners.spec import RunSpec, TrainSpec, from_dict

# Pairs shorter than this are hardly paragraphs.
_SHORTEST_TOKENS = 128


@dataclass(frozen=True, kw_only=True)
class Change:
    """A way to make a run smaller.

    Attributes:
        changes: new values by dotted path, as the launch form takes them.
        words: what it does, and what it costs.
        memory: what the run would take.
    """

    changes: tuple[tuple[str, Any], ...]
    words: str
    memory: Memory


def forecast(shape: Shape, spec: RunSpec, known: Known, *, cuda: bool) -> Memory:
    """Return what a training run takes at the peak of a step; see `forecast_memory`."""
    assert spec.train is not None
    objective = spec.objective or known.family.objectives[0]
    return forecast_memory(
        shape,
        spec.model,
        spec.train,
        spec.lora,
        default_targets=known.family.lora_targets,
        cuda=cuda,
        doubled=objective == "block-diffusion",
    )


def alternatives(shape: Shape, spec: RunSpec, known: Known, *, usable_bytes: int, cuda: bool) -> list[Change]:
    """Return changes that make a run fit into so many bytes, each by itself or together with those before it.

    The gradient of a step stays the same under the first of them; the later ones change what is trained.
    """
    found: list[Change] = []
    together: dict[str, Any] = {}
    for step in _STEPS:
        offered = step(changed(spec, together), cuda)
        while offered is not None:
            changes, words = offered
            alone = _taken(shape, spec, changes, known, cuda=cuda)
            if alone is not None and alone.total <= usable_bytes:
                found.append(Change(changes=tuple(changes.items()), words=words, memory=alone))
                break
            joined = f"{', '.join(together)} and {words}" if together else words
            together |= changes
            both = _taken(shape, spec, together, known, cuda=cuda)
            if both is not None and both.total <= usable_bytes:
                found.append(Change(changes=tuple(together.items()), words=joined, memory=both))
                return found
            offered = step(changed(spec, together), cuda)
    return found


def _taken(shape: Shape, spec: RunSpec, changes: dict[str, Any], known: Known, *, cuda: bool) -> Memory | None:
    """Return what a changed spec takes; None where the changes do not hold by themselves."""
    try:
        return forecast(shape, changed(spec, changes), known, cuda=cuda)
    except SpecError:
        return None


def changed(spec: RunSpec, changes: dict[str, Any]) -> RunSpec:
    """Return a spec with some fields replaced, by dotted path."""
    data = asdict(spec)
    for path, value in changes.items():
        part, _, name = path.partition(".")
        data[part][name] = value
    if data["train"]["method"] == "lora" and data["lora"] is None:
        data["lora"] = {}
    if data["train"]["method"] == "full":
        data["lora"] = None
    return from_dict(RunSpec, data)


Offer = tuple[dict[str, Any], str]


def _recompute(spec: RunSpec, cuda: bool) -> Offer | None:
    chosen = _train(spec).gradient_checkpointing
    if chosen == "on" or (chosen == "auto" and cuda):
        return None
    return {"train.gradient_checkpointing": "on"}, "recompute activations: the same gradients, about a third slower"


def _more_passes(spec: RunSpec, cuda: bool) -> Offer | None:
    train = _train(spec)
    batch, passes = train.per_device_train_batch_size, train.gradient_accumulation_steps
    if batch == 1:
        return None
    changes = {"train.per_device_train_batch_size": 1, "train.gradient_accumulation_steps": batch * passes}
    return changes, f"one pair a pass, {batch * passes} passes a step: the same step, slower"


def _small_moments(spec: RunSpec, cuda: bool) -> Offer | None:
    train = _train(spec)
    wanted = train.optim == "adamw_torch" and train.method == "full" and train.sharding == "none"
    return ({"train.optim": "adamw_bnb_8bit"}, "AdamW's moments in 8 bits") if wanted else None


def _share_out(spec: RunSpec, cuda: bool) -> Offer | None:
    train = _train(spec)
    suits = train.method == "full" and train.optim == "adamw_torch" and train.mixed_precision != "fp16"
    if not suits or train.world_size == 1 or train.sharding != "none":
        return None
    return {"train.sharding": "fsdp2"}, "a part of all weights on each GPU: the same step, slower"


def _adapter(spec: RunSpec, cuda: bool) -> Offer | None:
    if _train(spec).method != "full":
        return None
    whole = {"train.sharding": "none"} if _train(spec).sharding != "none" else {}
    return {"train.method": "lora", **whole}, "train an adapter instead of every weight"


def _half(spec: RunSpec, cuda: bool) -> Offer | None:
    wanted = spec.model.dtype == "float32" and spec.model.quantization == "none"
    if not wanted or _train(spec).mixed_precision != "no":
        return None
    return {"model.dtype": "bfloat16"}, "weights in bfloat16"


def _four_bits(spec: RunSpec, cuda: bool) -> Offer | None:
    wanted = spec.model.quantization == "none" and _train(spec).method == "lora"
    return ({"model.quantization": "nf4"}, "the base in 4 bits (QLoRA), slower") if wanted else None


def _shorter(spec: RunSpec, cuda: bool) -> Offer | None:
    length = _train(spec).max_length // 2
    if length < _SHORTEST_TOKENS:
        return None
    return {"train.max_length": length}, f"pairs of at most {length} tokens; over_long says what becomes of longer ones"


# Those that keep the gradients of a step come first.
_STEPS: tuple[Callable[[RunSpec, bool], Offer | None], ...] = (
    _recompute,
    _more_passes,
    _share_out,
    _small_moments,
    _adapter,
    _half,
    _four_bits,
    _shorter,
)


def _train(spec: RunSpec) -> TrainSpec:
    assert spec.train is not None
    return spec.train
