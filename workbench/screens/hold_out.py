"""The keys of the split in Essays: hold groups out by hand or by a share and a seed, join groups, part them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from curation.errors import CurationError
from workbench.screens.base import ProjectScreen
from workbench.widgets.dialogs import Dialog
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, one_line
from workbench.widgets.text_fields import LineField

if TYPE_CHECKING:
    from store.essays import SourceRow

_SHOWN = 8
_TITLE = 60
_WORDS = (
    "Whole essays, each chosen by its own name and the seed: one you add later moves none of the others. "
    "Those that are held out already stay so."
)


class ShareDialog(Dialog[tuple[float, int]]):
    """Asks for a share in percent and a seed."""

    KEYS = "tab the other field · enter hold them out · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("up,down", "app.focus_next", show=False)]
    DEFAULT_CSS = """
    ShareDialog .share-field { height: 1; }
    ShareDialog .share-field Static { width: 16; color: $text-muted; }
    ShareDialog .share-field Input { width: 12; }
    ShareDialog #share-preview { margin-top: 1; }
    """

    def __init__(self, rows: Sequence[SourceRow]) -> None:
        super().__init__("Hold out by a share", _WORDS)
        self._rows = rows

    def compose_body(self) -> ComposeResult:
        """Yield the two fields and what they would hold out."""
        for name, value, field in (("share, percent", "20", "share"), ("seed", "1", "seed")):
            with Horizontal(classes="share-field"):
                yield Static(name, markup=False)
                yield LineField(value=value, id=field, select_on_focus=True)
        yield Static("", id="share-preview")

    @on(Input.Changed)
    def _preview(self) -> None:
        self.query_one("#share-preview", Static).update(self._chosen_content())

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        given = self._given()
        if isinstance(given, tuple):
            self.dismiss(given)

    def _given(self) -> tuple[float, int] | str:
        """Return share and seed, or what is wrong with them."""
        share, seed = (self.query_one(f"#{field}", Input).value.strip() for field in ("share", "seed"))
        try:
            percent = float(share.rstrip("%"))
        except ValueError:
            return f"{share!r} is no share: write a number of percent, such as 20."
        if not 0 < percent < 100:
            return "A share lies above 0 and below 100 percent."
        try:
            return percent / 100, int(seed)
        except ValueError:
            return f"{seed!r} is no seed: write a whole number."

    def _chosen_content(self) -> Content:
        from workbench.operations.essays import chosen_said, held_after, share_preview

        given = self._given()
        if isinstance(given, str):
            return Content.styled(one_line(given), "$text-warning")
        try:
            rows = share_preview(self._rows, share=given[0], seed=given[1])
        except CurationError as error:
            return Content.styled(one_line(str(error)), "$text-warning")
        if not rows:
            return Content.styled("No essay is chosen. Try another seed, or a larger share.", "$text-warning")
        lines = [f"{chosen_said(self._rows, rows)}:"]
        lines += [f"  {cell(one_line(row.title), _TITLE)}".rstrip() for row in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            lines.append(f"  and {len(rows) - _SHOWN} more")
        if after := held_after(self._rows, rows):
            lines.append(f"with those before it is {after}")
        return Content("\n".join(lines))


class SplitActions(ProjectScreen):
    """The keys of the split; `EssaysScreen` is the only screen made of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("H", "hold_share", "hold a share", show=False, tooltip="hold a share out", id="essays.hold-share"),
        Binding("J", "join", "join", show=False, tooltip="join the marked essays into a group", id="essays.join"),
        Binding("P", "part", "part", show=False, tooltip="part the essay from its group", id="essays.part"),
    ]

    @property
    def sources(self) -> PageList[SourceRow]:
        """The list of sources."""
        raise NotImplementedError

    def source_rows(self) -> Sequence[SourceRow]:
        """Return every source, whatever the filter."""
        raise NotImplementedError

    def action_hold_out(self) -> None:
        """Hold the marked or the current source out, with its group, or take it back."""
        ids = self.sources.targets
        if not ids:
            self._say_empty()
            return

        def operate() -> str:
            from workbench.operations.essays import toggle_holdout

            return toggle_holdout(self.project, ids)

        self._change(operate)

    def _say_empty(self) -> None:
        self.say("There is no essay here: import essays with i, or leave the filter with esc.", "warning")

    def action_hold_share(self) -> None:
        """Ask for a share and a seed, and hold out what they choose."""
        rows = self.source_rows()
        if not rows:
            self.say("There is nothing to hold out: import essays with i.", "warning")
            return

        def chosen(answer: tuple[float, int] | None) -> None:
            if answer is None:
                return

            def operate() -> str:
                from workbench.operations.essays import hold_out_share, share_said

                held = hold_out_share(self.project, share=answer[0], seed=answer[1])
                return share_said(rows, held, share=answer[0])

            self._change(operate)

        self.app.push_screen(ShareDialog(rows), chosen)

    def action_join(self) -> None:
        """Join the marked sources into one group."""
        ids = self.sources.targets
        if not ids:
            self._say_empty()
            return

        def operate() -> str:
            from workbench.operations.essays import join

            return join(self.project, ids)

        self._change(operate)

    def action_part(self) -> None:
        """Take the current source out of its group."""
        source_id = self.sources.current
        if source_id is None:
            self._say_empty()
            return

        def operate() -> str:
            from workbench.operations.essays import part

            return part(self.project, source_id)

        self._change(operate)

    def _change(self, operate: Callable[[], str]) -> None:
        def done(sentence: str) -> None:
            self.say(sentence)
            self.sources.unmark()
            self.on_project_changed()
            self.refresh_status()

        self.act(operate, done)
