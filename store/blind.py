"""Blind tests: rounds, their texts as they were frozen, and the author's answers, which are edits.

A round and its texts are never changed. Whose a text is stands in it from the beginning: who reads it before the result
was seen must not show it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from store.database import Database
from store.errors import Conflict, NotFound
from store.history import edit
from store.values import booleans, now, storable, text_hash, to_json, undated

Answer = Literal["mine", "not mine", "skipped"]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a run, numbered from 1.

    Attributes:
        id: its key.
        run: whose adapter.
        number: of the run.
        seed: it was drawn with.
        length: about how many words each text has.
        same_prompt: real and generated texts answer the same prompts.
        left_out: how many texts were left out, by why.
        content_hash: of texts, order and sources.
        created_at: UTC.
        revealed_at: when its result was seen; None before.
        seen_answers: what was answered then, in the order of the texts; None before, and where it was not kept.
    """

    id: int
    run: str
    number: int
    seed: int
    length: int
    same_prompt: bool
    left_out: dict[str, int]
    content_hash: str
    created_at: str
    revealed_at: str | None
    seen_answers: tuple[Answer, ...] | None


@dataclass(frozen=True, kw_only=True)
class NewText:
    """A text to freeze; it is of the author's where it names a pair of a dataset, of the model's where a sample."""

    text: str
    words: int
    known: bool
    dataset_id: int | None = None
    pair_hash: str | None = None
    sample_id: int | None = None


@dataclass(frozen=True, slots=True)
class BlindText:
    """A text of a round with what was answered; `answer` and `sure` are None and `note` empty before."""

    id: int
    position: int
    text: str
    words: int
    known: bool
    dataset_id: int | None
    pair_hash: str | None
    sample_id: int | None
    answer: Answer | None
    sure: int | None
    note: str

    @property
    def real(self) -> bool:
        """Whether it is the author's."""
        return self.pair_hash is not None


_FROZEN = "run, number, seed, length, same_prompt, left_out_json, content_hash, created_at"
_ROUND = f"id, {_FROZEN}, revealed_at, seen_answers_json"
_SOURCES = "text, words, known, dataset_id, pair_hash, sample_id"


def add_round(
    db: Database,
    run: str,
    *,
    seed: int,
    length: int,
    same_prompt: bool,
    left_out: Mapping[str, int],
    texts: Sequence[NewText],
) -> Round:
    """Freeze a round of a run, its next; this is no edit, as a frozen dataset is none.

    Raises:
        Conflict: another round of the run has no result yet, or there is no such run, pair or sample.
    """
    with db.transaction() as connection:
        going = connection.execute(
            "SELECT number FROM blind_round WHERE run = ? AND revealed_at IS NULL", (run,)
        ).fetchone()
        if going:
            raise Conflict(f"Round {going[0]} of {run} has no result yet: answer it, or end it where it stands.")
        rows = [
            (storable(item.text), item.words, int(item.known), item.dataset_id, item.pair_hash, item.sample_id)
            for item in texts
        ]
        round_id = connection.execute(
            f"INSERT INTO blind_round ({_FROZEN}) "
            "SELECT ?1, ifnull(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM blind_round WHERE run = ?1",
            (run, seed, length, int(same_prompt), to_json(dict(left_out)), _hash(rows), now()),
        ).lastrowid
        assert round_id is not None
        connection.executemany(
            f"INSERT INTO blind_text (round_id, position, {_SOURCES}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(round_id, position, *row) for position, row in enumerate(rows)],
        )
        return get(db, round_id)


def rounds(db: Database, run: str | None = None) -> list[Round]:
    """Return the rounds of a run, or of all runs, oldest first."""
    found = db.all(f"SELECT {_ROUND} FROM blind_round WHERE ?1 IS NULL OR run = ?1 ORDER BY id", (run,))
    return [_round(row) for row in found]


def get(db: Database, round_id: int) -> Round:
    """Return one round.

    Raises:
        NotFound: there is none of that id.
    """
    row = db.one(f"SELECT {_ROUND} FROM blind_round WHERE id = ?", (round_id,))
    if row is None:
        raise NotFound(f"There is no round {round_id} of a blind test. See `workbench review mine list`.")
    return _round(row)


def texts(db: Database, round_id: int) -> list[BlindText]:
    """Return the texts of a round in their order, each with what was answered."""
    found = db.all(
        "SELECT t.id, t.position, t.text, t.words, t.known, t.dataset_id, t.pair_hash, t.sample_id, a.answer, a.sure, "
        "ifnull(a.note, '') FROM blind_text t LEFT JOIN blind_answer a ON a.text_id = t.id WHERE t.round_id = ? "
        "ORDER BY t.position",
        (round_id,),
    )
    return [BlindText(*booleans(row, 4)) for row in found]


def is_intact(db: Database, round_id: int) -> bool:
    """Say whether the texts of a round, their order and sources are those that were frozen."""
    rows = db.all(f"SELECT {_SOURCES} FROM blind_text WHERE round_id = ? ORDER BY position", (round_id,))
    return _hash(rows) == get(db, round_id).content_hash


def shown(db: Database) -> tuple[set[str], set[int]]:
    """Return what was shown in any round: the hashes of pairs, and the ids of samples."""
    found = db.all("SELECT DISTINCT pair_hash, sample_id FROM blind_text")
    return {row[0] for row in found if row[0] is not None}, {row[1] for row in found if row[1] is not None}


def set_answer(
    db: Database,
    text_id: int,
    *,
    answer: Answer | None = None,
    sure: int | None = None,
    note: str | None = None,
) -> None:
    """Record what the author says of a text as one edit; what is None stays as it is.

    Raises:
        NotFound: there is no such text.
        Conflict: the result of its round was seen.
    """
    given: dict[str, Any] = {"answer": answer, "sure": sure, "note": note}
    given = {column: value for column, value in given.items() if value is not None}
    round_of = db.one(
        "SELECT r.number, r.run FROM blind_text t JOIN blind_round r ON r.id = t.round_id WHERE t.id = ?", (text_id,)
    )
    test = f"round {round_of[0]} of {undated(round_of[1])}" if round_of else "a blind test"
    with edit(db, f"an answer in {test}") as change:
        connection = change.connection
        row = connection.execute(
            "SELECT r.number, r.run, r.revealed_at, a.id FROM blind_text t JOIN blind_round r ON r.id = t.round_id "
            "LEFT JOIN blind_answer a ON a.text_id = t.id WHERE t.id = ?",
            (text_id,),
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no text {text_id} in a blind test. See `workbench review mine list`.")
        number, run, revealed_at, standing = row
        if revealed_at is not None:
            raise Conflict(f"The result of round {number} of {run} was seen: its answers stay. Begin another round.")
        if standing is not None:
            change.update("blind_answer", standing, given)
        elif given.get("note") != "" or len(given) > 1:
            change.insert("blind_answer", {"text_id": text_id, **given})


def skip_rest(db: Database, round_id: int) -> int:
    """Skip every text of a round that was not answered, as one edit; return how many those were.

    Raises:
        Conflict: the result was seen.
    """
    left = [item.id for item in texts(db, round_id) if item.answer is None]
    row = get(db, round_id)
    with edit(db, f"end round {row.number} of {undated(row.run)} where it stands"):
        for text_id in left:
            set_answer(db, text_id, answer="skipped")
    return len(left)


def reveal(db: Database, round_id: int) -> Round:
    """Record that the result of a round is seen now, and what was answered; seeing it again changes nothing.

    Raises:
        Conflict: texts of it were not answered.
    """
    with db.transaction() as connection:
        row = get(db, round_id)
        if row.revealed_at is None:
            given = [item.answer for item in texts(db, round_id)]
            if left := given.count(None):
                raise Conflict(f"Round {row.number} of {row.run} has {left} to answer: its result waits for the last.")
            connection.execute(
                "UPDATE blind_round SET revealed_at = ?, seen_answers_json = ? WHERE id = ?",
                (now(), to_json(given), round_id),
            )
        return get(db, round_id)


def _round(row: tuple[Any, ...]) -> Round:
    values = list(booleans(row, 5))
    values[6] = cast("dict[str, int]", json.loads(values[6]))
    values[10] = None if values[10] is None else tuple(json.loads(values[10]))
    return Round(*values)


def _hash(rows: Sequence[tuple[Any, ...]]) -> str:
    return text_hash(to_json([list(row) for row in rows]))
