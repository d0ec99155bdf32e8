"""Which fields of a sampling spec each sampler goes by, and what is wrong with their values; torch-free.

A field that a sampler does not know must stand at the value that changes nothing: text sampled with a setting that was
silently left out would be compared with text sampled by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runners.spec import SamplingSpec

_COMMON: Final = ("sampler", "max_new_tokens", "temperature", "samples_per_prompt", "seed")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "block": (*_COMMON, "block_length", "steps", "cfg_scale", "remasking"),
        "autoregressive": (*_COMMON, "top_p", "top_k", "repetition_penalty"),
    }
)
"""The fields that each sampler goes by."""

NEUTRAL: Final[Mapping[str, float]] = MappingProxyType({"top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0})
"""The value at which a field changes nothing. What has none (blocks, steps) is left aside where it is not known."""

_OFF: Final[Mapping[str, float]] = MappingProxyType({**NEUTRAL, "cfg_scale": 0.0})


def sampling_problems(sampling: SamplingSpec) -> list[str]:
    """Check the ranges of a sampling spec, and that its fields fit the sampler and each other."""
    found = []
    known = FIELDS.get(sampling.sampler)
    if known is None:
        return [f"sampling.sampler: found {sampling.sampler!r}, expected one of {', '.join(FIELDS)}."]

    def need(name: str, ok: bool, expected: str) -> None:
        if not ok:
            found.append(f"sampling.{name}: found {getattr(sampling, name)}, expected {expected}.")

    for name in ("max_new_tokens", "block_length", "steps", "samples_per_prompt"):
        need(name, getattr(sampling, name) >= 1, "1 or more")
    for name in ("temperature", "top_k", "cfg_scale"):
        need(name, getattr(sampling, name) >= 0, "0 or more")
    need("top_p", 0 < sampling.top_p <= 1, "above 0, up to 1")
    need("repetition_penalty", sampling.repetition_penalty > 0, "above 0")
    for name, off in _OFF.items():
        if name not in known and getattr(sampling, name) != off:
            others = [sampler for sampler, fields in FIELDS.items() if name in fields]
            found.append(
                f"sampling.{name}: found {getattr(sampling, name):g}, and the sampler {sampling.sampler} does not know "
                f"it ({', '.join(others)} does). Set it to {off:g}."
            )
    if "block_length" in known and sampling.block_length >= 1:
        found += _block_problems(sampling)
    return found


def _block_problems(sampling: SamplingSpec) -> list[str]:
    blocks, rest = divmod(sampling.max_new_tokens, sampling.block_length)
    if rest:
        return [
            f"sampling.max_new_tokens: {sampling.max_new_tokens} is not a multiple of block_length "
            f"{sampling.block_length}."
        ]
    if sampling.steps % max(1, blocks):
        return [f"sampling.steps: {sampling.steps} is not a multiple of the {blocks} blocks."]
    return []
