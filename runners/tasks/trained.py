"""What a run trains: an adapter laid over the model, or the model itself; the rest of the program sees one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from peft import PeftModel
from torch import nn

from runners.spec import RunSpec, TrainSpec
from runners.tasks.adapters import lay_adapter, read_adapter, trainable, write_adapter
from runners.tasks.models.registry import Loaded
from runners.tasks.weights import read_model, write_model


class Trained(Protocol):
    """Weights that change while training."""

    @property
    def folder(self) -> str:
        """Name of their folder in a checkpoint."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All that takes a gradient."""

    def write(self, folder: Path) -> None:
        """Write them into a folder that is there."""

    def read(self, folder: Path) -> None:
        """Put kept ones back, exactly.

        Raises:
            RunDirError: they are missing, or of another shape.
        """


@dataclass(frozen=True)
class TrainedAdapter:
    """An adapter, kept in peft's own format."""

    adapter: PeftModel
    folder = "adapter"

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The adapter's weights."""
        return trainable(self.adapter)

    def write(self, folder: Path) -> None:
        """Write configuration and weights."""
        write_adapter(self.adapter, folder)

    def read(self, folder: Path) -> None:
        """Put the weights back."""
        read_adapter(self.adapter, folder)


@dataclass(frozen=True)
class TrainedModel:
    """Every weight of the model, kept as the files it was published in."""

    net: nn.Module
    source: Path
    key_mapping: Mapping[str, str]
    folder = "model"

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All weights; tied ones once."""
        return list(self.net.parameters())

    def write(self, folder: Path) -> None:
        """Write a folder that loads as a model."""
        write_model(self.net, folder, source=self.source, key_mapping=self.key_mapping)

    def read(self, folder: Path) -> None:
        """Put the weights back."""
        read_model(self.net, folder, key_mapping=self.key_mapping)


def prepare_trained(spec: RunSpec, recipe: TrainSpec, loaded: Loaded) -> Trained:
    """Lay a fresh adapter over the model, or make the whole model take gradients, as the spec's method says."""
    if spec.lora is not None:
        return TrainedAdapter(lay_adapter(loaded.model, spec.lora, model_id=spec.model.id, seed=recipe.seed))
    net = loaded.model.net
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    return TrainedModel(net, loaded.folder, loaded.known.family.key_mapping)
