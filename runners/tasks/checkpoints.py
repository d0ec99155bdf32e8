"""Checkpoints: all that an exact resume needs, and there completely or not at all.

A checkpoint is built beside its place and renamed, so a job killed at any moment leaves only whole ones. One that
stands is never written again: a resumed run that comes to the same step has computed the same bits.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from runners.errors import RunDirError
from runners.rundir import RunDir
from runners.tasks.adapters import read_adapter, write_adapter
from runners.tasks.masks import MaskSource

STATE = "state.pt"


@dataclass(frozen=True)
class Resumable:
    """What changes while training, beside the step.

    Attributes:
        adapter: its weights.
        optimizer: its moments.
        masks: the source of mask ratios and draws.
    """

    adapter: PeftModel
    optimizer: torch.optim.Optimizer
    masks: MaskSource


def save(run_dir: RunDir, step: int, what: Resumable) -> Path:
    """Write the checkpoint after `step` optimizer steps and return its folder."""
    folder = run_dir.checkpoint(step)
    if folder.exists():
        return folder
    run_dir.checkpoints.mkdir(exist_ok=True)
    building = run_dir.checkpoints / f".{folder.name}.{os.getpid()}.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    write_adapter(what.adapter, building)
    torch.save(
        {
            "step": step,
            "optimizer": what.optimizer.state_dict(),
            "masks": what.masks.state(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        },
        building / STATE,
    )
    for file in building.iterdir():
        _sync(file)
    building.rename(folder)
    _sync(run_dir.checkpoints)
    return folder


def latest(run_dir: RunDir) -> int | None:
    """Return the step of the newest checkpoint, None when there is none."""
    if not run_dir.checkpoints.is_dir():
        return None
    steps = [re.fullmatch(r"step-(\d{6,})", entry.name) for entry in run_dir.checkpoints.iterdir()]
    return max((int(found[1]) for found in steps if found), default=None)


def restore(run_dir: RunDir, step: int, what: Resumable) -> None:
    """Put everything back as it stood after `step` optimizer steps.

    Raises:
        RunDirError: the checkpoint cannot be read.
    """
    for leftover in run_dir.checkpoints.glob(".*.building"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = run_dir.checkpoint(step)
    read_adapter(what.adapter, folder)
    try:
        state: Any = torch.load(folder / STATE, map_location="cpu", weights_only=True)
        what.optimizer.load_state_dict(state["optimizer"])
        what.masks.restore(state["masks"])
        torch.set_rng_state(state["random"])
        # On another number of cards only dropout differs.
        if state["random_cuda"] and len(state["random_cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state["random_cuda"])
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise RunDirError(
            f"{folder / STATE}: cannot be read ({error}). Delete this checkpoint to resume from the one before."
        ) from error


def _sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk, so that losing power loses no checkpoint."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
