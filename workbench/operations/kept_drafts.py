"""The drafts that are written with the model: kept as they are typed, whether or not they have a file.

A draft of a file is a text beside it: the file is written when the author says so, and never before. What stood in the
file when the draft was begun is kept with it, so that two texts that both changed are never taken for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.textfile import read_text
from store import program
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import by_names
from workbench.operations.project import Project
from workbench.operations.taking import WrittenDraft, write_draft
from workbench.operations.writing import place_of

NEW = ""
"""The name of the one draft that has no file yet."""

CURRENT = "draft.current"
_TEXT = "draft.text."
# A source without a file is begun from, and never written to here.
_ESSAY = "essay:"


@dataclass(frozen=True, kw_only=True)
class KeptDraft:
    """A draft as it stands.

    Attributes:
        name: what it is kept under: the file, relative to the project; `essay:` and a name; or nothing.
        path: its file; None where it has none.
        standing: what the file said when the draft was begun or written last.
        text: what is typed.
        changed_outside: whether the file says something else by now, and so does the draft.
    """

    name: str
    path: Path | None
    standing: str
    text: str
    changed_outside: bool = False

    @property
    def title(self) -> str:
        """Return what it is called on the screen."""
        if self.path is not None:
            return self.path.name
        return f"from {self.name.removeprefix(_ESSAY)}" if self.name else "a new text"

    @property
    def key(self) -> str:
        """Return what its text is kept under."""
        return _TEXT + self.name


def current(project: Project) -> KeptDraft:
    """Return the draft that was left last, or a new text; one whose file is gone is there with what was typed."""
    name = program.recall(project.db, CURRENT)
    return _kept(project, name if isinstance(name, str) else NEW)


def open_draft(project: Project, wanted: str) -> KeptDraft:
    """Return the draft of a file or of an essay by its name, and stay with it; nothing is the new text.

    Raises:
        WorkbenchError: there is no such file or essay.
        EssayError: the file cannot be read.
    """
    draft = _kept(project, _name_of(project, wanted.strip()), must_be=True)
    stay_with(project, draft.name)
    return draft


def stay_with(project: Project, name: str) -> None:
    """Have a draft, by what it is kept under, be the one that is there when the author comes again."""
    program.remember(project.db, CURRENT, name)


def write(project: Project, draft: KeptDraft, text: str, *, to: Path | None = None) -> tuple[KeptDraft, WrittenDraft]:
    """Write a draft into its file, or into a new one, and go on with that.

    Raises:
        WorkbenchError: the file changed meanwhile, the new one is there already, or it cannot be written.
    """
    if to is None and draft.path is None:
        raise WorkbenchError("This draft has no file yet. Name one.")
    path = draft.path if to is None else project.root / to.expanduser()
    assert path is not None
    done = write_draft(project, path, standing=draft.standing, text=text, to=None if to is None else path)
    if to is not None and draft.name == NEW:
        # It has become that file's; the next new text begins empty.
        program.remember(project.db, draft.key, None)
    written = KeptDraft(name=project.relative(path), path=path, standing=text, text=text)
    program.remember(project.db, written.key, {"standing": text, "text": text})
    stay_with(project, written.name)
    return written, done


def _name_of(project: Project, wanted: str) -> str:
    if not wanted:
        return NEW
    path = project.root / Path(wanted).expanduser()
    if path.is_file():
        return project.relative(path)
    if "/" in wanted or Path(wanted).suffix:
        raise WorkbenchError(f"{wanted}: no such file. Name a file, or an essay by its name.")
    place = place_of(project, by_names(project, [wanted])[0])
    return _ESSAY + wanted if place.path is None else project.relative(place.path)


def _kept(project: Project, name: str, *, must_be: bool = False) -> KeptDraft:
    typed, standing = _typed(project, name)
    path = None if name == NEW or name.startswith(_ESSAY) else project.absolute(name)
    now = standing
    if path is not None and (must_be or path.is_file()):
        now = read_text(path)
    elif name.startswith(_ESSAY) and typed is None:
        now = place_of(project, by_names(project, [name.removeprefix(_ESSAY)])[0]).text
    if typed is None or typed == standing:
        return KeptDraft(name=name, path=path, standing=now, text=now)
    return KeptDraft(name=name, path=path, standing=standing, text=typed, changed_outside=now not in (standing, typed))


def _typed(project: Project, name: str) -> tuple[str | None, str]:
    kept = program.recall(project.db, _TEXT + name)
    if isinstance(kept, dict) and isinstance(kept.get("text"), str):
        return kept["text"], str(kept.get("standing", ""))
    return None, ""
