"""Pairs that came in from files: known again by what they said there, each set of them one edit.

A pair belongs to a source; where no essay is meant, a source is made that is a name alone: its origin is `pairs`, and
it has no file and no text. The essay that comes later under that name takes its place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import groups, pair_reading
from store.database import Database
from store.history import Edit, edit
from store.values import now, storable, text_hash

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class ImportedPair:
    """A pair of a file.

    Attributes:
        source: slug of its source group; a group is made where there is no such source.
        split: the side a new group is put on.
        tier: rewrite, thesis, continuation or note.
        prompt: as in the file.
        response: likewise.
        start: first character of the response in its essay as it stands; 0 where it is not found there.
        end: one past its last; 0 likewise.
        prompt_words: words of the prompt.
        response_words: words of the response.
        origin: file and line.
    """

    source: str
    split: Split
    tier: Tier
    prompt: str
    response: str
    start: int
    end: int
    prompt_words: int
    response_words: int
    origin: str

    @property
    def key(self) -> str:
        """The hash by which it is known again: of its texts, as a frozen dataset holds them."""
        return pair_key(self.prompt, self.response)


def pair_key(prompt: str, response: str) -> str:
    """Return the hash of a pair's texts, tagged with its algorithm."""
    return text_hash("\0".join(_bare(prompt, response)))


def _bare(prompt: str, response: str) -> tuple[str, str]:
    """Return the texts as a frozen dataset holds them: a pair that comes back out of one is known."""
    return _frozen(prompt), _frozen(response)


def _frozen(text: str) -> str:
    lines = storable(text).replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", lines).strip()


def known(db: Database, pairs: Sequence[ImportedPair]) -> list[bool]:
    """Say of each pair whether it was imported before, says what a pair here says, or what one before it says."""
    keys = [pair.key for pair in pairs]
    wanted = set(keys)
    found = {
        key for (key,) in db.all("SELECT imported_hash FROM pair WHERE imported_hash IS NOT NULL") if key in wanted
    }
    # By their texts, not by a hash of each: this looks at every pair there is.
    texts = {_bare(pair.prompt, pair.response): key for pair, key in zip(pairs, keys) if key not in found}
    last = 0
    while texts:
        rows = db.all("SELECT id, prompt, response FROM pair WHERE id > ? ORDER BY id LIMIT ?", (last, _CHUNK))
        if not rows:
            break
        last = rows[-1][0]
        for _, prompt, response in rows:
            key = texts.pop(_bare(prompt, response), None)
            if key is not None:
                found.add(key)
    answers = []
    for key in keys:
        answers.append(key in found)
        found.add(key)
    return answers


def save(db: Database, label: str, pairs: Sequence[ImportedPair], status: str) -> list[bool]:
    """Add the pairs that are not known yet, as one edit; return of each whether it was new.

    Args:
        db: the store.
        label: what is done, for the history.
        pairs: in the order they come in.
        status: proposed or accepted.
    """
    with edit(db, label) as change:
        new = [not item for item in known(db, pairs)]
        sources = {slug: (key, digest) for key, slug, digest in db.all("SELECT id, slug, text_hash FROM source")}
        last: dict[int, float] = {}
        for pair, wanted in zip(pairs, new):
            if not wanted:
                continue
            if pair.source not in sources:
                sources[pair.source] = _group(db, change, pair)
            source_id, digest = sources[pair.source]
            if source_id not in last:
                found = db.one("SELECT ifnull(max(position), 0) FROM pair WHERE source_id = ?", (source_id,))
                last[source_id] = float(found[0]) if found else 0.0
            position = float(pair.start)
            if not pair.end:
                position = last[source_id] = last[source_id] + 1.0
            change.insert("pair", _row(pair, source_id, digest, position, status))
        pair_reading.read(db, least=pair_reading.MANY)
    return new


def _row(pair: ImportedPair, source_id: int, digest: str, position: float, status: str) -> dict[str, object]:
    at = now()
    return {
        "source_id": source_id,
        "text_hash": digest,
        "position": position,
        "tier": pair.tier,
        "status": status,
        "prompt": pair.prompt,
        "response": pair.response,
        "start": pair.start,
        "end": pair.end,
        "prompt_words": pair.prompt_words,
        "response_words": pair.response_words,
        "origin": pair.origin,
        "imported_hash": pair.key,
        "created_at": at,
        "updated_at": at,
    }


def _group(db: Database, change: Edit, pair: ImportedPair) -> tuple[int, str]:
    """Make a source that is a name alone; return its id and the hash of its empty text."""
    digest, at = text_hash(""), now()
    with db.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO text (hash, body) VALUES (?, '')", (digest,))
    source_id = change.insert(
        "source",
        {
            "path": f"pairs: {pair.source}",
            "slug": pair.source,
            "kind": "essay",
            "title": pair.source.replace("-", " "),
            "text_hash": digest,
            "file_bytes": 0,
            "words": 0,
            "split": "holdout" if pair.split == "holdout" else groups.side(db, pair.source),
            "group_name": pair.source,
            "origin": "pairs",
            "imported_at": at,
            "changed_at": at,
        },
    )
    return source_id, digest
