"""Edit an essay or note: its file in the author's editor, and where it has none, its text here or there.

Nothing asks to be saved. What is typed here is kept as a draft, so a program that is killed has lost nothing; leaving
makes it one edit, which undo takes back whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.screens.essay_import import ImportKeys
from workbench.screens.kept_text import KeptText, take_left
from workbench.screens.whole_text import WholeText
from workbench.widgets.plain import one_line
from workbench.widgets.text_fields import TextField

if TYPE_CHECKING:
    from workbench.operations.writing import Place, Rewritten

DRAFT = "essays.draft"


@dataclass(frozen=True, kw_only=True)
class TextDraft:
    """The text of a source as typed so far."""

    source_id: int
    text: str


def draft_of(value: object) -> TextDraft | None:
    """Read a draft as it was kept; anything else is none."""
    if isinstance(value, dict) and set(value) == {"source_id", "text"}:
        return TextDraft(source_id=int(value["source_id"]), text=str(value["text"]))
    return None


class EditText(WholeText):
    """The text of an essay or note that has no file."""

    FIELD = "edit-text"
    KEYS = "enter new line · esc keep and go back · ctrl+z undo what was typed"

    def __init__(self, place: Place, typed: Callable[[str], None]) -> None:
        """Make the page; `typed` takes the text with each key."""
        super().__init__(f"{place.title} · it has no file: edited here", place.text, typed)

    @property
    def to_the_letter(self) -> bool:
        """Whether the field gives the text back as it is: it knows one kind of line end."""
        return TextField(self._value).text == self._value


class WritingKeys(ImportKeys):
    """The keys that edit; `EssaysScreen`, which binds them, is the only screen made of it."""

    def action_edit(self) -> None:
        """Open the file in the author's editor, and read it again; a text without a file is edited here."""
        self._edit(outside=False)

    def action_edit_outside(self) -> None:
        """Open the file in the author's editor, and read it again; a text without a file as well."""
        self._edit(outside=True)

    def _edit(self, *, outside: bool) -> None:
        source_id = self.sources.current
        if source_id is None:
            return
        project = self.project

        def ask() -> Place:
            from workbench.operations.writing import place_of

            return place_of(project, source_id)

        def at(place: Place) -> None:
            if place.path is not None:
                self._edit_file(place.path, place.line)
            elif outside:
                self._edit_aside(place)
            else:
                self._edit_here(place)

        self.ask(ask, at, group="edit")

    def _edit_file(self, path: Path, line: int) -> None:
        from workbench.operations.errors import WorkbenchError
        from workbench.screens.editor import STANDS, edit_file

        try:
            edit_file(self.app, path, line=line, stands=STANDS)
        except WorkbenchError as error:
            self.say(str(error), "error")
            return
        self.import_paths([path], as_edit=False)

    def _edit_here(self, place: Place) -> None:
        keeping = KeptText(self.app, DRAFT, source_id=place.source_id)
        screen = EditText(place, keeping.typed)

        def left(text: str | None) -> None:
            keeping.end()
            if text is not None:
                self._keep_text(TextDraft(source_id=place.source_id, text=text))

        if screen.to_the_letter:
            self.app.push_screen(screen, left)
        else:
            self.say(
                f"{one_line(place.title)} has line ends of several kinds: edit it in your editor with E.", "warning"
            )

    def _edit_aside(self, place: Place) -> None:
        from curation.errors import CurationError
        from workbench.operations.errors import WorkbenchError
        from workbench.operations.outside import text_from_editor
        from workbench.screens.editor import edit_file

        try:
            text = text_from_editor(
                f"{place.slug}.md",
                place.text,
                lambda path: edit_file(self.app, path, stands="the text stays as it was"),
            )
        except (WorkbenchError, CurationError) as error:
            self.say(str(error), "error")
            return
        self._keep_text(TextDraft(source_id=place.source_id, text=text))

    def _keep_text(self, draft: TextDraft) -> None:
        self.act(lambda: self._store(draft), self._rewritten)

    def take_draft(self) -> None:
        """Take in an edit that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations.writing import rewrite

            if (draft := draft_of(kept)) is None:
                return ""
            rewritten = rewrite(project, draft.source_id, draft.text)
            if not rewritten.changed:
                return ""
            return f"An edit of {one_line(rewritten.title)} that was not finished was kept. u takes it back."

        take_left(self, DRAFT, take)

    def _store(self, draft: TextDraft) -> Rewritten:
        """Make a draft the edit it stands for, in the writer's thread."""
        from workbench.operations import guide
        from workbench.operations.writing import rewrite

        # What is typed is forgotten last: a program that is killed before takes it in at its next start.
        rewritten = rewrite(self.project, draft.source_id, draft.text)
        guide.remember(self.project, DRAFT, None)
        return rewritten

    def _rewritten(self, rewritten: Rewritten) -> None:
        if rewritten.changed:
            self.app.project_changed()
        self.say(rewritten.summary)
