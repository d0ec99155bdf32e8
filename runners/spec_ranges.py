"""What the values of a spec may be, and which of them fit together; every problem says what was found and expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runners.sampler_fields import sampling_problems

if TYPE_CHECKING:
    from runners.spec import LoraSpec, RunSpec, TrainSpec

Need = Callable[[bool, str], None]


def problems_of(spec: RunSpec, schema_version: int) -> list[str]:
    """Return all problems of a spec: values out of range, and parts that do not fit the task or one another."""
    found: list[str] = []

    def need(ok: bool, text: str) -> None:
        if not ok:
            found.append(text)

    need(
        spec.schema_version == schema_version,
        f"schema_version: found {spec.schema_version}, this program reads up to {schema_version}. Install a newer one.",
    )
    need(
        bool(spec.name) and "/" not in spec.name and spec.name not in (".", ".."),
        f"name: {spec.name!r} is no directory name.",
    )
    _parts(spec, need)
    if spec.train is not None:
        _train(spec.train, need)
        _together(spec, spec.train, need)
    if spec.lora is not None:
        _lora(spec.lora, need)
    return found + sampling_problems(spec.sampling)


def _parts(spec: RunSpec, need: Need) -> None:
    if spec.task == "session":
        need(spec.session is not None, "session: missing, the task is session.")
    else:
        need(spec.session is None, "session: only for the task session.")
    if spec.session is not None:
        minutes = spec.session.idle_minutes
        need(minutes > 0, f"session.idle_minutes: found {minutes:g}, expected above 0.")
    if spec.task == "score":
        need(spec.score is not None, "score: missing, the task is score.")
        need(
            spec.dataset_hash is not None, "dataset_hash: missing. Name the dataset whose held-out pairs are measured."
        )
    else:
        need(spec.score is None, "score: only for the task score.")
    if spec.score is not None:
        _at_least(spec.score, "score", 1, ("draws", "max_length"), need)
    if spec.task != "train":
        need(spec.train is None and spec.lora is None, "train and lora: only for the task train.")
        return
    if spec.train is not None and spec.train.method == "full":
        need(spec.lora is None, "lora: only for the method lora; train.method is full.")
    else:
        need(spec.train is not None and spec.lora is not None, "train and lora: missing, the task is train.")
    need(spec.dataset_hash is not None, "dataset_hash: missing. Freeze a dataset and train on it.")
    need(spec.adapter is None, "adapter: only for the tasks sample, score and session.")


def _train(train: TrainSpec, need: Need) -> None:
    _at_least(
        train,
        "train",
        1,
        (
            "max_steps",
            "per_device_train_batch_size",
            "gradient_accumulation_steps",
            "world_size",
            "max_length",
            "pad_to_multiple_of",
            "eval_draws",
        ),
        need,
    )
    _at_least(
        train,
        "train",
        0,
        (
            "warmup_steps",
            "eval_every_steps",
            "probe_pairs",
            "early_stopping_patience",
            "checkpoint_every_steps",
            "save_total_limit",
            "sample_every_steps",
            "weight_decay",
        ),
        need,
    )
    for name in ("learning_rate", "max_grad_norm"):
        need(getattr(train, name) > 0, f"train.{name}: found {getattr(train, name)}, expected above 0.")
    need(
        0 <= train.t_min < train.t_max,
        f"train.t_min: found {train.t_min}, expected 0 to below t_max, which is {train.t_max}.",
    )
    need(train.t_max <= 1, f"train.t_max: found {train.t_max}, expected at most 1.")
    need(
        train.max_loss_weight == 0 or train.max_loss_weight >= 1,
        f"train.max_loss_weight: found {train.max_loss_weight}, expected 1 or more, or 0 for none.",
    )
    need(
        all(1 <= step <= train.max_steps for step in train.sample_at_steps),
        f"train.sample_at_steps: found {', '.join(map(str, train.sample_at_steps))}, expected steps from 1 to "
        f"{train.max_steps}.",
    )


def _together(spec: RunSpec, train: TrainSpec, need: Need) -> None:
    """Check values that hold alone and not beside others."""
    if train.complementary_masks:
        need(
            abs(train.t_min + train.t_max - 1) < 1e-9,
            f"train.complementary_masks: the other mask has the ratio 1 - t, which with t from {train.t_min} to "
            f"{train.t_max} lies outside. Choose t_min and t_max so that they add up to 1.",
        )
        need(
            train.rows % 2 == 0,
            f"train.complementary_masks: takes every pair twice, and a step has {train.rows} rows. Make it an even "
            "number by batch size or accumulation.",
        )
    need(
        train.early_stopping_patience == 0 or train.eval_every_steps > 0,
        "train.early_stopping_patience: there are validations at start and end only. Set eval_every_steps.",
    )
    need(
        train.mixed_precision == "no" or spec.model.dtype == "float32",
        f"train.mixed_precision: {train.mixed_precision} computes over weights in float32, and model.dtype is "
        f"{spec.model.dtype}. Set one of them back.",
    )
    if train.sharding == "fsdp2":
        need(
            train.world_size > 1,
            "train.sharding: fsdp2 shares the model out over several processes, and train.world_size is 1. Raise it to "
            "the number of GPUs, or set sharding to none.",
        )
        need(
            train.method == "full",
            f"train.sharding: fsdp2 is for the method full, and train.method is {train.method}, whose adapter is "
            "too small to be shared out. Choose full, or none.",
        )
        need(
            train.optim == "adamw_torch",
            f"train.sharding: fsdp2 does not work with train.optim {train.optim}. Choose adamw_torch.",
        )
        need(
            train.mixed_precision != "fp16",
            "train.sharding: fsdp2 does not work with train.mixed_precision fp16. Choose bf16, or no.",
        )
    if train.method == "full":
        need(
            spec.model.quantization == "none",
            "model.quantization: weights in 4 bits cannot be trained in full. Choose the method lora, or none.",
        )
        need(
            spec.model.dtype != "float16",
            "model.dtype: weights in float16 cannot be trained in full, since their gradients overflow. Choose float32 "
            "with train.mixed_precision fp16.",
        )


def _lora(lora: LoraSpec, need: Need) -> None:
    need(lora.r >= 1, f"lora.r: found {lora.r}, expected 1 or more.")
    need(lora.lora_alpha > 0, f"lora.lora_alpha: found {lora.lora_alpha}, expected above 0.")
    need(
        0 <= lora.lora_dropout < 1,
        f"lora.lora_dropout: found {lora.lora_dropout}, expected 0 to below 1.",
    )


def _at_least(part: Any, section: str, least: int, names: tuple[str, ...], need: Need) -> None:
    for name in names:
        value = getattr(part, name)
        need(value >= least, f"{section}.{name}: found {value}, expected {least} or more.")
