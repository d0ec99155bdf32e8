"""Every weight trained by several GPUs, each keeping a part of all weights, gradients and moments: torch's FSDP2.

The decision to know: the network that was loaded stays beside the sharded one, in the first process alone, off the GPU
while steps are taken. It is filled from the parts whenever something is measured, sampled or written; so all of that is
what it is for one process, and a checkpoint is the same model folder with the same state.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from runners.errors import SpecError
from runners.tasks.distributed import World
from runners.tasks.trained import Kept, TrainedModel

Given = TypeVar("Given")

_HOST = torch.device("cpu")


class ShardedModel:
    """Every weight of the model, a part of each in every process; see `Trained`.

    Attributes:
        model: what a step computes with, by `through` alone.
        folder: as of a model that is trained by one process.
        in_parts: its state is read in parts.
    """

    folder = "model"
    in_parts = True

    def __init__(self, trained: TrainedModel, world: World) -> None:
        """Share a model out.

        Args:
            trained: the model as it was loaded, which every process has whole until now.
            world: the processes.

        Raises:
            SpecError: they compute on something that FSDP2 does not know.
        """
        device = trained.model.device
        if device.type not in ("cpu", "cuda"):
            raise SpecError(
                [f"train.sharding: fsdp2 works on CUDA and the CPU, and this is {device.type}. Set it to none."]
            )
        self._device = device
        # Never twice on a GPU: `fully_shard` brings each part to the GPU by itself.
        net: Any = trained.net.to(_HOST)
        self._whole = trained if world.first else None
        if world.first:
            net.requires_grad_(False)
            net = copy.deepcopy(net)
        net.requires_grad_(True)
        self._root = _Root(net)
        mesh = init_device_mesh(device.type, (world.size,))
        for layer in _layers(net.base_model):
            fully_shard(layer, mesh=mesh, reshard_after_forward=True)
        # Embeddings, last norm and head are needed at both ends of a pass.
        fully_shard(self._root, mesh=mesh, reshard_after_forward=False)
        self.model = replace(trained.model, net=net, backbone=net.base_model, head=net.get_output_embeddings())
        self._kept: Kept = {}

    @property
    def parameters(self) -> list[nn.Parameter]:
        """This process's part of every weight; tied ones once."""
        return list(self.model.net.parameters())

    def through(self, loss: Callable[[Given], Tensor], one: Given) -> Tensor:
        """Compute a loss with the sharded model; weights are there while it is computed, and when it goes back."""
        found: Tensor = self._root(loss, one)
        return found

    @contextmanager
    def together(self, optimizer: torch.optim.Optimizer) -> Iterator[None]:
        """Have weights and moments whole in the first process for the time of a block; all processes come here."""
        whole = self._whole
        if whole is not None:
            whole.net.to(self._device)
        with torch.no_grad():
            for number, part in enumerate(self.parameters):
                found = _whole(part)
                if whole is not None:
                    whole.parameters[number].copy_(found)
        self._kept = self._gathered(optimizer)
        try:
            yield
        finally:
            self._kept = {}
            if whole is not None:
                whole.net.to(_HOST)

    def kept(self, optimizer: torch.optim.Optimizer) -> Kept:
        """Return the optimizer's state as one process would have it, within `together`."""
        return self._kept

    def own(self, kept: Kept) -> Kept:
        """Return this process's part of an optimizer's state."""
        parts = self.parameters

        def own(number: int, value: Any) -> Any:
            part = parts[number]
            if not isinstance(value, Tensor) or value.shape != part.shape or not isinstance(part, DTensor):
                return value
            # Every process has read the file itself.
            return distribute_tensor(value.to(self._device), part.device_mesh, part.placements, src_data_rank=None)

        state = {
            number: {name: own(number, value) for name, value in values.items()}
            for number, values in kept["state"].items()
        }
        return {**kept, "state": state}

    def write(self, folder: Path) -> None:
        """Write a folder that loads as a model, within `together`."""
        assert self._whole is not None
        self._whole.write(folder)

    def read(self, folder: Path) -> None:
        """Put kept weights back; the first process reads them and gives the others their parts."""
        whole = self._whole
        if whole is not None:
            whole.read(folder)
        with torch.no_grad():
            for number, part in enumerate(self.parameters):
                assert isinstance(part, DTensor)
                if whole is None:
                    given = torch.empty(part.shape, dtype=part.dtype, device=self._device)
                else:
                    given = whole.parameters[number].to(self._device)
                part.copy_(distribute_tensor(given, part.device_mesh, part.placements))

    def _gathered(self, optimizer: torch.optim.Optimizer) -> Kept:
        """Return the optimizer's state whole in the first process, and nothing in the others."""
        state = optimizer.state_dict()
        found: dict[int, dict[str, Any]] = {}
        for number, values in state["state"].items():
            for name, value in values.items():
                together = _whole(value) if isinstance(value, Tensor) else value
                if self._whole is not None:
                    found.setdefault(number, {})[name] = together.to(_HOST) if isinstance(value, DTensor) else together
        return {**state, "state": found}


class _Root(nn.Module):
    """The network as part of the module whose forward pass is a loss: FSDP2 acts where a module is called."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, loss: Callable[[Given], Tensor], one: Given) -> Tensor:
        return loss(one)


def _layers(backbone: nn.Module) -> list[nn.Module]:
    """Return what is gathered by itself: the layers, which every family keeps in a list below its backbone."""
    return [layer for child in backbone.children() if isinstance(child, nn.ModuleList) for layer in child]


def _whole(part: Tensor) -> Tensor:
    return part.full_tensor() if isinstance(part, DTensor) else part
