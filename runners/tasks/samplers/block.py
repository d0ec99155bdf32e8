"""The block sampler of LLaDA (arXiv 2502.09992, section 2.4 and algorithm 5), semi-autoregressive.

The canvas behind the prompt starts all masked and is filled block by block. Each step predicts every masked token of
the block and commits the predictions the model is surest of; the rest stay masked ("low-confidence remasking"). Logits
are computed only at the block's masked positions, which gives the same tokens as computing them everywhere.

A block-causal model has blocks of its own, counted from the beginning of the sequence: they are the ones filled, the
first of them beginning with the prompt's last tokens where the prompt ends inside one. What lies behind a block cannot
be seen from it, so it is not computed, and a canvas ends with the block in which every row has ended.

A canvas may have text behind it too. A model that sees both ways then fills the gap between the two, whose tokens are
given and never change; nothing else is different.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from runners.errors import ModelError
from runners.spec import Remasking
from runners.tasks.draws import choose, uniform
from runners.tasks.models.base import Cache, Model
from runners.tasks.samplers.base import Commit, Filled


def fill(
    model: Model,
    prompt_ids: Tensor,
    *,
    max_new_tokens: int,
    block_length: int,
    steps: int,
    temperature: float = 0.0,
    cfg_scale: float = 0.0,
    remasking: Remasking = "low_confidence",
    suppress_eos: bool = False,
    suffix_ids: Tensor | None = None,
    never: Tensor | None = None,
    never_first: Tensor | None = None,
    keep_blocks: bool = True,
    generators: Sequence[torch.Generator] = (),
    after_step: Callable[[], None] | None = None,
) -> Filled:
    """Fill a canvas behind each prompt.

    Args:
        model: in evaluation mode.
        prompt_ids: int64 `[b, p]`, prompts of one length.
        max_new_tokens: length of the canvas; where it is no multiple of `block_length`, its last block is cut off.
        block_length: tokens of one block; that of the model, for one that has blocks.
        steps: over all blocks, a multiple of their number; a block cut off by prompt or canvas takes as many steps as
            a whole one, at most one a token.
        temperature: of the Gumbel noise; 0 takes the likeliest token.
        cfg_scale: guidance w, logits = unconditional + (w + 1) (conditional - unconditional); 0 for none.
        remasking: what is committed: the most confident predictions, or random ones.
        suppress_eos: whether EOS is never predicted, at any temperature.
        suffix_ids: int64 `[b, s]`, what stands behind each canvas, for models that see both ways; None for nothing.
        never: bool `[v]`, true for tokens that are never predicted; None for none beside the mask.
        never_first: likewise, at the first position of the canvas only.
        keep_blocks: whether keys and values of finished blocks are kept, where the model can; it only saves time.
        generators: one a row, where noise or random remasking is asked for; no row's draws depend on another row.
        after_step: called after each step; whatever it raises ends the sampling.

    Raises:
        ModelError: there is text behind the canvas, and the model does not see both ways.
    """
    rows, prompt_tokens = prompt_ids.shape
    facts = model.facts
    behind = 0 if suffix_ids is None else suffix_ids.shape[1]
    if behind and facts.attention != "bidirectional":
        raise ModelError(
            f"A model of the family {facts.family} is {facts.attention}: it does not see what stands behind a gap."
        )
    steps_a_block = steps // -(-max_new_tokens // block_length)
    end = prompt_tokens + max_new_tokens
    sequence = torch.full((rows, end + behind), model.mask_token_id, device=model.device)
    sequence[:, :prompt_tokens] = prompt_ids
    if suffix_ids is not None:
        sequence[:, end:] = suffix_ids
    commits: list[list[Commit]] = [[] for _ in range(rows)]
    reader = _Reader(model, keep=keep_blocks and model.keeps_blocks)
    step, filled = 0, prompt_tokens
    for block in blocks_of(prompt_tokens, max_new_tokens, block_length, aligned=facts.block_tokens is not None):
        # Whatever lies behind is invisible to a block-causal model.
        seen = sequence if facts.block_tokens is None else sequence[:, : block.stop]
        for count in commits_a_step(len(block), steps_a_block):
            if count:
                _step(
                    reader,
                    seen,
                    block,
                    count=count,
                    step=step,
                    canvas=range(prompt_tokens, end),
                    temperature=temperature,
                    cfg_scale=cfg_scale,
                    remasking=remasking,
                    suppressed=facts.eos_token_id if suppress_eos else None,
                    never=never,
                    never_first=never_first,
                    generators=generators,
                    commits=commits,
                )
            step += 1
            if after_step is not None:
                after_step()
        filled = block.stop
        if facts.block_tokens is not None and _all_ended(sequence[:, prompt_tokens:filled], facts.end_token_ids):
            break
    return Filled(sequence[:, prompt_tokens:filled].cpu(), tuple(tuple(row) for row in commits))


def blocks_of(prompt_tokens: int, max_new_tokens: int, block_length: int, *, aligned: bool) -> list[range]:
    """Return the positions of each block of a canvas, from left to right.

    Args:
        prompt_tokens: where the canvas begins.
        max_new_tokens: length of the canvas.
        block_length: tokens of a whole block.
        aligned: whether blocks are counted from the beginning of the sequence, so that the canvas cuts off its first
            and its last, and not from its own beginning.
    """
    end = prompt_tokens + max_new_tokens
    first = prompt_tokens // block_length * block_length if aligned else prompt_tokens
    return [
        range(max(start, prompt_tokens), min(start + block_length, end)) for start in range(first, end, block_length)
    ]


def _all_ended(canvas: Tensor, ends: frozenset[int]) -> bool:
    """Say whether every row of a canvas `[b, c]` holds a token that ends a response."""
    found = torch.isin(canvas, torch.tensor(sorted(ends), device=canvas.device)).any(dim=1)
    return bool(found.all())


def commits_a_step(tokens: int, steps: int) -> list[int]:
    """Spread the tokens of a block over its steps evenly, the remainder over the first ones."""
    each, more = divmod(tokens, steps)
    return [each + (step < more) for step in range(steps)]


class _Reader:
    """Reads the sequence for each step of one canvas, and keeps what cannot change any more."""

    def __init__(self, model: Model, *, keep: bool) -> None:
        self.model = model
        self._keep = keep
        self._cache: Cache | None = None

    def predicting(self, sequence: Tensor, positions: Tensor) -> Tensor:
        """Return the states `[b, m, d]` that predict `positions` `[b, m]`, which lie in the last block read."""
        begin = 0
        if self._keep:
            states, self._cache = self.model.read_block(sequence, self._cache)
            begin = sequence.shape[1] - states.shape[1]
        else:
            states = self.model.hidden(sequence)
        return states.gather(1, (positions - begin)[..., None].expand(-1, -1, states.shape[-1]))


@torch.no_grad()
def _step(
    reader: _Reader,
    sequence: Tensor,
    block: range,
    *,
    count: int,
    step: int,
    canvas: range,
    temperature: float,
    cfg_scale: float,
    remasking: Remasking,
    suppressed: int | None,
    never: Tensor | None,
    never_first: Tensor | None,
    generators: Sequence[torch.Generator],
    commits: list[list[Commit]],
) -> None:
    """Commit `count` tokens of the block in every row of `sequence` `[b, l]`, in place."""
    model, rows = reader.model, len(sequence)
    # Every row commits as many tokens a step, so the masked positions of a block form a rectangle `[b, m]`.
    masked = (sequence[:, block.start : block.stop] == model.mask_token_id).nonzero()[:, 1]
    positions = masked.view(rows, -1) + block.start
    logits = _logits(reader, sequence, positions, cfg_scale=cfg_scale, canvas=canvas)
    if suppressed is not None:
        logits[..., suppressed] = -torch.inf
    if never is not None:
        logits.masked_fill_(never, -torch.inf)
    if never_first is not None:
        logits.masked_fill_((positions == canvas.start)[..., None] & never_first, -torch.inf)
    probabilities = torch.softmax(logits, dim=-1)
    # The mask is never committed: its position would stay open after being counted as filled. What the model gives it
    # still counts against its confidence, as published.
    logits[..., model.mask_token_id] = -torch.inf
    predicted = choose(logits, temperature, generators)
    probability = probabilities.gather(-1, predicted[..., None])[..., 0]
    if remasking == "random":
        draws = [uniform(generator, row.shape) for row, generator in zip(predicted, generators, strict=True)]
        rank = torch.stack(draws).to(logits.device, torch.float32)  # MPS knows no float64
    else:
        rank = probability
    best = rank.topk(count, dim=-1).indices
    chosen, tokens = positions.gather(1, best), predicted.gather(1, best)
    sequence.scatter_(1, chosen, tokens)
    confidence = probability.gather(1, best)
    for row in range(rows):
        spots = zip((chosen[row] - canvas.start).tolist(), tokens[row].tolist(), confidence[row].tolist(), strict=True)
        commits[row] += [Commit(step, position, token, sure) for position, token, sure in spots]


def _logits(reader: _Reader, sequence: Tensor, positions: Tensor, *, cfg_scale: float, canvas: range) -> Tensor:
    """Return logits `[b, m, v]` at `positions` `[b, m]`; if asked for, guided away from what nothing given gives."""
    model, rows = reader.model, len(sequence)
    seen = sequence
    if cfg_scale > 0:
        unprompted = sequence.clone()
        unprompted[:, : canvas.start] = model.mask_token_id
        unprompted[:, canvas.stop :] = model.mask_token_id
        seen = torch.cat([sequence, unprompted])
        positions = positions.repeat(2, 1)
    logits = model.logits(reader.predicting(seen, positions)).float()
    if cfg_scale > 0:
        conditional, unconditional = logits[:rows], logits[rows:]
        logits = unconditional + (cfg_scale + 1) * (conditional - unconditional)
    return logits
