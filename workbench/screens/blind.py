"""Which are mine?: one text after the other, real or of a run, and what was told rightly once all are answered.

It lies over Review. Pages follow each other under `[` and `]`: the result of each round, then the round that is being
read, or the page that begins one. An answer is drawn at once and written behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from curation.counted import counted
from workbench.screens.base import ProjectScreen
from workbench.screens.blind_lines import (
    BlindView,
    Stage,
    end_lines,
    hint,
    result_lines,
    start_lines,
    text_lines,
    title_line,
)
from workbench.screens.blind_places import ask_blind, first_open, touched_text
from workbench.screens.kept_text import KEPT, KeptText, take_left
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.text_view import TextView

if TYPE_CHECKING:
    from store.blind import Answer
    from workbench.operations.blind import BlindTest
    from workbench.operations.edits import Reversal

# What a note is kept under while it is typed.
NOTE = "blind.note"
# Which stages an action belongs to.
_STAGES: dict[str, tuple[Stage, ...]] = {
    "answer": ("reading",),
    "sure": ("reading",),
    "note": ("reading",),
    "end": ("reading",),
    "again": ("start",),
    "prompts": ("start",),
    "go_on": ("start", "end", "result"),
    "go": ("reading", "end", "result", "start"),
}


class BlindScreen(ProjectScreen, ModalScreen[None]):
    """The blind test of a run."""

    NAME = "blind"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "go on", tooltip="begin a round, or show the result", id="blind.go-on"),
        Binding("m", "answer('mine')", "mine", tooltip="this text is mine", id="blind.mine"),
        Binding("x", "answer('not mine')", "not mine", tooltip="this text is not mine", id="blind.not-mine"),
        Binding("s", "answer('skipped')", "skip", tooltip="skip this text: it counts nowhere", id="blind.skip"),
        Binding("1", "sure(1)", "how sure", key_display="1 2 3", tooltip="hardly sure", id="blind.sure-1"),
        Binding("2", "sure(2)", "rather sure", show=False, tooltip="rather sure", id="blind.sure-2"),
        Binding("3", "sure(3)", "quite sure", show=False, tooltip="quite sure", id="blind.sure-3"),
        Binding("n", "note", "note", tooltip="a note on this text", id="blind.note"),
        Binding("left_square_bracket", "go(-1)", "before", key_display="[ ]", tooltip="before", id="blind.before"),
        Binding("right_square_bracket", "go(1)", "next", show=False, tooltip="next", id="blind.next"),
        Binding("a", "again", "from known ones", tooltip="a round of known texts, too", id="blind.again"),
        Binding("p", "prompts", "prompts", tooltip="add held-out prompts as canary prompts", id="blind.prompts"),
        Binding("e", "end", "end", tooltip="end the round here: the rest is skipped", id="blind.end"),
        Binding("u", "app.reverse('undo')", "undo", show=False, id="blind.undo"),
        Binding("U,ctrl+r", "app.reverse('redo')", "redo", show=False, id="blind.redo"),
        Binding("question_mark,f1", "app.help", "all keys", show=False, id="blind.help"),
        Binding("colon,ctrl+p", "app.command_palette", "every command", show=False, id="blind.commands"),
        Binding("escape", "leave", "leave", id="blind.leave"),
        Binding("q", "leave", "leave", show=False, id="blind.close"),
    ]

    def __init__(self, run: str | None) -> None:
        """Make the screen.

        Args:
            run: whose adapter; None for the newest that can be tested.
        """
        super().__init__()
        self._run = run
        self._number: int | None = None
        self._view: BlindView | None = None
        self._at = 0
        self._follow = False

    def compose(self) -> ComposeResult:
        """Lay out title, text, status line and keys."""
        yield Static("Which are mine?", id="blind-title", markup=False)
        yield TextView(id="blind-text")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Put the focus on the text; take in a note that a killed program left."""
        self.query_one(TextView).focus()
        self.take_note()

    def on_resize(self) -> None:
        """Lay the title out for the new width."""
        self.call_after_refresh(self._draw)

    def on_project_changed(self) -> None:
        """Ask for the rounds again."""
        project, run, number = self.project, self._run, self._number
        self.ask(lambda: ask_blind(project, run, number), self._show, group="blind", fresh=True)

    def on_reversal(self, reversal: Reversal) -> None:
        """Go to the text that an undo or redo touched."""
        self._follow = True
        self.on_project_changed()

    def _show(self, view: BlindView) -> None:
        before, self._view = self._view, view
        if view.run:
            self._run = view.run
        if view.test is not None:
            same = before is not None and before.test is not None and before.test.round.id == view.test.round.id
            if not same or before is None or before.test is None:
                self._at = first_open(view.test, 0)
            elif self._follow and (touched := touched_text(before.test, view.test)) is not None:
                self._at = touched
            if view.test.left and self._at >= len(view.test.texts):
                self._at = first_open(view.test, 0)
        self._follow = False
        self._draw(moved=True)

    @property
    def stage(self) -> Stage:
        """Which page is shown."""
        if self._view is None:
            return "loading"
        stage = self._view.stage
        # From the end one may go back to the texts.
        if stage in ("reading", "end") and self._view.test is not None:
            return "end" if self._at >= len(self._view.test.texts) else "reading"
        return stage

    def _draw(self, *, moved: bool = False) -> None:
        view, stage, at = self._view, self.stage, self._at
        if view is None:
            return
        width = max(20, self.size.width - 4)
        self.query_one("#blind-title", Static).update(title_line(view, at, width, reading=stage == "reading"))
        makers: dict[Stage, Callable[[int], list[Content]]] = {
            "start": lambda width: start_lines(view, width),
            "reading": lambda width: text_lines(view, at, width),
            "end": lambda width: end_lines(view, width),
            "result": lambda width: result_lines(view, width),
        }
        self.query_one(TextView).lay(makers[stage], keep_scroll=not moved)
        self.refresh_status()
        self.refresh_bindings()

    def next_here(self) -> str:
        """Name what is next on this page."""
        return hint(self.stage, self._view) if self._view is not None else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the page has."""
        stage = self.stage
        if action == "go_on" and self._view is not None and self._view.problem:
            return False
        if action == "go" and stage == "start" and not (self._view and self._view.earlier):
            return False
        return action not in _STAGES or stage in _STAGES[action]

    def action_go_on(self) -> None:
        """Begin a round, show the result, or go on from it."""
        from workbench.operations.blind_result import reveal

        view, project = self._view, self.project
        if view is None:
            return
        if self.stage == "start":
            self._begin(again=False)
        elif self.stage == "result":
            self._go_past()
        elif view.test is not None:
            test = view.test
            self._number = test.round.number
            self.act(lambda: reveal(project, test), lambda _: self.on_project_changed())

    def action_again(self) -> None:
        """Begin a round of texts that may have been shown before."""
        self._begin(again=True)

    def _begin(self, *, again: bool) -> None:
        if self._view is None or self._view.problem:
            return
        project, run = self.project, self._view.run

        def operate(progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]) -> BlindTest | None:
            from workbench.operations.blind_job import begin_in_child

            return begin_in_child(project, run, again=again, progress=progress, cancelled=cancelled)

        def done(test: BlindTest | None) -> None:
            if self.is_mounted:
                self._go_past()

        self.app.background("Drawing texts", operate, done, about="datasets")

    def action_prompts(self) -> None:
        """Add held-out prompts to the canary prompts."""
        if self._view is None or self._view.problem:
            return
        project, run = self.project, self._view.run

        def operate() -> int:
            from workbench.operations.blind import add_held_out_prompts

            return add_held_out_prompts(project, run)

        def done(added: int) -> None:
            then = "Sample the adapter with them: 4, s, held out."
            if added:
                self.say(f"Added {counted(added, 'canary prompt')}. {then} u undoes it.")
            else:
                self.say(f"All held-out prompts are canary prompts already. {then}")

        self.act(operate, done)

    def action_answer(self, answer: Answer) -> None:
        """Record an answer and go on to the next text without one."""
        from workbench.operations import blind

        view, project = self._view, self.project
        if view is None or view.test is None or self.stage != "reading":
            return
        text = view.test.texts[self._at]
        self._write(lambda: blind.answer(project, text.id, answer=answer), answer=answer)
        assert self._view is not None
        assert self._view.test is not None
        self._at = first_open(self._view.test, self._at + 1)
        self._draw(moved=True)

    def action_sure(self, sure: int) -> None:
        """Record how sure she is of this text."""
        from workbench.operations import blind

        view, project = self._view, self.project
        if view is not None and view.test is not None and self.stage == "reading":
            text = view.test.texts[self._at]
            self._write(lambda: blind.answer(project, text.id, sure=sure), sure=sure)
            self._draw()

    def _write(self, operation: Callable[[], None], **said: Any) -> None:
        """Draw what was said of the text at once, and write it behind."""
        view = self._view
        assert view is not None
        assert view.test is not None
        texts = list(view.test.texts)
        texts[self._at] = replace(texts[self._at], **said)
        self._view = replace(view, test=replace(view.test, texts=tuple(texts)))
        self.act(operation, failed=lambda _: self.on_project_changed())

    def action_note(self) -> None:
        """Write the note on this text."""
        from workbench.widgets.note_dialog import NoteDialog

        view, project = self._view, self.project
        if view is None or view.test is None or self.stage != "reading":
            return
        text = view.test.texts[self._at]
        keeping = KeptText(self.app, NOTE, of=text.id)

        def operate(note: str) -> None:
            from workbench.operations import blind, guide

            blind.answer(project, text.id, note=note)
            guide.remember(project, NOTE, None)

        def done(note: str | None) -> None:
            if note is None:
                keeping.drop()
                return
            keeping.end()
            self._write(lambda: operate(note), note=note.strip())
            self._draw()

        words = "An empty note is removed."
        self.app.push_screen(NoteDialog("Note on this text", words, value=text.note, typed=keeping.typed), done)

    def take_note(self) -> None:
        """Take in a note that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations import blind

            if not isinstance(text := kept.get("of"), int):
                return ""
            blind.answer(project, text, note=str(kept.get("text", "")))
            return KEPT

        take_left(self, NOTE, take)

    def action_end(self) -> None:
        """End the round where it stands, once that is sure."""
        from workbench.widgets.dialogs import ConfirmDialog

        view, project = self._view, self.project
        if view is None or view.test is None:
            return
        test = view.test

        def operate() -> int:
            from workbench.operations.blind import skip_rest

            return skip_rest(project, test)

        def answered(yes: bool | None) -> None:
            if yes:
                self._follow = False
                self._at = len(test.texts)
                self.act(operate, lambda _: self.on_project_changed())

        words = (
            f"{test.left} without an answer are skipped and count nowhere. u takes that back until the result is seen."
        )
        self.app.push_screen(ConfirmDialog("End this round here?", words), answered)

    def action_go(self, pages: int) -> None:
        """Go to the text before or after, or from page to page of the rounds."""
        view = self._view
        if view is None:
            return
        if view.test is not None:
            self._at = max(0, min(self._at + pages, len(view.test.texts)))
            if view.test.left and self._at == len(view.test.texts):
                self._at = len(view.test.texts) - 1
            self._draw(moved=True)
            return
        numbers = [item.number for item in view.earlier if item.counts]
        here = numbers.index(view.result.round.number) if view.result is not None else len(numbers)
        wanted = max(0, here + pages)
        if wanted >= len(numbers):
            self._go_past()
        else:
            self._number = numbers[wanted]
            self.on_project_changed()

    def _go_past(self) -> None:
        """Go past the last result: to the round that is being read, or to the page that begins one."""
        self._number = None
        self.on_project_changed()

    def action_leave(self) -> None:
        """Go back to Review, or cancel the drawing that is going on."""
        if not self.app.cancel_background():
            self.dismiss(None)
