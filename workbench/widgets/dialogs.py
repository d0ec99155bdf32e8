"""The dialogs that every screen uses: ask for a line, for a choice, for a yes; show a text.

A dialog lies over the lower middle of the screen, says its keys in its last line, and esc always leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from workbench.widgets.plain import one_line, visible
from workbench.widgets.text_fields import LineField

T = TypeVar("T")

_ESCAPE: list[BindingType] = [Binding("escape", "leave", "leave", show=False)]


class Dialog(ModalScreen[T], Generic[T]):
    """The frame of a dialog: a title, a body, and a line of keys."""

    BINDINGS: ClassVar[list[BindingType]] = _ESCAPE
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 76; max-width: 94%; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        border-left: outer $accent;
    }
    Dialog .dialog-title { text-style: bold; margin-bottom: 1; }
    Dialog .dialog-words { color: $text-muted; margin-bottom: 1; }
    Dialog .dialog-needs { color: $text-warning; display: none; }
    Dialog .dialog-keys { color: $text-muted; margin-top: 1; }
    Dialog Input { border: none; height: 1; padding: 0 1; background: $background; }
    Dialog Input:focus { border: none; background: $background; }
    Dialog OptionList { border: none; height: auto; max-height: 14; background: $panel; padding: 0; }
    Dialog OptionList:focus { border: none; }
    Dialog OptionList:ansi > .option-list--option-highlighted {
        color: $block-cursor-foreground; background: $block-cursor-background;
    }
    Dialog VerticalScroll { height: auto; max-height: 70vh; scrollbar-size-vertical: 1; }
    """
    KEYS: ClassVar[str] = "esc leave"

    def __init__(self, title: str, words: str = "") -> None:
        super().__init__()
        self._dialog_title = title
        self._words = words

    def compose(self) -> ComposeResult:
        """Lay out the frame around the body."""
        with Vertical():
            yield Static(visible(self._dialog_title), classes="dialog-title", markup=False)
            if self._words:
                yield Static(visible(self._words), classes="dialog-words", markup=False)
            yield from self.compose_body()
            yield Static(self.KEYS, classes="dialog-keys", markup=False)

    def compose_body(self) -> ComposeResult:
        """Yield the body."""
        yield from ()

    def action_leave(self) -> None:
        """Leave with nothing."""
        self.dismiss(None)


class TextDialog(Dialog[str]):
    """Asks for one line."""

    KEYS = "enter done · esc leave"

    def __init__(
        self, title: str, words: str = "", *, value: str = "", suggester: Suggester | None = None, needs: str = ""
    ) -> None:
        """Make the dialog.

        Args:
            title: what is asked.
            words: a sentence under the title.
            value: to begin with.
            suggester: completes what is typed.
            needs: why an empty line will not do: it is said then and the dialog stays; empty when one will.
        """
        super().__init__(title, words)
        self._value = value
        self._suggester = suggester
        self._needs = needs

    def compose_body(self) -> ComposeResult:
        """Yield the line."""
        yield LineField(value=self._value, suggester=self._suggester)
        yield Static(self._needs, classes="dialog-needs", markup=False)

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        if self._needs and not event.value.strip():
            self.query_one(".dialog-needs").display = True
            return
        self.dismiss(event.value)


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[T]):
    """One thing to choose: what it is, its name, and a few words about it."""

    value: T
    name: str
    words: str = ""


def keys_of(names: Sequence[str]) -> list[str]:
    """Return a key for each line of a list, no two alike and all of one kind.

    They are the lines' first letters where no two begin alike, and none with `j` or `k`, which move. Else the first ten
    lines are counted, 1 to 9 and then 0, and those after them have no key and are empty.
    """
    letters = [name[:1].lower() for name in names]
    if len(set(letters)) == len(names) and all(letter.isalpha() and letter not in "jk" for letter in letters):
        return letters
    digits = iter("1234567890")
    return [next(digits, "") for _ in names]


class ChoiceDialog(Dialog[T]):
    """Asks for one of a few; the key that stands before a line chooses it at once.

    Where a line is typed next, the key only goes there and enter chooses: what is typed too early chooses nothing.
    """

    # As many as leave room for the keys below them in a low terminal.
    DEFAULT_CSS = "ChoiceDialog OptionList { max-height: 45vh; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice[T]],
        *,
        words: str = "",
        current: T | None = None,
        typed_next: bool = False,
    ) -> None:
        """Make the dialog.

        Args:
            title: what is asked.
            choices: what there is.
            words: a sentence under the title.
            current: the value that the cursor is on at first.
            typed_next: a line is asked for after this.
        """
        super().__init__(title, words)
        self._choices = list(choices)
        self._current = current
        self._typed_next = typed_next
        self._line_keys = keys_of([choice.name for choice in self._choices])
        verb = "the key before a line goes to it" if typed_next else "the key before a line takes it"
        self.KEYS = f"{verb} · ↑ ↓ enter · esc leave"  # type: ignore[misc]

    def compose_body(self) -> ComposeResult:
        """Yield the list."""
        width = max(len(choice.name) for choice in self._choices)
        options = OptionList(
            *[
                Option(
                    Content.assemble(
                        (f"{key:<1}  ", "bold $accent"),
                        one_line(choice.name).ljust(width),
                        (f" {one_line(choice.words)}", "$text-muted"),
                    )
                )
                for key, choice in zip(self._line_keys, self._choices, strict=True)
            ],
            markup=False,
        )
        values = [choice.value for choice in self._choices]
        options.highlighted = values.index(self._current) if self._current in values else 0
        yield options

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index].value)

    def on_key(self, event: Any) -> None:
        """Choose the line whose key it is, or only go there."""
        if not event.character or event.character not in self._line_keys:
            return
        event.stop()
        index = self._line_keys.index(event.character)
        if self._typed_next:
            self.query_one(OptionList).highlighted = index
        else:
            self.dismiss(self._choices[index].value)


class ConfirmDialog(Dialog[bool]):
    """Asks for a yes to something that touches much."""

    KEYS = "y or enter yes · n or esc no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes", show=False),
        Binding("n", "answer(False)", "no", show=False),
    ]

    def action_answer(self, yes: bool) -> None:
        """Leave with the answer."""
        self.dismiss(yes)


class TextOverlay(Dialog[None]):
    """Shows a longer text; any screen may use it for a report."""

    KEYS = "↑ ↓ scroll · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q,space", "leave", "leave", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self, title: str, body: Content) -> None:
        super().__init__(title)
        self._body = body

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with VerticalScroll():
            yield Static(self._body)
