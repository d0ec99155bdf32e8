"""A session: the model stays loaded and answers questions, one after the other, until nobody asks any more.

What cannot be answered gets an answer that says why, and the session goes on. It ends as every job does (the stop file,
a signal, a newer attempt, what it has lost), and after some time without a question, so that memory is not kept for
nobody. A new attempt answers what an older one left open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from runners.errors import RunnersError, SpecError
from runners.events import utc_now
from runners.layouts import visible_ids
from runners.questions import Answer, LaidGap, Question, Written, cannot, lay_gap, read_question, write_answer
from runners.rundir import RunDir
from runners.spec import RunSpec, SamplingSpec
from runners.tasks.models.registry import Loaded
from runners.tasks.reporter import Reporter
from runners.tasks.sample import generator_of, trace
from runners.tasks.samplers.base import fill_as_asked

LOOK_S = 0.1
"""Time between two looks for a new question, in seconds."""


class _NoLongerAskedError(Exception):
    """The question was withdrawn, or the job was asked to end, in the middle of a canvas."""


@dataclass
class _Limits:
    """Which tokens a canvas may hold, as bool `[v]` tensors, made when they are first asked for."""

    loaded: Loaded
    _made: dict[str, torch.Tensor | None] = field(default_factory=dict)

    def special(self) -> torch.Tensor | None:
        """Return what never stands in the middle of a text: ends, masks, and all that is no visible text."""
        if "" not in self._made:
            layout = self.loaded.layout
            self._made[""] = self._true_at([*layout.special_token_ids, *layout.end_token_ids])
        return self._made[""]

    def not_beginning(self, words: str) -> torch.Tensor | None:
        """Return what does not begin with `words`; None where nothing does."""
        if words not in self._made:
            found = self.loaded.codec.opening_ids(words)
            self._made[words] = ~self._true_at(found) if found else None
        return self._made[words]

    def _true_at(self, token_ids: list[int]) -> torch.Tensor:
        model = self.loaded.model
        # A tokenizer may name ids that the head does not have.
        within = [token for token in token_ids if token < model.facts.vocab_size]
        made = torch.zeros(model.facts.vocab_size, dtype=torch.bool, device=model.device)
        made[within] = True
        return made


def serve(run_dir: RunDir, spec: RunSpec, loaded: Loaded, reporter: Reporter, *, look_s: float = LOOK_S) -> None:
    """Answer questions until the job is asked to end, or nobody has asked for `session.idle_minutes`.

    Args:
        run_dir: whose `requests/` is looked at.
        spec: what the session goes by where a question says nothing.
        loaded: the model, put into evaluation mode by this.
        reporter: where events go.
        look_s: time between two looks, in seconds.
    """
    assert spec.session is not None
    loaded.model.net.eval()
    limits, last = _Limits(loaded), time.monotonic()
    reporter.phase("wait")
    while not reporter.stop_requested():
        open_ = run_dir.request_numbers(answered=False)
        for number in open_:
            reporter.phase("answer")
            if answer := _answer(run_dir, number, spec, loaded, limits, reporter):
                write_answer(run_dir, answer)
            if reporter.stop_requested():
                return
            last = time.monotonic()
        if open_:
            reporter.phase("wait")
        elif time.monotonic() - last >= spec.session.idle_minutes * 60:
            reporter.stop_reason = f"nothing was asked for {spec.session.idle_minutes:g} minutes"
            return
        else:
            time.sleep(look_s)


def _answer(
    run_dir: RunDir, number: int, spec: RunSpec, loaded: Loaded, limits: _Limits, reporter: Reporter
) -> Answer | None:
    """Return the answer to a question; None where it is no longer asked."""
    began = time.monotonic()
    samples: list[Written] = []
    warnings: list[str] = []
    error = None
    kind = ""

    def after_step() -> None:
        if reporter.stop_requested() or not run_dir.request_json(number).exists():
            raise _NoLongerAskedError

    try:
        question = read_question(run_dir, number)
        if question is None:
            return None
        kind = question.kind
        sampling, gap = _prepared(question, spec, loaded)
        warnings = concerns(question, gap, loaded)
        for index in range(question.samples):
            samples.append(_write(reporter, number, index, gap, sampling, loaded, limits, after_step))
            reporter.progress("answer", index + 1, question.samples)
    except _NoLongerAskedError:
        return None
    except RunnersError as problem:
        error = str(problem)
    seconds = round(time.monotonic() - began, 3)
    reporter.emit("answer", {"request": number, "kind": kind, "samples": len(samples), "seconds": seconds})
    return Answer(
        request=number,
        attempt=reporter.attempt,
        samples=tuple(samples),
        seconds=seconds,
        warnings=tuple(warnings),
        error=error,
        at=utc_now(),
    )


def _prepared(question: Question, spec: RunSpec, loaded: Loaded) -> tuple[SamplingSpec, LaidGap]:
    """Return how a question is answered, and what stands around its gap.

    Raises:
        SpecError: this model cannot answer it.
    """
    family, facts = loaded.known.family, loaded.model.facts
    if (why := cannot(question.kind, family)) is not None:
        raise SpecError([why])
    sampling = question.sampling(spec.sampling)
    if facts.block_tokens is not None and sampling.block_length != facts.block_tokens:
        raise SpecError([f"block_length: found {sampling.block_length}, and this model fills {facts.block_tokens}."])
    gap = lay_gap(loaded.layout, loaded.codec.encode, question.before, question.after)
    if not gap.before_ids:
        # A causal model needs something to read first.
        gap.before_ids.append(facts.eos_token_id)
    if facts.context_is_hard and len(gap.before_ids) >= facts.context_tokens:
        raise SpecError(
            [
                f"before: takes {len(gap.before_ids)} tokens and leaves no room: {family.title} has positions for "
                f"{facts.context_tokens}. Give less of the text."
            ]
        )
    return sampling, gap


def concerns(question: Question, gap: LaidGap, loaded: Loaded) -> list[str]:
    """Return what should be known of an answer: that its canvas is longer than the model was made for."""
    facts, length = loaded.model.facts, len(gap.before_ids) + question.tokens + len(gap.after_ids)
    if length <= facts.context_tokens:
        return []
    beyond = "Text ends there." if facts.context_is_hard else "Expect worse text."
    return [
        f"Text and canvas take {length} tokens together; the model was made for {facts.context_tokens}. {beyond} Give "
        "less of the text, or ask for a shorter one."
    ]


def _write(
    reporter: Reporter,
    number: int,
    index: int,
    gap: LaidGap,
    sampling: SamplingSpec,
    loaded: Loaded,
    limits: _Limits,
    after_step: Callable[[], None],
) -> Written:
    """Fill one canvas and keep its trace."""
    began = time.monotonic()
    model, codec, seed = loaded.model, loaded.codec, sampling.seed + index
    first = limits.not_beginning(gap.opening) if gap.opening else None
    filled = fill_as_asked(
        model,
        torch.tensor([gap.before_ids], device=model.device),
        sampling,
        suffix_ids=torch.tensor([gap.after_ids], device=model.device) if gap.after_ids else None,
        # An end in the middle of a text would hide the rest of the gap.
        never=limits.special() if gap.after_ids else None,
        never_first=first,
        generators=[generator_of(model, seed)],
        after_step=after_step,
    )
    how = trace(gap.before_ids, filled)
    if gap.after_ids:
        how["suffix_tokens"] = len(gap.after_ids)
    token_ids = filled.canvas[0].tolist()
    text = codec.following(gap.lead_ids, visible_ids(loaded.layout, token_ids))
    return Written(
        index=index,
        seed=seed,
        text=text.removeprefix(gap.opening),
        token_ids=tuple(token_ids),
        tokens=len(token_ids),
        seconds=round(time.monotonic() - began, 3),
        trace=reporter.trace(f"request-{number:06d}-{index}.json", how),
    )
