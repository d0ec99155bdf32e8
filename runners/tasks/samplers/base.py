"""What every sampler is given and gives back; adding one means adding one file with a `fill`.

Which fields of the spec it goes by, and their ranges, stand in `runners/sampler_fields.py`, where the form reads them;
each of them but those that say what is sampled is an argument of `fill`, by the same name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor

from runners.errors import SpecError
from runners.sampler_fields import FIELDS
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


Sampler = Callable[..., Filled]
"""A sampling method: the function `fill` of one file of this folder.

It takes the model in evaluation mode, prompts of one length as int64 `[b, p]`, and by name: `generators`, one a row, so
that no row's draws depend on another row; `never` and `never_first`, bool `[v]`, for tokens that are not wanted
anywhere, or as the first; `suffix_ids`, where text stands behind the canvas, which only a method that can heed it has;
`after_step`, called after each step, and whatever it raises ends the sampling; and those fields of a sampling spec that
the method goes by.
"""

_OF_THE_SET: Final = ("sampler", "samples_per_prompt", "seed")
"""Fields that say what is sampled, and not how one canvas is filled."""


def fill_as_asked(
    model: Model,
    prompt_ids: Tensor,
    sampling: SamplingSpec,
    *,
    suffix_ids: Tensor | None = None,
    never: Tensor | None = None,
    never_first: Tensor | None = None,
    generators: Sequence[torch.Generator] = (),
    after_step: Callable[[], None] | None = None,
) -> Filled:
    """Make text behind each prompt, and before its suffix if it has one, as a spec says, whose fields are checked.

    Raises:
        SpecError: there is no such sampler.
    """
    fill = load_sampler(sampling.sampler)
    fields = {name: getattr(sampling, name) for name in FIELDS[sampling.sampler] if name not in _OF_THE_SET}
    if suffix_ids is not None:
        fields["suffix_ids"] = suffix_ids
    limits = {"never": never, "never_first": never_first}
    return fill(model, prompt_ids, generators=generators, after_step=after_step, **limits, **fields)


def load_sampler(name: str) -> Sampler:
    """Return the sampler of a file of this folder.

    Raises:
        SpecError: there is no such file.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(samplers.__path__) if module.name != "base")
    if name not in known:
        raise SpecError([f"sampling.sampler: found {name!r}, expected one of {', '.join(known)}."])
    return cast(Sampler, importlib.import_module(f"{samplers.__name__}.{name}").fill)
