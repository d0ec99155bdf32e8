"""Whether spec and model fit together: which commit is loaded, what is said of it, and what cannot be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runners.events import read_lines
from runners.misfits import misfits
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


def unfit(spec: RunSpec, loaded: Loaded, canaries: list[Canary]) -> list[str]:
    """Return what of the spec cannot be carried out with this model and these prompts."""
    found, facts = misfits(spec, loaded.known), loaded.model.facts
    prompt = longest_prompt(loaded, canaries)
    if facts.context_is_hard and prompt >= facts.context_tokens:
        found.append(
            f"prompts.jsonl: the longest canary prompt takes {prompt} tokens and leaves no room: "
            f"{loaded.known.family.title} has positions for {facts.context_tokens}. Shorten it."
        )
    return found
