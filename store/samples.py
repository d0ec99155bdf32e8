"""Samples: what a model wrote for a canary prompt, exactly; never edited."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from store.canaries import Length, Topic
from store.database import Database
from store.errors import NotFound

Of = Literal["base", "adapter"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample with the frozen prompt it continues.

    Attributes:
        id: its key.
        run: the run that wrote it.
        of: base or adapter.
        step: of training; 0 for the base.
        canary_slug: which prompt.
        canary_prompt: its words; empty where nobody knows them.
        topic: known, novel or unknown.
        length: short, long or unknown.
        reference: the real piece to compare with, or empty.
        idx: counts from 0; samples of base and adapter are paired by it.
        seed: it was drawn with; None where nobody knows, as of samples made elsewhere.
        text: up to the first EOS.
        tokens: of the text; None likewise.
        seconds: it took; None likewise.
        trace_path: how its canvas filled, relative to the run directory; None where none was kept.
    """

    id: int
    run: str
    of: Of
    step: int
    canary_slug: str
    canary_prompt: str
    topic: Topic
    length: Length
    reference: str
    idx: int
    seed: int | None
    text: str
    tokens: int | None
    seconds: float | None
    trace_path: str | None


_SAMPLE = """
SELECT x.id, x.run, x.of, x.step, p.slug, p.prompt, p.topic, p.length, p.reference, x.idx, x.seed, x.text, x.tokens,
       x.seconds, x.trace_path
FROM sample x JOIN canary_prompt p ON p.id = x.canary_prompt_id
"""


def of_run(db: Database, run: str, of: Of, step: int | None = None) -> list[Sample]:
    """Return a run's samples of `base` or `adapter` at a step, by prompt and index.

    Args:
        db: the store.
        run: its name.
        of: base or adapter.
        step: None for the latest step that has any.
    """
    # Where two attempts wrote the same sample, the later one's is shown; the older is kept.
    found = db.all(
        f"{_SAMPLE} WHERE x.run = ?1 AND x.of = ?2 "
        "AND x.step = ifnull(?3, (SELECT max(step) FROM sample WHERE run = ?1 AND of = ?2)) "
        "AND x.attempt = (SELECT max(attempt) FROM sample WHERE run = x.run AND of = x.of AND step = x.step "
        "AND canary_prompt_id = x.canary_prompt_id AND idx = x.idx) ORDER BY p.position, x.idx",
        (run, of, step),
    )
    return [Sample(*row) for row in found]


def runs_with(db: Database, of: Of) -> list[str]:
    """Return the runs that have samples of `base` or `adapter`, newest first."""
    found = db.all(
        "SELECT r.name FROM run r WHERE EXISTS (SELECT 1 FROM sample WHERE run = r.name AND of = ?) "
        "ORDER BY r.created_at DESC, r.rowid DESC",
        (of,),
    )
    return [name for (name,) in found]


def get(db: Database, sample_id: int) -> Sample:
    """Return one sample.

    Raises:
        NotFound: there is none of that id.
    """
    row = db.one(f"{_SAMPLE} WHERE x.id = ?", (sample_id,))
    if row is None:
        raise NotFound(f"There is no sample {sample_id}. Open the review again.")
    return Sample(*row)


def token_ids(db: Database, sample_id: int) -> list[int] | None:
    """Return the whole canvas of a sample, in token ids; None where nobody knows them, as of samples made elsewhere.

    Raises:
        NotFound: there is no sample of that id.
    """
    row = db.one("SELECT token_ids_json FROM sample WHERE id = ?", (sample_id,))
    if row is None:
        raise NotFound(f"There is no sample {sample_id}. Open the review again.")
    return None if row[0] is None else list(json.loads(row[0]))
