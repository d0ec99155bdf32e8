"""The very sequence of tokens that a run makes of a pair, and what training hides of it.

Laid out, cut, filled up and hidden by the functions that the job itself calls (`runners.layouts`, `runners.sequences`),
so the view cannot differ from the training.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from runners.errors import ModelError
from runners.layouts import LaidOut, laid_sections
from runners.sequences import (
    LARGEST_DRAW,
    batch_length,
    fit,
    hidden_positions,
    hiding_probability,
    padding,
    padding_is_learnt,
)
from runners.spec import EosPadding, OverLong
from workbench.operations.targets import Reading, Target, known_of

Part = Literal["layout", "prompt", "response", "turn end", "EOS", "padding"]
Fate = Literal["whole", "cut", "left out", "refused"]

_FATES: dict[OverLong, Fate] = {"refuse": "refused", "skip": "left out", "cut": "cut"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What of a run decides how it takes a pair.

    Attributes:
        max_length: the longest pair, in tokens.
        over_long: what becomes of longer ones.
        eos_padding: what fills a batch up.
        batch: pairs in one forward pass; one alone is filled up only to a multiple.
        pad_to_multiple_of: tokens; the batch is filled up to the next multiple.
        t_min: lower end of the mask ratio.
        t_max: upper end of the mask ratio.
        complementary: whether a pair is taken twice in a row, the second time with the other tokens hidden.
    """

    max_length: int
    over_long: OverLong = "skip"
    eos_padding: EosPadding = "none"
    batch: int = 1
    pad_to_multiple_of: int = 1
    t_min: float = 0.0
    t_max: float = 1.0
    complementary: bool = False


@dataclass(frozen=True, kw_only=True)
class SeenToken:
    """One token: its id, its text (a special one's name), what it is, and whether it is learnt."""

    id: int
    text: str
    part: Part
    special: bool
    learnt: bool


@dataclass(frozen=True, kw_only=True)
class SeenPair:
    """What a model sees of a pair.

    Attributes:
        model: its id.
        layout: name of its layout.
        tokens: the sequence as it goes into the model, padding included.
        beyond: what lies beyond the limit, in order; the EOS among it when the pair is cut.
        fate: taken whole, cut, or not taken at all.
        length: tokens of the whole pair, without padding.
        limit: the longest pair that is taken.
        padded_to: the longest of its batch at most, in tokens, padding included.
        learns_padding: whether the padding counts as response.
        hides: whether training hides tokens; a causal model predicts each from those before it.
        block_tokens: the block of a block-causal model.
        mask: name of what stands for a hidden token; empty where nothing is hidden.
    """

    model: str
    layout: str
    tokens: tuple[SeenToken, ...]
    beyond: tuple[SeenToken, ...]
    fate: Fate
    length: int
    limit: int
    padded_to: int
    learns_padding: bool
    hides: bool
    block_tokens: int | None
    mask: str

    @property
    def has_eos(self) -> bool:
        """Whether the response ends in its EOS."""
        return any(token.part == "EOS" for token in self.tokens)

    def count(self, *parts: Part) -> int:
        """Return how many tokens of some parts the model sees."""
        return sum(token.part in parts for token in self.tokens)


def sequence_of(
    target: Target, reading: Reading, prompt: str, response: str, recipe: Recipe, longest: int | None = None
) -> SeenPair:
    """Lay a pair out as a run would.

    Args:
        target: the model.
        reading: its tokenizer and layout.
        prompt: the pair's prompt.
        response: the pair's response.
        recipe: how the run takes pairs.
        longest: the longest pair that may be in its batch, in tokens; None for the limit.

    Raises:
        ModelError: its tokenizer or its layout is not known here.
    """
    tokenizer, layout = reading.tokenizer, reading.layout
    if tokenizer is None or layout is None:
        raise ModelError(f"What {target.files.model} sees cannot be shown. {reading.problem}")
    sections = laid_sections(layout, tokenizer.encode, prompt, response)
    laid = [(token, section) for section, ids in sections for token in ids]
    given = sum(len(ids) for section, ids in sections if section in ("layout", "prompt"))
    limit = min(recipe.max_length, target.limit)
    ids = fit(LaidOut([token for token, _ in laid], given), max_length=limit, cut=recipe.over_long == "cut")
    # What is left out is shown as it would be cut, so that one sees what is too much.
    end = min(len(laid), limit) if ids is None else len(ids)
    learns_padding = padding_is_learnt(recipe.eos_padding)
    if recipe.eos_padding == "rainbow" and len(layout.reserved_token_ids) < 2:
        raise ModelError(
            f"eos_padding rainbow cycles through reserved tokens, and the tokenizer of {target.files.model} has "
            f"{len(layout.reserved_token_ids)} of them. Choose eos or none."
        )
    others = min(longest or limit, limit) if recipe.batch > 1 else end
    filled = batch_length(max(end, others), pad_to_multiple_of=recipe.pad_to_multiple_of, max_length=limit)
    fill = padding(layout, recipe.eos_padding, filled - end)

    def token(number: int, part: Part, *, learnt: bool) -> SeenToken:
        name = reading.names.get(number)
        text = name if name is not None else shown_piece(tokenizer.piece(number), number)
        return SeenToken(id=number, text=text, part=part, special=name is not None, learnt=learnt)

    known = known_of(target.files)
    hides = layout.mask_token_id is not None and (known is None or known.family.attention != "causal")
    drawn = [token(number, part, learnt=place >= given) for place, (number, part) in enumerate(laid)]
    return SeenPair(
        model=target.files.model,
        layout=layout.name,
        tokens=(*drawn[:end], *(token(number, "padding", learnt=learns_padding) for number in fill)),
        beyond=tuple(drawn[end:]),
        fate="whole" if end == len(laid) else ("left out" if end <= given else _FATES[recipe.over_long]),
        length=len(laid),
        limit=limit,
        padded_to=end + len(fill),
        learns_padding=learns_padding,
        hides=hides,
        block_tokens=known.block_tokens if known else None,
        mask=reading.names.get(layout.mask_token_id, "the mask") if hides and layout.mask_token_id is not None else "",
    )


def shown_piece(piece: bytes | None, number: int) -> str:
    """Return a token's text; bytes that are a part of a character only are written as numbers."""
    if piece is None:
        return f"‹id {number}›"
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return "‹" + " ".join(f"{value:02x}" for value in piece) + "›"


def hidden(sequence: SeenPair, t: float, *, draw: int, seed: int = 1, complement: bool = False) -> tuple[bool, ...]:
    """Say of each token whether training would hide it at the mask ratio t, in one of its draws.

    Args:
        sequence: the laid-out pair.
        t: from 0 to 1.
        draw: which draw; the same number gives the same one again.
        seed: of all draws.
        complement: whether the draws are the opposite ones, as of a complementary mask; its t is 1 less the other's.
    """
    if not sequence.hides:
        return (False,) * len(sequence.tokens)
    source = random.Random(f"{seed}/{draw}")
    uniform = [source.random() for _ in sequence.tokens]
    if complement:
        uniform = [min(1 - drawn, LARGEST_DRAW) for drawn in uniform]
    return tuple(hidden_positions(uniform, [token.learnt for token in sequence.tokens], t))


def probability(t: float) -> float:
    """Return the probability with which training hides a learnt token at the mask ratio t."""
    return hiding_probability(t)
