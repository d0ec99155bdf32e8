"""Pairs whose essays were changed: what each was made from beside what stands there now, settled by a key each.

The view stays open from one to the next, so that a quick key is never taken by the list beneath it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.widgets.difference_text import difference_lines
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.text_view import MEASURE, Lines, TextView

if TYPE_CHECKING:
    from curation.difference import Part
    from workbench.operations.settling import ChangeView

Settled = Literal["take", "keep", "edit"]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A changed pair with the differences, which are computed before the view opens."""

    view: ChangeView
    prompt: Sequence[Part]
    response: Sequence[Part]


def compare(view: ChangeView) -> Changed:
    """Compute the differences; it takes a while for long texts, and so is called in a thread."""
    from curation.difference import difference

    return Changed(
        view=view,
        prompt=difference(view.before[0].strip(), view.after[0].strip()),
        response=difference(view.before[1].strip(), view.after[1].strip()),
    )


class SettlePair(ModalScreen[None]):
    """Before and now side by side, or one in the other where the terminal is narrow; the author's own words besides."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "settle('take')", "take the new text", id="settle.take"),
        Binding("o", "settle('keep')", "keep the old", id="settle.keep"),
        Binding("e", "settle('edit')", "take and edit", id="settle.edit"),
        Binding("tab", "app.focus_next", "other text", show=False, id="settle.pane"),
        Binding("escape,w", "leave", "leave it", id="settle.leave"),
    ]
    DEFAULT_CSS = """
    SettlePair { background: $background; }
    SettlePair #settle-columns { height: 1fr; }
    SettlePair TextView { height: 1fr; width: 1fr; border-left: vkey $border; }
    SettlePair TextView:focus { border-left: vkey $accent; }
    SettlePair .settle-head { text-style: bold; padding: 0 1; height: 1; }
    SettlePair .settle-keys { color: $text-muted; padding: 0 1; height: 1; background: $panel; }
    SettlePair #settle-done { color: $text-success; padding: 0 1; height: 1; display: none; }
    SettlePair #settle-said { color: $text-warning; padding: 0 1; height: auto; max-height: 6; display: none; }
    SettlePair.-wide #settle-columns { layout: horizontal; }
    SettlePair.-wide #settle-both { display: none; }
    SettlePair.-narrow #settle-before { display: none; }
    SettlePair.-narrow #settle-now { display: none; }
    SettlePair.-narrow #settle-own { display: none; }
    SettlePair #settle-own.-nothing { display: none; }
    """

    def __init__(self, changed: Changed, left: int, settle: Callable[[Changed, Settled], None]) -> None:
        """Make the view.

        Args:
            changed: the pair to begin with.
            left: how many are to be settled, it included.
            settle: settles one, and then gives the view the next with `go_on`, or closes it.
        """
        super().__init__()
        self._changed = changed
        self._left = left
        self._settle = settle
        self._settling = False

    def compose(self) -> ComposeResult:
        """Lay out the texts over the whole screen."""
        yield Static("", id="settle-head", classes="settle-head")
        with Container(id="settle-columns"):
            yield TextView(id="settle-both")
            yield TextView(id="settle-before")
            yield TextView(id="settle-now")
            yield TextView(id="settle-own")
        yield Static("", id="settle-done")
        yield Static("", id="settle-said")
        yield Static("", id="settle-keys", classes="settle-keys")

    def on_mount(self) -> None:
        """Show the texts."""
        self._show("")

    def go_on(self, changed: Changed, left: int, done: str) -> None:
        """Show the next pair; `done` says what became of the one before."""
        self._changed, self._left, self._settling = changed, left, False
        self._show(done)

    def stay(self) -> None:
        """Take keys again: the pair was not settled."""
        self._settling = False

    def close(self) -> None:
        """Close the view, unless the author left it meanwhile."""
        if self.is_attached:
            self.dismiss(None)

    def _show(self, done: str) -> None:
        changed, view = self._changed, self._changed.view
        left = f" · {self._left:,} to settle" if self._left > 1 else ""
        head = f"{one_line(view.pair.title)} · {view.pair.tier} · {view.pair.status}{left}"
        self.query_one("#settle-head", Static).update(Content(head))
        self.query_one("#settle-keys", Static).update(Content(self._keys()))
        self.query_one("#settle-said", Static).display = False
        said = self.query_one("#settle-done", Static)
        said.update(Content(visible(done)))
        said.display = bool(done)
        self.query_one("#settle-before", TextView).lay(
            lambda width: [*_title("before", width), *_texts(changed, width, without="new")]
        )
        self.query_one("#settle-now", TextView).lay(
            lambda width: [*_title("now", width), *_lost(view, width), *_texts(changed, width, without="gone")]
        )
        own = self.query_one("#settle-own", TextView)
        own.set_class(not view.own, "-nothing")
        own.lay(lambda width: [*_title("yours", width), *_own(view, width)])
        self.query_one("#settle-both", TextView).lay(self._in_one)
        self.call_after_refresh(self._focus)

    def _focus(self) -> None:
        for name in ("#settle-both", "#settle-now"):
            text = self.query_one(name, TextView)
            if text.display:
                text.focus()

    def _in_one(self, width: int) -> Lines:
        view = self._changed.view
        lines = _title("the essay: before and now", width)
        lines += _lost(view, width)
        lines += _texts(self._changed, width, without="")
        return [*lines, Content(""), *_title("yours", width), *_own(view, width)] if view.own else lines

    def _keys(self) -> str:
        view = self._changed.view
        if view.gone:
            return "o keep the old · e keep and edit · esc leave it, x in the list rejects it"
        kept = "keep yours" if view.own else "keep the old"
        return f"t take the new text · o {kept} · e take and edit · esc leave it"

    def action_settle(self, how: Settled) -> None:
        """Settle it so; what is gone cannot be taken."""
        if self._settling:
            return
        if how == "take" and self._changed.view.gone:
            said = self.query_one("#settle-said", Static)
            said.update(Content(visible(f"{self._changed.view.lost} o keeps the pair, x in the list rejects it.")))
            said.display = True
            return
        self._settling = True
        self._settle(self._changed, how)

    def action_leave(self) -> None:
        """Leave it to be settled."""
        self.dismiss(None)


def _title(words: str, width: int) -> Lines:
    return [Content.styled(cell(words, min(width, MEASURE)), "bold $accent"), Content("")]


def _texts(changed: Changed, width: int, *, without: str) -> Lines:
    """Lay out prompt over response, as the pane of a pair does."""
    lines = difference_lines(changed.prompt, width, without=without, style="$text-muted")
    lines.append(Content.styled("─" * min(12, width), "$accent"))
    return lines + difference_lines(changed.response, width, without=without)


def _own(view: ChangeView, width: int) -> Lines:
    lines = [Content.styled(line, "$text-muted") for line in _plain(view.pair.prompt, width)]
    lines.append(Content.styled("─" * min(12, width), "$accent"))
    return lines + [Content.styled(line, "$foreground") for line in _plain(view.pair.response, width)]


def _lost(view: ChangeView, width: int) -> Lines:
    """Say what the essay no longer has, and what taking its text would leave."""
    if not view.lost:
        return []
    then = (
        "The pair keeps it until you settle." if view.gone else "With t the pair has none, and waits until i writes it."
    )
    return [*(Content.styled(line, "$text-warning") for line in _plain(f"{view.lost} {then}", width)), Content("")]


def _plain(text: str, width: int) -> list[str]:
    shown = visible(text.strip("\n"))
    return [shown[start:end] for start, end in wrap(shown, min(MEASURE, width))]
