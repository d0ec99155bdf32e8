"""Taking words of a model into a draft: remembered always, and written into a file only beside a copy of the old one.

What was taken is looked for in everything that is imported later, in each proposed pair and in every check, so that it
never becomes training text unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from curation.errors import EssayError
from curation.generated import spans_in, standing_in
from curation.textfile import decode
from store import sessions
from store.sessions import Generated
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project
from workbench.operations.replacing import replace_file

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class WrittenDraft:
    """Where a draft was written; `backup` holds it as it was, and is None for a copy that stood nowhere before."""

    path: Path
    backup: Path | None


def remember_taken(project: Project, *, body: str, session: str, request: int, index: int, draft: str) -> None:
    """Remember that an answer of a session was taken into a draft, named by a file or by where it is kept."""
    sessions.take(project.db, body=body, session=session, request=request, index=index, draft=draft)


def taken(project: Project) -> list[Generated]:
    """Return everything of a model's that was taken into a draft, oldest first."""
    return sessions.taken(project.db)


def passages(project: Project) -> list[str]:
    """Return the texts of a model's that were taken into drafts, oldest first."""
    return [passage.body for passage in sessions.taken(project.db)]


def words_of_a_model(project: Project, text: str) -> int:
    """Return how many words of a text a model wrote, as far as she took them here."""
    return sum(found.words for found in standing_in(text, passages(project)))


def spans_of_a_model(project: Project, text: str) -> list[tuple[int, int]]:
    """Return where in a text words stand that a model wrote, in characters, as far as she took them here."""
    return spans_in(text, passages(project))


def write_draft(project: Project, path: Path, *, standing: str, text: str, to: Path | None = None) -> WrittenDraft:
    """Write a draft with an answer in it: into its own file, beside a copy of the old one, or to a place of its own.

    Args:
        project: whose `backups/drafts/` the copy goes to.
        path: the file the draft was read from.
        standing: what was read.
        text: what it says now.
        to: a file that is not there yet; None for the draft's own.

    Raises:
        WorkbenchError: the file says something else by now, `to` is there already, or it cannot be written.
    """
    try:
        if to is not None:
            to.parent.mkdir(parents=True, exist_ok=True)
            with to.open("xb") as file:
                file.write(text.encode())
            return WrittenDraft(path=to, backup=None)
        data = path.read_bytes()
        if decode(path, data) != standing:
            raise WorkbenchError(f"{path}: was changed while the model wrote. Nothing was written; ask again.")
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        backup = project.root / "backups" / "drafts" / f"{path.stem}-{stamp}{path.suffix}"
        backup.parent.mkdir(parents=True, exist_ok=True)
        backup.write_bytes(data)
        replace_file(path, (_BOM if data.startswith(_BOM) else b"") + text.encode())
    except FileExistsError as error:
        raise WorkbenchError(f"{to}: is there already. Nothing was written: name another file.") from error
    except (OSError, EssayError) as error:
        raise WorkbenchError(f"{to or path}: cannot be written ({error}). Nothing was changed in it.") from error
    return WrittenDraft(path=path, backup=backup)
