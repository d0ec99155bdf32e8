"""The device a job computes on, and making its arithmetic repeatable."""

from __future__ import annotations

import os
import resource
import sys

import torch

from runners.errors import ModelError
from runners.spec import Device, Dtype

_DTYPES: dict[Dtype, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def torch_dtype(name: Dtype) -> torch.dtype:
    """Return torch's own name for a spec's dtype."""
    return _DTYPES[name]


def choose_device(asked: Device) -> torch.device:
    """Return the device a spec asks for; `auto` takes CUDA, then MPS, then the CPU.

    Raises:
        ModelError: the device asked for is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return torch.device(next(name for name, found in there.items() if found))
    if not there[asked]:
        raise ModelError(f"model.device: {asked} was asked for and this machine has none. Choose auto or cpu.")
    return torch.device(asked)


def prepare(device: torch.device) -> None:
    """Set the threads and, on the CPU, ask for repeatable kernels.

    OMP_NUM_THREADS wins over the number of cores, so that whoever starts a job can hold it back.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(os.cpu_count() or 1)
    # Some CUDA kernels have no repeatable form and would raise; exact resume is promised on the CPU only.
    torch.use_deterministic_algorithms(device.type == "cpu")


def usable_bytes(device: torch.device) -> int | None:
    """Return the memory there is for this process alone: of the card, or of the machine; None where it is not known."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def memory_bytes(device: torch.device) -> int:
    """Return the most memory used so far: of the card, or of this process on the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.driver_allocated_memory())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts KiB, macOS bytes
