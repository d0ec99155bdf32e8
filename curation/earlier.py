"""What files of outputs and logs say of runs that were made elsewhere: which files belong together, and as what.

A file of baselines is one run, which sampled a base; a file of what was fine-tuned is another, which is read against
the baselines of the same model that lie nearest: in the same folder, else in the closest folder above. A logged run
goes with the only fine-tuned file of its folder, or of the folder under its own that begins with its number; else it
stands by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from curation.outputs import Outputs, same_texts
from curation.trainlog import LoggedRun

# How many of the folders a file lies in say how it was made, as `5_llada/1_LR 5e-5` does.
NAMING_FOLDERS = 2


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """A run that was made elsewhere.

    Attributes:
        outputs: what it wrote; None for one that only a log knows.
        also: other files that hold the same samples, and may say more about them.
        base: the baselines it is read against; itself for baselines, None where there are none.
        logged: what a log says of it.
        folders: of its file, outermost first.
    """

    outputs: Outputs | None
    also: tuple[Outputs, ...] = ()
    base: Outputs | None = None
    logged: LoggedRun | None = None
    folders: tuple[str, ...] = ()


def earlier_runs(outputs: Sequence[Outputs], logs: Sequence[tuple[LoggedRun, tuple[str, ...]]]) -> list[EarlierRun]:
    """Return the runs that some files tell of, baselines first.

    Args:
        outputs: files of canary outputs.
        logs: logged runs, each with the folders of its log.
    """
    # A JSON file gives texts to the letter, so it stands for a Markdown file of the same samples.
    ordered = sorted(outputs, key=lambda item: (not item.path.lower().endswith(".json"), item.path))
    chosen: list[tuple[Outputs, list[Outputs]]] = []
    for item in ordered:
        twin = next((also for first, also in chosen if _twins(first, item)), None)
        if twin is None:
            chosen.append((item, []))
        else:
            twin.append(item)
    bases = [item for item, _ in chosen if item.of == "base"]
    tuned = [item for item, _ in chosen if item.of == "adapter"]
    told: dict[str, LoggedRun] = {}
    alone: list[tuple[LoggedRun, tuple[str, ...]]] = []
    for logged, folders in logs:
        mine = _tuned_of(logged, folders, tuned, single=sum(place == folders for _, place in logs) == 1)
        if mine is None or mine.path in told:
            alone.append((logged, folders))
        else:
            told[mine.path] = logged
    runs = [
        EarlierRun(
            outputs=item,
            also=tuple(also),
            base=item if item.of == "base" else _nearest(item, bases),
            logged=told.get(item.path),
            folders=item.folders,
        )
        for item, also in chosen
    ]
    runs.sort(key=lambda run: run.outputs is not None and run.outputs.of == "adapter")
    return runs + [EarlierRun(outputs=None, logged=logged, folders=folders) for logged, folders in alone]


def identity(run: EarlierRun) -> str:
    """Return the sha256 of what a run wrote, or a log says of it, with its name: the same wherever its folder lies."""
    if run.outputs is not None:
        return outputs_identity(run.outputs)
    assert run.logged is not None
    return _hash(run.folders, [run.logged.number, run.logged.date, run.logged.text])


def outputs_identity(item: Outputs) -> str:
    """Return the sha256 of a file's samples, its name, and the folder it lies in."""
    samples = [[canary.letter, [list(sample) for sample in canary.samples]] for canary in item.canaries]
    return _hash(item.folders, [item.stem, samples])


def _hash(folders: tuple[str, ...], told: object) -> str:
    data = json.dumps([list(folders[-1:]), told], ensure_ascii=True)
    return "sha256:" + hashlib.sha256(data.encode()).hexdigest()


def _twins(left: Outputs, right: Outputs) -> bool:
    return (left.of, left.model, left.folders) == (right.of, right.model, right.folders) and same_texts(left, right)


def _nearest(tuned: Outputs, bases: Sequence[Outputs]) -> Outputs | None:
    near = [item for item in bases if item.model == tuned.model and tuned.folders[: len(item.folders)] == item.folders]
    # Of several in one folder (downloads counted up) the first by name, so that the choice is the same every time.
    return min(near, key=lambda item: (-len(item.folders), len(item.stem), item.path)) if near else None


def _tuned_of(logged: LoggedRun, folders: tuple[str, ...], tuned: Sequence[Outputs], *, single: bool) -> Outputs | None:
    """Return the file that a logged run wrote, where only one can be meant."""
    here = [item for item in tuned if item.folders == folders] if single else []
    number = re.compile(rf"0*{re.escape(logged.number)}(?![0-9])", re.IGNORECASE)
    under = [
        item
        for item in tuned
        if len(item.folders) > len(folders)
        and item.folders[: len(folders)] == folders
        and number.match(item.folders[len(folders)])
    ]
    found = here or under
    return found[0] if len(found) == 1 else None
