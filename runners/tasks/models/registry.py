"""From a spec's model to a loaded one with its layout and tokenizer: `embedded`, a folder, or a Hugging Face id.

Only JSON and safetensors are fetched or read, so no repository can run code here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

import runners
from runners.errors import ModelError
from runners.families.base import Known
from runners.families.registry import family_of, known, read_config
from runners.layouts import Layout, layout_for, layout_name, special_tokens, visible_ids
from runners.spec import ModelSpec, Quantization
from runners.tasks.device import torch_dtype
from runners.tasks.losses.base import Objective, load_objective
from runners.tasks.models.base import Model
from runners.tasks.models.native import load_weights, token_ids
from runners.tasks.selftest import require_attention

EMBEDDED = Path(runners.__path__[0]) / "embedded"

_WANTED = ["*.json", "*.safetensors"]


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

    def following(self, before: Sequence[int], token_ids: Sequence[int]) -> str:
        """Return the text of ids as it reads behind those before them, with the space that some decoders drop alone."""
        lead, whole = self._plain(before), self._plain([*before, *token_ids])
        return whole[len(lead) :] if whole.startswith(lead) else self._plain(token_ids)

    def opening_ids(self, words: str) -> list[int]:
        """Return every id whose text begins with `words` where it stands behind a letter."""
        behind = self.encode("a")
        vocabulary = range(self._tokenizer.get_vocab_size(with_added_tokens=True))
        return [token for token in vocabulary if self.following(behind, [token]).startswith(words)]

    def visible(self, token_ids: Sequence[int]) -> str:
        """Return the text of a canvas up to its first EOS, without special tokens."""
        return self._plain(visible_ids(self._layout, list(token_ids)))

    def _plain(self, token_ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(token_ids), skip_special_tokens=False)
        return text


@dataclass(frozen=True)
class Loaded:
    """A model ready for a task.

    Attributes:
        model: network and facts.
        layout: how its pairs are laid out.
        codec: its tokenizer.
        known: its family.
        objective: what training it minimises.
        folder: where its files lie.
        revision: commit of the repository it came from; None for a folder and the embedded model.
    """

    model: Model
    layout: Layout
    codec: TextCodec
    known: Known
    objective: Objective
    folder: Path
    revision: str | None = None


def load(spec: ModelSpec, device: torch.device, *, weights: Path | None = None) -> Loaded:
    """Load a model, its tokenizer and its layout; `require_attention` is run on it.

    Args:
        spec: which model.
        device: where to.
        weights: folder with the same model trained further, to be loaded in its place.

    Raises:
        ModelError: it cannot be found, read or trusted.
    """
    place = locate(spec) if weights is None else Place(weights)
    found = what_is(place.folder, spec.id)
    special = special_tokens(place.folder / "tokenizer.json")
    layout = layout_for(layout_name(spec.id, special, found.family.name), special)
    model = load_model(
        place.folder,
        dtype=torch_dtype(spec.dtype),
        device=device,
        layout=layout,
        model_id=spec.id,
        quantization=spec.quantization,
    )
    require_attention(model)
    return Loaded(
        model,
        layout,
        TextCodec(place.folder / "tokenizer.json", layout),
        found,
        load_objective(found.family.objectives[0]),
        place.folder,
        place.revision,
    )


def load_model(
    folder: Path,
    *,
    dtype: torch.dtype,
    device: torch.device,
    layout: Layout | None = None,
    model_id: str = "",
    quantization: Quantization = "none",
) -> Model:
    """Load the weights of a folder as the family of its `config.json` says.

    Args:
        folder: holds `config.json` and `*.safetensors`.
        dtype: number format in memory.
        device: where the weights go.
        layout: whose ids are the model's; those of `config.json` when None.
        model_id: repository id or folder it was asked for by.
        quantization: how few bits the linear layers are kept in.

    Raises:
        ModelError: there is no such family, or its weights cannot be loaded.
    """
    transformers_logging.disable_progress_bar()
    config, found = read_config(folder), what_is(folder, model_id)
    try:
        ids = token_ids(config, found.family, layout)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    return load_weights(folder, config, found, ids, dtype=dtype, device=device, quantization=quantization)


def what_is(folder: Path, model_id: str) -> Known:
    """Return what is known of the model in a folder.

    Raises:
        ModelError: its `config.json` cannot be read, or is of no known family.
    """
    config = read_config(folder)
    try:
        family_of(config)
    except ModelError as error:
        raise ModelError(f"{folder}/{error}") from error
    found = known(model_id or folder.name, config)
    assert found is not None
    return found


@dataclass(frozen=True)
class Place:
    """Where a model's files lie, and the commit they were taken from; None for a folder of one's own."""

    folder: Path
    revision: str | None = None


def locate(spec: ModelSpec) -> Place:
    """Find a model's files, fetching them if need be.

    A repository is pinned: without a revision in the spec, the commit it stands at now is the answer, and is recorded.

    Raises:
        ModelError: there is no such model, or it cannot be fetched.
    """
    if spec.id == "embedded":
        return Place(EMBEDDED)
    folder = Path(spec.id).expanduser()
    if folder.is_dir():
        return Place(folder)
    if spec.is_path:
        raise ModelError(
            f"{spec.id}: no such folder. Name one that holds config.json, tokenizer.json and *.safetensors."
        )
    try:
        fetched = Path(snapshot_download(spec.id, revision=spec.revision, allow_patterns=_WANTED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"{spec.id}: neither a folder here nor a model that could be fetched ({error}). "
            "Check the id, the revision and the network."
        ) from error
    # The hub's cache names the folder of a snapshot after its commit.
    return Place(fetched, fetched.name)
