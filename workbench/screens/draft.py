"""The draft: a text that is written with the model, over any screen.

Nothing waits for the model: she types on while it loads and writes, and what it wrote is listed below. What is typed is
kept with each key. What is taken is an edit of the text like any other, which undo takes back, and is remembered as the
model's. The file of a draft is written by a key, and never otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from workbench.screens.base import ProjectScreen
from workbench.screens.draft_asking import SAMPLES, Asked, Asking, ask_model
from workbench.screens.draft_lines import Row, answer_in_place, answer_line, model_line
from workbench.screens.draft_text import DraftText, become, index_of, location_of
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, one_line
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.text_fields import TextField
from workbench.widgets.text_view import TextView

if TYPE_CHECKING:
    from workbench.operations.infilling import Gap
    from workbench.operations.sessions import SessionView, Writer

# How often the session is looked at while the screen is shown, in seconds.
_LOOK_S = 1.0
_WRITER = "draft.writer"
_IN_ANSWERS = frozenset({"take_and_edit", "others"})
_WRITING = "Kept as you type. ctrl+g writes what is selected anew, ctrl+n a paragraph"
_CHOOSING = "enter takes it, e takes it to be edited, r asks for others, esc closes"


class DraftScreen(DraftText, ProjectScreen, ModalScreen[None]):
    """A text area, who writes, and the answers."""

    NAME = "draft"
    LEGEND = "Select with shift and arrows, or the sentence with ctrl+l, and once more the paragraph."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e",
            "take_and_edit",
            "edit",
            tooltip="take the answer and select it, to be edited",
            id="draft.take-and-edit",
        ),
        Binding("r", "others", "others", tooltip="ask for others in the same place", id="draft.others"),
        Binding(
            "ctrl+g,ctrl+@,ctrl+space",
            "infill",
            "infill",
            tooltip="let the model write what is selected anew, or words at the cursor, from both sides",
            id="draft.infill",
        ),
        Binding(
            "ctrl+n",
            "go_on",
            "paragraph",
            tooltip="let the model write a further paragraph behind this one",
            id="draft.go-on",
        ),
        Binding(
            "ctrl+l", "select", "select", tooltip="select the sentence, once more: the paragraph", id="draft.select"
        ),
        Binding("ctrl+s", "write", "write", tooltip="write the draft into its file", id="draft.write"),
        Binding("ctrl+o", "open", "open", tooltip="another draft: a file, an essay, a new text", id="draft.open"),
        Binding("ctrl+t", "writer", "model", tooltip="who writes: a run's adapter, or the base", id="draft.writer"),
        Binding("f1,question_mark", "app.help", "all keys", show=False, id="draft.help"),
        Binding("ctrl+p", "app.command_palette", "every command", show=False, id="draft.commands"),
        Binding("escape", "leave", "leave", id="draft.leave"),
    ]
    DEFAULT_CSS = """
    DraftScreen { background: $background; layout: vertical; }
    DraftScreen > Static { height: 1; padding: 0 2; }
    DraftScreen #draft-title { background: $surface; }
    DraftScreen TextArea { border: none; padding: 0 1; background: $background; height: 1fr; max-width: 88; }
    DraftScreen TextArea:focus { border: none; }
    DraftScreen #draft-answers { display: none; height: 3; border-top: none; }
    DraftScreen #draft-in-place { display: none; height: 4; border-top: solid $border; }
    DraftScreen.-answered #draft-answers, DraftScreen.-answered #draft-in-place { display: block; }
    DraftScreen.-tall #draft-in-place { height: 9; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._writers: list[Writer] = []
        self._writer: Writer | None = None
        self._view: SessionView | None = None
        self._asking: Asking | None = None
        self._asked: Asked | None = None

    def compose(self) -> ComposeResult:
        """Lay out the text, and below it who writes, and the answers."""
        yield Static("Draft …", id="draft-title", markup=False)
        yield TextField("", id="draft-text", soft_wrap=True, show_line_numbers=False)
        yield Static("", id="draft-model", markup=False)
        answers: PageList[Row] = PageList(answer_line, id="draft-answers", markable=False)
        yield answers
        yield TextView(id="draft-in-place")
        yield StatusLine()
        yield KeyLine()

    @property
    def area(self) -> TextArea:
        """The text."""
        return self.query_one("#draft-text", TextArea)

    @property
    def answers(self) -> PageList[Row]:
        """The list of answers."""
        return self.query_one("#draft-answers", PageList)

    def on_mount(self) -> None:
        """Open the draft that was left, and begin to look who writes."""
        super().on_mount()
        self.query_one(TextView).can_focus = False
        self.answers.show([], empty="")
        self.area.focus()
        self.load(None)
        self._find_writers()
        self.set_interval(_LOOK_S, self._look)

    def on_screen_resume(self) -> None:
        """Stand as it is: a dialog changes nothing of it."""

    def on_project_changed(self) -> None:
        """Stand as it is: the draft is no essay of the project."""

    def on_resize(self) -> None:
        """Lay the lines around the text out for the new width."""
        super().on_resize()
        self.call_after_refresh(self._draw)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what acts on an answer in the list of answers only."""
        if action in _IN_ANSWERS:
            return self.is_mounted and self.focused is self.answers
        return True

    def next_here(self) -> str:
        """Say what can be done with the text, or with the answers."""
        return _CHOOSING if self.focused is self.answers else _WRITING

    def on_descendant_focus(self) -> None:
        """Say what can be done here."""
        self.refresh_status()

    # Who writes.

    def _find_writers(self) -> None:
        project = self.project

        def ask() -> tuple[list[Writer], object]:
            from workbench.operations import guide
            from workbench.operations.sessions import writers

            return writers(project), guide.recall(project, _WRITER)

        def show(found: tuple[list[Writer], object]) -> None:
            self._writers, chosen = found
            wanted = [item for item in self._writers if [item.adapter_run] == chosen]
            self._writer = (wanted or self._writers)[0]
            self._look()

        self.ask(ask, show, group="writers")

    def _look(self) -> None:
        writer, project = self._writer, self.project
        if writer is None:
            return

        def ask() -> SessionView | None:
            from workbench.operations.sessions import living, session_view

            known = self._view
            if known is not None and known.adapter_run == writer.adapter_run and known.lives:
                return session_view(project, known.name)
            return living(project, adapter_run=writer.adapter_run)

        def show(view: SessionView | None) -> None:
            # One that failed is said to have, until another is started.
            if view is not None or self._view is None or self._view.adapter_run != writer.adapter_run:
                self._view = view
            self._draw()

        self.ask(ask, show, group="session")

    def action_writer(self) -> None:
        """Choose who writes."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        choices = [Choice(value=item, name=item.adapter_run or "base", words=item.words) for item in self._writers]

        def choose(chosen: Writer | None) -> None:
            if chosen is None:
                return
            self._writer, project = chosen, self.project

            def keep() -> None:
                from workbench.operations import guide

                guide.remember(project, _WRITER, [chosen.adapter_run])

            self.app.write(keep)
            self._look()

        if choices:
            dialog = ChoiceDialog("Who writes?", choices, words="The first question loads it.", current=self._writer)
            self.app.push_screen(dialog, choose)

    # Asking.

    def action_infill(self) -> None:
        """Ask for words in the place of what is selected, or at the cursor."""
        from workbench.operations.infilling import at

        area = self.area
        start, end = sorted(index_of(area, place) for place in area.selection)
        self._ask(at(area.text, start, end))

    def action_go_on(self) -> None:
        """Ask for a further paragraph behind the one that the cursor stands in."""
        from workbench.operations.infilling import paragraph_after

        area = self.area
        self._ask(paragraph_after(area.text, index_of(area, area.cursor_location)))

    def action_others(self) -> None:
        """Ask for others in the same place."""
        if self._asked is None:
            return
        from workbench.operations.infilling import found_again

        asking = self._asked.asking
        gap = found_again(asking.gap, self.area.text)
        if gap is None:
            self.say("What stood around the place was changed: select it anew.", "warning")
        else:
            self._ask(gap, seed=asking.seed + SAMPLES)

    def _ask(self, gap: Gap, *, seed: int = 1) -> None:
        if self._asking is not None:
            self.say("The model is still writing: esc takes the question back.", "warning")
            return
        if not self.is_open or self._writer is None:
            return
        self._asking = asking = Asking(gap=gap, seed=seed, adapter_run=self._writer.adapter_run)
        project, before = self.project, (self.area.text, self.area.selection, self.focused)

        def done(asked: Asked | None) -> None:
            self._asking = None
            if not self.is_attached:
                return
            if asked is None:
                self.say("The question was taken back.")
            elif asked.answer.error is not None:
                self.say(asked.answer.error, "error")
            else:
                self._show(asked, still=(self.area.text, self.area.selection, self.focused) == before)
            self._look()

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> Asked | None:
            try:
                return ask_model(project, asking, progress, cancelled)
            except Exception:
                self._asking = None
                raise

        if not self.app.background("Writing", operate, done, about="draft"):
            self._asking = None

    def _show(self, asked: Asked, *, still: bool) -> None:
        """List the answers; the keys go to them, unless she went on typing."""
        self._asked = asked
        rows = asked.answer.samples
        self.set_class(bool(rows), "-answered")
        self.answers.put({number: (number, written) for number, written in enumerate(rows)})
        self.answers.show(range(len(rows)), cursor=0, empty="")
        self._draw()
        if still:
            self.answers.focus()
        said = f"{asked.given.summary} · {asked.answer.seconds:.1f} s" + ("" if still else " · tab goes to the answers")
        if asked.answer.warnings:
            self.say(" ".join(asked.answer.warnings), "warning")
        else:
            self.say(said[0].upper() + said[1:])

    # Taking.

    def action_take_and_edit(self) -> None:
        """Take the answer and select it."""
        self._take(select=True)

    @on(PageList.Opened, "#draft-answers")
    def _opened(self) -> None:
        self._take(select=False)

    @on(PageList.Moved, "#draft-answers")
    def _moved(self) -> None:
        self._draw()

    def _take(self, *, select: bool) -> None:
        from workbench.operations.infilling import found_again

        asked, row = self._asked, self.answers.current_row
        if asked is None or row is None:
            return
        gap = found_again(asked.asking.gap, self.area.text)
        if gap is None:
            self.say("What stood around the place was changed: select it anew and ask again.", "warning")
            return
        become(self.area, gap.filled(row[1].text), start=gap.start, length=len(row[1].text), select=select)
        self._clear()
        self.area.focus()
        self._remember(asked, row[0])

    def _remember(self, asked: Asked, number: int) -> None:
        written, project, draft = asked.answer.samples[number], self.project, self.draft_name

        def operate() -> None:
            from workbench.operations.taking import remember_taken

            remember_taken(
                project,
                body=written.text,
                session=asked.session,
                request=asked.request,
                index=written.index,
                draft=draft,
            )

        self.act(operate, lambda _none: self.say("Taken: ctrl+z undoes it. These words are remembered as the model's."))

    def _clear(self) -> None:
        self._asked = None
        self.remove_class("-answered")
        self.answers.show([], empty="")

    # Selecting and leaving.

    def action_select(self) -> None:
        """Select the sentence at the cursor; where it is selected, its paragraph."""
        from workbench.operations.infilling import paragraph_at, sentence_at

        area = self.area
        text = area.text
        start, end = sorted(index_of(area, place) for place in area.selection)
        sentence = sentence_at(text, start if start == end else start + 1)
        wanted = paragraph_at(text, start) if (start, end) == sentence else sentence
        area.selection = type(area.selection)(location_of(text, wanted[0]), location_of(text, wanted[1]))

    def action_leave(self) -> None:
        """Take the question back, or close the answers, or leave the draft as it stands."""
        if self._asking is not None:
            self._asking.taken_back = True
        elif self._asked is not None and self.focused is self.answers:
            self._clear()
            self.area.focus()
        else:
            self.leave_text()
            self.dismiss(None)

    def _draw(self) -> None:
        width = max(20, self.size.width - 4)
        title = f"Draft · {one_line(self.draft_title)}"
        self._set("title", Content.styled(cell(title, width), "bold"))
        self._set("model", model_line(self._writer, self._view, width))
        asked, row = self._asked, self.answers.current_row
        if asked is not None and row is not None:
            gap = asked.asking.gap
            self.query_one(TextView).lay(lambda room: answer_in_place(gap, row[1], room))

    def _set(self, name: str, content: Content) -> None:
        self.query_one(f"#draft-{name}", Static).update(content, layout=False)
