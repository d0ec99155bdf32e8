"""From JSONL pairs to batches: laid out, checked against the length, ordered, collated.

The order is a function of the seed and of how many pairs were taken, so resuming needs no state of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from runners.errors import SpecError
from runners.layouts import Layout, lay_out
from runners.sequences import batch_length, fit, padding, padding_is_learnt
from runners.spec import EosPadding, OverLong
from runners.tasks.json_lines import read_rows


@dataclass(frozen=True)
class Pair:
    """One line of `train.jsonl` or `holdout.jsonl`, as far as training needs it."""

    id: str
    prompt: str
    response: str


@dataclass(frozen=True)
class Example:
    """One pair laid out, ready to be collated; the fields of `LaidOut` with the pair's id."""

    id: str
    input_ids: list[int]
    prompt_length: int


@dataclass(frozen=True)
class Examples:
    """All pairs of one file, laid out.

    Attributes:
        used: what is trained or validated on, in the file's order.
        skipped: id and length in tokens of pairs left out for their length.
        cut: id and length in tokens of pairs whose response was cut.
    """

    used: tuple[Example, ...]
    skipped: tuple[tuple[str, int], ...]
    cut: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Batch:
    """A collated batch.

    Attributes:
        input_ids: int64 `[b, l]`.
        response: bool `[b, l]`, true where a token counts as response: its text, its EOS, and EOS padding if asked for.
        attention_mask: bool `[b, l]`, false at padding; None when there is none.
    """

    input_ids: Tensor
    response: Tensor
    attention_mask: Tensor | None


def read_pairs(path: Path) -> list[Pair]:
    """Read a JSONL file of pairs.

    Raises:
        RunDirError: the file is missing, or a line is no pair; the line is named.
    """
    return read_rows(
        path,
        lambda row: Pair(str(row["id"]), str(row["prompt"]), str(row["response"])),
        kind="a pair",
        again="Submit the run again from its dataset.",
    )


def lay_out_pairs(
    pairs: Sequence[Pair],
    layout: Layout,
    encode: Callable[[str], list[int]],
    *,
    max_length: int,
    over_long: OverLong,
    section: Literal["train", "score"] = "train",
) -> Examples:
    """Lay all pairs out and deal with those longer than `max_length` tokens as that section of the spec says.

    Raises:
        SpecError: pairs are too long and the spec says `refuse`; all of them at once.
    """
    used, skipped, cut = [], [], []
    for pair in pairs:
        laid = lay_out(layout, encode, pair.prompt, pair.response)
        length = len(laid.input_ids)
        input_ids = fit(laid, max_length=max_length, cut=over_long == "cut")
        if input_ids is None:
            skipped.append((pair.id, length))
            continue
        used.append(Example(pair.id, input_ids, laid.prompt_length))
        if len(input_ids) < length:
            cut.append((pair.id, length))
    if skipped and over_long == "refuse":
        raise SpecError(
            [
                f"{section}.max_length: the pair {pair_id} is {length} tokens long, the limit is {max_length}. "
                "Split it, raise max_length, or set over_long to skip or cut."
                for pair_id, length in skipped
            ]
        )
    return Examples(tuple(used), tuple(skipped), tuple(cut))


def order(count: int, *, seed: int, start: int, take: int) -> list[int]:
    """Return which pairs come next, every pair once before any comes again.

    Args:
        count: how many pairs there are, 1 or more.
        seed: of the order.
        start: how many were taken before.
        take: how many to take.
    """
    chosen: list[int] = []
    while len(chosen) < take:
        epoch, position = divmod(start + len(chosen), count)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        shuffled = torch.randperm(count, generator=generator).tolist()
        chosen += shuffled[position : position + take - len(chosen)]
    return chosen


def collate(
    examples: Sequence[Example],
    *,
    layout: Layout,
    eos_padding: EosPadding,
    pad_to_multiple_of: int = 1,
    max_length: int | None = None,
) -> Batch:
    """Fill examples up to one length.

    With `none`, padding is neither seen nor learnt. With `eos`, it is EOS that counts as response (the published
    recipe, from which a model learns to stop), with `rainbow` a cycle of reserved tokens that does; a response cut for
    its length gets none either way, because its row is already the longest allowed.

    Args:
        examples: the rows.
        layout: whose tokens fill them up.
        eos_padding: with what.
        pad_to_multiple_of: the length is rounded up to one, so that a row alone is filled up too.
        max_length: longest row, in tokens; None for no limit.
    """
    longest = max(len(example.input_ids) for example in examples)
    length = batch_length(longest, pad_to_multiple_of=pad_to_multiple_of, max_length=max_length)
    learnt = padding_is_learnt(eos_padding)
    input_ids = torch.empty(len(examples), length, dtype=torch.int64)
    response = torch.zeros(len(examples), length, dtype=torch.bool)
    seen = torch.ones(len(examples), length, dtype=torch.bool)
    for row, example in enumerate(examples):
        end = len(example.input_ids)
        input_ids[row] = torch.tensor(example.input_ids + padding(layout, eos_padding, length - end))
        response[row, example.prompt_length : length if learnt else end] = True
        if not learnt:
            seen[row, end:] = False
    return Batch(input_ids, response, None if bool(seen.all()) else seen)
