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

from workbench.screens.draft_asking import SAMPLES, Asked, Asking, ask_model
from workbench.screens.draft_lines import Row, answer_in_place, answer_line, model_line, title_line
from workbench.screens.draft_text import DraftText, become, index_of, location_of
from workbench.screens.draft_writer import DraftWriter
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.marked_field import MarkedField
from workbench.widgets.page_list import PageList
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.text_view import TextView

if TYPE_CHECKING:
    from workbench.operations.infilling import Gap

_IN_ANSWERS = frozenset({"take_and_edit", "others", "scroll_answer", "go_to_answer"})
_WRITING = "Kept as you type. ctrl+g writes what is selected anew, ctrl+n a paragraph"
_CHOOSING = f"1 to {SAMPLES} goes there, enter takes it, e takes it to edit, r others, esc closes"


class DraftScreen(DraftText, DraftWriter, ModalScreen[None]):
    """A text area, who writes, and the answers."""

    NAME = "draft"
    LEGEND = (
        "Select with shift and arrows, or the sentence with ctrl+l, and once more the paragraph. In italics: words of "
        "the model. What you change is yours, and so is what is left beside it with no eight of them in a row."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e",
            "take_and_edit",
            "edit",
            tooltip="take the answer and select it, to be edited",
            id="draft.take-and-edit",
        ),
        *(
            Binding(
                str(number),
                f"go_to_answer({number - 1})",
                f"answer {number}",
                show=False,
                tooltip=f"go to answer {number}, which enter takes",
                id=f"draft.answer-{number}",
            )
            for number in range(1, SAMPLES + 1)
        ),
        Binding("r", "others", "others", tooltip="ask for others in the same place", id="draft.others"),
        Binding("plus", "others(1)", "longer", tooltip="ask for longer ones, by a half", id="draft.longer"),
        Binding("minus", "others(-1)", "shorter", tooltip="ask for shorter ones, by a third", id="draft.shorter"),
        Binding("J", "scroll_answer(1)", "scroll", show=False, tooltip="scroll the answer down", id="draft.down"),
        Binding("K", "scroll_answer(-1)", "scroll", show=False, tooltip="scroll the answer up", id="draft.up"),
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
        Binding(
            "ctrl+t",
            "writer",
            "model",
            tooltip="who writes: a run's adapter, or the base; or end the session",
            id="draft.writer",
        ),
        Binding("question_mark,f1", "app.help", "all keys", show=False, id="draft.help"),
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
    DraftScreen #draft-in-place { display: none; height: 4; max-height: 9; border-top: solid $border; }
    DraftScreen.-answered #draft-answers, DraftScreen.-answered #draft-in-place { display: block; }
    DraftScreen.-tall #draft-in-place { max-height: 16; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._asking: Asking | None = None
        self._asked: Asked | None = None

    def compose(self) -> ComposeResult:
        """Lay out the text, and below it who writes, and the answers."""
        yield Static("Draft …", id="draft-title", markup=False)
        yield MarkedField(id="draft-text")
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
        self.query_one(TextView).can_focus = False
        self.answers.show([], empty="")
        self.area.focus()
        self.load(None)
        self.find_writers()

    def on_project_changed(self) -> None:
        """Stand as it is: the draft is no essay of the project."""

    def on_resize(self) -> None:
        """Lay the lines around the text out for the new width."""
        self.call_after_refresh(self._draw)
        self.call_after_refresh(self._draw_answer, fit=True)

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

    def action_others(self, change: int = 0) -> None:
        """Ask for others in the same place; longer ones where `change` is above 0, shorter below."""
        if self._asked is None:
            return
        from workbench.operations.infilling import found_again

        asking, tokens = self._asked.asking, self._asked.given.question.tokens
        if change:
            # Longer by a half, shorter by a third: one takes the other back.
            tokens = max(1, round(tokens * 3 / 2 if change > 0 else tokens * 2 / 3))
        gap = found_again(asking.gap, self.area.text)
        if gap is None:
            self.say("What stood around the place was changed: select it anew.", "warning")
        else:
            self._ask(gap, seed=asking.seed if change else asking.seed + SAMPLES, tokens=tokens)

    def _ask(self, gap: Gap, *, seed: int = 1, tokens: int | None = None) -> None:
        if self._asking is not None:
            self.say("The model is still writing: esc takes the question back.", "warning")
            return
        if not self.is_open or self.writer is None:
            self.say("The draft is still being opened: press the key again.", "warning")
            return
        self.keep_writer()
        self._asking = asking = Asking(gap=gap, seed=seed, tokens=tokens, adapter_run=self.writer.adapter_run)
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
            self.look()

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
        self._draw_answer(fit=True)
        if still:
            self.answers.focus()
        said = f"{asked.given.summary} · {asked.answer.seconds:.1f} s" + ("" if still else " · tab goes to the answers")
        if asked.answer.warnings:
            self.say(" ".join(asked.answer.warnings), "warning")
        else:
            self.say(said[0].upper() + said[1:])

    # Taking.

    def action_go_to_answer(self, number: int) -> None:
        """Go to an answer by its number, from 0: it is read in its place before it is taken."""
        if not self.answers.go_to(number):
            self.say(f"There is no answer {number + 1}.", "warning")

    def action_take_and_edit(self) -> None:
        """Take the answer and select it."""
        self._take(select=True)

    @on(PageList.Opened, "#draft-answers")
    def _opened(self) -> None:
        self._take(select=False)

    @on(PageList.Moved, "#draft-answers")
    def _moved(self) -> None:
        self._draw_answer()

    def action_scroll_answer(self, lines: int) -> None:
        """Scroll the answer that is shown in its place."""
        self.query_one(TextView).scroll_relative(y=lines, animate=False)

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

        def done(_none: None) -> None:
            self.say("Taken: ctrl+z undoes it. These words are remembered as the model's.")
            self.find_model_words()

        self.act(operate, done)

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
            if said := self.stays():
                self.app.call_later(self.app.say, said)
            self.dismiss(None)

    def _draw(self) -> None:
        width = max(20, self.size.width - 4)
        self._set("title", title_line(self.draft_title, self.model_words, width))
        self._set("model", model_line(self.writer, self.session, width, other=self.other))

    def _draw_answer(self, *, fit: bool = False) -> None:
        """Draw the answer of the cursor in its place; where asked, make room for the longest of all."""
        asked, row = self._asked, self.answers.current_row
        if asked is None or row is None:
            return
        view, gap = self.query_one(TextView), asked.asking.gap
        if fit:
            width = max(10, self.size.width - 5)
            lines = max(len(answer_in_place(gap, written, width)) for written in asked.answer.samples)
            view.styles.height = lines + 1
        view.lay(lambda room: answer_in_place(gap, row[1], room))

    def _set(self, name: str, content: Content) -> None:
        self.query_one(f"#draft-{name}", Static).update(content, layout=False)
