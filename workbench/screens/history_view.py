"""The history: every edit, newest first, and what each changed; undo down to one, or set one aside."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.screens.base import ProjectScreen
from workbench.screens.reversing import reverse
from workbench.screens.shell import Shell
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.history import HistoryRow
    from workbench.operations.edits import Change, Direction, Reversal

_EMPTY = "Nothing was edited yet. What you decide and write from now on stands here, and u takes it back."
_STATES = {
    "done": "",
    "undone": "undone",
    "dropped": "undone, dropped",
    "set aside": "set aside",
    "undone in part": "undone in part",
}


def edit_line(row: HistoryRow, width: int) -> Content:
    """Lay an edit out as one line: its number, its time here, what it did, and whether it still stands."""
    at = datetime.fromisoformat(row.at).astimezone() if row.at else None
    state = _STATES[row.state]
    label_width = max(8, width - 7 - 13 - 16)
    style = "$foreground" if row.state in ("done", "set aside") else "$text-muted"
    return Content.assemble(
        (cell(str(row.edit), 6, right=True) + " ", "$text-muted"),
        (cell(at.strftime("%d %b %H:%M") if at else "", 13), "$text-muted"),
        (cell(one_line(row.label), label_width), style),
        (cell(state, 16, right=True), "$text-muted"),
    )


class HistoryView(ModalScreen[None]):
    """The list of edits above, what the one under the cursor changed below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "set_aside", "set aside", show=False, id="history.set-aside"),
        Binding("U,ctrl+r", "redo", "redo", show=False, id="history.redo"),
        Binding("u", "undo", "undo the latest", show=False, id="history.undo"),
        Binding("escape,L,q", "leave", "leave", show=False, id="history.leave"),
    ]
    DEFAULT_CSS = """
    HistoryView { background: $background; layout: vertical; }
    HistoryView .pane-title { height: 1; padding: 0 2; text-style: bold; }
    HistoryView .history-keys { height: 1; padding: 0 2; color: $text-muted; background: $panel; }
    HistoryView PageList { height: 3fr; }
    HistoryView TextView { height: 2fr; border-top: hkey $border; }
    HistoryView #history-said { height: auto; min-height: 1; max-height: 6; padding: 0 2; color: $text-warning; }
    """
    app = getters.app(Shell)

    def __init__(self, screen: ProjectScreen) -> None:
        super().__init__()
        self._behind = screen

    def compose(self) -> ComposeResult:
        """Lay out list, changes and keys."""
        yield Static("History, newest first", classes="pane-title", markup=False)
        yield PageList(edit_line, id="history-list", empty=_EMPTY, markable=False)
        with Vertical():
            yield TextView(id="history-changes")
        yield Static("", id="history-said", markup=False)
        yield Static(
            "enter undo down to it · u undo · U redo · x set aside · esc leave", classes="history-keys", markup=False
        )

    @property
    def edits(self) -> PageList[HistoryRow]:
        """The list of edits."""
        return self.query_one("#history-list", PageList)

    def on_mount(self) -> None:
        """Show the newest."""
        self.query_one("#history-changes", TextView).can_focus = False
        self.edits.focus()
        self._ask_list()

    def _ask_list(self) -> None:
        project = self._behind.project

        def ask() -> Sequence[int]:
            from workbench.operations.edits import edit_ids

            return edit_ids(project)

        def show(numbers: Sequence[int]) -> None:
            self.edits.show(numbers)
            self.edits.reload()
            self._ask_changes()

        self._behind.ask(ask, show, group="history")

    @on(PageList.Wanted)
    def _wanted(self, event: PageList.Wanted) -> None:
        project, numbers = self._behind.project, event.ids

        def ask() -> list[HistoryRow]:
            from workbench.operations.edits import edit_rows

            return edit_rows(project, numbers)

        self._behind.ask(ask, lambda rows: self.edits.put({row.edit: row for row in rows}), group="history-rows")

    @on(PageList.Moved)
    def _moved(self) -> None:
        self._ask_changes()

    @on(PageList.Opened)
    def _opened(self, event: PageList.Opened) -> None:
        self._undo_to(event.id)

    def _ask_changes(self) -> None:
        number = self.edits.current
        if number is None:
            return
        project = self._behind.project

        def ask() -> tuple[list[Change], str]:
            from workbench.operations.edits import edit_changes, rows_left_out

            changes = edit_changes(project, number)
            return changes, rows_left_out(project, number, len(changes))

        def show(found: tuple[list[Change], str]) -> None:
            changes, left = found
            self.query_one("#history-changes", TextView).lay(lambda width: _change_lines(changes, left, width))

        self._behind.ask(ask, show, group="history-changes")

    def _undo_to(self, number: int) -> None:
        from workbench.widgets.dialogs import ConfirmDialog

        project = self._behind.project

        def ask() -> int:
            from workbench.operations.edits import edits_to_undo

            return edits_to_undo(project, number)

        def confirm(count: int) -> None:
            if count > 1:
                question = f"Undo the latest {count} edits, down to edit {number}?"
                dialog = ConfirmDialog(question, "U brings them back one by one, until something else is edited.")
                self.app.push_screen(dialog, lambda yes: undo() if yes else None)
            else:
                undo()

        def undo() -> None:
            self._reverse("undo", number)

        self._behind.ask(ask, confirm, group="history-count")

    def action_undo(self) -> None:
        """Undo the latest edit."""
        self._reverse("undo")

    def action_redo(self) -> None:
        """Redo what was undone last."""
        self._reverse("redo")

    def _reverse(self, direction: Direction, down_to: int | None = None) -> None:
        def done(reversal: Reversal | None) -> None:
            if reversal is not None:
                self._behind.on_project_changed()
                self._behind.refresh_status()
            said(reversal.sentence if reversal else "Nothing is left to do.")

        def said(sentence: str) -> None:
            # A large one may be over only after the list was left.
            if self.is_mounted:
                self._say(sentence)
                self._ask_list()
            else:
                self.app.say(sentence)

        reverse(self._behind, direction, done, down_to=down_to, failed=said)

    def action_set_aside(self) -> None:
        """Take the edit under the cursor out of undo and redo; what it did stays."""
        number = self.edits.current
        if number is None:
            return
        project = self._behind.project

        def operate() -> str:
            from workbench.operations.edits import set_aside

            return set_aside(project, number)

        def done(sentence: str) -> None:
            self._say(sentence)
            self._ask_list()

        self._behind.act(operate, done, failed=self._say)

    def _say(self, sentence: str) -> None:
        self.query_one("#history-said", Static).update(Content(visible(sentence)))

    def action_leave(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)


def _change_lines(changes: Sequence[Change], left: str, width: int) -> Lines:
    lines: Lines = []
    for change in changes:
        lines.append(Content.styled(change.name, "bold"))
        for line in change.lines:
            shown = visible(line)
            lines += [Content(f"  {shown[start:end]}") for start, end in wrap(shown, width - 2)]
    if left:
        lines.append(Content.styled(left, "dim"))
    return lines
