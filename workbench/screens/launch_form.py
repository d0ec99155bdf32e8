"""The fields of the launch form: a list with a cursor, each value typed or chosen at its own line.

A list, not a page of inputs: letters stay keys, and `enter` edits the field under the cursor. What a value changes is
worked out in `operations/drafting.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from workbench.screens.base import ProjectScreen
from workbench.screens.launch_lines import LAUNCH, VALUE_AT, form_line
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import visible
from workbench.widgets.value_editor import ValueEditor

if TYPE_CHECKING:
    from workbench.operations.drafting import Form, Line


class LaunchForm(ProjectScreen):
    """The list of fields and what changes one; `LaunchScreen`, which binds the keys, is the only screen made of it."""

    def __init__(self) -> None:
        super().__init__()
        self._form: Form | None = None
        self._lines: list[Line] = []
        # The field whose value is typed.
        self._edited = ""

    def compose_fields(self) -> ComposeResult:
        """Lay out the list, and over it the line that a value is typed in."""
        with Vertical(id="launch-fields"):
            yield PageList(form_line, id="launch-list", empty="Nothing can be launched yet.", markable=False)
            yield ValueEditor()

    @property
    def fields(self) -> PageList[Line]:
        """The list of fields."""
        return self.query_one("#launch-list", PageList)

    @property
    def editor(self) -> ValueEditor:
        """The line that a value is typed in."""
        return self.query_one(ValueEditor)

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        index = self.fields.current
        return self._lines[index] if index is not None and index < len(self._lines) else None

    def _ask(self, operation: Callable[[], Form]) -> None:
        self.outdate(errors=True)
        self.ask(operation, self._show, group="form", failed=self._refused)

    def _refused(self, sentence: str) -> None:
        if self._form is None:
            self.fields.show([], empty=f"{visible(sentence)} Press esc to leave.")
            self.query_one("#launch-title", Static).update(Content.styled("This cannot be launched.", "$text-error"))
        else:
            self.say(sentence, "error")
            self._show(self._form)

    def _show(self, form: Form) -> None:
        from workbench.operations.drafting import Line

        before = self.current.path if self.current else None
        self._form = form
        self._lines = [
            *form.lines(),
            Line(path=LAUNCH, value="", explanation="Start it now: enter or r here, ctrl+s anywhere."),
        ]
        paths = [line.path for line in self._lines]
        self.fields.put(dict(enumerate(self._lines)))
        self.fields.show(list(range(len(paths))), cursor=paths.index(before) if before in paths else self._first(paths))
        self._place_editor()

    def _first(self, paths: list[str]) -> int:
        """Begin at the field that is changed most."""
        return paths.index("train.learning_rate") if "train.learning_rate" in paths else 0

    def on_mount(self) -> None:
        """Have the value that is typed stay at its line, however the list scrolls."""
        self.editor.styles.margin = (0, VALUE_AT + 1, 0, 0)
        self.watch(self.fields, "scroll_y", self._place_editor, init=False)

    @on(PageList.Moved)
    def _moved(self) -> None:
        if self.editor.is_open and self.current is not None and self.current.path != self._edited:
            # A click on another line.
            self._take_typed(self.editor.value)
        self._explain()
        self.refresh_bindings()

    def _explain(self) -> None:
        """Say what the field under the cursor does."""

    @on(PageList.Opened)
    def _opened(self) -> None:
        self.action_edit()

    async def on_key(self, event: events.Key) -> None:
        """Take digits from the app: they begin a value where one is typed, and never leave a half-filled form."""
        line, typed = self.current, event.character or ""
        if self.editor.is_open:
            await self.editor.take(event)
            return
        if not typed.isdigit() and typed not in (".", "-"):
            return
        event.stop()
        event.prevent_default()
        if line is not None and not line.choices and line.path != LAUNCH:
            self._edit(line, typed)
        else:
            self.say("esc leaves the form; then the number opens its screen.")

    def action_edit(self) -> None:
        """Edit the value under the cursor; a choice goes on to its next, Launch launches."""
        line = self.current
        if line is None:
            return
        if line.path == LAUNCH:
            self.action_launch()
        elif line.choices:
            self.action_turn(1)
        else:
            self._edit(line, line.value)

    def action_launch(self) -> None:
        """Launch what the form says."""

    def _edit(self, line: Line, value: str) -> None:
        self._edited = line.path
        self._place_editor()
        self.editor.open(value)
        self.refresh_bindings()
        self.refresh_status()

    def next_here(self) -> str:
        """Say how the value that is typed is taken."""
        return "enter takes the value, esc leaves it as it was" if self.editor.is_open else ""

    def _place_editor(self) -> None:
        """Put the line that a value is typed in where the value stands, or at the edge its line was scrolled over."""
        fields, paths = self.fields, [line.path for line in self._lines]
        if self._edited in paths:
            line = paths.index(self._edited) - fields.scroll_offset.y
            self.editor.styles.offset = (VALUE_AT, max(0, min(line, fields.size.height - 1)))

    def on_resize(self) -> None:
        """Keep the value that is typed at its line."""
        self.call_after_refresh(self._place_editor)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._take_typed(event.value)

    def _take_typed(self, value: str) -> None:
        path = self._edited
        self._end_editing()
        self._set(path, value)

    def _set(self, path: str, value: str) -> None:
        from workbench.operations.drafting import with_value

        form, project = self._form, self.project
        if form is not None:
            self._ask(lambda: with_value(project, form, path, value))

    def _end_editing(self) -> None:
        self.editor.close()
        self.fields.focus()
        self.refresh_bindings()
        self.refresh_status()

    def action_turn(self, steps: int) -> None:
        """Choose the next or the one before."""
        from workbench.operations.drafting import with_choice

        line, form, project = self.current, self._form, self.project
        if line is None or form is None or len(line.choices) < 2:
            return
        index = line.choices.index(line.value) if line.value in line.choices else -steps
        value = line.choices[(index + steps) % len(line.choices)]
        if "." in line.path:
            self._set(line.path, value)
        else:
            self._ask(lambda: with_choice(project, form, line.path, value))

    def action_take_back(self) -> None:
        """Give the field its parent's value again."""
        line, form = self.current, self._form
        if line is not None and form is not None:
            self._set(line.path, line.parent or form.held(line.path))
