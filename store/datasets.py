"""Datasets: frozen snapshots of the accepted pairs, each with its own copy of their texts; never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from store.database import Database
from store.errors import NotFound
from store.values import now, storable

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier


@dataclass(frozen=True, slots=True)
class DatasetPair:
    """A pair as it was frozen.

    Attributes:
        pair_hash: of its content, tagged with the algorithm.
        pair_id: the pair it was; undo may have taken that away since, and its id is never given again.
        split: the side its source was on.
        tier: its tier then.
        source: slug of its source.
        prompt: its prompt then.
        response: its response then.
    """

    pair_hash: str
    pair_id: int
    split: Split
    tier: Tier
    source: str
    prompt: str
    response: str


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset as the list shows it.

    Attributes:
        id: its key.
        number: counts from 1.
        content_hash: of its files, tagged with the algorithm.
        parent_id: the dataset before it; None for the first.
        canary_set_version: the prompts its leak report was made against.
        train_pairs: how many to train on.
        holdout_pairs: how many are held out.
        leaks: how many were found when it was frozen.
        note: as given then.
        created_at: UTC.
        runs: how many runs trained on it.
    """

    id: int
    number: int
    content_hash: str
    parent_id: int | None
    canary_set_version: int | None
    train_pairs: int
    holdout_pairs: int
    leaks: int
    note: str
    created_at: str
    runs: int


_ROW = """
SELECT d.id, d.number, d.content_hash, d.parent_id, c.version, d.train_pairs, d.holdout_pairs,
       json_array_length(d.leaks_json), d.note, d.created_at, (SELECT count(*) FROM run WHERE dataset_id = d.id)
FROM dataset d LEFT JOIN canary_set c ON c.id = d.canary_set_id
"""
_PAIR_COLUMNS = "pair_hash, pair_id, split, tier, source, prompt, response"


def save(
    db: Database,
    *,
    content_hash: str,
    pairs: Sequence[DatasetPair],
    leaks_json: str,
    canary_set_id: int | None,
    note: str,
    report_json: str = "{}",
) -> tuple[DatasetRow, bool]:
    """Keep a snapshot; return it and whether it is new: under the same hash the one that stands is returned untouched.

    Args:
        db: the store.
        content_hash: of the snapshot's files.
        pairs: each content once.
        leaks_json: a JSON array, one item a leak.
        canary_set_id: the prompts the leaks were looked for against.
        note: for people.
        report_json: what the check before it found, as a JSON object.

    Raises:
        Conflict: two pairs have the same hash, or there is no such canary set; nothing is kept.
    """
    with db.transaction() as connection:
        standing = connection.execute("SELECT id FROM dataset WHERE content_hash = ?", (content_hash,)).fetchone()
        if standing:
            return get(db, standing[0]), False
        train = sum(1 for pair in pairs if pair.split == "train")
        dataset_id = connection.execute(
            "INSERT INTO dataset (number, content_hash, parent_id, canary_set_id, train_pairs, holdout_pairs, "
            "leaks_json, note, created_at, report_json) "
            "SELECT ifnull(max(number), 0) + 1, ?, (SELECT id FROM dataset ORDER BY number DESC LIMIT 1), "
            "?, ?, ?, ?, ?, ?, ? FROM dataset",
            (
                content_hash,
                canary_set_id,
                train,
                len(pairs) - train,
                storable(leaks_json),
                storable(note),
                now(),
                storable(report_json),
            ),
        ).lastrowid
        assert dataset_id is not None
        connection.executemany(
            f"INSERT INTO dataset_pair (dataset_id, {_PAIR_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    dataset_id,
                    pair.pair_hash,
                    pair.pair_id,
                    pair.split,
                    pair.tier,
                    pair.source,
                    pair.prompt,
                    pair.response,
                )
                for pair in pairs
            ],
        )
        return get(db, dataset_id), True


def rows(db: Database) -> list[DatasetRow]:
    """Return every dataset, oldest first."""
    return [DatasetRow(*row) for row in db.all(f"{_ROW} ORDER BY d.number")]


def get(db: Database, dataset_id: int) -> DatasetRow:
    """Return one dataset.

    Raises:
        NotFound: there is none of that id.
    """
    row = db.one(f"{_ROW} WHERE d.id = ?", (dataset_id,))
    if row is None:
        raise _missing(dataset_id)
    return DatasetRow(*row)


def pairs(db: Database, dataset_id: int) -> list[DatasetPair]:
    """Return a dataset's pairs, by hash: the order of its files."""
    query = f"SELECT {_PAIR_COLUMNS} FROM dataset_pair WHERE dataset_id = ? ORDER BY pair_hash"
    return [DatasetPair(*row) for row in db.all(query, (dataset_id,))]


def texts(db: Database, dataset_id: int, *, start: int, take: int) -> list[tuple[str, str, str]]:
    """Return side, prompt and response of some of a dataset's pairs, from the one numbered `start` in its files' order.

    Args:
        db: the store.
        dataset_id: whose.
        start: the first, from 0.
        take: how many at most.
    """
    query = "SELECT split, prompt, response FROM dataset_pair WHERE dataset_id = ? ORDER BY pair_hash LIMIT ? OFFSET ?"
    return [(split, prompt, response) for split, prompt, response in db.all(query, (dataset_id, take, start))]


def sources(db: Database, dataset_id: int, split: Split) -> dict[str, int]:
    """Return how many pairs each source gives to one side of a dataset, train or holdout."""
    query = "SELECT source, count(*) FROM dataset_pair WHERE dataset_id = ? AND split = ? GROUP BY source"
    return dict(db.all(query, (dataset_id, split)))


def pair(db: Database, dataset_id: int, pair_hash: str) -> DatasetPair:
    """Return one pair of a dataset.

    Raises:
        NotFound: there is no such dataset, or no such pair in it.
    """
    row = db.one(
        f"SELECT {_PAIR_COLUMNS} FROM dataset_pair WHERE dataset_id = ? AND pair_hash = ?", (dataset_id, pair_hash)
    )
    if row is None:
        raise NotFound(f"There is no pair {pair_hash} in dataset {dataset_id}. See `workbench dataset list`.")
    return DatasetPair(*row)


def pair_hashes(db: Database, dataset_id: int) -> dict[str, int]:
    """Return the id of each of a dataset's pairs by its hash."""
    return dict(db.all("SELECT pair_hash, pair_id FROM dataset_pair WHERE dataset_id = ?", (dataset_id,)))


def leaks_json(db: Database, dataset_id: int) -> str:
    """Return the leak report made when the dataset was frozen, as the JSON array that was given.

    Raises:
        NotFound: there is no such dataset.
    """
    return _kept(db, dataset_id, "leaks_json")


def report_json(db: Database, dataset_id: int) -> str:
    """Return the report made when the dataset was frozen, as the JSON object that was given; `{}` for an older one.

    Raises:
        NotFound: there is no such dataset.
    """
    return _kept(db, dataset_id, "report_json")


def _kept(db: Database, dataset_id: int, column: Literal["leaks_json", "report_json"]) -> str:
    row = db.one(f"SELECT {column} FROM dataset WHERE id = ?", (dataset_id,))
    if row is None:
        raise _missing(dataset_id)
    return str(row[0])


def _missing(dataset_id: int) -> NotFound:
    return NotFound(f"There is no dataset {dataset_id}. See Datasets for those that were frozen.")
