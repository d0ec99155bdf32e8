"""What every screen may ask of the app: the project, writes in the order of the keys, and work in the background.

Writes go through one thread, so that two keys pressed quickly are two edits in that order, and closing the program
waits for the last of them. Reads go through worker threads of the screens and may overtake each other. Long work on the
writing (import, propose), long work on datasets (check, freeze) and a model that writes in a draft may go on beside
each other, one of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from textual.app import App
from textual.binding import Binding
from textual.reactive import reactive
from textual.worker import Worker

from curation.errors import CurationError
from runners.errors import RunnersError
from store.errors import StoreError
from workbench.operations.errors import WorkbenchError
from workbench.widgets.plain import visible
from workbench.widgets.status_line import Progress, Severity, StatusLine, key_display

if TYPE_CHECKING:
    from workbench.operations.project import Project

T = TypeVar("T")

# Raised on purpose: their text is a sentence for the author.
EXPECTED_ERRORS = (WorkbenchError, CurationError, StoreError, RunnersError)

ProgressCall = Callable[[int, int, str], None]
CancelledCall = Callable[[], bool]

# What background work is about: it goes on beside work about something else, and never beside work about the same.
About = Literal["writing", "datasets", "draft", "runs"]

# How often the status line shows how far background work is, in seconds.
_SHOWN_EVERY_S = 0.1


def sentence_of(error: BaseException) -> str:
    """Return what to tell the author about an error."""
    if isinstance(error, EXPECTED_ERRORS):
        return str(error)
    return f"A fault of the program ({type(error).__name__}: {error}). What was done before stands; try again."


@dataclass
class _Work:
    """One background work: how far it is, and whether it is to stop."""

    latest: Progress
    cancelled: bool = False

    def report(self, done: int, total: int, name: str) -> None:
        """Take in how far it is; called in its thread."""
        if not self.cancelled:
            self.latest = Progress(title=self.latest.title, done=done, total=total, name=name)

    def cancel(self) -> None:
        """Ask it to stop after the step it is at."""
        self.cancelled = True
        self.latest = Progress(title=f"{self.latest.title}: stopping")


class Shell(App[int]):
    """The app as its screens see it.

    Attributes:
        progress: how far the background work is that esc cancels; None when there is none at all.
        writes: how many writes were asked for.
    """

    progress: reactive[Progress | None] = reactive(None, init=False)
    writes = 0

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._last_write: Future[Any] | None = None
        self._works: dict[About, _Work] = {}
        # The pairs that the last refusal of background work named.
        self.refused_pairs: tuple[int, ...] = ()

    @property
    def project(self) -> Project:
        """The open project; screens that need one are only shown once there is one."""
        assert self._project is not None
        return self._project

    @property
    def has_project(self) -> bool:
        """Whether a project is open."""
        return self._project is not None

    def write(self, operation: Callable[[], T]) -> Future[T]:
        """Queue a write; writes are done one after the other, in the order they were asked for."""
        self.writes += 1
        # With the context it was asked for in: a screen that was taken away meanwhile finds its project by that.
        future = self._last_write = self._writer.submit(copy_context().run, operation)
        future.add_done_callback(self._log_failure)
        return future

    @property
    def is_writing(self) -> bool:
        """Whether a write is under way or waits for its turn."""
        return self._last_write is not None and not self._last_write.done()

    async def writes_finished(self) -> None:
        """Wait for the writes that were asked for until now; one that failed is over, too."""
        await asyncio.wrap_future(self._writer.submit(lambda: None))

    def finish_writes(self) -> None:
        """Wait for the last write."""
        self._writer.shutdown(wait=True)

    def key_of(self, binding: Binding) -> str:
        """Return the first key of a command, which may be the author's own."""
        return self._keymap.get(binding.id or "", binding.key).split(",")[0]

    def action_help_quit(self) -> None:
        """Say how the program is closed: Textual 8.2 sends ctrl+c here, and would say it over the text."""
        keys = [key_display(self, key) for key in self._keymap.get("program.quit", "q,ctrl+q").split(",")]
        typing = f", while you type {keys[1]}" if len(keys) > 1 else ""
        for line in self.screen.query(StatusLine):
            line.say(f"{keys[0]} closes the program{typing}. Everything is kept.")

    def project_changed(self) -> None:
        """Tell the current screen to ask again for what it shows."""
        raise NotImplementedError

    def far_runs_changed(self) -> None:
        """Ask the far hosts at once: a run was launched, stopped or resumed."""
        raise NotImplementedError

    def go(self, name: str) -> None:
        """Go to a screen by its name."""
        raise NotImplementedError

    def open_project(self, project: Project, *, screen: str | None = None) -> None:
        """Show a project."""
        raise NotImplementedError

    def say(self, text: str, severity: Severity = "information") -> None:
        """Tell the author something on the current screen."""
        raise NotImplementedError

    def background(
        self,
        title: str,
        operation: Callable[[ProgressCall, CancelledCall], T],
        then: Callable[[T], None],
        *,
        about: About = "writing",
    ) -> bool:
        """Run long work beside everything else, shown in the status line; esc cancels it.

        Args:
            title: one word for what is going on.
            operation: gets a progress call (done, total, name) and a call that says whether to stop; its own thread.
            then: gets the result on the event loop, whatever screen is shown then.
            about: what it works on; other work about the same must be over.

        Returns:
            False when other work about the same is still going on; nothing was started then.
        """
        going = self._works.get(about)
        if going is not None:
            self.say(f"{going.latest.title} is still going on: wait for it, or cancel it with esc.", "warning")
            return False
        begun = self._works[about] = _Work(Progress(title=title))
        self._show_progress()
        self.refused_pairs = ()
        begun_on = self._main_screen()

        async def work() -> None:
            timer = self.set_interval(_SHOWN_EVERY_S, self._show_progress)
            try:
                result: Any = await asyncio.to_thread(operation, begun.report, lambda: begun.cancelled)
            except Exception as error:  # noqa: BLE001 - the worker boundary
                if isinstance(error, WorkbenchError):
                    self.refused_pairs = error.pair_ids
                self._say_failed(sentence_of(error), begun_on)
                return
            finally:
                timer.stop()
                del self._works[about]
                self._show_progress()
                # A program that is closed waits for its threads: this one is told to stop.
                begun.cancelled = True
            then(result)

        _worker: Worker[None] = self.run_worker(work, group="background", name=title)
        return True

    def _main_screen(self) -> str | None:
        """Return which of the screens lies under the dialogs."""
        return next((screen.id for screen in self.screen_stack if screen.id in self.SCREENS), None)

    def _say_failed(self, sentence: str, begun_on: str | None) -> None:
        """Say why background work failed: in the status line, or over another screen than that it was begun on."""
        if self._main_screen() == begun_on:
            self.say(sentence, "error")
        else:
            self.notify(visible(f"{sentence} (esc removes this.)"), severity="error", markup=False, timeout=30)

    def is_at(self, about: About) -> bool:
        """Say whether background work about something is going on; any thread may ask."""
        return about in self._works

    def cancel_background(self) -> bool:
        """Ask the background work that is shown to stop after the step it is at; return whether there was any."""
        work = self._foremost()
        if work is None:
            return False
        if not work.cancelled:
            work.cancel()
            self._show_progress()
        return True

    def _foremost(self) -> _Work | None:
        """Return the work that was begun last of those that are not stopping, else the last."""
        works = list(self._works.values())
        return next((work for work in reversed(works) if not work.cancelled), works[-1] if works else None)

    def _log_failure(self, future: Future[Any]) -> None:
        if (error := future.exception()) is not None:
            self.log.error(error)

    def _show_progress(self) -> None:
        work = self._foremost()
        beside = tuple(other.latest.short for other in self._works.values() if other is not work)
        self.progress = None if work is None else replace(work.latest, beside=beside)
