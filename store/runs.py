"""Runs, their attempts, and what their jobs reported: events, metrics, checkpoints.

Nothing here is edited by the author: what she learnt stands in the notebook. `status` is a cache of what the collector
last computed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runners.status import OVER, Status
from store.database import Database
from store.errors import NotFound
from store.folding import fold_events as fold_events
from store.folding import fold_samples as fold_samples
from store.values import now, storable, to_json

if TYPE_CHECKING:
    from runners.spec import Task

SMOKE_NOTE = "smoke run: three steps, to measure time and memory"
"""What is noted on a run that only measures what it takes; by its spec it is known as one, whatever its note says."""

SMOKE_TRAIN = {
    "max_steps": 3, "eval_every_steps": 0, "eval_draws": 1, "probe_pairs": 0, "checkpoint_every_steps": 0,
    "sample_every_steps": 0,
}  # fmt: skip
"""What the spec of such a run has of training, and that of no other."""

COVERING_DRAWS = 5
"""From so many masks a pair on, a validation covers every fifth of the mask ratio, and compares with others."""

# On how many masks a run measures each held-out pair, while it trains or as its task.
_DRAWS = "coalesce(json_extract(r.spec_json, '$.train.eval_draws'), json_extract(r.spec_json, '$.score.draws'))"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the list shows it.

    Attributes:
        name: its key, and the name of its directory.
        task: train or sample.
        parent: the run it was copied from.
        place: where.
        model: as in its spec.
        dataset_number: what it trains on; None for the task sample.
        canary_version: the version of its canary prompts; None for an imported run without samples.
        status: as last computed.
        created_at: UTC.
        finished_at: UTC; None while it lives.
        last_step: the latest step of the latest attempt that reported a loss; None before the first.
        last_loss: the training loss there; NaN for a run that diverged.
        val_loss: the latest validation loss, likewise.
        val_draws: how many masks each held-out pair is measured on, by the spec; None where it says nothing of that.
        samples: how many it wrote.
        note: the newest note of the notebook on it; of an imported one, what its log said.
        smoke: whether it only measures what it takes, by its spec.
        unreached_at: UTC; since when its place cannot be asked, for whoever reads the run directory to say; None where
            it answers.
        carried: whether it is carried by hand to where it runs, likewise.
        waits_for: what its place starts it after, or starts it again after, in words, likewise; empty where it does not
            wait.
    """

    name: str
    task: Task
    parent: str | None
    place: str
    model: str
    dataset_number: int | None
    canary_version: int | None
    status: Status
    created_at: str
    finished_at: str | None
    last_step: int | None
    last_loss: float | None
    val_loss: float | None
    val_draws: int | None
    samples: int
    note: str
    smoke: bool
    unreached_at: str | None = None
    carried: bool = False
    waits_for: str = ""

    @property
    def val_compares(self) -> bool:
        """Whether its validation covers every mask ratio, so that it can be laid beside another run's."""
        return self.val_draws is None or self.val_draws >= COVERING_DRAWS


@dataclass(frozen=True, slots=True)
class Run:
    """A run whole; `dir` is relative to the project, `sample_key` is shared by runs with the same base samples."""

    name: str
    task: Task
    parent: str | None
    dir: str
    place: str
    spec_json: str
    model: str
    sample_key: str
    dataset_id: int | None
    canary_set_id: int | None
    adapter_run: str | None
    note: str
    status: Status
    created_at: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of a run, and the handle by which its place knows the job; attempts count from 1."""

    run: str
    attempt: int
    place: str
    handle: dict[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event; `data` holds the fields beside attempt, seq, at and type."""

    attempt: int
    seq: int
    at: str
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint of a step, its path relative to the run directory."""

    step: int
    attempt: int
    path: str


_RUN_COLUMNS = (
    "name, task, parent, dir, place, spec_json, model, sample_key, dataset_id, canary_set_id, adapter_run, note, "
    "status, created_at, finished_at"
)
_EVENT_COLUMNS = "attempt, seq, at, type, data_json"


def add(
    db: Database,
    *,
    name: str,
    task: str,
    parent: str | None,
    dir: str,
    place: str,
    spec_json: str,
    model: str,
    sample_key: str,
    dataset_id: int | None,
    canary_set_id: int | None,
    adapter_run: str | None,
) -> None:
    """Record a run as submitted.

    Raises:
        Conflict: the name is taken, or parent, dataset or canary set is not there.
    """
    values = (name, task, parent, storable(dir), place, storable(spec_json), model, sample_key, dataset_id)
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO run (name, task, parent, dir, place, spec_json, model, sample_key, dataset_id, "
            "canary_set_id, adapter_run, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, canary_set_id, adapter_run, now()),
        )


def add_attempt(db: Database, run: str, attempt: int, place: str, handle: Mapping[str, Any]) -> None:
    """Record one start of a run; the same attempt again replaces its handle.

    Raises:
        Conflict: there is no such run.
    """
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO attempt (run, attempt, place, handle_json, created_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET place = excluded.place, handle_json = excluded.handle_json",
            (run, attempt, place, to_json(dict(handle)), now()),
        )


def rows(db: Database) -> list[RunRow]:
    """Return every run, oldest first."""
    smoke = " AND ".join(
        f"json_extract(r.spec_json, '$.train.{name}') = {value}" for name, value in SMOKE_TRAIN.items()
    )
    last = "(SELECT {what} FROM metric WHERE run = r.name AND name = '{name}' ORDER BY attempt DESC, step DESC LIMIT 1)"
    found = db.all(
        "SELECT r.name, r.task, r.parent, r.place, r.model, d.number, c.version, r.status, r.created_at, "
        f"r.finished_at, {last.format(what='step', name='loss')}, {last.format(what='value', name='loss')}, "
        f"{last.format(what='step', name='val_loss')}, {last.format(what='value', name='val_loss')}, "
        f"{_DRAWS}, (SELECT count(*) FROM sample WHERE run = r.name), "
        "coalesce(nullif(nullif(r.note, ''), ?), (SELECT body FROM notebook WHERE run = r.name AND other_run IS NULL "
        "ORDER BY id DESC LIMIT 1), ''), "
        f"ifnull({smoke}, 0) "
        "FROM run r LEFT JOIN canary_set c ON c.id = r.canary_set_id LEFT JOIN dataset d ON d.id = r.dataset_id "
        "ORDER BY r.created_at, r.rowid",
        (SMOKE_NOTE,),
    )
    return [
        RunRow(*(*row[:11], _measured(row[10], row[11]), _measured(row[12], row[13]), *row[14:17], bool(row[17])))
        for row in found
    ]


def places(db: Database, *, but: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return name, place and directory of every run that is not at one of some places, oldest first."""
    marks = ", ".join("?" * len(but))
    return db.all(f"SELECT name, place, dir FROM run WHERE place NOT IN ({marks}) ORDER BY created_at, rowid", but)


def get(db: Database, name: str) -> Run:
    """Return one run.

    Raises:
        NotFound: there is none of that name.
    """
    row = db.one(f"SELECT {_RUN_COLUMNS} FROM run WHERE name = ?", (name,))
    if row is None:
        raise _missing(name)
    return Run(*row)


def of_adapter(db: Database, name: str) -> list[str]:
    """Return the names of the runs whose samples are of a run's adapter: its own, then those that sampled it."""
    query = "SELECT name FROM run WHERE name = ?1 OR adapter_run = ?1 ORDER BY name <> ?1, created_at, rowid"
    return [run for (run,) in db.all(query, (name,))]


def attempts(db: Database, name: str) -> list[Attempt]:
    """Return the starts of a run, oldest first."""
    query = "SELECT run, attempt, place, handle_json, created_at FROM attempt WHERE run = ? ORDER BY attempt"
    return [
        Attempt(run=run, attempt=attempt, place=place, handle=json.loads(handle), created_at=at)
        for run, attempt, place, handle, at in db.all(query, (name,))
    ]


def set_status(db: Database, name: str, status: Status, finished_at: str | None) -> None:
    """Keep the status that was computed.

    Raises:
        NotFound: there is no such run.
    """
    _set(db, name, "status = ?, finished_at = ?", (status, finished_at))


def set_note(db: Database, name: str, text: str) -> None:
    """Write what the program has to note on a run; an empty text removes it. The author's notes are the notebook's.

    Raises:
        NotFound: there is no such run.
    """
    _set(db, name, "note = ?", (storable(text),))


def offsets(db: Database, run: str) -> dict[str, int]:
    """Return how many bytes of each file of a run directory were folded."""
    return dict(db.all("SELECT file, offset_bytes FROM collected WHERE run = ?", (run,)))


def events(
    db: Database, run: str, *, after: tuple[int, int] | None = None, types: Sequence[str] = (), limit: int = 500
) -> list[EventRow]:
    """Return events of a run, oldest first.

    Args:
        db: the store.
        run: its name.
        after: only those after this (attempt, seq).
        types: only of these types; none for all.
        limit: at most so many; -1 for all.
    """
    return _events(db, run, after=after or (0, 0), types=types, order="", limit=limit)


def latest_events(db: Database, run: str, *, types: Sequence[str] = (), limit: int = 500) -> list[EventRow]:
    """Return the latest events of a run, oldest of them first; arguments as for `events`."""
    return _events(db, run, after=(0, 0), types=types, order="DESC", limit=limit)[::-1]


def event_types(db: Database, run: str, attempt: int) -> tuple[str, ...]:
    """Return which types of event an attempt has sent, in the order they first came."""
    query = "SELECT type FROM event WHERE run = ? AND attempt = ? GROUP BY type ORDER BY min(seq)"
    return tuple(row[0] for row in db.all(query, (run, attempt)))


def last_event_at(db: Database, run: str) -> str | None:
    """Return when the latest event of the latest attempt was sent (UTC); None before the first."""
    row = db.one("SELECT at FROM event WHERE run = ? ORDER BY attempt DESC, seq DESC LIMIT 1", (run,))
    return row[0] if row else None


def metric(db: Database, run: str, name: str) -> list[tuple[int, float]]:
    """Return (step, value) of a metric by step, of the latest attempt that reported each; NaN where there was none."""
    query = "SELECT step, value FROM metric WHERE run = ? AND name = ? ORDER BY step, attempt"
    latest = dict(db.all(query, (run, name)))
    return [(step, math.nan if value is None else value) for step, value in latest.items()]


def checkpoints(db: Database, run: str) -> list[Checkpoint]:
    """Return the checkpoints of a run that stand, by step, of the latest attempt that wrote each."""
    query = "SELECT step, attempt, seq, path FROM checkpoint WHERE run = ? ORDER BY step, attempt"
    pruned = {
        int(event.data["step"]): (event.attempt, event.seq) for event in events(db, run, types=("pruned",), limit=-1)
    }
    # One that was deleted by rule and written again stands.
    standing = [
        Checkpoint(step, attempt, path)
        for step, attempt, seq, path in db.all(query, (run,))
        if (attempt, seq) > pruned.get(step, (0, 0))
    ]
    return list({item.step: item for item in standing}.values())


def best_step(db: Database, run: str) -> int | None:
    """Return the step of the checkpoint that a run last called its best, or None."""
    said = latest_events(db, run, types=("best",), limit=1)
    return int(said[-1].data["step"]) if said else None


def latest_validation(db: Database, *, dataset_hash: str) -> tuple[float, float] | None:
    """Return the latest validation loss on a dataset and the upper end of its interval, or None.

    A run that measures each pair on fewer masks than cover every mask ratio, such as a smoke run, is passed over.
    """
    row = db.one(
        "SELECT v.value, h.value FROM metric v JOIN metric h ON h.run = v.run AND h.step = v.step AND "
        "h.attempt = v.attempt AND h.name = 'val_loss_high' JOIN run r ON r.name = v.run JOIN dataset d ON "
        "d.id = r.dataset_id WHERE v.name = 'val_loss' AND d.content_hash = ? AND v.value IS NOT NULL "
        f"AND ifnull({_DRAWS}, {COVERING_DRAWS}) >= {COVERING_DRAWS} "
        "ORDER BY r.created_at DESC, v.attempt DESC, v.step DESC LIMIT 1",
        (dataset_hash,),
    )
    return (float(row[0]), float(row[1])) if row else None


def base_run(db: Database, sample_key: str) -> str | None:
    """Return the first run that has a complete set of base samples under this key, or None."""
    found = db.all(
        "SELECT r.name, e.data_json FROM run r JOIN event e ON e.run = r.name AND e.type = 'samples' "
        "WHERE r.sample_key = ? ORDER BY r.created_at, r.rowid",
        (sample_key,),
    )
    return next((name for name, data in found if json.loads(data).get("of") == "base"), None)


def unfinished(db: Database) -> list[str]:
    """Return the names of the runs that are not known to be over, oldest first."""
    marks = ", ".join("?" * len(OVER))
    return [row[0] for row in db.all(f"SELECT name FROM run WHERE status NOT IN ({marks}) ORDER BY created_at", OVER)]


def _events(
    db: Database, run: str, *, after: tuple[int, int], types: Sequence[str], order: str, limit: int
) -> list[EventRow]:
    of_type = f"AND type IN ({', '.join('?' * len(types))})" if types else ""
    found = db.all(
        f"SELECT {_EVENT_COLUMNS} FROM event WHERE run = ? AND (attempt, seq) > (?, ?) {of_type} "
        f"ORDER BY attempt {order}, seq {order} LIMIT ?",
        (run, *after, *types, limit),
    )
    return [EventRow(*(*row[:4], json.loads(row[4]))) for row in found]


def _measured(step: int | None, value: float | None) -> float | None:
    """Tell a value that is not a number from one that is not there yet."""
    return math.nan if step is not None and value is None else value


def _set(db: Database, name: str, assignment: str, values: tuple[Any, ...]) -> None:
    with db.transaction() as connection:
        if not connection.execute(f"UPDATE run SET {assignment} WHERE name = ?", (*values, name)).rowcount:
            raise _missing(name)


def _missing(name: str) -> NotFound:
    return NotFound(f"There is no run named {name!r}. Look at the list of runs for those there are.")
