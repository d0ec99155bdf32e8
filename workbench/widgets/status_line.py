"""The last lines of every screen: the next useful step or what just happened, and the keys of the focused pane."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from workbench.widgets.plain import cell, lines_of, one_line, sentence

Severity = Literal["information", "warning", "error"]

# How long a message stands before the next step is shown again, in seconds.
_STANDS_S = {"information": 6.0, "warning": 12.0, "error": 30.0}
# How many lines a long one may take from the panes.
_MOST_LINES = 8
# What lists all keys, as the app and as a dialog over its screens bind it.
_HELP = ("help", "app.help")
_STYLES = {"information": "$text-success", "warning": "$text-warning", "error": "bold $text-error"}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far background work is: `done` of `total` (0 when unknown), what it is at, and what goes on beside it."""

    title: str
    done: int = 0
    total: int = 0
    name: str = ""
    beside: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """What stands where another work is shown whole."""
        return f"{self.title} {self.done / self.total:.0%}" if self.total else f"{self.title} …"


class StatusLine(Widget):
    """One line: progress of background work, else the latest message, else the next useful step.

    A warning or an error that does not fit takes as many lines as it needs, up to eight, and lies over no text.
    """

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; color: $text-muted; }
    """

    hint: reactive[str] = reactive("")
    progress: reactive[Progress | None] = reactive(None)
    message: reactive[tuple[str, Severity] | None] = reactive(None)

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self.set_reactive(StatusLine.hint, hint)
        self._timer: Timer | None = None
        self._whole = ""

    def watch_message(self) -> None:
        """Take the lines that the message needs."""
        self._fit()

    def on_resize(self) -> None:
        """Take the lines that the message needs now."""
        self._fit()

    def _fit(self) -> None:
        height = max(1, min(len(self._lines), _MOST_LINES))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    @property
    def _lines(self) -> list[str]:
        """The lines of a warning or an error; else one or none."""
        if self.message is None or self.message[1] == "information" or self.size.width < 1:
            return []
        return lines_of(self._whole, self.size.width)

    def say(self, text: str, severity: Severity = "information") -> None:
        """Show a message for a while."""
        if self._timer is not None:
            self._timer.stop()
        self._whole = text
        self.message = (one_line(text), severity)
        self._timer = self.set_timer(_STANDS_S[severity], self.forget)

    def forget(self) -> None:
        """Take the message away: the next step is shown again."""
        self.message = None

    def render(self) -> Content:
        """Draw the line."""
        width = self.size.width
        if self.message is not None and (self.progress is None or self.message[1] != "information"):
            text, severity = self.message
            lines = self._lines if self.size.height > 1 else []
            shown = "\n".join(lines[: self.size.height]) if lines else sentence(text, width)
            return Content.styled(shown, _STYLES[severity])
        if self.progress is not None:
            return _progress_line(self.progress, width)
        return Content.assemble(("→ ", "$accent"), sentence(self.hint, width - 2)) if self.hint else Content("")


def _progress_line(progress: Progress, width: int) -> Content:
    bar_width = 16
    share = progress.done / progress.total if progress.total else 0.0
    filled = round(share * bar_width)
    count = f"{progress.done:,} of {progress.total:,}" if progress.total else "…"
    tail = f" {count} · {one_line(progress.name)}"
    beside = "".join(f"  {one_line(other)}" for other in progress.beside)
    room = max(0, width - len(progress.title) - bar_width - 2 - len(beside) - len("  esc cancels"))
    return Content.assemble(
        (progress.title, "bold"),
        " ",
        ("━" * filled, "$accent"),
        ("─" * (bar_width - filled), "$text-disabled"),
        cell(tail, room),
        ("  esc cancels", "$text-muted"),
        (beside, "bold"),
    )


class KeyLine(Widget):
    """One line: the few keys that matter in the focused pane; a click presses the key."""

    DEFAULT_CSS = """
    KeyLine { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    """

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._updated)

    def _updated(self, _screen: Screen[Any]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Draw as many keys as fit; the one for all of them always does."""
        help_key = self._help_key
        help_shown = key_display(self.app, help_key)
        room = self.size.width - cell_len(f"{help_shown} all keys")
        parts: list[tuple[str, str] | str | Content] = []
        seen: set[str] = set()
        # Textual 8.2 puts tab first, since every screen binds it: it is the least of a pane's own keys.
        for _node, binding, enabled, _tooltip in sorted(
            self.screen.active_bindings.values(), key=lambda active: active.binding.key == "tab"
        ):
            if not (binding.show and binding.description and enabled) or binding.action in seen:
                continue
            seen.add(binding.action)
            key = key_display(self.app, binding.key, binding.key_display)
            needed = cell_len(key) + cell_len(binding.description) + 3
            if needed > room:
                break
            room -= needed
            parts += [_key(key, binding.description, binding.key), "  "]
        parts.append(_key(help_shown, "all keys", help_key))
        return Content.assemble(*parts)

    @property
    def _help_key(self) -> str:
        """The first key that lists all keys here: where a field is typed in, `?` is a letter like any other."""
        active = self.screen.active_bindings.items()
        return next((key for key, found in active if found.binding.action in _HELP), "question_mark")

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        key = event.style.meta.get("key")
        if key is not None:
            self.app.simulate_key(key)


def _key(shown: str, description: str, key: str) -> Content:
    content = Content.assemble((shown, "bold $foreground"), f" {description}")
    return content.stylize(Style.from_meta({"key": key}))


# Textual names a key by what it prints, these by their Unicode names.
_CHARACTERS = {
    unicodedata.name(character).lower().replace("-", "_").replace(" ", "_"): character
    for character in string.punctuation
} | {"plus": "+", "minus": "-", "underscore": "_", "backslash": "\\", "slash": "/", "at": "@"}
_DISPLAY = _CHARACTERS | {
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def key_display(app: App[Any], key: str, display: str | None = None) -> str:
    """Return how a key is written on screen."""
    return display or _DISPLAY.get(key) or key
