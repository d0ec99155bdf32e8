"""The weights of a model trained in full: written and read back as the files it was published in.

The decision to know: the published names are found by undoing the renaming that loading does, tensor by tensor, from
the headers of the very files the model was read from. So any family can be written without a table of its own, and what
is written loads again as a model folder, by this program and by every other that reads the original.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from runners.errors import ModelError, RunDirError

_BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json")


def is_model(folder: Path) -> bool:
    """Say whether a folder holds a whole model, and not an adapter."""
    return (folder / "config.json").is_file()


def write_model(net: nn.Module, folder: Path, *, source: Path, key_mapping: Mapping[str, str]) -> None:
    """Write a network's weights into a folder that is there, in the dtype they have.

    Args:
        net: the network.
        folder: where to.
        source: the model folder it was loaded from.
        key_mapping: how loading renames published tensors.
    """
    state = net.state_dict()
    for file in sorted(source.glob("*.safetensors")):
        tensors = {
            published: state[native].detach().cpu().contiguous()
            for published, native in _names(file, net, key_mapping).items()
        }
        save_file(tensors, folder / file.name, metadata={"format": "pt"})
    for name in _BESIDE:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def read_model(net: nn.Module, folder: Path, *, key_mapping: Mapping[str, str]) -> None:
    """Put kept weights back into a network of the same shape, exactly.

    Raises:
        RunDirError: they are missing, or of another shape.
    """
    own, missing = net.state_dict(), set(net.state_dict())
    try:
        with torch.no_grad():
            for file in sorted(folder.glob("*.safetensors")):
                kept: dict[str, Tensor] = load_file(file)
                for published, native in _names(file, net, key_mapping).items():
                    own[native].copy_(kept[published])
                    missing.discard(native)
    except (OSError, RuntimeError, SafetensorError, ModelError) as error:
        raise RunDirError(
            f"{folder}: the weights cannot be put back ({error}). Delete this checkpoint to resume from the one before."
        ) from error
    # A tied head is no tensor of its own in the files.
    lost = {
        name
        for name in missing
        if not any(own[name].data_ptr() == own[other].data_ptr() for other in own if other not in missing)
    }
    if lost:
        raise RunDirError(
            f"{folder}: lacks {', '.join(sorted(lost)[:5])}. Delete this checkpoint to resume from the one before."
        )


def _names(file: Path, net: nn.Module, key_mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the network's name of every tensor in a published file, by its published one.

    What loading leaves aside, such as GPT-2's causal mask that was published as a tensor, is left aside here too.
    """
    native = set(net.state_dict())
    aside = getattr(net, "_keys_to_ignore_on_load_unexpected", None) or ()
    prefix = getattr(net, "base_model_prefix", "")
    found = {}
    with safe_open(file, framework="pt") as opened:
        for published in opened.keys():  # noqa: SIM118 - an opened file is no mapping
            name = published
            for pattern, replacement in key_mapping.items():
                name, count = re.subn(pattern, replacement, name)
                if count:
                    break
            if name not in native and f"{prefix}.{name}" in native:
                name = f"{prefix}.{name}"
            if name not in native and any(re.search(pattern, name) for pattern in aside):
                continue
            if name not in native:
                raise ModelError(f"{file}: the tensor {published} has no place in the network.")
            found[published] = name
    return found
