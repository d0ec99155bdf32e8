"""How the pairs of a frozen dataset meet a run's `train.max_length`, told before the launch as the job would find it.

A dataset never changes, so each model counts it once as long as the program runs; another limit is then told at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from runners.sequences import taken
from runners.spec import OverLong, RunSpec
from store import datasets
from workbench.operations.counting import SLICE, ask_child
from workbench.operations.project import Project
from workbench.operations.targets import Target, read, target_of

_SIDES = (("train", "training", "train"), ("holdout", "holdout", "validate"))
# Datasets and models that are kept counted; each takes about 200 bytes a pair.
_KEPT = 8


@dataclass(frozen=True)
class Lengths:
    """The pairs of a dataset as a model's layout counts them.

    Attributes:
        pairs: of each its side, the tokens in front of its response, and those of the whole with its EOS.
        problem: why these are estimates; empty where they are exact.
    """

    pairs: tuple[tuple[str, int, int], ...]
    problem: str = ""


@dataclass
class _Counting:
    """A dataset that is being counted: what was counted so far stands, whoever gave up waiting for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    pairs: list[tuple[str, int, int]] = field(default_factory=list)
    problem: str = ""


_counted: dict[tuple[str, str], _Counting] = {}
_counted_lock = threading.Lock()


def length_warnings(
    project: Project,
    spec: RunSpec,
    dataset_id: int | None,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """Return sentences on the pairs that are too long for a run; empty where none is, or where it takes no pairs.

    Args:
        project: whose run.
        spec: what it will do.
        dataset_id: what it trains on.
        cancelled: asked between slices of a long count; nothing is said then.

    Raises:
        CountingError: the child process could not be started, or ended.
    """
    if spec.train is None or dataset_id is None:
        return ()
    model = spec.model.id if spec.model.revision is None else f"{spec.model.id}@{spec.model.revision}"
    found = lengths_of(project, target_of(project, model), dataset_id, cancelled=cancelled)
    if found is None:
        return ()
    said = over_long_sentences(found.pairs, max_length=spec.train.max_length, over_long=spec.train.over_long)
    if said and found.problem:
        said.append(f"These lengths are estimates. {found.problem}")
    return tuple(said)


def lengths_of(
    project: Project, chosen: Target, dataset_id: int, *, cancelled: Callable[[], bool] = lambda: False
) -> Lengths | None:
    """Count a dataset for a model; None when cancelled. What is small is counted here, all else in the child process.

    Raises:
        CountingError: the child process could not be started, or ended.
    """
    row = datasets.get(project.db, dataset_id)
    total = row.train_pairs + row.holdout_pairs
    counting = _kept(chosen.fingerprint, row.content_hash)
    with counting.lock:
        while len(counting.pairs) < total:
            if cancelled():
                return None
            asked = {"dataset_id": dataset_id, "start": len(counting.pairs), "take": SLICE}
            if chosen.small and total <= SLICE:
                answer = count_slice(project, chosen, **asked)
            else:
                answer = ask_child(project, {"do": "dataset lengths", "entry": chosen.entry, **asked})
            if not answer["pairs"]:
                break
            counting.pairs += [(split, given, length) for split, given, length in answer["pairs"]]
            counting.problem = answer["problem"]
        return Lengths(tuple(counting.pairs), counting.problem)


def over_long_sentences(pairs: Sequence[tuple[str, int, int]], *, max_length: int, over_long: OverLong) -> list[str]:
    """Say of each side how many of its pairs are longer than the limit, what becomes of them, and what to do.

    Args:
        pairs: of each its side, the tokens in front of its response, and those of the whole.
        max_length: the longest pair that is taken, in tokens.
        over_long: what becomes of longer ones.
    """
    said = []
    for side, name, purpose in _SIDES:
        own = [(given, length) for split, given, length in pairs if split == side]
        longer = [(given, length) for given, length in own if length > max_length]
        if not longer:
            continue
        kept = [taken(length, given, max_length=max_length, cut=over_long == "cut") for given, length in longer]
        left_out = kept.count(None)
        if over_long == "refuse":
            fate = ", and with train.over_long refuse the run would end before it starts"
        elif left_out == len(longer):
            fate = " and would be skipped"
        elif left_out:
            cut = len(longer) - left_out
            fate = f" and would be cut ({cut}) or, where the prompt alone fills them, skipped ({left_out})"
        else:
            fate = " and would be cut, so that the model sees no end of them"
        if over_long != "refuse" and left_out == len(own):
            fate += f", which leaves none to {purpose} on"
        said.append(
            f"{_how_many(len(longer), len(own), name)} longer than {max_length} tokens{fate}: "
            "raise train.max_length, or make shorter pairs."
        )
    return said


def _how_many(count: int, total: int, name: str) -> str:
    if total == 1:
        return f"The only {name} pair is"
    of = f"All {total}" if count == total else f"{count} of {total}"
    return f"{of} {name} pairs {'is' if count == 1 else 'are'}"


def count_slice(project: Project, chosen: Target, dataset_id: int, *, start: int, take: int) -> dict[str, Any]:
    """Count some of a dataset's pairs in this process; `pairs` as in `Lengths`, and `problem`."""
    reading = read(chosen, project)
    texts = datasets.texts(project.db, dataset_id, start=start, take=take)
    return {
        "pairs": [(split, *reading.lengths(prompt, response)) for split, prompt, response in texts],
        "problem": reading.problem,
    }


def _kept(fingerprint: str, content_hash: str) -> _Counting:
    """Return what is counted of a dataset for a model; the oldest of many is forgotten."""
    with _counted_lock:
        found = _counted.pop((fingerprint, content_hash), None) or _Counting()
        _counted[fingerprint, content_hash] = found
        while len(_counted) > _KEPT:
            del _counted[next(iter(_counted))]
        return found
