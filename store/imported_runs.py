"""Runs that were made elsewhere: what they wrote, and what a log says of them; no job of ours, and nothing to collect.

Such a run has the place `imported` and is finished. Its `spec_json` is no spec: it says what is known of the run and
from which file. What its files do not say (seeds, tokens, times) stands as null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from store.database import Database
from store.values import now, storable, to_json

PLACE = "imported"
ATTEMPT = 1


@dataclass(frozen=True, slots=True)
class ImportedSample:
    """A text, the prompt it continues, and its place in the list, from 0."""

    slug: str
    idx: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """A run as it was read from files.

    Attributes:
        name: its key; the same files give the same.
        file: where it was read from, relative to the project where it lies inside.
        known: what is known of it, JSON-able.
        model: as its files name it.
        sample_key: shared by a base and what is read against it.
        canary_set_id: the prompts; None for a run that only a log tells of.
        of: base or adapter; None without samples.
        samples: as they were written.
        note: what a log says.
        metrics: name, step and value; None for one that is not a number.
    """

    name: str
    file: str
    known: Mapping[str, Any]
    model: str
    sample_key: str
    canary_set_id: int | None
    of: Literal["base", "adapter"] | None
    samples: Sequence[ImportedSample]
    note: str
    metrics: Sequence[tuple[str, int, float | None]]


def exists(db: Database, name: str) -> bool:
    """Say whether a run of this name stands already."""
    return db.one("SELECT 1 FROM run WHERE name = ?", (name,)) is not None


def add(db: Database, run: ImportedRun) -> bool:
    """Keep a run with its samples and metrics, in one transaction; return whether it is new.

    Raises:
        Conflict: a sample is of a prompt that is not in the run's canary set, or two have the same place.
    """
    at = now()
    with db.transaction() as connection:
        if exists(db, run.name):
            return False
        connection.execute(
            "INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, canary_set_id, note, status, "
            "created_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'finished', ?, NULL)",
            (
                run.name,
                "sample" if run.of == "base" else "train",
                storable(run.file),
                PLACE,
                to_json(dict(run.known)),
                storable(run.model),
                run.sample_key,
                run.canary_set_id,
                storable(run.note),
                at,
            ),
        )
        connection.executemany(
            "INSERT INTO sample (run, attempt, of, step, canary_prompt_id, idx, text, at) VALUES (?, ?, ?, 0, "
            "(SELECT id FROM canary_prompt WHERE set_id = ? AND slug = ?), ?, ?, ?)",
            [
                (run.name, ATTEMPT, run.of, run.canary_set_id, item.slug, item.idx, storable(item.text), at)
                for item in run.samples
            ],
        )
        if run.samples:
            # As a job says it when its samples are complete: by this a base is found.
            said = {"of": run.of, "step": 0, "count": len(run.samples)}
            connection.execute(
                "INSERT INTO event (run, attempt, seq, at, type, data_json) VALUES (?, ?, 1, ?, 'samples', ?)",
                (run.name, ATTEMPT, at, to_json(said)),
            )
        connection.executemany(
            "INSERT INTO metric (run, name, step, attempt, seq, value) VALUES (?, ?, ?, ?, ?, ?)",
            [(run.name, name, step, ATTEMPT, seq, value) for seq, (name, step, value) in enumerate(run.metrics, 2)],
        )
    return True


def learn_prompts(db: Database, name: str, canary_set_id: int) -> None:
    """Give a run the set that says the words of its prompts, where the one it has does not.

    The prompts of both sets have the same slugs. Verdicts and annotations stay with their samples.
    """
    with db.transaction() as connection:
        connection.execute(
            "UPDATE sample SET canary_prompt_id = (SELECT new.id FROM canary_prompt old JOIN canary_prompt new "
            "ON new.slug = old.slug AND new.set_id = ?1 WHERE old.id = sample.canary_prompt_id) WHERE run = ?2",
            (canary_set_id, name),
        )
        connection.execute("UPDATE run SET canary_set_id = ?1 WHERE name = ?2", (canary_set_id, name))
