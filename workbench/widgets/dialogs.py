"""The dialogs that every screen uses: ask for a line, for a choice, for a yes; show a text; list all keys.

A dialog lies over the lower middle of the screen, says its keys in its last line, and esc always leaves it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.suggester import Suggester
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from workbench.widgets.plain import cell, one_line, visible
from workbench.widgets.status_line import key_display
from workbench.widgets.text_fields import LineField

T = TypeVar("T")

# Of what Textual 8.2 binds on every screen, whose keys have no id, what is of use here.
_LIBRARY_ACTIONS = ("screen.copy_text",)
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
    Dialog .dialog-keys { color: $text-muted; margin-top: 1; }
    Dialog Input { border: none; height: 1; padding: 0 1; background: $background; }
    Dialog Input:focus { border: none; background: $background; }
    Dialog OptionList { border: none; height: auto; max-height: 14; background: $panel; padding: 0; }
    Dialog OptionList:focus { border: none; }
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


class PathSuggester(Suggester):
    """Completes paths from the disk: the right arrow takes what is suggested."""

    def __init__(self, root: Path, *, suffixes: tuple[str, ...] = ()) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._root = root
        self._suffixes = suffixes

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder or fitting file that begins like this."""
        head, _, tail = value.rpartition("/")
        if not value:
            return None
        folder = self._root / Path(head + "/" if value.startswith("/") else head).expanduser()
        try:
            with os.scandir(folder) as entries:
                names = sorted(
                    entry.name + ("/" if entry.is_dir() else "")
                    for entry in entries
                    if entry.name.startswith(tail) and (tail or not entry.name.startswith("."))
                )
        except OSError:
            return None
        fitting = [name for name in names if name.endswith(("/", *self._suffixes)) or not self._suffixes]
        prefix = value[: len(value) - len(tail)]
        return prefix + fitting[0] if fitting else None


class PathField(LineField):
    """A line that tab completes, however fast it follows the letters before it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "complete", show=False)]

    async def action_complete(self) -> None:
        """Take what is suggested for what stands here now."""
        if self.suggester is not None and self.cursor_at_end:
            suggestion = await self.suggester.get_suggestion(self.value)
            if suggestion is not None:
                self.value = suggestion
                self.action_end()


class TextDialog(Dialog[str]):
    """Asks for one line."""

    KEYS = "enter done · esc leave"
    DEFAULT_CSS = "TextDialog .dialog-needs { color: $text-warning; display: none; }"

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


class PathDialog(TextDialog):
    """Asks for a file or folder, completing it from the disk."""

    KEYS = "→ complete · enter done · esc leave"

    def __init__(
        self, title: str, words: str = "", *, root: Path, value: str = "", suffixes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(title, words, value=value, suggester=PathSuggester(root, suffixes=suffixes))

    def compose_body(self) -> ComposeResult:
        """Yield the line."""
        yield PathField(value=self._value, suggester=self._suggester)


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[T]):
    """One thing to choose: what it is, its name, and a few words about it."""

    value: T
    name: str
    words: str = ""


class ChoiceDialog(Dialog[T]):
    """Asks for one of a few; its first letter or its number chooses at once."""

    # As many as leave room for the keys below them in a low terminal.
    DEFAULT_CSS = "ChoiceDialog OptionList { max-height: 45vh; }"
    KEYS = "enter or its first letter · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice[T]], *, words: str = "", current: T | None = None) -> None:
        super().__init__(title, words)
        self._choices = list(choices)
        self._current = current

    def compose_body(self) -> ComposeResult:
        """Yield the list."""
        width = max(len(choice.name) for choice in self._choices)
        options = OptionList(
            *[
                Option(
                    Content.assemble(
                        (one_line(choice.name[:1]), "bold $accent"),
                        one_line(choice.name[1:]).ljust(width),
                        (f" {one_line(choice.words)}", "$text-muted"),
                    )
                )
                for choice in self._choices
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
        """Choose by first letter or number."""
        for number, choice in enumerate(self._choices, start=1):
            if event.character and event.character in (choice.name[:1].lower(), str(number)):
                event.stop()
                self.dismiss(choice.value)
                return


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


class HelpOverlay(Dialog[None]):
    """All keys of the focused pane, its screen and the program; typing searches them, enter presses one."""

    KEYS = "type to search · ↑ ↓ pgup pgdn move · enter press it · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]
    # The legend takes its lines from the list in a low terminal.
    DEFAULT_CSS = "HelpOverlay.-legend OptionList { max-height: 42vh; }"

    def __init__(self, screen: Screen[Any], legend: str = "") -> None:
        """Make the list.

        Args:
            screen: whose keys.
            legend: what the marks on that screen mean; empty where they say it themselves.
        """
        super().__init__("All keys")
        self._legend = legend
        self.set_class(bool(legend), "-legend")
        self._entries = _entries(screen)
        self._shown: list[str] = []

    def compose_body(self) -> ComposeResult:
        """Yield the search line and the list."""
        yield LineField(placeholder="search")
        options = OptionList(markup=False)
        options.can_focus = False
        yield options
        if self._legend:
            yield Static(self._legend, id="help-legend", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Show all."""
        self._show("")

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _press(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None and index < len(self._shown):
            self._press_key(self._shown[index])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._press_key(self._shown[event.option_index])

    def action_move(self, lines: int) -> None:
        """Move in the list while typing."""
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + lines) % options.option_count

    def action_page(self, pages: int) -> None:
        """Move by as many lines as are seen, and stop at the ends."""
        options = self.query_one(OptionList)
        if options.option_count:
            wanted = (options.highlighted or 0) + pages * max(1, options.size.height - 1)
            options.highlighted = max(0, min(wanted, options.option_count - 1))

    def _press_key(self, key: str) -> None:
        app = self.app
        self.dismiss(None)
        app.call_later(app.simulate_key, key)

    def _show(self, words: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        wanted = words.lower().split()
        self._shown = []
        group = ""
        for where, keys, description, key in self._entries:
            if not all(word in f"{where} {keys} {description}".lower() for word in wanted):
                continue
            first = where if where != group else ""
            group = where
            self._shown.append(key)
            options.add_option(
                Option(
                    Content.assemble(
                        (cell(first, 12), "$text-muted"),
                        (cell(keys, 15) + " ", "bold $accent"),
                        cell(one_line(description), 42),
                    )
                )
            )
        if self._shown:
            options.highlighted = 0


def _entries(screen: Screen[Any]) -> list[tuple[str, str, str, str]]:
    """Return (where, keys, description, a key to press) of every action that can be reached now."""
    app = screen.app
    found: dict[tuple[str, str], tuple[str, list[str], str, str, bool]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.description or not active.enabled or binding.system:
            continue
        if binding.id is None and binding.action not in _LIBRARY_ACTIONS:
            continue
        node = active.node
        where = "program" if node is app else ("this screen" if node is screen else "this pane")
        shown = key_display(app, key, None)
        entry = found.setdefault(
            (where, binding.action),
            (where, [], binding.tooltip or binding.description, binding.key, binding.id is None),
        )
        if shown not in entry[1]:
            entry[1].append(shown)
    ranks = {"this screen": 0, "this pane": 1, "program": 2}
    # What Textual 8.2 binds on every screen comes after what is our own: its keys have no id.
    ordered = sorted(found.values(), key=lambda entry: (ranks[entry[0]], entry[4]))
    return [(where, " ".join(keys), description, key) for where, keys, description, key, _ in ordered]
