"""What every sampler is given and gives back; adding one means adding one file with a `sample`.

Which fields of the spec it goes by, and their ranges, stand in `runners/sampler_fields.py`, where the form reads them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor

from runners.errors import SpecError
from runners.spec import SamplingSpec
from runners.tasks import samplers
from runners.tasks.models.base import Model


@dataclass(frozen=True)
class Commit:
    """One token fixed for good.

    Attributes:
        step: the denoising step, from 0 over all blocks.
        position: on the canvas, from 0.
        token_id: what was committed.
        confidence: the model's probability of it at that step, before temperature and noise.
    """

    step: int
    position: int
    token_id: int
    confidence: float


@dataclass(frozen=True)
class Filled:
    """Filled canvases.

    Attributes:
        canvas: int64 `[b, canvas]` on the CPU, without the prompts; EOS where a row ended before the longest.
        commits: for each row, in commit order.
    """

    canvas: Tensor
    commits: tuple[tuple[Commit, ...], ...]


class Sampler(Protocol):
    """A sampling method: the function `sample` of one file of this folder."""

    def __call__(
        self,
        model: Model,
        prompt_ids: Tensor,
        sampling: SamplingSpec,
        *,
        generators: Sequence[torch.Generator],
        after_step: Callable[[], None] | None,
    ) -> Filled:
        """Make text behind each prompt.

        Args:
            model: in evaluation mode.
            prompt_ids: int64 `[b, p]`, prompts of one length.
            sampling: how; its fields are checked.
            generators: one a row; no row's draws depend on another row.
            after_step: called after each step; whatever it raises ends the sampling.
        """
        ...


def load_sampler(name: str) -> Sampler:
    """Return the sampler of a file of this folder.

    Raises:
        SpecError: there is no such file.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(samplers.__path__) if module.name != "base")
    if name not in known:
        raise SpecError([f"sampling.sampler: found {name!r}, expected one of {', '.join(known)}."])
    return cast(Sampler, importlib.import_module(f"{samplers.__name__}.{name}").sample)
