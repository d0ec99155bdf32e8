"""What a job asks of a cluster and what the cluster has, in words, and whether the two can ever meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runners.places.ray_client import Job, Node

_NAMES: Final = {"GPU": "GPU", "CPU": "CPU"}
_TAIL: Final = ", last available logs"


def amounts(resources: Mapping[str, float]) -> str:
    """Say how much of what: `2 GPUs, 1 CPU, 1 box2`."""
    order = sorted((name for name, amount in resources.items() if amount), key=lambda name: (name not in _NAMES, name))
    order.sort(key=lambda name: name != "GPU")
    words = [f"{resources[name]:g} {name}{'s' if name in _NAMES and resources[name] != 1 else ''}" for name in order]
    return ", ".join(words) or "nothing"


def has_room(node: Node, asked: Mapping[str, float]) -> bool:
    """Say whether a machine has what a job asks for, were it free."""
    return all(node.resources.get(name, 0.0) >= amount for name, amount in asked.items())


def cluster_words(nodes: Sequence[Node]) -> str:
    """Say which machines a cluster has: `3 machines: 2 x (2 GPUs, 8 CPUs), head (4 CPUs)`."""
    if not nodes:
        return "no machine that is alive"
    alike: dict[str, list[Node]] = {}
    for node in nodes:
        alike.setdefault(amounts(node.resources), []).append(node)
    each = [
        f"{len(same)} x ({words})" if len(same) > 1 else f"{same[0].name} ({words})" for words, same in alike.items()
    ]
    return f"{len(nodes)} machine{'s' if len(nodes) > 1 else ''}: {', '.join(each)}"


def waiting_words(job: Job, asked: Mapping[str, float], nodes: Sequence[Node]) -> str:
    """Say why a job has not begun: Ray's own words, what it asks for and what there is."""
    wanted, has = f"Waiting for {amounts(asked)} of one machine", f"The cluster has {cluster_words(nodes)}."
    if any(has_room(node, asked) for node in nodes):
        return f"{wanted}. {has} Ray says: {_sentence(job.message)}"
    return (
        f"{wanted}, and none has that. {has} It waits until one is added, or until Ray gives it up. Kill it, and "
        "launch it where there is room, or with less of this place's `gpus`, `cpus` and `resources`."
    )


def unmet_words(asked: Mapping[str, float], nodes: Sequence[Node]) -> str:
    """Say of a place that no machine of its cluster has what its jobs ask for."""
    return (
        f"A job asks for {amounts(asked)} of one machine, and none has that. The cluster has {cluster_words(nodes)}. "
        "Ask for less by `gpus`, `cpus` and `resources` of this place, or add a machine."
    )


def ended_words(job: Job) -> str:
    """Say in Ray's words how a job ended, without the end of its log."""
    return f"Ray says: {_sentence(job.message.partition(_TAIL)[0])}"


_INNER: Final = ("class_name", "actor_id", "pid", "name", "namespace", "ip")


def _sentence(words: str) -> str:
    """Return what Ray says on one line; where it tells an error, only what went wrong."""
    lines = [line.strip() for line in words.strip().splitlines() if line.strip()]
    # Between what happened and why stand names that only Ray knows.
    kept = [line for line in lines if line.partition(":")[0] not in _INNER]
    said = " ".join(kept)[:600] or "nothing"
    return said if said.endswith((".", "!", "?")) else f"{said}."
