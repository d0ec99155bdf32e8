"""Pairs: prompt and response, where they came from, and what the author decided about them.

Long lists are ids only (`ids`), their lines are fetched for what is on the screen (`rows`). Every change goes through
the history. A pair with the status `merged` has become part of another one: it is kept for undo and shown nowhere.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from store import pair_reading, pair_words
from store.database import Database
from store.errors import NotFound
from store.following import proposed_from
from store.history import Edit, edit, recording
from store.pair_types import NewPair, Pair, PairChange, PairCounts, PairFilter, PairRow
from store.token_counts import over
from store.values import booleans, now, storable

__all__ = [
    "NewPair",
    "Order",
    "Pair",
    "PairChange",
    "PairCounts",
    "PairFilter",
    "PairRow",
    "accepted",
    "change",
    "counts",
    "get",
    "ids",
    "judge",
    "next_in_source",
    "next_skip",
    "propose",
    "rows",
    "sources_having",
    "tier_counts",
    "unjudged",
]

Order = Literal["reading", "queue"]
TIERS = ("rewrite", "thesis", "continuation", "note")
_OPENING_CHARACTERS = 80
# Room made between two pairs at the same place, in characters of the text: far below the 1 between two real spans.
_NUDGE = 2.0**-20


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
    "doubt",
    "skipped",
)
_PAIR = """
SELECT p.id, p.source_id, s.slug, s.title, s.split, p.text_hash, p.position, p.tier, p.status, p.prompt, p.response,
       p.start, p."end", p.edited, p.flagged, p.note, p.prompt_words, p.response_words, p.created_at, p.updated_at,
       p.changed
FROM source s JOIN pair p ON p.source_id = s.id
"""
# CROSS JOIN fixes the order of the loops: sources by title from one index, then the pairs of each from theirs, so
# nothing is sorted and no text is read.
_READING_ORDER = "ORDER BY s.title COLLATE NOCASE, s.id, p.position, p.id"
# The most doubtful first, held-out pairs after those of training, and last of all what was skipped, as it was skipped.
_QUEUE_KEY = "p.skipped * 20000 + (s.split = 'holdout') * 10000 + 9999 - min(ifnull(p.doubt, 0), 9999)"


def ids(db: Database, where: PairFilter, order: Order = "reading") -> array[int]:
    """Return the ids of the pairs that pass the filter.

    Args:
        db: the store.
        where: which pairs.
        order: `reading`: by title, then as they follow in the text; `queue`: the most doubtful first, held-out pairs
            after those of training, skipped ones last.
    """
    found = array("q")
    for look in pair_words.looks(db, where.words):
        found = _ids(db, where, order, look)
        if found:
            break
    return found


def _ids(db: Database, where: PairFilter, order: Order, look: pair_words.Condition) -> array[int]:
    conditions, parameters = _conditions(where)
    conditions += f" AND {look[0]}"
    parameters += look[1]
    key = _QUEUE_KEY if order == "queue" else "NULL"
    query = (
        f"SELECT p.id, {key} AS key FROM source s CROSS JOIN pair p ON p.source_id = s.id "
        f"WHERE {conditions} {_READING_ORDER}"
    )
    # One long text instead of 100,000 rows: half the time. SQLite keeps the order of a subquery under group_concat.
    listed = "group_concat(id), group_concat(key)" if order == "queue" else "group_concat(id), NULL"
    found = db.one(f"SELECT {listed} FROM ({query})", parameters)
    assert found is not None
    ids: list[int] = json.loads(f"[{found[0] or ''}]")
    if order == "queue":
        # Sorted here, where equal keys keep the reading order: SQLite would compare titles again, for twice the time.
        keys: list[int] = json.loads(f"[{found[1] or ''}]")
        ids = [ids[place] for place in sorted(range(len(ids)), key=keys.__getitem__)]
    return array("q", ids)


def rows(db: Database, ids: Sequence[int]) -> list[PairRow]:
    """Return the list lines of some pairs, in the order asked; those that are gone are left out."""
    found = db.all(
        "SELECT p.id, p.source_id, s.slug, s.title, s.split, p.tier, p.status, p.flagged, p.edited, p.note <> '', "
        f"p.prompt_words, p.response_words, substr(p.response, 1, {_OPENING_CHARACTERS}), ifnull(p.doubt, 0), "
        "p.skipped, p.changed "
        "FROM json_each(?) wanted CROSS JOIN pair p ON p.id = wanted.value JOIN source s ON s.id = p.source_id",
        (json.dumps(list(ids)),),
    )
    return [PairRow(*booleans(row, 7, 8, 9, 14, 15)) for row in found]


def get(db: Database, pair_id: int) -> Pair:
    """Return one pair whole.

    Raises:
        NotFound: there is none of that id, or no more.
    """
    found = db.one(f"{_PAIR} WHERE p.id = ?", (pair_id,))
    if found is None:
        raise NotFound(f"There is no pair {pair_id}, or no more. Look at the list again.")
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


def counts(db: Database, source_id: int | None = None) -> PairCounts:
    """Return how many pairs there are of each status, and the accepted ones of each side; of one source, or of all."""
    found = db.one(
        "WITH counted AS (SELECT source_id, "
        "  count(CASE WHEN status = 'proposed' THEN 1 END) AS proposed, "
        "  count(CASE WHEN status = 'accepted' THEN 1 END) AS accepted, "
        "  count(CASE WHEN status = 'rejected' THEN 1 END) AS rejected, "
        "  count(CASE WHEN flagged AND status <> 'merged' THEN 1 END) AS flagged "
        f"  FROM pair {'' if source_id is None else 'WHERE source_id = ?'} GROUP BY source_id) "
        "SELECT ifnull(sum(proposed), 0), ifnull(sum(accepted), 0), ifnull(sum(rejected), 0), ifnull(sum(flagged), 0), "
        "  ifnull(sum(CASE WHEN split = 'train' THEN accepted END), 0), "
        "  ifnull(sum(CASE WHEN split = 'holdout' THEN accepted END), 0), "
        "  (SELECT count(*) FROM pair WHERE changed = 1 AND status IN ('proposed', 'accepted')"
        f" {'' if source_id is None else 'AND source_id = ?'}) "
        "FROM counted JOIN source ON source.id = source_id",
        () if source_id is None else (source_id, source_id),
    )
    assert found is not None
    return PairCounts(*found)


def tier_counts(db: Database, source_id: int | None = None) -> dict[str, int]:
    """Return how many pairs there are of each tier that has any, in the order of the tiers; merged ones count nowhere.

    One pass over an index that holds the tiers: no text is read.
    """
    counted = ", ".join(f"count(CASE WHEN tier = '{tier}' THEN 1 END)" for tier in TIERS)
    where, parameters = ("", ()) if source_id is None else (" AND source_id = ?", (source_id,))
    found = db.one(f"SELECT {counted} FROM pair WHERE status <> 'merged'{where}", parameters)
    assert found is not None
    return {tier: count for tier, count in zip(TIERS, found, strict=True) if count}


def sources_having(db: Database, tier: str) -> set[int]:
    """Return the sources that have a pair of a tier, whatever became of it."""
    return {key for (key,) in db.all("SELECT DISTINCT source_id FROM pair WHERE tier = ?", (tier,))}


def next_skip(db: Database) -> int:
    """Return what to write as `skipped` so that a pair comes after all that were skipped before."""
    found = db.one("SELECT max(skipped) FROM pair")
    return 1 + int((found and found[0]) or 0)


def unjudged(db: Database, limit: int) -> list[Pair]:
    """Return some of the proposed pairs nobody has said of how doubtful they are: those of an older version."""
    return [
        _pair(found)
        for found in db.all(
            f"{_PAIR} WHERE p.id IN (SELECT id FROM pair WHERE doubt IS NULL AND status = 'proposed' LIMIT ?)", (limit,)
        )
    ]


def judge(db: Database, doubts: Mapping[int, int]) -> None:
    """Write how doubtful some pairs are; no edit of the author's, and so not of the history."""
    with db.transaction() as connection:
        connection.executemany(
            "UPDATE pair SET doubt = ? WHERE id = ? AND doubt IS NULL", [(doubt, key) for key, doubt in doubts.items()]
        )


def propose(
    db: Database, source_id: int, new: Sequence[NewPair], label: str, *, tiers: Sequence[str] = TIERS
) -> list[int]:
    """Replace the proposals of a source by new ones, as one edit; return the ids of those added.

    Pairs the author has decided on, written in or imported stay. What they cover is not proposed again: a new pair is
    left out when more than half of its span lies in such pairs of the same tier and the same text, or when one of them
    has its response.

    Args:
        db: the store.
        source_id: whose pairs.
        new: the new proposals.
        label: what is done, for the history.
        tiers: proposals of these tiers are replaced, those of others stay.

    Raises:
        NotFound: there is no such source.
    """
    in_a_larger_one = recording(db)
    with edit(db, label) as change, db.transaction() as connection:
        source = connection.execute(
            "SELECT text_hash, length(CAST(body AS BLOB)) FROM source JOIN text ON hash = text_hash WHERE id = ?",
            (source_id,),
        ).fetchone()
        if source is None:
            raise NotFound(f"There is no essay {source_id}, or no more. Look at the list again.")
        digest, size = source
        covered: dict[str, bytearray] = {}
        responses: set[tuple[str, str]] = set()
        decided = connection.execute(
            'SELECT tier, text_hash, start, "end", response, changed, position FROM pair '
            "WHERE source_id = ? AND (status <> 'proposed' OR edited OR imported_hash IS NOT NULL)",
            (source_id,),
        )
        for tier, made_from, start, end, response, changed, position in decided.fetchall():
            responses.add((tier, response))
            if changed:
                # Still of the older text; its position says where it would stand in this one.
                start, end = int(position), min(size, int(position) + end - start)
            if made_from == digest or changed:
                covered.setdefault(tier, bytearray(size))[start:end] = b"\x01" * (end - start)
        old = connection.execute(
            "SELECT id FROM pair WHERE source_id = ? AND status = 'proposed' AND NOT edited "
            "AND imported_hash IS NULL "
            "AND tier IN (SELECT value FROM json_each(?)) ORDER BY position, id",
            (source_id, json.dumps(list(tiers))),
        )
        replaced = old.fetchall()
        for (pair_id,) in replaced:
            change.delete("pair", pair_id)
        added = []
        for item in new:
            taken = covered[item.tier].count(1, item.start, item.end) if item.tier in covered else 0
            if (item.tier, storable(item.response)) not in responses and 2 * taken <= item.end - item.start:
                added.append(_insert(change, source_id, digest, item, float(item.start), "proposed"))
        proposed_from(change if added or replaced or in_a_larger_one else None, connection, source_id, digest)
        pair_reading.read(db, least=pair_reading.MANY)
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
            same one in the order given. It is skipped as that pair is: as doubtful, it follows it in the queue too.

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
            skipped = db.one("SELECT skipped FROM pair WHERE id = ?", (neighbour.id,))
            pair_id = _insert(
                under_way,
                neighbour.source_id,
                neighbour.text_hash,
                new,
                position,
                status,
                skipped=int(skipped[0]) if skipped else 0,
            )
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


def _insert(
    change: Edit, source_id: int, digest: str, new: NewPair, position: float, status: str, *, skipped: int = 0
) -> int:
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
            "doubt": new.doubt,
            "skipped": skipped,
            "created_at": at,
            "updated_at": at,
        },
    )


def _conditions(where: PairFilter) -> tuple[str, list[Any]]:
    statuses = where.statuses or ("proposed", "accepted", "rejected")
    conditions = [f"p.status IN ({', '.join('?' * len(statuses))})"]
    parameters: list[Any] = [*statuses]
    if set(statuses) == {"proposed", "accepted", "rejected"}:
        # The same, in half the time.
        conditions, parameters = ["p.status <> 'merged'"], []
    for column, value in (
        ("p.id", where.id),
        ("p.source_id", where.source_id),
        ("p.tier", where.tier),
        ("s.split", where.split),
    ):
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    if where.flagged is not None:
        conditions.append("p.flagged = ?")
        parameters.append(int(where.flagged))
    if where.written:
        conditions.append("p.prompt_words > 0")
    if where.changed:
        # To the letter, for the index that holds only these.
        conditions.append("p.changed = 1")
    if where.over:
        condition, limits = over(where.over)
        conditions.append(condition)
        parameters += limits
    return " AND ".join(conditions), parameters


def _pair(found: tuple[Any, ...]) -> Pair:
    return Pair(*booleans(found, 13, 14, 20))
