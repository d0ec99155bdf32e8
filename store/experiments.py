"""What the tree of runs is read from: specs, last validations, verdicts with their runs, differences of datasets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.database import Database
from store.values import booleans

if TYPE_CHECKING:
    from store.annotations import VerdictName
    from store.samples import Of


@dataclass(frozen=True, slots=True)
class SpecRow:
    """What a run was to do, and what it came from; `dataset_id` and `adapter_run` as in `store.runs.Run`."""

    name: str
    spec_json: str
    sample_key: str
    dataset_id: int | None
    adapter_run: str | None


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A verdict on two samples of one prompt and index, each with the run that wrote it.

    Attributes:
        left_id: the sample that `left` means.
        left_run: who wrote it.
        left_of: base or adapter.
        right_id: the sample that `right` means.
        right_run: who wrote it.
        right_of: base or adapter.
        prompt: slug of the canary prompt.
        index: which of its samples, from 0.
        verdict: left, right, tie or both bad.
        masked: whether the names were hidden.
        updated_at: UTC.
    """

    left_id: int
    left_run: str
    left_of: Of
    right_id: int
    right_run: str
    right_of: Of
    prompt: str
    index: int
    verdict: VerdictName
    masked: bool
    updated_at: str


# Of a run's samples those that Review shows: of the latest step, and of the latest attempt that wrote each.
_LATEST = """
{x}.step = (SELECT max(step) FROM sample WHERE run = {x}.run AND of = {x}.of) AND
{x}.attempt = (SELECT max(attempt) FROM sample WHERE run = {x}.run AND of = {x}.of AND step = {x}.step
AND canary_prompt_id = {x}.canary_prompt_id AND idx = {x}.idx)
"""


def specs(db: Database) -> list[SpecRow]:
    """Return what every run was to do, oldest first."""
    query = "SELECT name, spec_json, sample_key, dataset_id, adapter_run FROM run ORDER BY created_at, rowid"
    return [SpecRow(*row) for row in db.all(query)]


def last_validations(db: Database) -> dict[str, str]:
    """Return what each run said of the latest validation of its latest attempt that has one, as JSON."""
    found = db.all(
        "SELECT r.name, (SELECT data_json FROM event WHERE run = r.name AND type = 'validation' "
        "ORDER BY attempt DESC, seq DESC LIMIT 1) FROM run r"
    )
    return {name: data for name, data in found if data is not None}


def dataset_changes(db: Database, old: int, new: int) -> dict[str, tuple[int, int]]:
    """Return how many pairs came and how many went between two datasets, by id, for each side of the split."""
    query = """
        SELECT split, count(*) FROM dataset_pair WHERE dataset_id = ?1
        AND pair_hash NOT IN (SELECT pair_hash FROM dataset_pair WHERE dataset_id = ?2) GROUP BY split
    """
    came, went = dict(db.all(query, (new, old))), dict(db.all(query, (old, new)))
    return {side: (came.get(side, 0), went.get(side, 0)) for side in ("train", "holdout")}


def verdicts(db: Database) -> list[JudgedRow]:
    """Return every verdict on samples that Review shows, by the runs that wrote them, prompt and index."""
    found = db.all(
        "SELECT l.id, l.run, l.of, r.id, r.run, r.of, p.slug, r.idx, v.verdict, v.masked, v.updated_at FROM verdict v "
        "JOIN sample l ON l.id = v.left_sample_id JOIN sample r ON r.id = v.right_sample_id "
        "JOIN canary_prompt p ON p.id = r.canary_prompt_id "
        f"WHERE {_LATEST.format(x='l')} AND {_LATEST.format(x='r')} ORDER BY r.run, l.run, p.position, r.idx"
    )
    return [JudgedRow(*booleans(row, 9)) for row in found]


def sample_places(db: Database, run: str, of: Of) -> set[tuple[str, int]]:
    """Return prompt and index of each of the samples of a run that Review shows."""
    query = (
        "SELECT p.slug, x.idx FROM sample x JOIN canary_prompt p ON p.id = x.canary_prompt_id "
        "WHERE x.run = ?1 AND x.of = ?2 AND x.step = (SELECT max(step) FROM sample WHERE run = ?1 AND of = ?2)"
    )
    return {(slug, index) for slug, index in db.all(query, (run, of))}


def held_out_texts(db: Database) -> list[str]:
    """Return every text of the author's that is held out: responses of pairs, frozen or not, and the real pieces."""
    query = """
        SELECT response FROM dataset_pair WHERE split = 'holdout'
        UNION SELECT p.response FROM pair p JOIN source s ON s.id = p.source_id WHERE s.split = 'holdout'
        UNION SELECT reference FROM canary_prompt UNION SELECT reference FROM canary
    """
    return [text for (text,) in db.all(query) if text.strip()]


def prompt_texts(db: Database, sample_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the prompt and the text of some samples by id; the prompt is empty where nobody knows its words."""
    found = db.all(
        "SELECT x.id, p.prompt, x.text FROM json_each(?) wanted JOIN sample x ON x.id = wanted.value "
        "JOIN canary_prompt p ON p.id = x.canary_prompt_id",
        (json.dumps(list(sample_ids)),),
    )
    return {key: (prompt, text) for key, prompt, text in found}
