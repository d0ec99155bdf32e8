"""The frame of every screen and the one way it talks to operations.

A screen asks (`ask`, reads, the latest of a group wins) or acts (`act`, writes, in the order of the keys). Both run
in threads and come back on the event loop; what goes wrong is a sentence in the status line, never a traceback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, getters
from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widgets import Static
from textual.worker import Worker

from workbench.screens.shell import Shell, sentence_of
from workbench.widgets.status_line import KeyLine, Progress, Severity, StatusLine
from workbench.widgets.tabs import SCREENS, Tabs

if TYPE_CHECKING:
    from store.search import Hit
    from workbench.operations.edits import Reversal
    from workbench.operations.project import Project

T = TypeVar("T")

# Below this the panes are broken, in cells.
_LEAST_WIDTH, _LEAST_HEIGHT = 40, 12
# How long the cursor rests before the place is kept, in seconds.
_REST_S = 0.4


class ProjectScreen(Screen[None]):
    """A screen of an open project: header, body, status line, keys.

    Textual calls the handlers (`on_mount`, `on_resize` and so on) of every class of a screen, its own first: none of
    them calls that of this class, or does away with it.

    Attributes:
        NAME: the screen's name, as in the tabs.
        TAB: the name of the screen that it lies over, where it has no tab of its own.
        LEGEND: what its marks mean, for the list of all keys.
        FOLLOWS_RUNS: whether it shows what jobs write, and so asks again when the collector found something.
    """

    NAME: ClassVar[str] = ""
    TAB: ClassVar[str] = ""
    LEGEND: ClassVar[str] = ""
    FOLLOWS_RUNS: ClassVar[bool] = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (35, "-tall")]

    app = getters.app(Shell)

    def __init__(self) -> None:
        super().__init__(id=self.NAME)
        self._kept: dict[str, object] = {}
        self._covered = False

    @property
    def project(self) -> Project:
        """The open project."""
        return self.app.project

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield Tabs(project=self.app.project.root.name, current=self.TAB or self.NAME)
        yield from self.compose_body()
        yield StatusLine()
        yield KeyLine()
        yield Static("The terminal is too small: make it at least 60x16.", id="too-small", markup=False)

    async def on_event(self, event: events.Event) -> None:
        """Take events in, but none of being mounted where the program was closed meanwhile: no widget is there then."""
        # A program that was told to end counts none as attached, though it still runs for a moment.
        closing = not (self.is_attached and self.app.is_running)
        if not (closing and isinstance(event, events.Mount)):
            await super().on_event(event)

    def on_resize(self) -> None:
        """Say it where there is no room to draw anything."""
        self.set_class(self.size.width < _LEAST_WIDTH or self.size.height < _LEAST_HEIGHT, "-tiny")

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the header and the status line."""
        yield from ()

    def on_mount(self) -> None:
        """Show background work wherever the author is."""
        self.watch(self.app, "progress", self._show_progress)

    def on_screen_resume(self) -> None:
        """Ask again for everything: another screen may have changed it; a dialog that closes changed nothing yet."""
        if self._covered:
            self._covered = False
            return
        self.on_project_changed()
        self.refresh_status()

    def on_project_changed(self) -> None:
        """Ask again for what is shown; every screen does it its own way."""

    def go_to_found(self, hit: Hit) -> None:
        """Have the cursor on something that was found when the screen asks for its data next."""

    def on_essays_changed(self) -> None:
        """Ask again for what came in from the disk; a screen whose list must not jump asks for less."""
        self.on_project_changed()

    def on_reversal(self, reversal: Reversal) -> None:
        """Follow an undo or a redo; a screen that shows what was touched goes there."""
        self.on_project_changed()

    def ask(
        self,
        operation: Callable[[], T],
        then: Callable[[T], None],
        *,
        group: str,
        failed: Callable[[str], None] | None = None,
        fresh: bool = False,
    ) -> None:
        """Run a reading operation in a thread and give its result to `then` on the event loop.

        Args:
            operation: calls one operation; touches no widget.
            then: takes the result.
            group: a newer question of the same group makes an older one's answer be dropped.
            failed: takes the sentence of an error; without it the status line shows it.
            fresh: ask again where something was written meanwhile. What a key has drawn before it is written would
                else be drawn over by an answer from before.
        """

        async def work() -> None:
            try:
                while True:
                    writes, overtaken = self.app.writes, self.app.is_writing
                    result = await asyncio.to_thread(operation)
                    if not fresh or not (overtaken or self.app.writes != writes):
                        break
                    await self.app.writes_finished()
            except Exception as error:  # noqa: BLE001 - the worker boundary
                self.log.error(error)
                if self.app.is_running:
                    (failed or self._failed)(sentence_of(error))
                return
            # Closing the program, or this screen, takes the widgets away before it ends the workers.
            if self.app.is_running and self._stays:
                then(result)

        _worker: Worker[None] = self.run_worker(work, group=group, exclusive=True, name=group)

    async def read_now(self, operation: Callable[[], T]) -> T | None:
        """Return what a reading operation gives, for a key that cannot act without it; keys behind it wait.

        The panes show what was read of a line a moment after the cursor is there. A key that comes in between acts on
        the line under the cursor, never on what is still shown. Returns None where it failed, which is said.
        """
        try:
            return await asyncio.to_thread(operation)
        except Exception as error:  # noqa: BLE001 - the worker boundary
            self.log.error(error)
            if self.app.is_running:
                self._failed(sentence_of(error))
            return None

    @property
    def _stays(self) -> bool:
        """Whether it is shown, or will be again; of one that was dismissed the widgets are going."""
        return self in self.app.screen_stack or self.app.is_screen_installed(self)

    def act(
        self,
        operation: Callable[[], T],
        then: Callable[[T], None] = lambda _result: None,
        *,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Run a writing operation after all that were asked for before; it is done even when the screen goes away.

        What the status line says of an edit before goes at once: it is no longer the last.

        Args:
            operation: calls one operation; touches no widget.
            then: takes the result, on the event loop.
            failed: takes the sentence of an error after the status line showed it: put back what was shown too early.
        """
        self.outdate()
        future = self.app.write(operation)

        async def work() -> None:
            try:
                result = await asyncio.shield(asyncio.wrap_future(future))
            except Exception as error:  # noqa: BLE001 - the worker boundary
                self.log.error(error)
                if self.app.is_running:
                    self._failed(sentence_of(error))
                    if failed is not None:
                        failed(sentence_of(error))
                return
            if self.app.is_running:
                then(result)

        _worker: Worker[None] = self.run_worker(work, group="act", name="act")

    def say(self, text: str, severity: Severity = "information") -> None:
        """Say something in the status line, which grows for a warning or an error that does not fit into one."""
        self.query_one(StatusLine).say(text, severity)

    @property
    def says_something(self) -> bool:
        """Whether the status line says something that happened, which is still to be read."""
        return self.query_one(StatusLine).message is not None

    def outdate(self, *, errors: bool = False) -> None:
        """Take away what the status line says of something that was done before; errors stand until they are read."""
        for line in self.query(StatusLine):
            if errors or (line.message is not None and line.message[1] != "error"):
                line.forget()

    def refresh_status(self) -> None:
        """Compute the next useful step anew."""
        first = self.next_here()

        def ask() -> str:
            from workbench.operations.guide import next_step

            if first:
                return first
            step = next_step(self.project)
            if step.screen == self.NAME and step.here:
                return step.here
            if self.NAME in (step.screen, *step.also) or step.key.isdigit():
                return step.text
            key, title = next((key, title) for name, key, title in SCREENS if name == step.screen)
            return f"{step.text}, in {title} ({key})"

        self.ask(ask, self._show_hint, group="status")

    def next_here(self) -> str:
        """Return the next step with what is shown here, which comes before that of the project; empty for none."""
        return ""

    def keep(self, key: str, value: object) -> None:
        """Keep where the author stands, once she rests; `recall` gives it back, after a restart too."""
        if not self._kept:
            self.set_timer(_REST_S, self._keep_now)
        self._kept[f"{self.NAME}.{key}"] = value

    def _keep_now(self) -> None:
        kept, self._kept = self._kept, {}
        project = self.project

        def remember() -> None:
            from workbench.operations import guide

            for key, value in kept.items():
                guide.remember(project, key, value)

        if kept:
            self.app.write(remember)

    def on_screen_suspend(self) -> None:
        """Keep the place at once when the screen is left, or covered by a dialog."""
        self._covered = isinstance(self.app.screen, ModalScreen)
        self._keep_now()

    def on_unmount(self) -> None:
        """Keep the place when the program is closed."""
        self._keep_now()

    def _failed(self, sentence: str) -> None:
        self.say(sentence, "error")

    def _show_hint(self, hint: str) -> None:
        self.query_one(StatusLine).hint = hint

    def _show_progress(self, progress: Progress | None) -> None:
        self.query_one(StatusLine).progress = progress
