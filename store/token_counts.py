"""How many tokens each pair has for each target model, kept so that a list can be filtered by them.

Counts belong to the text they were made from: the database itself takes them away when it changes. What they were made
with is told by a fingerprint; counts of an older one are forgotten when the newer one is first written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from store.database import Database


@dataclass(frozen=True, slots=True)
class PairTokens:
    """The tokens of one pair for one model; `exact` is False for an estimate."""

    prompt_tokens: int
    response_tokens: int
    total_tokens: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Uncounted:
    """The text of a pair that is to be counted."""

    id: int
    prompt: str
    response: str


Limits = Sequence[tuple[str, int]]
"""For each model its fingerprint and the longest pair it takes, in tokens."""


def of_pair(db: Database, pair_id: int) -> dict[str, PairTokens]:
    """Return what is counted of a pair, by fingerprint."""
    found = db.all(
        "SELECT fingerprint, prompt_tokens, response_tokens, total_tokens, exact "
        "FROM pair_tokens JOIN token_model ON token_model.id = token_model_id WHERE pair_id = ?",
        (pair_id,),
    )
    return {row[0]: PairTokens(row[1], row[2], row[3], bool(row[4])) for row in found}


def uncounted_ids(db: Database, fingerprints: Iterable[str]) -> list[int]:
    """Return the ids of the pairs that are not counted for every one of the models, merged ones left out."""
    wanted = json.dumps(sorted(fingerprints))
    found = db.all(
        "SELECT id FROM pair WHERE status <> 'merged' AND id NOT IN ("
        "  SELECT pair_id FROM pair_tokens JOIN token_model ON token_model.id = token_model_id"
        "  WHERE fingerprint IN (SELECT value FROM json_each(?1)) GROUP BY pair_id"
        "  HAVING count(*) = json_array_length(?1)) ORDER BY id",
        (wanted,),
    )
    return [pair_id for (pair_id,) in found]


def uncounted(db: Database, fingerprint: str, ids: Sequence[int]) -> list[Uncounted]:
    """Return those of some pairs that are not counted for a model, with their texts."""
    found = db.all(
        "SELECT p.id, p.prompt, p.response FROM json_each(?) wanted JOIN pair p ON p.id = wanted.value "
        "WHERE NOT EXISTS (SELECT 1 FROM pair_tokens t JOIN token_model m ON m.id = t.token_model_id "
        "                  WHERE t.pair_id = p.id AND m.fingerprint = ?)",
        (json.dumps(list(ids)), fingerprint),
    )
    return [Uncounted(*row) for row in found]


def put(
    db: Database, *, fingerprint: str, model: str, exact: bool, counts: Iterable[tuple[Uncounted, int, int, int]]
) -> None:
    """Keep counts of prompt, response and the whole; of a pair that changed since it was read, none is kept.

    Args:
        db: the store.
        fingerprint: of what was counted with; counts of the same model under another one are forgotten.
        model: whose tokens.
        exact: False for estimates.
        counts: the pairs as they were read, with their tokens.
    """
    with db.transaction() as connection:
        connection.execute("DELETE FROM token_model WHERE model = ? AND fingerprint <> ?", (model, fingerprint))
        connection.execute(
            "INSERT INTO token_model (fingerprint, model, exact) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (fingerprint, model, int(exact)),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO pair_tokens "
            "SELECT m.id, p.id, ?, ?, ? FROM pair p, token_model m "
            "WHERE p.id = ? AND p.prompt = ? AND p.response = ? AND m.fingerprint = ?",
            [
                (prompt, response, total, read.id, read.prompt, read.response, fingerprint)
                for read, prompt, response, total in counts
            ],
        )


def totals(db: Database, fingerprint: str) -> tuple[dict[int, int], bool]:
    """Return the length of each pair that is counted for a model, in tokens, and whether the counts are exact."""
    model = db.one("SELECT id, exact FROM token_model WHERE fingerprint = ?", (fingerprint,))
    if model is None:
        return {}, False
    return dict(db.all("SELECT pair_id, total_tokens FROM pair_tokens WHERE token_model_id = ?", model[:1])), bool(
        model[1]
    )


def over_count(db: Database, limits: Limits) -> int:
    """Return how many pairs are longer than the limit of any of the models, as far as they are counted."""
    condition, parameters = over(limits)
    found = db.one(f"SELECT count(*) FROM pair p WHERE p.status <> 'merged' AND {condition}", parameters)
    assert found is not None
    return int(found[0])


def over(limits: Limits) -> tuple[str, list[object]]:
    """Return the condition on a pair `p` that it is longer than the limit of any of the models, and its parameters."""
    each = (
        "SELECT pair_id FROM pair_tokens WHERE token_model_id = (SELECT id FROM token_model WHERE fingerprint = ?) "
        "AND total_tokens > ?"
    )
    return f"p.id IN ({' UNION '.join([each] * len(limits))})", [value for limit in limits for value in limit]


def longest_accepted(db: Database, fingerprint: str, limit: int) -> int | None:
    """Return the length of the longest accepted training pair that a model takes, in tokens; None where none is."""
    found = db.one(
        "SELECT max(total_tokens) FROM pair_tokens t JOIN token_model m ON m.id = t.token_model_id "
        "JOIN pair p ON p.id = t.pair_id JOIN source s ON s.id = p.source_id "
        "WHERE m.fingerprint = ? AND p.status = 'accepted' AND s.split = 'train' AND t.total_tokens <= ?",
        (fingerprint, limit),
    )
    return None if found is None else found[0]
