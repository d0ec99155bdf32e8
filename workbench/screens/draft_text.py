"""The text of the draft screen: which draft it is, kept with each key, and written into its file when she says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from workbench.screens.base import ProjectScreen
from workbench.screens.kept_text import KeptText
from workbench.widgets.marked_field import MarkedField, alike
from workbench.widgets.plain import one_line
from workbench.widgets.text_fields import TextField

if TYPE_CHECKING:
    from textual.timer import Timer

    from workbench.operations.kept_drafts import KeptDraft
    from workbench.operations.taking import WrittenDraft

_CURSOR = "draft.cursor"
# How long she rests before the model's words are looked for in what she typed, in seconds.
_REST_S = 0.3


def index_of(area: TextArea, location: tuple[int, int]) -> int:
    """Return which character of a text a line and column are."""
    row, column = location
    newline = len(area.document.newline)
    return sum(len(area.document.get_line(line)) + newline for line in range(row)) + column


def location_of(text: str, index: int) -> tuple[int, int]:
    """Return the line and column of a character, for a text whose lines all end alike."""
    before = text[:index]
    return before.count("\n"), index - (before.rfind("\n") + 1)


def become(area: TextArea, text: str, *, start: int, length: int, select: bool) -> None:
    """Make a text say something else as one edit; the cursor stands behind so many characters, or selects them."""
    words = _plain(text[start : start + length])
    start = len(_plain(text[:start]))
    # The field counts lines and columns: what ends a line is one character here, whatever it is in the text.
    before, text = _plain(area.text), _plain(text)
    head = alike(before, text)
    tail = alike(before[head:][::-1], text[head:][::-1])
    area.replace(text[head : len(text) - tail], location_of(before, head), location_of(before, len(before) - tail))
    end = location_of(text, start + len(words))
    area.selection = Selection(location_of(text, start) if select else end, end)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


class DraftText(ProjectScreen):
    """The keys that open, keep and write; `DraftScreen`, which binds them, is the only screen made of it."""

    _draft: KeptDraft | None = None
    _keeping: KeptText | None = None
    _typed = ""
    _resting: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a text to write in."""
        return self._draft is not None

    @property
    def draft_title(self) -> str:
        """What the draft is called."""
        return self._draft.title if self._draft is not None else "…"

    @property
    def draft_name(self) -> str:
        """What it is called where it is remembered."""
        return self._draft.name or self._draft.title if self._draft is not None else ""

    def load(self, wanted: str | None) -> None:
        """Open the draft of a file, an essay, or the new text; None for the one that was left."""
        project = self.project

        def operate() -> tuple[KeptDraft, object]:
            from workbench.operations import guide, kept_drafts

            draft = kept_drafts.current(project) if wanted is None else kept_drafts.open_draft(project, wanted)
            return draft, guide.recall(project, _CURSOR)

        # What was typed last is written before it is read.
        self.act(operate, lambda found: self._opened_draft(*found), failed=lambda _sentence: self._stay(wanted))

    def _stay(self, wanted: str | None) -> None:
        """Stay with the draft that is open; where there is none, go to the new text, so that what is typed is kept."""
        project, name = self.project, self._draft.name if self._draft is not None else ""
        if self._draft is None and wanted != name:
            self.load(name)
            return

        def stay() -> None:
            from workbench.operations import kept_drafts

            kept_drafts.stay_with(project, name)

        self.app.write(stay)

    def _opened_draft(self, draft: KeptDraft, cursor: object) -> None:
        if TextField(draft.text).text != draft.text:
            self.say(f"{one_line(draft.title)} has line ends of several kinds: make them one in your editor.", "error")
            self._stay(draft.name)
            return
        area = self.query_one("#draft-text", TextArea)
        # What was typed before the draft was read goes where the cursor stands in it.
        early = area.text if self._draft is None else ""
        self._draft, self._typed = draft, draft.text
        self._keeping = KeptText(self.app, draft.key, standing=draft.standing)
        area.load_text(draft.text)
        area.move_cursor(location_of(draft.text, len(draft.text)))
        if isinstance(cursor, list) and cursor[:1] == [draft.name] and len(cursor) == 3:
            area.move_cursor((int(cursor[1]), int(cursor[2])))
        if early:
            area.insert(early)
        self.find_model_words()
        self._draw()
        if draft.changed_outside:
            self.say(
                f"{one_line(draft.title)} was changed outside since this draft was begun: both are kept. ctrl+s asks "
                "for another file.",
                "warning",
            )

    @on(TextArea.Changed, "#draft-text")
    def _changed(self) -> None:
        typed = self.query_one("#draft-text", TextArea).text
        if self._keeping is not None and typed != self._typed:
            self._typed = typed
            self._keeping.typed(typed)
            if self._resting is not None:
                self._resting.stop()
            self._resting = self.set_timer(_REST_S, self.find_model_words)
            self._draw()

    def find_model_words(self) -> None:
        """Mark what of the text is the model's: words she took and did not change, by the rule of every import."""
        field, project = self.query_one("#draft-text", MarkedField), self.project
        text = field.text

        def ask() -> list[tuple[int, int]]:
            from workbench.operations.taking import spans_of_a_model

            return spans_of_a_model(project, text)

        def show(spans: list[tuple[int, int]]) -> None:
            # What was typed meanwhile is looked through after the next rest.
            if field.text == text:
                field.mark(spans)
                self._draw()

        self.ask(ask, show, group="words")

    @property
    def model_words(self) -> tuple[int, int]:
        """How many words of the text are marked as the model's, and how many there are."""
        field = self.query_one("#draft-text", MarkedField)
        text = field.text
        return sum(len(text[start:end].split()) for start, end in field.spans), len(text.split())

    @on(TextArea.SelectionChanged, "#draft-text")
    def _stands(self) -> None:
        if self._draft is not None:
            self.keep("cursor", [self._draft.name, *self.query_one("#draft-text", TextArea).cursor_location])

    def leave_text(self) -> None:
        """Keep what was typed last, and where the cursor stands."""
        self._changed()
        self._keep_now()

    def action_open(self) -> None:
        """Ask which draft, and go there; this one is kept."""
        from workbench.widgets.path_dialog import PathDialog

        dialog = PathDialog(
            "Which draft?",
            "A file, an essay by its name, or nothing for a new text. What is typed here is kept.",
            root=self.project.root,
            suffixes=(".md", ".txt", ".markdown"),
        )

        def go(wanted: str | None) -> None:
            if wanted is not None:
                self.leave_text()
                self.load(wanted)

        self.app.push_screen(dialog, go)

    def action_write(self) -> None:
        """Write the draft into its file; one that has none, or whose file was changed outside, is asked for another."""
        draft = self._draft
        if draft is None:
            return
        if draft.path is not None and not draft.changed_outside:
            if self.query_one("#draft-text", TextArea).text == draft.standing:
                self.say(f"{one_line(draft.title)} says this already.")
            else:
                self._write(None)
            return
        from workbench.widgets.path_dialog import PathDialog

        dialog = PathDialog(
            "Write it where?", "A file that is not there yet, such as drafts/gates.md.", root=self.project.root
        )
        self.app.push_screen(dialog, lambda to: self._write(Path(to.strip())) if to and to.strip() else None)

    def _write(self, to: Path | None) -> None:
        draft, text, project = self._draft, self.query_one("#draft-text", TextArea).text, self.project
        assert draft is not None

        def operate() -> tuple[KeptDraft, WrittenDraft, int]:
            from workbench.operations import kept_drafts
            from workbench.operations.taking import words_of_a_model

            written, done = kept_drafts.write(project, draft, text, to=to)
            return written, done, words_of_a_model(project, text)

        def said(found: tuple[KeptDraft, WrittenDraft, int]) -> None:
            written, done, words = found
            if not draft.name and self._keeping is not None:
                # What was typed meanwhile was kept as a new text's, and is the file's.
                self._keeping.drop()
            self._draft = written
            self._keeping = KeptText(self.app, written.key, standing=written.standing)
            self._changed_since(text)
            self._draw()
            kept = " The old text is in backups/drafts." if done.backup is not None else ""
            whose = f" {words} words in it are the model's: an import of it says so." if words else ""
            self.say(f"{one_line(written.title)}: written.{kept}{whose}", "warning" if words else "information")

        def failed(sentence: str) -> None:
            if to is None and self._draft is draft:
                # It would fail again: the next time she is asked for another file.
                self._draft = replace(draft, changed_outside=True)
                self.say(f"{sentence} ctrl+s asks for another file now.", "error")

        self.act(operate, said, failed=failed)

    def _changed_since(self, text: str) -> None:
        """Keep what was typed while the file was written under its new name."""
        typed = self.query_one("#draft-text", TextArea).text
        if self._keeping is not None and typed != text:
            self._keeping.typed(typed)

    def _draw(self) -> None:
        """Draw the lines around the text."""
