"""How many of a source's words stand in its accepted pairs, each word once however many pairs have it."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database

# A pair of an older text stands where its position says it would in this one; one whose place is not known has no end.
# Each span gives what it adds to those before it, so that the pieces never overlap. Of a paragraph that is covered in
# part, that part of its words.
_USED = """
WITH usable AS (
  SELECT source_id, start, "end", words FROM paragraph WHERE kind IN ('prose', 'quote', 'verse', 'list')
), placed AS (
  SELECT p.id AS id, p.source_id AS source_id,
         CASE WHEN p.text_hash = s.text_hash THEN p.start ELSE CAST(p.position AS INTEGER) END AS start,
         p."end" - p.start AS length
  FROM pair p JOIN source s ON s.id = p.source_id
  WHERE p.status = 'accepted' AND p."end" > p.start AND (p.text_hash = s.text_hash OR p.changed = 1)
), span AS (
  SELECT source_id, start, start + length AS "end",
         ifnull(max(start + length) OVER (
           PARTITION BY source_id ORDER BY start, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
  FROM placed
), piece AS (
  SELECT source_id, max(start, before) AS start, "end" FROM span WHERE "end" > before
), covered AS (
  SELECT g.source_id AS source_id,
         sum(g.words * 1.0 * (min(g."end", piece."end") - max(g.start, piece.start)) / (g."end" - g.start)) AS words
  FROM piece JOIN usable g ON g.source_id = piece.source_id AND g.start < piece."end" AND g."end" > piece.start
  GROUP BY g.source_id
)
SELECT source_id, covered.words, (SELECT sum(words) FROM usable g WHERE g.source_id = covered.source_id) FROM covered
"""


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a source is used.

    Attributes:
        words: those that stand in the response of at least one accepted pair, each counted once.
        usable: those that pairs are made from: headings, captions and notes are not.
    """

    words: int
    usable: int


def used(db: Database) -> dict[int, Used]:
    """Return how much of each source is used; one is left out where no accepted pair has a known place in it."""
    return {int(source_id): Used(round(words), int(usable)) for source_id, words, usable in db.all(_USED)}
