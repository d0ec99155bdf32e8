"""Carrying out one run: load, test, then the task; the entry of this room, called by `runners.__main__` alone."""

from __future__ import annotations

from dataclasses import replace

from runners.errors import SpecError
from runners.rundir import RunDir
from runners.spec import RunSpec, method_name
from runners.tasks.device import choose_device, prepare
from runners.tasks.distributed import own_device
from runners.tasks.fitting import about, pinned, unfit
from runners.tasks.losses.base import load_objective
from runners.tasks.models.registry import Loaded, load
from runners.tasks.reporter import Of, Reporter
from runners.tasks.sample import Canary, longest_prompt, read_canaries, sample_canaries
from runners.tasks.score import score
from runners.tasks.session import serve
from runners.tasks.weights import is_model


def run_task(run_dir: RunDir, spec: RunSpec, reporter: Reporter) -> None:
    """Carry out what the spec says, or what an earlier attempt left of it.

    Returns when all is done, or earlier when `reporter.stop_requested()` said so; `reporter.stop_reason` tells them
    apart.

    Raises:
        RunnersError: the spec cannot be carried out with this model, these files or this machine.
    """
    device = own_device(choose_device(spec.model.device))
    prepare(device)
    canaries = read_canaries(run_dir.prompts_jsonl) if spec.task in ("train", "sample") else []
    reporter.phase("load")
    kept = None if spec.adapter is None else run_dir.path / spec.adapter.path
    whole = kept if kept is not None and is_model(kept) else None
    loaded = load(pinned(run_dir, spec.model), device, weights=whole)
    if spec.objective is not None:
        loaded = replace(loaded, objective=load_objective(spec.objective))
    reporter.emit("model", about(spec, loaded))
    # load() has run the self-test: a model that fails it never gets here.
    reporter.phase("self-test")
    if problems := unfit(spec, loaded, canaries):
        raise SpecError(problems)
    for message in concerns(spec, loaded, canaries):
        reporter.warning(message)
    if spec.task == "train":
        # peft takes seconds to import, and the base can be sampled without it.
        from runners.tasks.train import train

        train(run_dir, spec, loaded, canaries, reporter)
        return
    if kept is not None and not is_model(kept):
        from runners.tasks.adapters import load_adapter

        load_adapter(loaded.model, kept)
    if spec.task == "session":
        serve(run_dir, spec, loaded, reporter)
        return
    if spec.task == "score":
        score(run_dir, spec, loaded, step=_step_of(spec), reporter=reporter)
        return
    of: Of = "base" if spec.adapter is None else "adapter"
    sample_canaries(loaded, spec.sampling, canaries, of=of, step=_step_of(spec), reporter=reporter)


def concerns(spec: RunSpec, loaded: Loaded, canaries: list[Canary]) -> list[str]:
    """Return what the author should know before the run begins, though it can be carried out."""
    facts, found = loaded.model.facts, [text for text in (loaded.known.family.unverified,) if text]
    canvas = longest_prompt(loaded, canaries) + spec.sampling.max_new_tokens
    if canaries and canvas > facts.context_tokens:
        found.append(
            f"The longest canary prompt and its canvas take {canvas} tokens; the model was made for "
            f"{facts.context_tokens}. "
            + ("Text ends there." if facts.context_is_hard else "Expect worse text beyond.")
            + " Lower max_new_tokens to stay within."
        )
    if spec.train is None:
        return found
    if spec.train.max_length > facts.context_tokens:
        found.append(
            f"train.max_length is {spec.train.max_length} tokens; the model was made for {facts.context_tokens}."
        )
    full = spec.train.method == "full"
    highest = facts.highest_full_learning_rate if full else facts.highest_learning_rate
    if highest is not None and spec.train.learning_rate > highest:
        found.append(
            f"train.learning_rate is {spec.train.learning_rate:g}; the highest published for {method_name(spec)} "
            f"of this family is {highest:g}. Above it voices have been lost, not learnt."
        )
    if full and spec.model.dtype == "bfloat16":
        found.append(
            "Weights kept in bfloat16 lose the small steps of a low learning rate. Choose float32 with "
            "train.mixed_precision bf16 where there is memory for it."
        )
    return found


def _step_of(spec: RunSpec) -> int:
    """Return the step of the adapter that is asked, from the name of its checkpoint; 0 for the base."""
    digits = "" if spec.adapter is None else spec.adapter.checkpoint.rpartition("step-")[2]
    return int(digits) if digits.isdecimal() else 0
