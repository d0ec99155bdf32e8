"""Edit the text of an essay or note: in its own file where it has one, else here.

The file is the author's truth, and is never written by the program: where there is one, also one that holds several
notes, it is opened at the right line and read again, since an edit of the text in the store would be overwritten by the
next look at the file. A Substack post and what was pasted have none: their text is edited in the store, as one edit of
the history, and goes the way of a changed file from there: pairs follow where text only moved, and are marked where it
reads otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import EssayError
from curation.notes import Note, bare, read_notes_csv, recognised, split_notes, title_of
from curation.textfile import read_text
from store import edited_texts, essays, history, parts
from store.essays import SourceRow
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.following import Followed, catch_up
from workbench.operations.import_essays import new_source
from workbench.operations.import_notes import ORIGIN as NOTES
from workbench.operations.import_notes import PASTED
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the text of a source is edited.

    Attributes:
        source_id: the source.
        slug: its name.
        title: for people.
        path: its file; None where it has none, and is edited here.
        line: where its text begins in the file, from 1.
        text: as it stands.
    """

    source_id: int
    slug: str
    title: str
    path: Path | None
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """What an edited text led to; `followed` is None where no pair was made from it, or none is touched."""

    slug: str
    title: str
    changed: bool
    followed: Followed | None = None

    @property
    def summary(self) -> str:
        """One sentence for the status line."""
        return self.told(settle_with="w")

    def told(self, *, settle_with: str) -> str:
        """Say what became of the text and its pairs, and with what changed pairs are settled."""
        if not self.changed:
            return f"{self.title}: nothing was changed"
        said = f"{self.title}: edited, u takes it back" if settle_with == "w" else f"{self.title}: edited"
        if self.followed is None:
            return said
        pairs = self.followed
        if pairs.changed:
            word = "pair" if pairs.changed == 1 else "pairs"
            return f"{said}; {pairs.changed} {word} changed with it: settle with {settle_with}"
        if not pairs.moved:
            return said
        return (
            f"{said}; {'its pair says' if pairs.moved == 1 else f'its {pairs.moved:,} pairs say'} what was said before"
        )


def place_of(project: Project, source_id: int) -> Place:
    """Return where the text of a source is edited.

    Raises:
        NotFound: there is no such source.
        NothingToDoError: it is pairs alone, without a text.
        WorkbenchError: its file is not there any more.
    """
    row = essays.row(project.db, source_id)
    if row.kind == "pairs":
        raise NothingToDoError(
            f"{row.title} has no text here, but pairs that came in by themselves: edit those, in Pairs.",
            on_command_line=f"{row.title} has no text here, but pairs that came in by themselves: see `pairs edit`.",
        )
    text = essays.text(project.db, source_id)
    path, line = _file_of(project, row)
    return Place(source_id=row.id, slug=row.slug, title=row.title, path=path, line=line, text=text)


def rewrite(project: Project, source_id: int, text: str) -> Rewritten:
    """Replace the text of a source that has no file, as one edit; its pairs follow.

    White space around it stays as it stands, whatever an editor puts at the end of a file.

    Raises:
        NotFound: there is no such source.
        WorkbenchError: it has a file of its own, or none that is there; or the text holds no words.
    """
    place = place_of(project, source_id)
    row = essays.row(project.db, source_id)
    assert row.kind != "pairs"
    if place.path is not None:
        raise WorkbenchError(f"{row.title} stands in {place.path}: edit it there, and it is read again.")
    before = place.text
    words = bare(text)
    if not words or (row.origin == NOTES and not title_of(words)):
        raise WorkbenchError(f"What was written holds no words of its own: the text of {row.title} stays as it was.")
    start = before.find(bare(before))
    new = before[:start] + words + before[start + len(bare(before)) :]
    if new == before:
        return Rewritten(slug=row.slug, title=row.title, changed=False)
    title = title_of(words) if row.origin == NOTES and row.title == title_of(before) else row.title
    with history.edit(project.db, f"edit the text of {row.title}"):
        essays.save(
            project.db,
            new_source(
                path=row.path,
                slug=row.slug,
                kind=row.kind,
                kind_set=False,
                title=title,
                text=new,
                file_bytes=len(new.encode()),
                front_matter=edited_texts.front_matter(project.db, source_id),
                origin=row.origin,
                edited=True,
            ),
        )
        followed = catch_up(project)
    mine = next((item for item in followed if item.source_id == source_id), None)
    return Rewritten(slug=row.slug, title=title, changed=True, followed=mine)


def as_imported(project: Project, source_id: int) -> Rewritten:
    """Put the text back as it came in last, as one edit; its pairs follow.

    Raises:
        NotFound: there is no such source.
        NothingToDoError: it stands as it came in.
    """
    came = edited_texts.as_it_came(project.db, source_id)
    row = essays.row(project.db, source_id)
    if came is None:
        raise NothingToDoError(f"The text of {row.title} stands as it came in: there is nothing to put back.")
    return rewrite(project, source_id, came)


def _file_of(project: Project, row: SourceRow) -> tuple[Path | None, int]:
    """Return the file of a source, and the line its text begins at.

    Raises:
        WorkbenchError: its own file is not there any more.
    """
    if row.origin == "file":
        path = project.absolute(row.path)
        if not path.is_file():
            raise WorkbenchError(f"{row.path} is not there any more. Put it back, or import it from where it is now.")
        return path, 1
    whole = parts.whole_of(row.path)
    if row.origin != NOTES or whole == PASTED or not project.absolute(whole).is_file():
        return None, 1
    path = project.absolute(whole)
    return path, _line_in(project, path, whole, row)


def _line_in(project: Project, path: Path, whole: str, row: SourceRow) -> int:
    """Return the line at which a note begins in its file as it is now; the first where it is not found again."""
    try:
        text = read_text(path)
        notes: list[Note] = (read_notes_csv if path.suffix.lower() == ".csv" else split_notes)(text, str(path))[0]
    except EssayError:
        return 1
    known = {part.key: part.text for part in parts.of(project.db, whole, NOTES)}
    wanted = row.path.removeprefix(parts.part_path(whole, ""))
    return next((note.line for note in recognised(notes, known) if note.key == wanted), 1)
