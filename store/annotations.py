"""What the author says of samples: verdicts on pairs of them; notes, flags, marks, ratings and tags on one; undoable.

In a verdict `left` is always the base's sample, whatever side it was shown on. The labels of the history never say
which side was chosen: undo must not unmask a masked review. What is said of one sample names its prompt and number, and
with `whose` the run or the base that wrote it, which it must not while names are hidden.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from store import samples
from store.database import Database
from store.errors import Conflict
from store.history import edit
from store.values import booleans, now, undated

VerdictName = Literal["left", "right", "tie", "both bad"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict on two samples of one prompt; `masked` says whether the names were hidden when she judged."""

    id: int
    left_sample_id: int
    right_sample_id: int
    verdict: VerdictName
    masked: bool
    updated_at: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note on a sample, a flag, a tag, a rating, or a mark on characters `start` to `end` of its text.

    A mark has a label, and so has a rating: its criterion. The text of a note, and the word of a tag, is the body.
    """

    id: int
    sample_id: int
    kind: Literal["note", "mark", "flag", "rating", "tag"]
    label: str | None
    start: int | None
    end: int | None
    body: str
    created_at: str
    value: int | None = None


def set_verdict(
    db: Database, left_id: int, right_id: int, verdict: VerdictName, masked: bool, *, replace_masked: bool = False
) -> None:
    """Record a verdict as one edit; judging again replaces it, but what was judged masked only by being told to.

    A verdict with the names shown that says the same as the masked one leaves that standing.

    Args:
        db: the store.
        left_id: the base's sample.
        right_id: the run's sample.
        verdict: on both.
        masked: whether the names were hidden.
        replace_masked: whether a verdict with the names shown may take the place of a masked one.

    Raises:
        Conflict: one of the samples is not there, or a masked verdict stands that says something else.
    """
    with edit(db, f"a verdict on {_which(db, right_id, True)}") as change:
        row = db.one(
            "SELECT id, verdict, masked FROM verdict WHERE left_sample_id = ? AND right_sample_id = ?",
            (left_id, right_id),
        )
        if row is None:
            change.insert(
                "verdict",
                {"left_sample_id": left_id, "right_sample_id": right_id, "verdict": verdict, "masked": masked},
            )
            return
        standing, said, was_masked = row
        if was_masked and not masked and not replace_masked:
            if said == verdict:
                return
            raise Conflict(
                f"A masked verdict stands on {_which(db, right_id, False)}, and this one was given with the names "
                "shown. Nothing was changed. Let it replace the masked one (y in Review, --replace-masked), or leave "
                "that."
            )
        change.update("verdict", standing, {"verdict": verdict, "masked": masked})


def verdicts(db: Database, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Verdict]:
    """Return the verdicts there are on some pairs of samples, by (base's id, run's id)."""
    found = db.all(
        "SELECT v.id, v.left_sample_id, v.right_sample_id, v.verdict, v.masked, v.updated_at FROM json_each(?) wanted "
        "JOIN verdict v ON v.left_sample_id = json_extract(wanted.value, '$[0]') "
        "AND v.right_sample_id = json_extract(wanted.value, '$[1]')",
        (json.dumps([list(pair) for pair in pairs]),),
    )
    return {(row[1], row[2]): Verdict(*booleans(row, 4)) for row in found}


def judged(db: Database, run: str) -> tuple[int, int]:
    """Return how many of the latest samples of a run's adapter have a verdict, and how many there are."""
    written = [item.id for item in samples.of_run(db, run, "adapter")]
    found = db.one(
        "SELECT count(DISTINCT right_sample_id) FROM verdict WHERE right_sample_id IN (SELECT value FROM json_each(?))",
        (json.dumps(written),),
    )
    return (int(found[0]) if found else 0), len(written)


def judged_samples(db: Database, ids: Sequence[int]) -> set[int]:
    """Return those of some samples that have a verdict or an annotation: the author has read them."""
    found = db.all(
        "SELECT wanted.value FROM json_each(?) wanted WHERE EXISTS (SELECT 1 FROM annotation a WHERE a.sample_id = "
        "wanted.value) OR EXISTS (SELECT 1 FROM verdict v WHERE wanted.value IN (v.left_sample_id, v.right_sample_id))",
        (json.dumps(list(ids)),),
    )
    return {key for (key,) in found}


def set_note(db: Database, sample_id: int, body: str, *, whose: bool = False) -> None:
    """Write the one note of a sample as one edit; an empty text removes it.

    Raises:
        Conflict: there is no such sample.
    """
    with edit(db, f"note on {_which(db, sample_id, whose)}") as change:
        standing = _only_id(db, sample_id, "note")
        if standing is not None and body:
            change.update("annotation", standing, {"body": body})
        elif standing is not None:
            change.delete("annotation", standing)
        elif body:
            change.insert("annotation", {"sample_id": sample_id, "kind": "note", "body": body, "created_at": now()})


def toggle_flag(db: Database, sample_id: int, *, whose: bool = False) -> bool:
    """Flag a sample, or take its flag off, as one edit; return whether it is flagged now.

    Raises:
        Conflict: there is no such sample.
    """
    with edit(db, f"flag {_which(db, sample_id, whose)}") as change:
        standing = _only_id(db, sample_id, "flag")
        if standing is None:
            change.insert("annotation", {"sample_id": sample_id, "kind": "flag", "created_at": now()})
        else:
            change.delete("annotation", standing)
    return standing is None


def add_mark(
    db: Database, sample_id: int, label: str, start: int, end: int, body: str = "", *, whose: bool = False
) -> int:
    """Mark characters of a sample's text as one edit; return the mark's id.

    Raises:
        Conflict: there is no such sample.
    """
    with edit(db, f"mark {label} in {_which(db, sample_id, whose)}") as change:
        return change.insert(
            "annotation",
            {
                "sample_id": sample_id,
                "kind": "mark",
                "label": label,
                "start": start,
                "end": end,
                "body": body,
                "created_at": now(),
            },
        )


def rate(db: Database, sample_id: int, criterion: str, value: int | None, *, whose: bool = False) -> None:
    """Rate a sample by a criterion, 1 to 5, as one edit; rating again replaces it, None takes it away.

    Raises:
        Conflict: there is no such sample, or the value is none.
    """
    with edit(db, f"rate {_which(db, sample_id, whose)} for {criterion}") as change:
        row = db.one(
            "SELECT id FROM annotation WHERE sample_id = ? AND kind = 'rating' AND label = ?", (sample_id, criterion)
        )
        if row is not None and value is None:
            change.delete("annotation", row[0])
        elif row is not None:
            change.update("annotation", row[0], {"value": value})
        elif value is not None:
            made = {"sample_id": sample_id, "kind": "rating", "label": criterion, "value": value, "created_at": now()}
            change.insert("annotation", made)


def set_tags(db: Database, sample_id: int, wanted: Sequence[str], *, whose: bool = False) -> None:
    """Give a sample these tags and no others, as one edit.

    Raises:
        Conflict: there is no such sample.
    """
    standing = {
        body: key
        for key, body in db.all("SELECT id, body FROM annotation WHERE sample_id = ? AND kind = 'tag'", (sample_id,))
    }
    with edit(db, f"tag {_which(db, sample_id, whose)}") as change:
        for body, key in standing.items():
            if body not in wanted:
                change.delete("annotation", key)
        for tag in dict.fromkeys(wanted):
            if tag not in standing:
                made = {"sample_id": sample_id, "kind": "tag", "body": tag, "created_at": now()}
                change.insert("annotation", made)


def tags(db: Database) -> list[tuple[str, int]]:
    """Return the tags that are used, with how many samples have each, the most used first."""
    found = db.all(
        "SELECT body, count(*) FROM annotation WHERE kind = 'tag' GROUP BY body ORDER BY count(*) DESC, body"
    )
    return [(body, count) for body, count in found]


def tagged(db: Database, tag: str) -> list[int]:
    """Return the ids of the samples that have a tag, the oldest first."""
    query = "SELECT sample_id FROM annotation WHERE kind = 'tag' AND body = ? ORDER BY sample_id"
    return [key for (key,) in db.all(query, (tag,))]


def remove(db: Database, annotation_id: int, *, whose: bool = False) -> None:
    """Remove a note, a flag or a mark as one edit.

    Raises:
        NotFound: it is not there any more.
    """
    row = db.one("SELECT kind, sample_id FROM annotation WHERE id = ?", (annotation_id,))
    what = f"a {row[0]} from {_which(db, row[1], whose)}" if row else "an annotation"
    with edit(db, f"remove {what}") as change:
        change.delete("annotation", annotation_id)


def of_samples(db: Database, ids: Sequence[int]) -> list[Annotation]:
    """Return the annotations of some samples: on the whole as they were made, then marks by their place in the text."""
    found = db.all(
        'SELECT a.id, a.sample_id, a.kind, a.label, a.start, a."end", a.body, a.created_at, a.value '
        "FROM json_each(?) wanted JOIN annotation a ON a.sample_id = wanted.value "
        "ORDER BY a.sample_id, ifnull(a.start, -1), a.id",
        (json.dumps(list(ids)),),
    )
    return [Annotation(*row) for row in found]


def _which(db: Database, sample_id: int, whose: bool) -> str:
    """Name a sample by its prompt and number, and perhaps by who wrote it."""
    row = db.one(
        "SELECT p.slug, s.idx, s.of, s.run FROM sample s JOIN canary_prompt p ON p.id = s.canary_prompt_id "
        "WHERE s.id = ?",
        (sample_id,),
    )
    if row is None:
        return "a sample"
    writer = "the base" if row[2] == "base" else undated(row[3])
    return f"{row[0]}, sample {row[1] + 1}" + (f" of {writer}" if whose else "")


def _only_id(db: Database, sample_id: int, kind: Literal["note", "flag"]) -> int | None:
    row = db.one("SELECT id FROM annotation WHERE sample_id = ? AND kind = ?", (sample_id, kind))
    return row[0] if row else None
