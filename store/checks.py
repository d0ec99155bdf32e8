"""Rules that the author set aside with a reason, and the last result of a check, kept by what it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import program
from store.database import Database
from store.edit_states import ASIDE, part
from store.history import edit
from store.values import now, storable

if TYPE_CHECKING:
    from curation.findings import Scope


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A rule set aside for a pair (`subject` is its id), a source (its slug) or the whole dataset (empty), and why."""

    id: int
    rule: str
    scope: Scope
    subject: str
    reason: str
    created_at: str


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """What a check found, as JSON, and the hash of everything it looked at."""

    content_hash: str
    body_json: str
    made_at: str


def waivers(db: Database) -> list[WaiverRow]:
    """Return every rule that is set aside, oldest first."""
    found = db.all("SELECT id, rule, scope, subject, reason, created_at FROM waiver ORDER BY id")
    return [WaiverRow(*row) for row in found]


def waive(db: Database, *, rule: str, scope: str, subject: str, reason: str) -> int:
    """Set a rule aside, as one edit; where it is already, only the reason changes. Return its id.

    Raises:
        Conflict: there is no such scope.
    """
    what = f"{scope} {subject}" if subject else "the whole"
    with edit(db, f"waive {rule} for {what}") as change:
        standing = db.one(
            "SELECT id FROM waiver WHERE rule = ? AND scope = ? AND subject = ?", (rule, scope, storable(subject))
        )
        if standing:
            change.update("waiver", standing[0], {"reason": reason})
            return int(standing[0])
        return change.insert(
            "waiver", {"rule": rule, "scope": scope, "subject": subject, "reason": reason, "created_at": now()}
        )


def take_back(db: Database, waiver_id: int) -> None:
    """Let a rule stand again, as one edit.

    Raises:
        NotFound: it was not set aside, or no more.
    """
    with edit(db, "take a waiver back") as change:
        change.delete("waiver", waiver_id)


def keep(db: Database, name: str, *, content_hash: str, body_json: str) -> KeptCheck:
    """Keep the result of a check under a name, in place of the one before; return it as it is kept."""
    made = KeptCheck(content_hash, storable(body_json), now())
    with db.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO kept_check (name, content_hash, body_json, made_at) VALUES (?, ?, ?, ?)",
            (name, made.content_hash, made.body_json, made.made_at),
        )
    return made


def kept(db: Database, name: str) -> KeptCheck | None:
    """Return what is kept under a name, or None."""
    found = db.one("SELECT content_hash, body_json, made_at FROM kept_check WHERE name = ?", (name,))
    return KeptCheck(*found) if found else None


def kept_key(db: Database, name: str) -> tuple[str, str] | None:
    """Return hash and time (UTC) of what is kept under a name, without reading it; None where nothing is."""
    found = db.one("SELECT content_hash, made_at FROM kept_check WHERE name = ?", (name,))
    return (found[0], found[1]) if found else None


def stamp(db: Database) -> str:
    """Return what changes with every edit, undo and redo of what is checked: a screen sees that a check is older."""
    found = db.one(
        "SELECT ifnull(max(id), 0), ifnull(sum(CASE WHEN state = 'done' THEN id END), 0) FROM edit WHERE EXISTS "
        "(SELECT 1 FROM edit_row WHERE edit_id = edit.id AND row_table IN ('pair', 'source', 'canary'))"
    )
    assert found is not None
    left, aside = part(db), program.recall(db, ASIDE)
    # What was set aside stands like what was done: undone edits and they could else be taken for each other.
    beside = f"-aside-{sum(aside)}" if isinstance(aside, list) else ""
    return f"{found[0]}-{found[1]}{beside}" + (f"-{left.row}" if left else "")
