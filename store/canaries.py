"""The canary prompts: one working set that is edited through the history, and frozen sets that never change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from store.database import Database
from store.errors import Conflict, NotFound
from store.history import edit
from store.values import now, storable

# Unknown are only those of prompts that samples made elsewhere are of; the working set has none.
Topic = Literal["known", "novel", "unknown"]
Length = Literal["short", "long", "unknown"]


@dataclass(frozen=True, slots=True)
class Canary:
    """A prompt of the working set; `reference` is the real piece to compare with, or empty."""

    id: int
    slug: str
    position: float
    prompt: str
    topic: Topic
    length: Length
    reference: str


@dataclass(frozen=True, slots=True)
class FrozenCanary:
    """A prompt of a frozen set; positions count from 0. Its words are empty where nobody knows them."""

    id: int
    slug: str
    position: int
    prompt: str
    topic: Topic
    length: Length
    reference: str


@dataclass(frozen=True, slots=True)
class CanarySet:
    """A frozen set; versions count from 1."""

    id: int
    version: int
    content_hash: str
    created_at: str
    prompts: tuple[FrozenCanary, ...]


_COLUMNS = "id, slug, position, prompt, topic, length, reference"


def rows(db: Database) -> list[Canary]:
    """Return the working set, in order."""
    return [Canary(*row) for row in db.all(f"SELECT {_COLUMNS} FROM canary ORDER BY position, id")]


def add(db: Database, *, slug: str, prompt: str, topic: str, length: str, reference: str = "") -> int:
    """Add a prompt at the end of the working set, as one edit; return its id.

    Raises:
        Conflict: the slug is taken, or topic or length is not one of theirs.
    """
    with edit(db, f"add the canary prompt {slug}") as change, db.transaction() as connection:
        position = connection.execute("SELECT ifnull(max(position), 0) + 1 FROM canary").fetchone()[0]
        return change.insert(
            "canary",
            {
                "slug": slug,
                "position": position,
                "prompt": prompt,
                "topic": topic,
                "length": length,
                "reference": reference,
            },
        )


def change(
    db: Database,
    canary_id: int,
    *,
    prompt: str | None = None,
    topic: str | None = None,
    length: str | None = None,
    reference: str | None = None,
    slug: str | None = None,
) -> None:
    """Change what a prompt of the working set says, as one edit; None leaves a part as it is.

    Raises:
        NotFound: it is not there any more.
        Conflict: the slug is taken, or topic or length is not one of theirs.
    """
    parts = {"prompt": prompt, "topic": topic, "length": length, "reference": reference, "slug": slug}
    given = {name: value for name, value in parts.items() if value is not None}
    with edit(db, "edit a canary prompt") as under_way:
        if given:
            under_way.update("canary", canary_id, given)


def remove(db: Database, canary_id: int) -> None:
    """Take a prompt out of the working set, as one edit; frozen sets keep it.

    Raises:
        NotFound: it is not there any more.
    """
    with edit(db, "remove a canary prompt") as under_way:
        under_way.delete("canary", canary_id)


def freeze(db: Database, content_hash: str, *, expected: Sequence[Canary] | None = None) -> CanarySet:
    """Freeze the working set as the next version, or return the set that already stands under this hash.

    Args:
        db: the store.
        content_hash: of the working set, tagged with its algorithm.
        expected: the rows the hash was computed from; when given, they must still be the working set.

    Raises:
        Conflict: another program has edited the working set since.
    """
    with db.transaction() as connection:
        standing = connection.execute("SELECT id FROM canary_set WHERE content_hash = ?", (content_hash,)).fetchone()
        if standing:
            return get_set(db, standing[0])
        members = rows(db)
        if expected is not None and members != list(expected):
            raise Conflict("The canary prompts were edited meanwhile: nothing was frozen. Freeze again.")
        texts = [(item.slug, item.prompt, item.topic, item.length, item.reference) for item in members]
        return _add_set(db, content_hash, texts)


def keep_set(db: Database, content_hash: str, prompts: Sequence[tuple[str, str, Topic, Length, str]]) -> CanarySet:
    """Keep a set that was never the working set, as the next version, or return the one that stands under this hash.

    Args:
        db: the store.
        content_hash: of the set, tagged with its algorithm.
        prompts: slug, prompt, topic, length and reference of each, in order.
    """
    with db.transaction() as connection:
        standing = connection.execute("SELECT id FROM canary_set WHERE content_hash = ?", (content_hash,)).fetchone()
        return get_set(db, standing[0]) if standing else _add_set(db, content_hash, prompts)


def _add_set(db: Database, content_hash: str, prompts: Sequence[tuple[str, ...]]) -> CanarySet:
    with db.transaction() as connection:
        set_id = connection.execute(
            "INSERT INTO canary_set (version, content_hash, created_at) "
            "SELECT ifnull(max(version), 0) + 1, ?, ? FROM canary_set",
            (content_hash, now()),
        ).lastrowid
        assert set_id is not None
        connection.executemany(
            "INSERT INTO canary_prompt (set_id, position, slug, prompt, topic, length, reference) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(set_id, position, *map(storable, prompt)) for position, prompt in enumerate(prompts)],
        )
        return get_set(db, set_id)


def sets(db: Database) -> list[CanarySet]:
    """Return the frozen sets, oldest first."""
    members: dict[int, list[FrozenCanary]] = {}
    for set_id, *prompt in db.all(f"SELECT set_id, {_COLUMNS} FROM canary_prompt ORDER BY set_id, position"):
        members.setdefault(set_id, []).append(FrozenCanary(*prompt))
    found = db.all("SELECT id, version, content_hash, created_at FROM canary_set ORDER BY version")
    return [CanarySet(*(*row, tuple(members.get(row[0], ())))) for row in found]


def get_set(db: Database, set_id: int) -> CanarySet:
    """Return one frozen set.

    Raises:
        NotFound: there is none of that id.
    """
    row: tuple[Any, ...] | None = db.one(
        "SELECT id, version, content_hash, created_at FROM canary_set WHERE id = ?", (set_id,)
    )
    if row is None:
        raise NotFound(f"There is no frozen canary set {set_id}. See the versions in Datasets.")
    prompts = db.all(f"SELECT {_COLUMNS} FROM canary_prompt WHERE set_id = ? ORDER BY position", (set_id,))
    return CanarySet(*(*row, tuple(FrozenCanary(*prompt) for prompt in prompts)))
