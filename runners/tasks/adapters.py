"""Adapters: laying a LoRA over a model, and keeping its weights.

peft puts its layers into the network in place, so the `Model` stays the same object: its backbone carries the adapter
from then on. The weights are kept in peft's own file format; what peft's own saving adds (a model card, a look at the
hub for the base's vocabulary) is left out, since a job may have no network.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from runners.errors import RunDirError, SpecError
from runners.spec import LoraSpec
from runners.tasks.models.base import Model

WEIGHTS = "adapter_model.safetensors"
ALL_LINEAR = "all-linear"


def lay_adapter(model: Model, lora: LoraSpec, *, model_id: str, seed: int) -> PeftModel:
    """Lay a fresh adapter over a model; until it is trained the model's outputs are the base's.

    Args:
        model: changed in place; only the adapter's weights take gradients afterwards.
        lora: rank, scale, dropout, kind and which linears.
        model_id: noted in the adapter's configuration.
        seed: of its first weights, and of the global generator from then on.

    Raises:
        SpecError: `target_modules` names a layer the model does not have.
    """
    # The head is outside the backbone, so `all-linear` leaves it alone.
    linears = {
        name.rpartition(".")[2]: part
        for name, part in model.backbone.named_modules()
        if isinstance(part, (nn.Linear, Conv1D))
    }
    targets = lora.target_modules or model.facts.lora_targets
    if ALL_LINEAR in targets:
        targets = tuple(linears)
    if unknown := sorted(set(targets) - set(linears)):
        raise SpecError(
            [
                f"lora.target_modules: the model has no {', '.join(unknown)}. It has {', '.join(sorted(linears))}, and "
                f"{ALL_LINEAR} means all of them."
            ]
        )
    # peft 0.21 writes this into the configuration, where a folder of this machine has no business.
    model.net.__dict__["name_or_path"] = model_id
    torch.manual_seed(seed)
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.lora_alpha,
        lora_dropout=lora.lora_dropout,
        target_modules=sorted(targets),
        use_dora=lora.use_dora,
        use_rslora=lora.use_rslora,
        # GPT-2 keeps its linear layers the other way round.
        fan_in_fan_out=any(isinstance(linears[name], Conv1D) for name in targets),
        bias="none",
        task_type="CAUSAL_LM",  # names the wrapper class; attention stays bidirectional
    )
    with _asked_by_an_old_name():
        return get_peft_model(model.net, config)


def load_adapter(model: Model, folder: Path) -> PeftModel:
    """Lay a kept adapter over a model, to sample from it.

    Raises:
        RunDirError: the folder holds no adapter, or one that does not fit the model.
    """
    if not (folder / WEIGHTS).is_file():
        raise RunDirError(f"{folder}: holds no {WEIGHTS}. Name a checkpoint of a training run.")
    try:
        with _asked_by_an_old_name():
            return PeftModel.from_pretrained(model.net, str(folder), torch_device=str(model.device)).eval()
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise RunDirError(
            f"{folder}: the adapter does not fit this model ({error}). Sample it on its own base."
        ) from error


@contextmanager
def _asked_by_an_old_name() -> Iterator[None]:
    """Keep out of the author's log what she can do nothing about.

    peft 0.21 asks a network whether it recomputes its activations by the name that transformers 5.23 has given up.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def write_adapter(adapter: PeftModel, folder: Path) -> None:
    """Write the adapter's configuration and weights into a folder that is there."""
    weights: dict[str, Tensor] = get_peft_model_state_dict(adapter, save_embedding_layers=False)
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, folder / WEIGHTS)
    config: Any = adapter.peft_config["default"]
    config.inference_mode = True
    try:
        config.save_pretrained(str(folder))
    finally:
        config.inference_mode = False


def read_adapter(adapter: PeftModel, folder: Path) -> None:
    """Put kept weights back into an adapter of the same shape, exactly.

    Raises:
        RunDirError: they are missing, or of another shape.
    """
    try:
        weights = load_file(folder / WEIGHTS)
        set_peft_model_state_dict(adapter, weights)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise RunDirError(
            f"{folder / WEIGHTS}: cannot be put back ({error}). Delete this checkpoint to resume from the one before."
        ) from error


def trainable(adapter: PeftModel) -> list[nn.Parameter]:
    """Return the adapter's weights: all that takes a gradient."""
    return [parameter for parameter in adapter.parameters() if parameter.requires_grad]
