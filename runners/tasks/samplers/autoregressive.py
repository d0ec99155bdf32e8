"""The autoregressive sampler: one token behind the last, drawn from what the model gives it, until a response ends.

Keys and values of what was read are kept, so each step reads one token. The order is that of the field: the repetition
penalty (CTRL, arXiv 1909.05858, section 4.1), then the temperature, then the k likeliest (arXiv 1805.04833), then the
nucleus (arXiv 1904.09751). What is committed carries the model's own probability, before any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from runners.tasks.draws import choose
from runners.tasks.models.base import Cache, Model
from runners.tasks.samplers.base import Commit, Filled


@torch.no_grad()
def fill(
    model: Model,
    prompt_ids: Tensor,
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    top_k: int = 0,
    repetition_penalty: float = 1.0,
    never: Tensor | None = None,
    never_first: Tensor | None = None,
    generators: Sequence[torch.Generator] = (),
    after_step: Callable[[], None] | None = None,
) -> Filled:
    """Write behind each prompt.

    Args:
        model: a causal one, in evaluation mode.
        prompt_ids: int64 `[b, p]`, prompts of one length, one token or more.
        max_new_tokens: most tokens to write; fewer where all rows end, or where the model has no more positions.
        temperature: 0 takes the likeliest token.
        top_p: draw among the likeliest tokens that make up this probability; 1 for all.
        top_k: draw among this many of the likeliest tokens; 0 for all.
        repetition_penalty: what the logits of tokens that stand already are divided by; 1 for none.
        never: bool `[v]`, true for tokens that are never drawn; None for none.
        never_first: likewise, as the first token only.
        generators: one a row, where the temperature is above 0.
        after_step: called after each token; whatever it raises ends the sampling.
    """
    rows, prompt_tokens = prompt_ids.shape
    facts, sequence = model.facts, prompt_ids.to(model.device)
    commits: list[list[Commit]] = [[] for _ in range(rows)]
    ended = [False] * rows
    cache: Cache | None = None
    unread = sequence
    room = max(0, facts.context_tokens - prompt_tokens) if facts.context_is_hard else max_new_tokens
    for step in range(min(max_new_tokens, room)):
        state, cache = model.read_on(unread, cache)
        logits = model.logits(state).float()
        probabilities = torch.softmax(logits, dim=-1)
        for forbidden in (never, never_first if step == 0 else None):
            if forbidden is not None:
                logits = logits.masked_fill(forbidden, -torch.inf)
        logits = narrow(
            penalised(logits, sequence, repetition_penalty), temperature=temperature, top_p=top_p, top_k=top_k
        )
        unread = choose(logits[:, None], temperature, generators)
        for row, token in enumerate(unread[:, 0].tolist()):
            if ended[row]:
                unread[row] = facts.eos_token_id
                continue
            commits[row].append(Commit(step, step, token, float(probabilities[row, token])))
            ended[row] = token in facts.end_token_ids
        sequence = torch.cat([sequence, unread], dim=1)
        if after_step is not None:
            after_step()
        if all(ended):
            break
    return Filled(sequence[:, prompt_tokens:].cpu(), tuple(tuple(row) for row in commits))


def penalised(logits: Tensor, sequence: Tensor, penalty: float) -> Tensor:
    """Return logits `[b, v]` with those of the tokens in `sequence` `[b, l]` made less likely by a factor."""
    standing = logits.gather(1, sequence)
    return logits.scatter(1, sequence, torch.where(standing > 0, standing / penalty, standing * penalty))


def narrow(logits: Tensor, *, temperature: float, top_p: float, top_k: int) -> Tensor:
    """Return logits `[b, v]`, minus infinity for tokens that are not drawn from; the likeliest always is.

    Args:
        logits: before the temperature.
        temperature: at which the probabilities of the nucleus are taken; at 0 nothing is left to narrow.
        top_p: the nucleus is the fewest likeliest tokens that reach this probability.
        top_k: how many of the likeliest are kept at most; 0 for all.
    """
    if temperature == 0:
        return logits
    if 0 < top_k < logits.shape[-1]:
        smallest = logits.topk(top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < smallest, -torch.inf)
    if top_p < 1:
        ordered, places = logits.sort(dim=-1, descending=True)
        probability = torch.softmax(ordered / temperature, dim=-1)
        before = probability.cumsum(dim=-1) - probability
        outside = torch.zeros_like(before, dtype=torch.bool).scatter(1, places, before >= top_p)
        logits = logits.masked_fill(outside, -torch.inf)
    return logits
