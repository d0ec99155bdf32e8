"""What a run trains: an adapter laid over the model, or the model itself; the rest of the program sees one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from peft import PeftModel
from torch import Tensor, nn

from runners.spec import RunSpec, TrainSpec
from runners.tasks.adapters import lay_adapter, read_adapter, trainable, write_adapter
from runners.tasks.distributed import World
from runners.tasks.models.base import Model
from runners.tasks.models.registry import Loaded
from runners.tasks.weights import read_model, write_model

Given = TypeVar("Given")

Kept = dict[str, Any]
"""An optimizer's state, as its `state_dict` gives it."""


class Trained(Protocol):
    """Weights that change while training."""

    @property
    def folder(self) -> str:
        """Name of their folder in a checkpoint."""

    @property
    def in_parts(self) -> bool:
        """Whether every process keeps a part of each only."""

    @property
    def model(self) -> Model:
        """What a step computes with."""

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

    def through(self, loss: Callable[[Given], Tensor], one: Given) -> Tensor:
        """Compute a loss with `model`, of which a part may have to be gathered first."""

    def together(self, optimizer: torch.optim.Optimizer) -> AbstractContextManager[None]:
        """Have weights and moments whole in the first process for the time of a block; all processes come here."""

    def kept(self, optimizer: torch.optim.Optimizer) -> Kept:
        """Return the whole state of their optimizer, within `together`."""

    def own(self, kept: Kept) -> Kept:
        """Return the part of a whole state that is this process's."""


class _Whole:
    """What every process has whole: there is nothing to bring together, and nothing to share out."""

    in_parts = False

    def through(self, loss: Callable[[Given], Tensor], one: Given) -> Tensor:
        """Compute the loss."""
        return loss(one)

    def together(self, optimizer: torch.optim.Optimizer) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def kept(self, optimizer: torch.optim.Optimizer) -> Kept:
        """Return the optimizer's state."""
        return optimizer.state_dict()

    def own(self, kept: Kept) -> Kept:
        """Return the state as it is."""
        return kept


@dataclass(frozen=True)
class TrainedAdapter(_Whole):
    """An adapter, kept in peft's own format."""

    adapter: PeftModel
    model: Model
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
class TrainedModel(_Whole):
    """Every weight of the model, kept as the files it was published in."""

    model: Model
    source: Path
    key_mapping: Mapping[str, str]
    folder = "model"

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All weights; tied ones once."""
        return list(self.net.parameters())

    @property
    def net(self) -> nn.Module:
        """The whole network."""
        return self.model.net

    def write(self, folder: Path) -> None:
        """Write a folder that loads as a model."""
        write_model(self.net, folder, source=self.source, key_mapping=self.key_mapping)

    def read(self, folder: Path) -> None:
        """Put the weights back."""
        read_model(self.net, folder, key_mapping=self.key_mapping)


def prepare_trained(spec: RunSpec, recipe: TrainSpec, loaded: Loaded, world: World) -> Trained:
    """Lay a fresh adapter over the model, or make the whole model take gradients, as the spec's method says."""
    model = loaded.model
    if spec.lora is not None:
        return TrainedAdapter(lay_adapter(model, spec.lora, model_id=spec.model.id, seed=recipe.seed), model)
    trained = TrainedModel(model, loaded.folder, loaded.known.family.key_mapping)
    if recipe.sharding == "fsdp2":
        # Imported here: it loads a good part of torch that no other run needs.
        from runners.tasks.sharding import ShardedModel

        return ShardedModel(trained, world)
    for parameter in model.net.parameters():
        parameter.requires_grad_(True)
    return trained
