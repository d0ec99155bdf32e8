"""Pairs: prompt and response, where they came from, and what the author decided about them.

Long lists are ids only (`ids`), their lines are fetched for what is on the screen (`rows`). Every change goes through
the history. A pair with the status `merged` has become part of another one: it is kept for undo and shown nowhere.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from store.database import Database
from store.errors import NotFound
from store.history import Edit, edit
from store.values import booleans, now, storable

_OPENING_CHARACTERS = 80
# Room made between two pairs at the same place, in characters of the text: far below the 1 between two real spans.
_NUDGE = 2.0**-20


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs: all conditions together; the default is every pair that is not merged into another.

    Attributes:
        statuses: any of these; none for proposed, accepted and rejected.
        source_id: of this source.
        tier: of this tier.
        flagged: with or without a flag.
        split: on this side.
        words: somewhere in prompt or response, as one string, upper and lower case alike.
    """

    statuses: tuple[str, ...] = ()
    source_id: int | None = None
    tier: str | None = None
    flagged: bool | None = None
    split: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair as a list shows it; `opening` is the first 80 characters of the response."""

    id: int
    source_id: int
    source: str
    title: str
    split: str
    tier: str
    status: str
    flagged: bool
    edited: bool
    has_note: bool
    prompt_words: int
    response_words: int
    opening: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair whole.

    Attributes:
        id: its key, never used again.
        source_id: the source it came from.
        source: that source's slug.
        title: that source's title.
        split: the side that source is on.
        text_hash: the version of the text it was made from.
        position: order within the source; starts as `start`.
        tier: rewrite, thesis, continuation or note.
        status: proposed, accepted, rejected or merged.
        prompt: what the model is given.
        response: what it is to write.
        start: first character of the response in that text, as proposed.
        end: one past its last.
        edited: whether the author changed the words.
        flagged: whether she wants to come back to it.
        note: her note.
        prompt_words: words of the prompt.
        response_words: words of the response.
        created_at: UTC.
        updated_at: UTC.
    """

    id: int
    source_id: int
    source: str
    title: str
    split: str
    text_hash: str
    position: float
    tier: str
    status: str
    prompt: str
    response: str
    start: int
    end: int
    edited: bool
    flagged: bool
    note: str
    prompt_words: int
    response_words: int
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class NewPair:
    """A pair to be added; `start` and `end` are the response's characters in the source's text as it stands."""

    tier: str
    prompt: str
    response: str
    start: int
    end: int
    prompt_words: int
    response_words: int


@dataclass(frozen=True, slots=True)
class PairChange:
    """What to change in one pair; None leaves a column as it is. With a new text give its words too."""

    id: int
    prompt: str | None = None
    response: str | None = None
    prompt_words: int | None = None
    response_words: int | None = None
    tier: str | None = None
    status: str | None = None
    flagged: bool | None = None
    edited: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs there are; merged ones count nowhere, flagged ones also under their status."""

    proposed: int
    accepted: int
    rejected: int
    flagged: int
    accepted_train: int
    accepted_holdout: int


_CHANGEABLE = (
    "prompt",
    "response",
    "prompt_words",
    "response_words",
    "tier",
    "status",
    "flagged",
    "edited",
    "note",
)
_PAIR = """
SELECT p.id, p.source_id, s.slug, s.title, s.split, p.text_hash, p.position, p.tier, p.status, p.prompt, p.response,
       p.start, p."end", p.edited, p.flagged, p.note, p.prompt_words, p.response_words, p.created_at, p.updated_at
FROM source s JOIN pair p ON p.source_id = s.id
"""
# CROSS JOIN fixes the order of the loops: sources by title from one index, then the pairs of each from theirs, so
# nothing is sorted and no text is read.
_READING_ORDER = "ORDER BY s.title COLLATE NOCASE, s.id, p.position, p.id"


def ids(db: Database, where: PairFilter) -> array[int]:
    """Return the ids of the pairs that pass the filter, in reading order: by title, then as they follow in the text."""
    conditions, parameters = _conditions(where)
    query = f"SELECT p.id FROM source s CROSS JOIN pair p ON p.source_id = s.id WHERE {conditions} {_READING_ORDER}"
    # One long text instead of 100,000 rows: half the time. SQLite keeps the order of a subquery under group_concat.
    found = db.one(f"SELECT '[' || ifnull(group_concat(id), '') || ']' FROM ({query})", parameters)
    assert found is not None
    return array("q", json.loads(found[0]))


def rows(db: Database, ids: Sequence[int]) -> list[PairRow]:
    """Return the list lines of some pairs, in the order asked; those that are gone are left out."""
    found = db.all(
        "SELECT p.id, p.source_id, s.slug, s.title, s.split, p.tier, p.status, p.flagged, p.edited, p.note <> '', "
        f"p.prompt_words, p.response_words, substr(p.response, 1, {_OPENING_CHARACTERS}) "
        "FROM json_each(?) wanted CROSS JOIN pair p ON p.id = wanted.value JOIN source s ON s.id = p.source_id",
        (json.dumps(list(ids)),),
    )
    return [PairRow(*booleans(row, 7, 8, 9)) for row in found]


def get(db: Database, pair_id: int) -> Pair:
    """Return one pair whole.

    Raises:
        NotFound: there is none of that id, or no more.
    """
    found = db.one(f"{_PAIR} WHERE p.id = ?", (pair_id,))
    if found is None:
        raise NotFound(f"There is no pair {pair_id} any more: it was removed meanwhile. Look at the list again.")
    return _pair(found)


def next_in_source(db: Database, pair_id: int) -> Pair | None:
    """Return the pair that follows in the same source, whatever its status unless merged; None after the last.

    Raises:
        NotFound: there is no pair of that id.
    """
    pair = get(db, pair_id)
    found = db.one(
        f"{_PAIR} WHERE p.source_id = ? AND (p.position, p.id) > (?, ?) AND p.status <> 'merged' "
        "ORDER BY p.position, p.id LIMIT 1",
        (pair.source_id, pair.position, pair.id),
    )
    return _pair(found) if found else None


def accepted(db: Database) -> Iterator[Pair]:
    """Give every accepted pair whole, in reading order, all as they stood at one moment."""
    for found in db.all(f"{_PAIR} WHERE p.status = 'accepted' {_READING_ORDER}"):
        yield _pair(found)


def counts(db: Database) -> PairCounts:
    """Return how many pairs there are of each status, and the accepted ones of each side."""
    found = db.one(
        "WITH counted AS (SELECT source_id, "
        "  count(CASE WHEN status = 'proposed' THEN 1 END) AS proposed, "
        "  count(CASE WHEN status = 'accepted' THEN 1 END) AS accepted, "
        "  count(CASE WHEN status = 'rejected' THEN 1 END) AS rejected, "
        "  count(CASE WHEN flagged AND status <> 'merged' THEN 1 END) AS flagged "
        "  FROM pair GROUP BY source_id) "
        "SELECT ifnull(sum(proposed), 0), ifnull(sum(accepted), 0), ifnull(sum(rejected), 0), ifnull(sum(flagged), 0), "
        "  ifnull(sum(CASE WHEN split = 'train' THEN accepted END), 0), "
        "  ifnull(sum(CASE WHEN split = 'holdout' THEN accepted END), 0) "
        "FROM counted JOIN source ON source.id = source_id"
    )
    assert found is not None
    return PairCounts(*found)


def propose(db: Database, source_id: int, new: Sequence[NewPair], label: str) -> list[int]:
    """Replace the proposals of a source by new ones, as one edit; return the ids of those added.

    Pairs the author has decided on stay. What they cover is not proposed again: a new pair is left out when more than
    half of its span lies in decided pairs of the same tier and the same text, or when one of them has its response.

    Raises:
        NotFound: there is no such source.
    """
    with edit(db, label) as change, db.transaction() as connection:
        source = connection.execute(
            "SELECT text_hash, length(CAST(body AS BLOB)) FROM source JOIN text ON hash = text_hash WHERE id = ?",
            (source_id,),
        ).fetchone()
        if source is None:
            raise NotFound(f"There is no essay {source_id} any more: it was removed meanwhile. Look at the list again.")
        digest, size = source
        covered: dict[str, bytearray] = {}
        responses: set[tuple[str, str]] = set()
        decided = connection.execute(
            "SELECT tier, text_hash, start, \"end\", response FROM pair WHERE source_id = ? AND status <> 'proposed'",
            (source_id,),
        )
        for tier, made_from, start, end, response in decided.fetchall():
            responses.add((tier, response))
            if made_from == digest:
                covered.setdefault(tier, bytearray(size))[start:end] = b"\x01" * (end - start)
        old = connection.execute(
            "SELECT id FROM pair WHERE source_id = ? AND status = 'proposed' ORDER BY position, id", (source_id,)
        )
        for (pair_id,) in old.fetchall():
            change.delete("pair", pair_id)
        added = []
        for item in new:
            taken = covered[item.tier].count(1, item.start, item.end) if item.tier in covered else 0
            if (item.tier, storable(item.response)) not in responses and 2 * taken <= item.end - item.start:
                added.append(_insert(change, source_id, digest, item, float(item.start), "proposed"))
    return added


def change(
    db: Database, label: str, changes: Sequence[PairChange], added: Sequence[tuple[int, NewPair, str]] = ()
) -> list[int]:
    """Change pairs and add new ones, as one edit; return the ids of those added.

    Args:
        db: the store.
        label: what is done, for the history.
        changes: by id; the same id may come twice.
        added: after which pair, what, and with which status: each comes directly after that pair, several after the
            same one in the order given.

    Raises:
        NotFound: a pair is not there any more; nothing is changed.
    """
    made: list[int] = []
    with edit(db, label) as under_way:
        for item in changes:
            columns = {name: getattr(item, name) for name in _CHANGEABLE}
            under_way.update("pair", item.id, {name: value for name, value in columns.items() if value is not None})
        last_after: dict[int, int] = {}
        for after_id, new, status in added:
            neighbour = get(db, last_after.get(after_id, after_id))
            position = _place_after(db, under_way, neighbour)
            pair_id = _insert(under_way, neighbour.source_id, neighbour.text_hash, new, position, status)
            last_after[after_id] = pair_id
            made.append(pair_id)
    return made


def _place_after(db: Database, under_way: Edit, pair: Pair) -> float:
    """Return a position directly after a pair, pushing its followers on where there is no room."""
    followers = db.all(
        "SELECT id, position FROM pair WHERE source_id = ? AND (position, id) > (?, ?) ORDER BY position, id",
        (pair.source_id, pair.position, pair.id),
    )
    if not followers:
        return pair.position + 1.0
    if followers[0][1] - pair.position > 2 * _NUDGE:
        return (pair.position + float(followers[0][1])) / 2
    chosen = last = pair.position + _NUDGE
    for pair_id, position in followers:
        if position > last:
            break
        last += _NUDGE
        under_way.update("pair", pair_id, {"position": last})
    return chosen


def _insert(change: Edit, source_id: int, digest: str, new: NewPair, position: float, status: str) -> int:
    at = now()
    return change.insert(
        "pair",
        {
            "source_id": source_id,
            "text_hash": digest,
            "position": position,
            "tier": new.tier,
            "status": status,
            "prompt": new.prompt,
            "response": new.response,
            "start": new.start,
            "end": new.end,
            "prompt_words": new.prompt_words,
            "response_words": new.response_words,
            "created_at": at,
            "updated_at": at,
        },
    )


def _conditions(where: PairFilter) -> tuple[str, list[Any]]:
    statuses = where.statuses or ("proposed", "accepted", "rejected")
    conditions = [f"p.status IN ({', '.join('?' * len(statuses))})"]
    parameters: list[Any] = [*statuses]
    for column, value in (("p.source_id", where.source_id), ("p.tier", where.tier), ("s.split", where.split)):
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    if where.flagged is not None:
        conditions.append("p.flagged = ?")
        parameters.append(int(where.flagged))
    if where.words:
        # SQLite's lower() is quick but knows ASCII only; for other words ours is called for every pair.
        fold = "lower" if where.words.isascii() else "casefold"
        words = where.words.lower() if where.words.isascii() else storable(where.words).casefold()
        conditions.append(f"(instr({fold}(p.prompt), ?) OR instr({fold}(p.response), ?))")
        parameters += [words, words]
    return " AND ".join(conditions), parameters


def _pair(found: tuple[Any, ...]) -> Pair:
    return Pair(*booleans(found, 13, 14))
