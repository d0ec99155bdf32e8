"""The list of all keys that can be pressed now, searched by typing; enter presses one."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from curation.quoted import quoted
from workbench.widgets.dialogs import Dialog
from workbench.widgets.plain import cell, lines_of, one_line
from workbench.widgets.status_line import key_display
from workbench.widgets.text_fields import LineField

# Of what Textual 8.2 binds on every screen, whose keys have no id, what is of use here.
_LIBRARY_ACTIONS = ("screen.copy_text",)
# Between the keys of one action.
_PARTED = ", "
# What a line has room for at 80 columns, and its first column, in cells.
_LINE_CELLS = 66
_WHERE_CELLS = 12
# A legend of more characters takes more than five lines.
_LONG_LEGEND = 300


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
    DEFAULT_CSS = """
    HelpOverlay.-legend OptionList { max-height: 42vh; }
    HelpOverlay.-long OptionList { max-height: 30vh; }
    """

    def __init__(self, screen: Screen[Any], legend: str = "") -> None:
        """Make the list.

        Args:
            screen: whose keys.
            legend: what the marks on that screen mean; empty where they say it themselves.
        """
        super().__init__("All keys")
        self._legend = legend
        self.set_class(bool(legend), "-legend")
        self.set_class(len(legend) > _LONG_LEGEND, "-long")
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
        # As wide as the keys that are listed, so that none is cut, and no wider.
        width = max((len(keys) for _, keys, _, _ in self._entries), default=0)
        indent = _WHERE_CELLS + width + 1
        group = ""
        for where, keys, description, key in self._entries:
            if not all(_matches(word, keys, description) for word in wanted):
                continue
            first = where if where != group else ""
            group = where
            self._shown.append(key)
            options.add_option(
                Option(
                    Content.assemble(
                        (cell(first, _WHERE_CELLS), "$text-muted"),
                        *_parted(keys, width),
                        " ",
                        ("\n" + " " * indent).join(lines_of(one_line(description), _LINE_CELLS - indent)),
                    )
                )
            )
        if self._shown:
            options.highlighted = 0
        else:
            none = f"No key does {quoted(one_line(words.strip()))}. Fewer letters find more; : finds every command."
            options.add_option(Option(none, disabled=True))


def _matches(word: str, keys: str, description: str) -> bool:
    """Say whether a word that is typed is a key of an action, or a word of what it does begins so."""
    return word in keys.lower().split(_PARTED) or any(
        part.strip("“”‘’(),.;:").startswith(word) for part in description.lower().split()
    )


def _parted(keys: str, width: int) -> list[tuple[str, str]]:
    """Write the keys of an action, which stand out from what parts them, in `width` cells."""
    parts: list[tuple[str, str]] = []
    for key in keys.split(_PARTED):
        parts += [(_PARTED, "$text-muted"), (key, "bold $accent")] if parts else [(key, "bold $accent")]
    return [*parts, (" " * (width - len(keys)), "")]


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
    return [(where, _PARTED.join(keys), description, key) for where, keys, description, key, _ in ordered]
