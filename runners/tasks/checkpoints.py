"""Checkpoints: all that an exact resume needs, and there completely or not at all.

A checkpoint is built beside its place and renamed, so a job killed at any moment leaves only whole ones. One that
stands is never written again: a resumed run that comes to the same step has computed the same bits. Old ones are pruned
by rule; the best one is named in a file of its own.
"""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from runners.errors import RunDirError
from runners.rundir import RunDir
from runners.tasks.masks import MaskSource
from runners.tasks.trained import Trained
from runners.tasks.watching import Watch

STATE = "state.pt"

# A disk with less than this is as good as full: file systems keep some of the rest for themselves.
_FULL_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Resumable:
    """What changes while training, beside the step.

    Attributes:
        trained: the weights.
        optimizer: its moments.
        masks: the source of mask ratios and draws.
        watch: which validation was the best, and how long it has been.
        scaler: the scale of float16 gradients; None where the arithmetic needs none.
    """

    trained: Trained
    optimizer: torch.optim.Optimizer
    masks: MaskSource
    watch: Watch
    scaler: torch.amp.GradScaler | None = None


def save(run_dir: RunDir, step: int, what: Resumable) -> Path:
    """Write the checkpoint after `step` optimizer steps and return its folder.

    Raises:
        RunDirError: the disk is full, or the run directory is gone; nothing half-written stays.
    """
    folder = run_dir.checkpoint(step)
    if folder.exists():
        return folder
    building = run_dir.checkpoints / f".{folder.name}.{os.getpid()}.building"
    try:
        run_dir.checkpoints.mkdir(exist_ok=True)
        shutil.rmtree(building, ignore_errors=True)
        weights = building / what.trained.folder
        weights.mkdir(parents=True)
        what.trained.write(weights)
        torch.save(
            {
                "step": step,
                "optimizer": what.trained.kept(what.optimizer),
                "masks": what.masks.state(),
                "watch": what.watch.state(),
                "scaler": None if what.scaler is None else what.scaler.state_dict(),
            },
            building / STATE,
        )
        for file in building.rglob("*"):
            _sync(file)
        _sync(building)
        building.rename(folder)
        _sync(run_dir.checkpoints)
    except torch.OutOfMemoryError:
        raise
    except (OSError, RuntimeError, SafetensorError) as error:
        # torch and safetensors tell of a disk that takes no more in errors of their own.
        raise RunDirError(_not_written(folder, error)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _not_written(path: Path, error: Exception) -> str:
    full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error) or _free(path) < _FULL_BYTES
    why = "the disk is full" if full else f"the disk did not take it ({error})"
    return (
        f"{path}: could not be written, because {why}. The checkpoints before it stand. Make room, then resume the run."
    )


def _free(path: Path) -> int:
    """Return the bytes that are free where a path is, or would be."""
    there = next(folder for folder in path.parents if folder.is_dir())
    return shutil.disk_usage(there).free


def latest(run_dir: RunDir) -> int | None:
    """Return the step of the newest checkpoint, None when there is none."""
    return max(run_dir.checkpoint_steps(), default=None)


def restore(run_dir: RunDir, step: int, what: Resumable) -> None:
    """Put everything back as it stood after `step` optimizer steps.

    Raises:
        RunDirError: the checkpoint cannot be read.
    """
    folder = run_dir.checkpoint(step)
    what.trained.read(run_dir.weights(folder))
    try:
        # Mapped, so that every process holds what is its own of it and not the whole.
        mapped = what.trained.in_parts
        state: Any = torch.load(folder / STATE, map_location="cpu", weights_only=True, mmap=mapped)
        what.optimizer.load_state_dict(what.trained.own(state["optimizer"]))
        what.masks.restore(state["masks"])
        if state.get("watch") is not None:
            what.watch.restore(state["watch"])
        if what.scaler is not None and state.get("scaler") is not None:
            what.scaler.load_state_dict(state["scaler"])
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise RunDirError(
            f"{folder / STATE}: cannot be read ({error}). Delete this checkpoint to resume from the one before."
        ) from error


def tidy(run_dir: RunDir) -> None:
    """Remove what a killed job left half-written or half-deleted."""
    for leftover in run_dir.checkpoints.glob(".*ing"):
        shutil.rmtree(leftover, ignore_errors=True)


def name_best(run_dir: RunDir, step: int, val_loss: float) -> None:
    """Write down which checkpoint is the best so far."""
    row = {"step": step, "path": run_dir.checkpoint(step).relative_to(run_dir.path).as_posix(), "val_loss": val_loss}
    aside = run_dir.best_json.with_suffix(".tmp")
    try:
        aside.write_text(json.dumps(row) + "\n", encoding="utf-8")
        _sync(aside)
        aside.replace(run_dir.best_json)
    except OSError as error:
        raise RunDirError(_not_written(run_dir.best_json, error)) from error


def prune(run_dir: RunDir, *, keep_last: int, keep: Collection[int]) -> list[int]:
    """Delete old checkpoints and return their steps.

    Args:
        run_dir: whose.
        keep_last: how many of the newest stay; 0 for all.
        keep: steps that stay whatever their age: the best one, and those with samples.
    """
    if keep_last == 0:
        return []
    old = sorted(set(run_dir.checkpoint_steps()[:-keep_last]) - set(keep))
    for step in old:
        folder = run_dir.checkpoint(step)
        # Out of sight at once: a checkpoint is there completely or not at all.
        going = folder.with_name(f".{folder.name}.deleting")
        folder.rename(going)
        shutil.rmtree(going, ignore_errors=True)
    return old


def _sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk, so that losing power loses no checkpoint."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
