"""From a spec's model to a loaded one with its layout and tokenizer: `embedded`, a folder, or a Hugging Face id.

Adding a family means adding one file with a `FAMILY` to this folder. Only JSON and safetensors are fetched or read, so
no repository can run code here.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

import runners
from runners.errors import ModelError
from runners.layouts import Layout, layout_for, layout_name, special_tokens, visible_ids
from runners.spec import ModelSpec
from runners.tasks.device import torch_dtype
from runners.tasks.models.base import Family, Model
from runners.tasks.selftest import require_bidirectional

EMBEDDED = Path(runners.__path__[0]) / "embedded"


class TextCodec:
    """Turns text into token ids and back; see `runners.layouts.Encoder`."""

    def __init__(self, tokenizer_json: Path, layout: Layout) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_json))
        # A pair that quotes "<|mdm_mask|>" must not put a mask into the sequence.
        self._tokenizer.encode_special_tokens = True
        self._layout = layout

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text` with nothing added before or after."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def visible(self, token_ids: Sequence[int]) -> str:
        """Return the text of a canvas up to its first EOS, without special tokens."""
        text: str = self._tokenizer.decode(visible_ids(self._layout, list(token_ids)), skip_special_tokens=False)
        return text


@dataclass(frozen=True)
class Loaded:
    """A model ready for a task."""

    model: Model
    layout: Layout
    codec: TextCodec


def load(spec: ModelSpec, device: torch.device) -> Loaded:
    """Load a model, its tokenizer and its layout; `require_bidirectional` is run on it.

    Raises:
        ModelError: it cannot be found, read or trusted.
    """
    folder = locate(spec)
    special = special_tokens(folder / "tokenizer.json")
    layout = layout_for(layout_name(spec.id, special), special)
    model = load_model(folder, dtype=torch_dtype(spec.dtype), device=device)
    found = (model.facts.mask_token_id, model.facts.eos_token_id)
    if found != (layout.mask_token_id, layout.eos_token_id):
        raise ModelError(
            f"{folder}: config.json and tokenizer.json disagree on mask and EOS: {found} against "
            f"{(layout.mask_token_id, layout.eos_token_id)}. They belong to different models; fetch the model again."
        )
    require_bidirectional(model)
    return Loaded(model, layout, TextCodec(folder / "tokenizer.json", layout))


def load_model(folder: Path, *, dtype: torch.dtype, device: torch.device) -> Model:
    """Load the weights of a folder by the family that recognises its `config.json`.

    Raises:
        ModelError: there is no such family, or it cannot load them.
    """
    path = folder / "config.json"
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}). A model folder holds config.json beside its weights."
        ) from error
    transformers_logging.disable_progress_bar()
    known = families()
    for family in known:
        if isinstance(config, dict) and family.recognises(config):
            return family.load(folder, config, dtype=dtype, device=device)
    kind = config.get("model_type") if isinstance(config, dict) else type(config).__name__
    raise ModelError(f"{path}: model_type {kind!r} is of no known family ({', '.join(f.name for f in known)}).")


def locate(spec: ModelSpec) -> Path:
    """Return the folder that holds a model's files, fetching them if need be.

    Raises:
        ModelError: there is no such model, or it cannot be fetched.
    """
    if spec.id == "embedded":
        return EMBEDDED
    folder = Path(spec.id).expanduser()
    if folder.is_dir():
        return folder
    if spec.id.startswith(("/", ".", "~")):
        raise ModelError(
            f"{spec.id}: no such folder. Name one that holds config.json, tokenizer.json and *.safetensors."
        )
    try:
        return Path(snapshot_download(spec.id, revision=spec.revision, allow_patterns=["*.json", "*.safetensors"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"{spec.id}: neither a folder here nor a model that could be fetched ({error}). "
            "Check the id, the revision and the network."
        ) from error


def families() -> list[Family]:
    """Return every family of this folder, by name."""
    package = __name__.rpartition(".")[0]
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [importlib.import_module(f"{package}.{name}") for name in names if name not in ("base", "registry")]
    return [cast(Family, module.FAMILY) for module in modules]
