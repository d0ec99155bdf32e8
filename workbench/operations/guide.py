"""The status line: the next useful step and its key, computed from what the project holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from curation.counted import counted, essays_and_notes
from curation.errors import CurationError
from store import annotations as verdicts
from store import canaries, datasets, essay_facts, imported_runs, pairs, program, runs
from store.edit_states import part
from store.errors import DatabaseBusy, StoreError
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

T = TypeVar("T")

# From so many accepted pairs on, canary prompts and a first dataset are worth more than the next pair.
_SOME_TENS = 30
_EVERYWHERE = ("pairs", "datasets", "runs", "review", "experiments")


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """A sentence that ends in a key, the screen where the key works, the key, and other screens where it does.

    Where the key goes to a screen, `here` says what is next for who stands on that screen already.
    """

    text: str
    screen: str
    key: str
    also: tuple[str, ...] = ()
    here: str = ""


def next_step(project: Project) -> NextStep:
    """Name the next useful step."""
    db = project.db
    if left := part(db):
        return NextStep(text=left.sentence.rstrip("."), screen="essays", key="u", also=_EVERYWHERE)
    sources, held, held_notes = essay_facts.how_many(db)
    if not sources:
        return NextStep(text="Nothing imported yet: import a folder of essays with i", screen="essays", key="i")
    counts = pairs.counts(db)
    if not counts.proposed and not counts.accepted:
        return NextStep(text=f"{counted(sources, 'source')}: propose pairs with p", screen="essays", key="p")
    if counts.changed:
        touched = essay_facts.titles_changed(db)
        where = touched[0] if len(touched) == 1 else f"{len(touched)} essays"
        text = f"{counted(counts.changed, 'pair')} changed in {where}: settle with w"
        return NextStep(text=text, screen="pairs", key="w", also=("essays",))
    if not held and not held_notes:
        return NextStep(text="Nothing is held out: hold an essay out with h", screen="essays", key="h")
    if counts.accepted and not counts.accepted_train and not counts.proposed:
        return NextStep(text="Every accepted pair is held out: let an essay train with h", screen="essays", key="h")
    if not counts.accepted_train:
        return NextStep(text=f"{counts.proposed} proposed: read and accept them with a", screen="pairs", key="a")
    frozen = datasets.rows(db)
    if counts.proposed and not frozen and counts.accepted < _SOME_TENS:
        return NextStep(
            text=f"{counts.accepted} accepted, {counts.proposed} to read: read on with a", screen="pairs", key="a"
        )
    if not canaries.rows(db):
        return NextStep(text="No canary prompts yet: write one with n", screen="datasets", key="n")
    so_far = f"{counts.accepted} accepted, {essays_and_notes(held, held_notes)} held out"
    if not frozen:
        return NextStep(text=f"{so_far}: freeze with f", screen="datasets", key="f")
    training = [row for row in runs.rows(db) if _is_training(row)]
    living = [row for row in training if row.status in ("submitted", "starting", "running", "stopping")]
    if living:
        name, status = living[-1].name, living[-1].status
        return NextStep(
            text=f"{name} is {status}: watch it with 4",
            screen="runs",
            key="4",
            here=f"{name} is {status}: what it writes comes in here; l shows its log and samples",
        )
    finished = [row for row in training if row.status == "finished"]
    if training and training[-1].status == "stopped":
        name = training[-1].name
        text = f"{name} was stopped and can go on: resume it with R"
        return NextStep(text=text, screen="runs", key="R")
    newest = max(item.number for item in frozen)
    if not any(row.dataset_number == newest for row in training):
        return NextStep(text=f"dataset {newest} stands: launch a run with r", screen="runs", key="r")
    if finished:
        return _after(project, finished[-1].name, several=len(finished) > 1)
    return NextStep(
        text="the last run did not finish: see why with 4",
        screen="runs",
        key="4",
        here="the last run did not finish: l shows its log, R resumes it",
    )


def _is_training(row: runs.RunRow) -> bool:
    """Say whether a run is one of the author's trainings: neither a log from elsewhere nor a smoke run."""
    return row.task == "train" and row.place != imported_runs.PLACE and not row.smoke


def _after(project: Project, run: str, *, several: bool) -> NextStep:
    """Name what comes after a run that finished: its review, what it changed where there are several, another run."""
    judged, written = verdicts.judged(project.db, run)
    if written and judged >= written and several:
        return NextStep(
            text=f"{run} is judged: see what changed, and what is noise, with 6",
            screen="experiments",
            key="6",
            here=f"{run} is judged: n notes what was learnt, r launches the next run as a copy of the one chosen here",
        )
    if written and judged >= written:
        return NextStep(text=f"{run} is judged: launch the next run with r", screen="runs", key="r")
    left = written - judged
    here = f"{run} is to be judged, {left} of {counted(written, 'pair')}: go there with O" if written else ""
    if written and runs.base_run(project.db, runs.get(project.db, run).sample_key) is None:
        here = f"{run} is to be judged, and the base was never sampled: sample it in Runs (4) with s"
    stood = program.recall(project.db, "review.place")
    # Review opens where it was left.
    elsewhere = isinstance(stood, dict) and stood.get("run") not in (None, run)
    return NextStep(
        text=f"{run} has finished: review it with 5" + (", then O" if elsewhere else ""),
        screen="review",
        key="5",
        here=here,
    )


def remember(project: Project, key: str, value: object) -> None:
    """Keep where the author stands, under a name such as `pairs.cursor`."""
    program.remember(project.db, key, value)


def recall(project: Project, key: str) -> object | None:
    """Return what was kept, or None."""
    return program.recall(project.db, key)


def take_in(project: Project, key: str, take: Callable[[dict[str, Any]], T]) -> T | None:
    """Take in what a killed program left under a name; it is forgotten with that, all of it or nothing.

    Args:
        project: the project.
        key: the name it was kept under.
        take: writes what it stands for.

    Returns:
        What `take` returns; None where nothing is kept.

    Raises:
        StoreError, CurationError, WorkbenchError: it cannot be written. It is forgotten, and not tried at every start,
            unless another program only kept the store busy.
    """
    kept = recall(project, key)
    if not isinstance(kept, dict):
        return None
    try:
        with project.db.transaction():
            remember(project, key, None)
            return take(kept)
    except DatabaseBusy:
        raise
    except (StoreError, CurationError, WorkbenchError):
        remember(project, key, None)
        raise
