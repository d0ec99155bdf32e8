"""Sampling the canary prompts: the i-th sample of a prompt is seeded from `seed + i`, whatever the run.

Samples are made one by one, never as a batch: matrix products round differently at different batch sizes, so a batched
sample would depend on its neighbours, and base and adapter could not be paired. What stands already is not made again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from runners.layouts import lay_out
from runners.spec import SamplingSpec
from runners.tasks.json_lines import read_rows
from runners.tasks.models.base import Model
from runners.tasks.models.registry import Loaded
from runners.tasks.reporter import Of, Reporter
from runners.tasks.samplers.base import Filled, fill_as_asked


@dataclass(frozen=True)
class Canary:
    """One line of `prompts.jsonl`, as far as sampling needs it."""

    slug: str
    prompt: str


class _StopAskedError(Exception):
    """The job was asked to end in the middle of a canvas."""


def read_canaries(path: Path) -> list[Canary]:
    """Read the canary prompts of a run.

    Raises:
        RunDirError: the file is missing, or a line is no prompt; the line is named.
    """
    return read_rows(
        path,
        lambda row: Canary(str(row["slug"]), str(row["prompt"])),
        kind="a canary prompt",
        again="Submit the run again.",
    )


def sample_canaries(
    loaded: Loaded, sampling: SamplingSpec, canaries: Sequence[Canary], *, of: Of, step: int, reporter: Reporter
) -> bool:
    """Make the samples that do not stand yet; say whether the set is complete now, or the job was asked to end.

    Args:
        loaded: the model, put into evaluation mode by this.
        sampling: how to sample.
        canaries: what to sample.
        of: what the samples are written down as.
        step: optimizer step of the adapter, 0 for the base.
        reporter: where they go.

    Raises:
        SpecError: there is no such sampler.
    """
    wanted = [(canary, index) for canary in canaries for index in range(sampling.samples_per_prompt)]
    phase = "sample-base" if of == "base" else "sample"
    reporter.phase(phase, len(wanted))
    loaded.model.net.eval()
    for done, (canary, index) in enumerate(wanted, start=1):
        if reporter.has_sample(of, step, canary.slug, index):
            continue
        began = time.monotonic()
        try:
            prompt, filled = sample_once(loaded, sampling, canary.prompt, index=index, reporter=reporter)
        except _StopAskedError:
            return False
        token_ids = filled.canvas[0].tolist()
        reporter.sample(
            of=of,
            step=step,
            prompt=canary.slug,
            index=index,
            seed=sampling.seed + index,
            text=loaded.codec.visible(token_ids),
            token_ids=token_ids,
            tokens=len(token_ids),
            seconds=time.monotonic() - began,
            trace=trace(prompt, filled),
        )
        reporter.progress(phase, done, len(wanted))
    reporter.samples_complete(of, step, len(wanted))
    return True


def sample_once(
    loaded: Loaded, sampling: SamplingSpec, prompt: str, *, index: int, reporter: Reporter | None = None
) -> tuple[list[int], Filled]:
    """Return the laid-out prompt's ids and one filled canvas behind it."""
    model = loaded.model
    prompt_ids = lay_out(loaded.layout, loaded.codec.encode, prompt).input_ids

    def after_step() -> None:
        if reporter is not None and reporter.stop_requested():
            raise _StopAskedError

    filled = fill_as_asked(
        model,
        torch.tensor([prompt_ids], device=model.device),
        sampling,
        generators=[generator_of(model, sampling.seed + index)],
        after_step=after_step,
    )
    return prompt_ids, filled


def generator_of(model: Model, seed: int) -> torch.Generator:
    """Return what one canvas is drawn by."""
    # A CUDA generator spares copying 126464 float64 draws a position; MPS has no float64, so it draws on the CPU.
    return torch.Generator("cuda" if model.device.type == "cuda" else "cpu").manual_seed(seed)


def trace(prompt_ids: Sequence[int], filled: Filled) -> dict[str, Any]:
    """Return how the first canvas was filled, as docs/run-directory.md lays it out."""
    commits = [[c.step, c.position, c.token_id, round(c.confidence, 6)] for c in filled.commits[0]]
    return {"prompt_tokens": len(prompt_ids), "canvas": filled.canvas.shape[1], "commits": commits}


def longest_prompt(loaded: Loaded, canaries: Sequence[Canary]) -> int:
    """Return the longest canary prompt as it is laid out, in tokens; 0 without prompts."""
    lengths = [len(lay_out(loaded.layout, loaded.codec.encode, canary.prompt).input_ids) for canary in canaries]
    return max(lengths, default=0)
