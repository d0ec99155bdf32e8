"""Whether spec and model fit together: which commit is loaded, what is said of it, and what cannot be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runners.events import read_lines
from runners.rundir import RunDir
from runners.spec import ModelSpec, RunSpec
from runners.tasks.models.registry import Loaded
from runners.tasks.sample import Canary, longest_prompt


def pinned(run_dir: RunDir, model: ModelSpec) -> ModelSpec:
    """Return the model at the commit an earlier attempt took it from: a repository may have moved on since."""
    if model.revision is not None:
        return model
    for attempt in reversed(run_dir.attempts()):
        rows, _ = read_lines(run_dir.events(attempt), 0) if run_dir.events(attempt).is_file() else ([], 0)
        for row in rows:
            if row.get("type") == "model" and isinstance(row.get("revision"), str):
                return replace(model, revision=row["revision"])
    return model


def about(spec: RunSpec, loaded: Loaded) -> dict[str, Any]:
    """Return the fields of the event `model`."""
    return {
        "id": spec.model.id,
        "revision": loaded.revision,
        "family": loaded.known.family.name,
        "layout": loaded.layout.name,
        "attention": loaded.model.facts.attention,
        "block_tokens": loaded.model.facts.block_tokens,
        "objective": loaded.objective.name,
    }


def misfits(spec: RunSpec, loaded: Loaded, canaries: list[Canary]) -> list[str]:
    """Return what of the spec cannot be carried out with this model."""
    facts, family = loaded.model.facts, loaded.known.family
    title, sampling, found = family.title, spec.sampling, []
    if spec.task == "train" and loaded.objective.name not in family.objectives:
        found.append(
            f"objective: found {loaded.objective.name}, which does not fit {title}. Expected "
            f"{' or '.join(family.objectives)}."
        )
    if sampling.sampler not in family.samplers:
        found.append(
            f"sampling.sampler: found {sampling.sampler}, which does not fit {title}. Expected "
            f"{' or '.join(family.samplers)}."
        )
    if facts.block_tokens is not None and sampling.block_length != facts.block_tokens:
        found.append(
            f"sampling.block_length: found {sampling.block_length}, and this model fills blocks of "
            f"{facts.block_tokens}, as it was trained to. Set it to {facts.block_tokens}."
        )
    if facts.context_is_hard:
        if spec.train is not None and spec.train.max_length > facts.context_tokens:
            found.append(
                f"train.max_length: found {spec.train.max_length}; {title} has positions for {facts.context_tokens} "
                "tokens and none beyond. Lower it."
            )
        prompt = longest_prompt(loaded, canaries)
        if prompt >= facts.context_tokens:
            found.append(
                f"prompts.jsonl: the longest canary prompt takes {prompt} tokens and leaves no room: {title} has "
                f"positions for {facts.context_tokens}. Shorten it."
            )
    return found
