"""The block sampler of LLaDA (arXiv 2502.09992, section 2.4 and algorithm 5), semi-autoregressive.

The canvas behind the prompt starts all masked and is filled block by block. Each step predicts every masked token of
the block and commits the predictions the model is surest of; the rest stay masked ("low-confidence remasking"). Logits
are computed only at the block's masked positions, which gives the same tokens as computing them everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from runners.spec import Remasking
from runners.tasks.models.base import Model
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
    generators: Sequence[torch.Generator] = (),
    after_step: Callable[[], None] | None = None,
) -> Filled:
    """Fill a canvas behind each prompt.

    Args:
        model: in evaluation mode.
        prompt_ids: int64 `[b, p]`, prompts of one length.
        max_new_tokens: length of the canvas, a multiple of `block_length`.
        block_length: tokens of one block.
        steps: over all blocks, a multiple of their number.
        temperature: of the Gumbel noise; 0 takes the likeliest token.
        cfg_scale: guidance w, logits = unconditional + (w + 1) (conditional - unconditional); 0 for none.
        remasking: what is committed: the most confident predictions, or random ones.
        suppress_eos: whether EOS is never predicted, at any temperature.
        generators: one a row, where noise or random remasking is asked for; no row's draws depend on another row.
        after_step: called after each step; whatever it raises ends the sampling.
    """
    rows, prompt_tokens = prompt_ids.shape
    blocks = max_new_tokens // block_length
    facts = model.facts
    sequence = torch.full((rows, prompt_tokens + max_new_tokens), model.mask_token_id, device=model.device)
    sequence[:, :prompt_tokens] = prompt_ids
    commits: list[list[Commit]] = [[] for _ in range(rows)]
    step = 0
    for block in range(blocks):
        start = prompt_tokens + block * block_length
        for count in commits_a_step(block_length, steps // blocks):
            if count:
                _step(
                    model,
                    sequence,
                    range(start, start + block_length),
                    count=count,
                    step=step,
                    prompt_tokens=prompt_tokens,
                    temperature=temperature,
                    cfg_scale=cfg_scale,
                    remasking=remasking,
                    suppressed=facts.eos_token_id if suppress_eos else None,
                    generators=generators,
                    commits=commits,
                )
            step += 1
            if after_step is not None:
                after_step()
    return Filled(sequence[:, prompt_tokens:].cpu(), tuple(tuple(row) for row in commits))


def commits_a_step(tokens: int, steps: int) -> list[int]:
    """Spread the tokens of a block over its steps evenly, the remainder over the first ones."""
    each, more = divmod(tokens, steps)
    return [each + (step < more) for step in range(steps)]


@torch.no_grad()
def _step(
    model: Model,
    sequence: Tensor,
    block: range,
    *,
    count: int,
    step: int,
    prompt_tokens: int,
    temperature: float,
    cfg_scale: float,
    remasking: Remasking,
    suppressed: int | None,
    generators: Sequence[torch.Generator],
    commits: list[list[Commit]],
) -> None:
    """Commit `count` tokens of the block in every row of `sequence` `[b, l]`, in place."""
    rows = len(sequence)
    # Every row commits as many tokens a step, so the masked positions of a block form a rectangle `[b, m]`.
    masked = (sequence[:, block.start : block.stop] == model.mask_token_id).nonzero()[:, 1]
    positions = masked.view(rows, -1) + block.start
    logits = _logits(model, sequence, positions, cfg_scale=cfg_scale, prompt_tokens=prompt_tokens)
    if suppressed is not None:
        logits[..., suppressed] = -torch.inf
    probabilities = torch.softmax(logits, dim=-1)
    # The mask is never committed: its position would stay open after being counted as filled. What the model gives it
    # still counts against its confidence, as published.
    logits[..., model.mask_token_id] = -torch.inf
    predicted = _choose(logits, temperature, generators)
    probability = probabilities.gather(-1, predicted[..., None])[..., 0]
    if remasking == "random":
        draws = [_uniform(generator, row.shape) for row, generator in zip(predicted, generators, strict=True)]
        rank = torch.stack(draws).to(logits.device, torch.float32)  # MPS knows no float64
    else:
        rank = probability
    best = rank.topk(count, dim=-1).indices
    chosen, tokens = positions.gather(1, best), predicted.gather(1, best)
    sequence.scatter_(1, chosen, tokens)
    confidence = probability.gather(1, best)
    for row in range(rows):
        spots = zip((chosen[row] - prompt_tokens).tolist(), tokens[row].tolist(), confidence[row].tolist(), strict=True)
        commits[row] += [Commit(step, position, token, sure) for position, token, sure in spots]


def _logits(model: Model, sequence: Tensor, positions: Tensor, *, cfg_scale: float, prompt_tokens: int) -> Tensor:
    """Return logits `[b, m, v]` at `positions` `[b, m]`, guided if asked for."""
    rows = len(sequence)
    seen = sequence
    if cfg_scale > 0:
        unprompted = sequence.clone()
        unprompted[:, :prompt_tokens] = model.mask_token_id
        seen = torch.cat([sequence, unprompted])
        positions = positions.repeat(2, 1)
    states = model.hidden(seen)
    logits = model.logits(states.gather(1, positions[..., None].expand(-1, -1, states.shape[-1]))).float()
    if cfg_scale > 0:
        conditional, unconditional = logits[:rows], logits[rows:]
        logits = unconditional + (cfg_scale + 1) * (conditional - unconditional)
    return logits


def _choose(logits: Tensor, temperature: float, generators: Sequence[torch.Generator]) -> Tensor:
    """Return a token for each position, int64 `[b, m]`: the likeliest, or a draw at `temperature`.

    Adding Gumbel noise times the temperature and taking the largest draws from softmax(logits / temperature). In fp32
    the noise's tail is cut, which lowers the temperature in effect (arXiv 2409.02908), hence float64.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    chosen = []
    for row, generator in zip(logits, generators, strict=True):
        noise = _uniform(generator, row.shape).clamp_min_(torch.finfo(torch.float64).tiny)
        noise.log_().neg_().log_().neg_()
        chosen.append(noise.mul_(temperature).add_(row.to(noise.device)).argmax(dim=-1).to(logits.device))
    return torch.stack(chosen)


def _uniform(generator: torch.Generator, shape: torch.Size) -> Tensor:
    """Draw from [0, 1), float64, on the generator's device."""
    return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
