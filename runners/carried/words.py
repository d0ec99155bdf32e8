"""What a job does, in a line for whoever watches it where the bundle was carried to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runners.spec import ModelSpec

_PHASES: Final = {
    "self-test": "Testing the model.",
    "sample-base": "Writing samples before training.",
    "train": "Training.",
    "validate": "Measuring the loss on the held-out paragraphs.",
    "probe": "Measuring the loss on training paragraphs.",
    "sample": "Writing samples.",
}


def words_of(event: Mapping[str, Any], model: ModelSpec) -> str:
    """Return a sentence for an event of a run with this model, or nothing for those nobody waits for."""
    kind = event.get("type")
    if kind == "phase" and event.get("phase") == "load":
        return _loading(model)
    if kind == "phase":
        return _PHASES.get(str(event.get("phase")), "")
    if kind == "progress" and event.get("total"):
        done, total = int(event["done"]), int(event["total"])
        return f"  {done} of {total}" if done == total or done % max(1, total // 10) == 0 else ""
    if kind == "metric" and "loss" in event.get("values", {}):
        step = int(event["step"])
        return f"  step {step}: loss {event['values']['loss']:.3f}" if step == 1 or step % 10 == 0 else ""
    if kind == "validation" and "val_loss" in event.get("values", {}):
        return f"  after step {event['step']}: loss on the held-out paragraphs {event['values']['val_loss']:.3f}"
    if kind == "checkpoint":
        return f"  checkpoint at step {event['step']}"
    if kind == "early":
        return f"  ends early at step {event['step']}: {event['reason']}"
    if kind in ("warning", "error"):
        return f"  {kind}: {event.get('message')}"
    if kind == "stopped":
        # The file is how run.py itself asks, and has said so.
        reason = "" if event.get("reason") == "the stop file" else f": {event.get('reason')}"
        return f"Stopped{reason}. Start it again to go on from the last checkpoint."
    return "Finished." if kind == "finished" else ""


def _loading(model: ModelSpec) -> str:
    if model.id == "embedded":
        return "Loading the embedded model, which came with this folder."
    if model.is_path:
        return f"Loading the model from {model.id}."
    return f"Loading {model.id}; what of it is not on this machine yet is downloaded first, which takes minutes."
