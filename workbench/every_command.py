"""Every command of the program for the command palette: those of the screen, and those of the screens beside it.

What the other screens can do is read from what their classes declare; none is built for it. A class that was not
imported yet, in the first second or two, is imported in a thread while the commands of this screen are shown.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Provider

from workbench.screens.base import ProjectScreen
from workbench.screens.keyless import keyless_commands
from workbench.screens.shell import Shell
from workbench.widgets.status_line import key_display
from workbench.widgets.tabs import SCREENS

# Where the class of each screen is; a class that is not imported costs nothing here.
CLASSES = {
    "essays": ("workbench.screens.essays", "EssaysScreen"),
    "pairs": ("workbench.screens.pairs", "PairsScreen"),
    "datasets": ("workbench.screens.datasets", "DatasetsScreen"),
    "runs": ("workbench.screens.runs", "RunsScreen"),
    "review": ("workbench.screens.review", "ReviewScreen"),
    "experiments": ("workbench.screens.experiments", "ExperimentsScreen"),
}
# What asks or looks by itself is done on arrival. All else acts on what the cursor stands on, which the author has not
# seen yet: she is told its key.
AT_ONCE = frozenset(
    {
        "essays.import",
        "essays.paste",
        "essays.look",
        "datasets.freeze",
        "datasets.check",
        "datasets.new-canary",
        "datasets.import",
    }
)
# Moving about is no command.
_MOVES = (".back", ".pane", ".side")
# Of two that match alike, the one of this screen comes first.
_FARTHER = 0.95


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A command of another screen: the screen's name, key and title, and what its class declares."""

    name: str
    number: str
    title: str
    binding: Binding

    @property
    def words(self) -> str:
        """What it does."""
        return self.binding.tooltip or self.binding.description

    @property
    def short(self) -> str:
        """The word of the line of keys, where `words` do not hold it."""
        return short_word(self.binding)


def commands_elsewhere(current: str) -> Iterator[Elsewhere]:
    """Yield the commands of all screens but one, in the order of the tabs; imports what was not imported."""
    for name, number, title in SCREENS:
        if name == current or name not in CLASSES:
            continue
        module, class_name = CLASSES[name]
        screen: type[ProjectScreen] = getattr(importlib.import_module(module), class_name)
        seen: set[str] = set()
        for _key, binding in screen._merged_bindings or ():
            mine = binding.id is not None and not binding.id.endswith(_MOVES)
            if mine and binding.action not in seen:
                seen.add(binding.action)
                yield Elsewhere(name=name, number=number, title=title, binding=binding)


def short_word(binding: Binding) -> str:
    """Return the word that the line of keys says, where the longer words of the tooltip do not hold it."""
    short, long = binding.description, binding.tooltip
    return short if long and short.lower() not in long.lower() else ""


class EveryCommand(Provider):
    """Lists the commands of this screen, then those of the others, and finds among all."""

    # What the classes declare does not change while the program runs.
    _known: ClassVar[dict[str, list[Elsewhere]]] = {}

    async def discover(self) -> AsyncIterator[DiscoveryHit | Hit]:
        """List all."""
        for title, help_text, call, *_ in sorted(self._here(), key=lambda command: command.title):
            yield DiscoveryHit(title, call, help=help_text)
        for command in await self._elsewhere():
            yield DiscoveryHit(f"{command.title}: {command.words}", self._going(command), help=self._help(command))

    async def search(self, query: str) -> AsyncIterator[DiscoveryHit | Hit]:
        """Find by letters."""
        matcher = self.matcher(query)
        for title, help_text, call, *_ in self._here():
            # Beside the key in the help stands the word of the line of keys, where the title has another.
            if (score := max(matcher.match(title), matcher.match(help_text.partition(": ")[2]))) > 0:
                yield Hit(score, matcher.highlight(title), call, help=help_text)
        for command in await self._elsewhere():
            title = f"{command.title}: {command.words}"
            if (score := max(matcher.match(title), matcher.match(command.short))) > 0:
                yield Hit(score * _FARTHER, matcher.highlight(title), self._going(command), help=self._help(command))

    def _here(self) -> list[SystemCommand]:
        screen = self.screen
        keyless = keyless_commands(screen) if isinstance(screen, ProjectScreen) else ()
        return [*self.app.get_system_commands(screen), *keyless]

    async def _elsewhere(self) -> list[Elsewhere]:
        screen = self.screen
        if not isinstance(screen, ProjectScreen):
            return []
        if screen.NAME not in self._known:
            self._known[screen.NAME] = await asyncio.to_thread(lambda: list(commands_elsewhere(screen.NAME)))
        return self._known[screen.NAME]

    def _help(self, command: Elsewhere) -> str:
        where = f"key {self._key(command)} in {command.title} ({command.number})"
        return f"{where}: {command.short}" if command.short else where

    def _key(self, command: Elsewhere) -> str:
        assert isinstance(self.app, Shell)
        key = self.app.key_of(command.binding)
        return key_display(self.app, key, command.binding.key_display if key == command.binding.key else None)

    def _going(self, command: Elsewhere) -> Callable[[], None]:
        assert isinstance(self.app, Shell)
        return partial(_go, self.app, command, self._key(command))


def _go(app: Shell, command: Elsewhere, key: str) -> None:
    app.go(command.name)
    if command.binding.id in AT_ONCE:
        app.call_after_refresh(app.simulate_key, app.key_of(command.binding))
    else:
        words = command.words[0].upper() + command.words[1:]
        app.call_after_refresh(app.say, f"{words}: press {key}.")
