"""Keys of Experiments that write the notebook: a new note, one edited here or in the author's editor.

Nothing asks to be saved: what is typed is kept with each key, and leaving makes it one edit, which undo takes back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from workbench.screens.experiment_base import ExperimentBase
from workbench.screens.kept_text import KEPT, KeptText, take_left
from workbench.screens.run_lines import short_name
from workbench.screens.whole_text import WholeText
from workbench.widgets.plain import one_line

if TYPE_CHECKING:
    from store.notebook import Note

# What a note is kept under while it is typed.
NOTE = "experiments.note"


class NoteText(WholeText):
    """A note of the notebook; leaves with nothing where it is as it was."""

    FIELD = "note-text"
    KEYS = "enter new line · esc keep and go back · empty: no note · ctrl+z undo"
    AT_END = True

    def action_leave(self) -> None:
        """Leave; the caller makes the edit."""
        text = self.query_one(TextArea).text
        self.dismiss(None if text.strip() == self._value.strip() else text)


class NotebookKeys(ExperimentBase):
    """Notes on what the pane shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "note", "note", tooltip="note what was learnt from what is shown", id="experiments.note"),
        Binding("e", "edit_note", "edit note", tooltip="edit one of its notes", show=False, id="experiments.edit"),
        Binding(
            "E",
            "edit_outside",
            "note in $EDITOR",
            tooltip="edit one of its notes in $EDITOR",
            show=False,
            id="experiments.edit-outside",
        ),
    ]

    def action_note(self) -> None:
        """Write a note on what is chosen: the run, the comparison, or the project."""
        run, other = self.subject
        project = self.project
        keeping = KeptText(self.app, NOTE, run=run, other=other)

        def operate(text: str) -> None:
            from workbench.operations import guide
            from workbench.operations.noting import add_note

            add_note(project, text, run=run, other_run=other)
            guide.remember(project, NOTE, None)

        def done(text: str | None) -> None:
            if text is None or not text.strip():
                keeping.drop()
                return
            keeping.end()
            self._write(lambda: operate(text), "Noted. u takes it back.")

        self.app.push_screen(NoteText(f"What was learnt from {_on(run, other)}?", "", keeping.typed), done)

    async def action_edit_note(self) -> None:
        """Edit one of the notes on what is chosen."""
        await self._choose(self._edit)

    async def action_edit_outside(self) -> None:
        """Edit one of the notes on what is chosen in the author's editor."""
        await self._choose(self._edit_outside)

    async def _choose(self, then: Callable[[Note], None]) -> None:
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        detail, subject = self.detail, self.subject
        if detail is None or detail.subject != subject:
            detail = await self.read_now(lambda: self.read_detail(subject))
            if detail is None:
                return
        notes = detail.notes
        if not notes:
            self.say("Nothing is noted here yet: n writes a note.", "warning")
        elif len(notes) == 1:
            then(notes[0])
        else:
            choices = [
                Choice(value=item, name=item.created_at[:10], words=one_line(item.body)[:56])
                for item in reversed(notes)
            ]
            dialog = ChoiceDialog("Which note?", choices)
            self.app.push_screen(dialog, lambda note: then(note) if note is not None else None)

    def _edit(self, note: Note) -> None:
        project = self.project
        keeping = KeptText(self.app, NOTE, note=note.id)

        def operate(text: str) -> None:
            from workbench.operations import guide
            from workbench.operations.noting import change_note

            change_note(project, note.id, text)
            guide.remember(project, NOTE, None)

        def done(text: str | None) -> None:
            if text is None:
                keeping.drop()
                return
            keeping.end()
            said = "Changed. u takes it back." if text.strip() else "Removed. u brings it back."
            self._write(lambda: operate(text), said)

        title = f"A note on {_on(note.run, note.other_run)}"
        self.app.push_screen(NoteText(title, note.body, keeping.typed), done)

    def _edit_outside(self, note: Note) -> None:
        from curation.errors import CurationError
        from workbench.operations.errors import NothingToDoError, WorkbenchError
        from workbench.operations.noting import change_note, written_outside
        from workbench.screens.editor import edit_file

        try:
            text = written_outside(note, lambda path: edit_file(self.app, path, stands="the note stays as it was"))
        except NothingToDoError as nothing:
            self.say(str(nothing))
            return
        except (WorkbenchError, CurationError) as error:
            self.say(str(error), "error")
            return
        project = self.project
        self._write(lambda: change_note(project, note.id, text), "Changed. u takes it back.")

    def _write(self, operation: Callable[[], None], said: str) -> None:
        def done(_result: None) -> None:
            self.say(said)
            self.on_project_changed()
            self.refresh_status()

        self.act(operation, done)

    def take_note(self) -> None:
        """Take in a note that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations.noting import add_note, change_note

            if not (text := str(kept.get("text", "")).strip()):
                return ""
            if isinstance(kept.get("note"), int):
                change_note(project, kept["note"], text)
            else:
                add_note(project, text, run=kept.get("run"), other_run=kept.get("other"))
            return KEPT

        take_left(self, NOTE, take)


def _on(run: str | None, other: str | None) -> str:
    if run is None:
        return "the project"
    return short_name(run, 40) if other is None else f"{short_name(run, 30)} against {short_name(other, 30)}"
