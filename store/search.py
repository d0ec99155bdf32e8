"""Search by words over everything: essays, notes, pairs, canary prompts, samples, notes on them, and the notebook.

FTS5 answers from indexes that triggers keep. Words are found whole and in any order, the last one perhaps not finished
yet; words in double quotes are found as they follow each other. Accents and case do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from store.database import Database

Kind = Literal["essay", "note", "pair", "canary", "sample", "annotation", "notebook"]

# Above this many matches the best are no longer looked for: ranking reads every match, and nobody reads so many.
_RANKED = 2000
# Characters around the first word that was found.
_BEFORE, _AFTER = 24, 100
# Scripts written without spaces are one long word to the index.
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")
_PLAIN = re.compile(r"[^\W_]+(?:['’ \t]+[^\W_]+)*['’ \t]*")
_NUMBER = re.compile(r"#?([0-9]{1,15})")
_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r'"([^"]*)"|([^"\s]+)')


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.

    Attributes:
        kind: what it is; an annotation is a note on a sample, or what was written at a mark; of the notebook, a note.
        id: its key.
        title: the essay's title, the canary prompt's name, the run and prompt a sample is of, or what a note is on.
        about: what tells it from others of that title: a pair's tier and status, a sample's number.
        excerpt: the text around the first word found, on one line.
        run: the run of a sample, or that a note of the notebook is on; empty otherwise.
        sample_id: of a sample, or the sample an annotation is on; 0 otherwise.
        prompt: the canary prompt of a sample; empty otherwise.
        index: which of its samples, from 0.
    """

    kind: Kind
    id: int
    title: str
    about: str
    excerpt: str
    run: str = ""
    sample_id: int = 0
    prompt: str = ""
    index: int = 0


def pair_number(text: str) -> int | None:
    """Return the number of a pair where a text is nothing else, with or without `#`; reports name pairs so."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


def has_words(text: str) -> bool:
    """Say whether there is a word in a text at all."""
    return _WORD.search(text) is not None


def puts_spaces(text: str) -> bool:
    """Say whether a text is of scripts that put spaces between words, so that the index knows them one by one."""
    return _NO_SPACES.search(text) is None


def is_plain_words(text: str) -> bool:
    """Say whether a text is nothing but words of a script that puts spaces between them."""
    stripped = _composed(text).strip()
    return _PLAIN.fullmatch(stripped) is not None and puts_spaces(stripped)


def matching(text: str) -> str:
    """Return the FTS5 expression for words that follow each other, the last one perhaps not finished."""
    return f'"{" ".join(_WORD.findall(_composed(text)))}" *'


def any_order(text: str) -> str:
    """Return the FTS5 expression for words in any order, quoted ones as they follow; empty when there is no word."""
    parts = []
    for quoted, word in _QUOTED.findall(_composed(text)):
        found = _WORD.findall(quoted or word)
        if found:
            parts.append(f'"{" ".join(found)}"')
    if parts and not text.rstrip().endswith('"'):
        parts[-1] += " *"
    return " AND ".join(parts)


def _composed(text: str) -> str:
    # An accent set apart is no part of a word to `_WORD`; the index knows both ways of writing.
    return unicodedata.normalize("NFC", text)


_QUERIES: dict[str, str] = {
    "source": (
        "SELECT s.kind, s.id, s.title, '', s.title || char(10) || t.body "
        "FROM ({found}) f JOIN source s ON s.id = f.rowid JOIN text t ON t.hash = s.text_hash"
    ),
    "pair": (
        "SELECT 'pair', p.id, s.title, p.tier || ', ' || p.status, "
        "p.response || char(10) || p.prompt || char(10) || p.note "
        "FROM ({found}) f JOIN pair p ON p.id = f.rowid JOIN source s ON s.id = p.source_id WHERE p.status <> 'merged'"
    ),
    "canary": (
        "SELECT 'canary', c.id, c.slug, c.topic || ', ' || c.length, c.prompt || char(10) || c.reference "
        "FROM ({found}) f JOIN canary c ON c.id = f.rowid"
    ),
    "sample": (
        "SELECT 'sample', a.id, a.run || ', ' || q.slug, 'sample ' || (a.idx + 1), a.text, a.run, a.id, q.slug, a.idx "
        "FROM ({found}) f JOIN sample a ON a.id = f.rowid JOIN canary_prompt q ON q.id = a.canary_prompt_id"
    ),
    "annotation": (
        "SELECT 'annotation', n.id, a.run || ', ' || q.slug, ifnull(n.label, n.kind), n.body, a.run, a.id, "
        "q.slug, a.idx "
        "FROM ({found}) f JOIN annotation n ON n.id = f.rowid JOIN sample a ON a.id = n.sample_id "
        "JOIN canary_prompt q ON q.id = a.canary_prompt_id"
    ),
    "notebook": (
        "SELECT 'notebook', n.id, ifnull(n.run, 'the project') || ifnull(' against ' || n.other_run, ''), "
        "substr(n.created_at, 1, 10), n.body, ifnull(n.run, ''), 0, '', 0 "
        "FROM ({found}) f JOIN notebook n ON n.id = f.rowid"
    ),
}


def everything(db: Database, words: str, limit: int = 50) -> list[Hit]:
    """Return what holds all the words: essays and notes first, then pairs, canary prompts, samples, annotations.

    Before them all stands the pair of that number, where nothing but a number is looked for.

    Args:
        db: the store.
        words: what to look for.
        limit: at most so many of each; the best, where not too many match to be ranked.
    """
    expression = any_order(words)
    if not expression:
        return []
    first = _first_word(words)
    by_number = db.all(_QUERIES["pair"].format(found="SELECT ? AS rowid"), (pair_number(words),))
    hits = [_hit(row, first) for row in by_number]
    numbered = {hit.id for hit in hits}
    for table, query in _QUERIES.items():
        found = _found(db, f"{table}_words", expression, limit)
        if found is not None:
            rows = db.all(query.format(found=found), (expression, limit))
            hits += [_hit(row, first) for row in rows if not (table == "pair" and row[1] in numbered)]
    return hits


def _found(db: Database, words: str, expression: str, limit: int) -> str | None:
    """Return the query for the rows that match, ranked where there are few; None where there are none."""
    counted = db.one(
        f"SELECT count(*) FROM (SELECT 1 FROM {words} WHERE {words} MATCH ? LIMIT {_RANKED + 1})", (expression,)
    )
    if counted is None or not counted[0]:
        return None
    ranked = "ORDER BY rank" if limit < counted[0] <= _RANKED else ""
    return f"SELECT rowid FROM {words} WHERE {words} MATCH ? {ranked} LIMIT ?"


def _hit(row: tuple[Any, ...], first: Callable[[str], int]) -> Hit:
    kind, key, title, about, text, *sample = row
    if kind in ("essay", "note"):
        text = _without_front_matter(title, text)
    return Hit(kind, key, title, about, _excerpt(text, first(text)), *sample)


def _without_front_matter(title: str, text: str) -> str:
    # YAML is loaded with it, which nothing but an excerpt needs here.
    from curation.front_matter import front_matter_end

    body = text[len(title) + 1 :]
    return f"{title}\n{body[front_matter_end(body) :]}"


def _first_word(words: str) -> Callable[[str], int]:
    """Return a function that says where in a text the first of the words begins."""
    wanted = "|".join(re.escape(word) for word in _WORD.findall(words))
    pattern = re.compile(rf"(?<![^\W_])(?:{wanted})", re.IGNORECASE)

    def place(text: str) -> int:
        found = pattern.search(text)
        return found.start() if found else 0

    return place


def _excerpt(text: str, place: int) -> str:
    start, end = max(0, place - _BEFORE), min(len(text), place + _AFTER)
    if start:
        start = text.find(" ", start, place) + 1 or start
    cut = " ".join(text[start:end].split())
    return ("…" if start else "") + cut + ("…" if end < len(text) else "")
