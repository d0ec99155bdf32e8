"""Several processes on one machine sharing each optimizer step, started by torchrun, one a GPU.

The decision to know: what a step computes does not depend on how many there are. Each draws the whole step's masks and
order and takes its part of the passes; only the first speaks, validates, samples and writes checkpoints.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from runners.errors import ProcessLostError, SpecError

# Gloo raises plain RuntimeErrors (torch 2.13), so that only its words tell them from any other.
_CUT_OFF = ("gloo/transport", "connection closed by peer", "connection reset by peer")

# Groups that were joined, kept to the end of the process. What drops the last reference, such as DDP's reducer, holds
# the interpreter's lock while gloo's thread is joined, and that thread may wait for the lock to let go of the tensors
# of the last exchange (torch 2.13): seldom, when all was done, a process would hang.
_joined: list[object] = []

# The first process validates and samples alone meanwhile; what died is noticed by torchrun, not by this.
_PATIENCE = timedelta(days=2)


@dataclass(frozen=True)
class World:
    """The processes of one run.

    Attributes:
        rank: of this process, from 0.
        size: how many there are.
        device: where a decision is exchanged.
    """

    rank: int = 0
    size: int = 1
    device: str | torch.device = "cpu"

    @property
    def first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Return whether any process says so; all of them must ask at the same place."""
        if self.size == 1:
            return flag
        answer = torch.tensor([int(flag)], device=self.device)
        dist.all_reduce(answer, op=dist.ReduceOp.MAX)
        return bool(answer.item())

    def total(self, value: float) -> float:
        """Return the sum of a number over all processes."""
        if self.size == 1:
            return value
        answer = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.all_reduce(answer)
        return float(answer.item())


def whole(value: torch.Tensor) -> torch.Tensor:
    """Return a number of which every process may have a part, whole; all of them must ask at the same place."""
    gather = getattr(value, "full_tensor", None)
    return value if gather is None else gather()


def own_device(device: torch.device) -> torch.device:
    """Return this process's own GPU, where the device is one of several."""
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if device.type == "cuda" else device


@contextmanager
def joined(size: int, device: torch.device) -> Iterator[World]:
    """Join the other processes of a run for the time of a block.

    Raises:
        SpecError: there are more or fewer processes than the spec says; a run of another number is another run.
        ProcessLostError: another process ended in the middle of the block.
    """
    there = int(os.environ.get("WORLD_SIZE", "1"))
    if there != size:
        raise SpecError(
            [
                f"train.world_size: the spec asks for {size} processes, and {there} were started. Start it by "
                f"`python -m runners RUN_DIR`, which starts as many as the spec says, or by torchrun with {size}."
            ]
        )
    if size == 1:
        yield World()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    _joined.append(dist.group.WORLD)
    try:
        yield World(dist.get_rank(), dist.get_world_size(), device if device.type == "cuda" else torch.device("cpu"))
        # A process that left early would take the others' last exchange with it.
        dist.barrier()
    except RuntimeError as error:
        if not _is_cut_off(error):
            raise
        raise ProcessLostError(
            f"Another of the {size} processes of this run ended without a word, and a step cannot be finished without "
            "it. What it last said stands in log.txt; where it says nothing, the machine killed it, most often for "
            "want of memory. Resume the run: it goes on from its newest checkpoint."
        ) from error
    finally:
        dist.destroy_process_group()


def _is_cut_off(error: RuntimeError) -> bool:
    words = str(error).lower()
    return isinstance(error, dist.DistError) or any(known in words for known in _CUT_OFF)
