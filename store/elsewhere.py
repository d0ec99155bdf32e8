"""Whether something else changed the store: SQLite tells one connection of the commits of all others."""

from __future__ import annotations

from store.database import Database


class Elsewhere:
    """Notices commits of other connections; it is always asked with the same one, and so in the same thread."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._edits: tuple[object, ...] = ()

    def changed(self, db: Database, *, collected: bool) -> bool:
        """Say whether another connection committed since this was asked before; no, when asked for the first time.

        Args:
            db: this thread's connection.
            collected: what jobs wrote came in meanwhile through this very program: then only an edit counts.
        """
        found = db.one("PRAGMA data_version")
        edits = db.one("SELECT (SELECT max(id) FROM edit), (SELECT count(*) FROM edit WHERE state = 'undone')") or ()
        before, self._version = self._version, int(found[0]) if found else 0
        edited, self._edits = edits != self._edits, edits
        return before is not None and before != self._version and (edited or not collected)
