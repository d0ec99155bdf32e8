"""Optimizer, number format of the arithmetic, and the scaling that float16 gradients need."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from runners.errors import ModelError
from runners.spec import MixedPrecision, ModelSpec, TrainSpec

_INSTALL_QUANT = "Install it with: pip install '.[train,quant]' (in the workbench's source folder)"


def require_bitsandbytes(what: str) -> Any:
    """Return the module bitsandbytes.

    Args:
        what: what needs it, as the beginning of the sentence that says so.

    Raises:
        ModelError: it is not installed, or cannot be used on this machine.
    """
    try:
        import bitsandbytes
    except (ImportError, RuntimeError) as error:
        raise ModelError(
            f"{what} needs bitsandbytes, the extra `quant`, which the Python that runs the jobs does not have "
            f"({error}). {_INSTALL_QUANT}."
        ) from error
    return bitsandbytes


def make_optimizer(parameters: Iterable[nn.Parameter], recipe: TrainSpec) -> torch.optim.Optimizer:
    """Return the AdamW that the spec asks for.

    Raises:
        ModelError: 8-bit moments were asked for, and bitsandbytes is not installed.
    """
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optim == "adamw_torch":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    module = require_bitsandbytes("train.optim adamw_bnb_8bit")
    made: torch.optim.Optimizer = module.optim.AdamW8bit(list(parameters), lr=rate, weight_decay=decay)
    return made


def arithmetic(
    device: torch.device, mixed_precision: MixedPrecision, *, keep_casts: bool = True
) -> AbstractContextManager[Any]:
    """Return a context in which a forward pass and its loss are computed.

    Args:
        device: where.
        mixed_precision: how many bits.
        keep_casts: whether weights that were cast stay so until the context ends; it takes half of them once more.
    """
    if mixed_precision == "no":
        return nullcontext()
    dtype = torch.bfloat16 if mixed_precision == "bf16" else torch.float16
    return torch.autocast(device.type, dtype=dtype, cache_enabled=keep_casts)


def make_scaler(device: torch.device, model: ModelSpec, recipe: TrainSpec) -> torch.amp.GradScaler | None:
    """Return what scales the loss so that float16 gradients do not vanish; None where the arithmetic needs none."""
    if recipe.mixed_precision == "fp16" or model.dtype == "float16":
        return torch.amp.GradScaler(device.type)
    return None
