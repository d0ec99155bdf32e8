"""What becomes of a laid-out pair before it is a tensor: cut to the limit, filled up, hidden; torch-free.

The job and the view of what a model sees both come here, so that what is shown is what is trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from runners.layouts import LaidOut, Layout
from runners.spec import EosPadding

Numbers = TypeVar("Numbers")

SMALLEST_P = 1e-3
"""Probability of hiding at t = 0; keeps 1 / p at 1000 or less."""

LARGEST_DRAW = 1 - 2**-24
"""The largest draw from [0, 1) that float32 knows."""


def hiding_probability(t: Numbers) -> Numbers:
    """Return p = (1 - 1e-3) t + 1e-3 (LLaDA, arXiv 2502.09992, algorithm 1) of a number or a tensor from 0 to 1."""
    return cast(Numbers, (1 - SMALLEST_P) * cast(Any, t) + SMALLEST_P)


def fit(laid: LaidOut, *, max_length: int, cut: bool) -> list[int] | None:
    """Return a pair's ids within the limit, or None when it is to be left out.

    Args:
        laid: the whole pair.
        max_length: the limit, in tokens.
        cut: whether the response of a longer pair is cut. It then ends nowhere and has no EOS, so that the model does
            not learn an end from it. A prompt that fills the limit alone leaves nothing to cut.
    """
    kept = taken(len(laid.input_ids), laid.prompt_length, max_length=max_length, cut=cut)
    return None if kept is None else laid.input_ids[:kept]


def taken(length: int, prompt_length: int, *, max_length: int, cut: bool) -> int | None:
    """Return how many of a pair's tokens are taken, None when it is left out; `fit`, by its lengths alone."""
    if length <= max_length:
        return length
    return max_length if cut and prompt_length < max_length else None


def batch_length(longest: int, *, pad_to_multiple_of: int = 1, max_length: int | None = None) -> int:
    """Return the length that every row of a batch is filled up to, in tokens.

    Args:
        longest: its longest row.
        pad_to_multiple_of: the length is rounded up to one, so that a row alone is filled up too.
        max_length: longest row, in tokens; None for no limit.
    """
    rounded = -(-longest // pad_to_multiple_of) * pad_to_multiple_of
    return rounded if max_length is None else min(rounded, max(longest, max_length))


def padding(layout: Layout, eos_padding: EosPadding, count: int) -> list[int]:
    """Return the `count` ids that fill a row up to the longest of its batch.

    With `rainbow` they are the tokenizer's reserved tokens in turn, begun anew behind each EOS, so that no single token
    is repeated until it is the likeliest of all.
    """
    if eos_padding == "rainbow":
        cycle = layout.reserved_token_ids
        return [cycle[number % len(cycle)] for number in range(count)]
    return [layout.eos_token_id if eos_padding == "eos" else layout.pad_token_id] * count


def padding_is_learnt(eos_padding: EosPadding) -> bool:
    """Say whether the padding counts as response, and so may be hidden; if not, it is not seen either."""
    return eos_padding != "none"


def hidden_positions(uniform: Sequence[float], response: Sequence[bool], t: float) -> list[bool]:
    """Say of each position whether it is hidden: a response's with probability p, any other never.

    Args:
        uniform: a draw from [0, 1) for each position.
        response: whether a position belongs to the response, its EOS or its learnt padding.
        t: the mask ratio, from 0 to 1.
    """
    p_mask = hiding_probability(t)
    return [counts and draw < p_mask for draw, counts in zip(uniform, response, strict=True)]
