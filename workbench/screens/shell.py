"""What every screen may ask of the app: the project, writes in the order of the keys, and one background work.

Writes go through one thread, so that two keys pressed quickly are two edits in that order, and closing the program
waits for the last of them. Reads go through worker threads of the screens and may overtake each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from textual.app import App
from textual.reactive import reactive
from textual.worker import Worker

from curation.errors import CurationError
from runners.errors import RunnersError
from store.errors import StoreError
from workbench.operations.errors import WorkbenchError
from workbench.widgets.status_line import Progress, Severity

if TYPE_CHECKING:
    from workbench.operations.project import Project

T = TypeVar("T")

# Raised on purpose: their text is a sentence for the author.
EXPECTED_ERRORS = (WorkbenchError, CurationError, StoreError, RunnersError)

ProgressCall = Callable[[int, int, str], None]
CancelledCall = Callable[[], bool]


def sentence_of(error: BaseException) -> str:
    """Return what to tell the author about an error."""
    if isinstance(error, EXPECTED_ERRORS):
        return str(error)
    return f"A fault of the program ({type(error).__name__}: {error}). What was done before stands; try again."


class Shell(App[int]):
    """The app as its screens see it.

    Attributes:
        progress: how far the background work is; None when there is none.
    """

    progress: reactive[Progress | None] = reactive(None, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._cancelled = False
        self._latest: Progress | None = None
        # The pairs that the last refusal of background work named.
        self.refused_pairs: tuple[int, ...] = ()
        # What was changed in forms that were left without a launch, by what they were opened for; for this session.
        self.left_forms: dict[tuple[str | None, ...], dict[str, Any]] = {}

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
        future = self._writer.submit(operation)
        future.add_done_callback(self._log_failure)
        return future

    def finish_writes(self) -> None:
        """Wait for the last write."""
        self._writer.shutdown(wait=True)

    def project_changed(self) -> None:
        """Tell the current screen to ask again for what it shows."""
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
        self, title: str, operation: Callable[[ProgressCall, CancelledCall], T], then: Callable[[T], None]
    ) -> bool:
        """Run long work beside everything else, shown in the status line; esc cancels it.

        Args:
            title: one word for what is going on.
            operation: gets a progress call (done, total, name) and a call that says whether to stop; its own thread.
            then: gets the result on the event loop, whatever screen is shown then.

        Returns:
            False when other work is still going on; nothing was started then.
        """
        if self.progress is not None:
            self.say(f"{self.progress.title} is still going on: wait for it, or cancel it with esc.", "warning")
            return False
        self._cancelled = False
        self._latest = self.progress = Progress(title=title)
        self.refused_pairs = ()

        def report(done: int, total: int, name: str) -> None:
            self._latest = Progress(title=title, done=done, total=total, name=name)

        async def work() -> None:
            timer = self.set_interval(0.1, self._show_progress)
            try:
                result: Any = await asyncio.to_thread(operation, report, lambda: self._cancelled)
            except Exception as error:  # noqa: BLE001 - the worker boundary
                if isinstance(error, WorkbenchError):
                    self.refused_pairs = error.pair_ids
                self.say(sentence_of(error), "error")
                return
            finally:
                timer.stop()
                self.progress = None
                # A program that is closed waits for its threads: this one is told to stop.
                self._cancelled = True
            then(result)

        _worker: Worker[None] = self.run_worker(work, group="background", name=title)
        return True

    def cancel_background(self) -> bool:
        """Ask the background work to stop after the step it is at; return whether there was any."""
        if self.progress is None:
            return False
        self._cancelled = True
        self._latest = Progress(title=f"{self.progress.title}: stopping")
        return True

    def _log_failure(self, future: Future[Any]) -> None:
        if (error := future.exception()) is not None:
            self.log.error(error)

    def _show_progress(self) -> None:
        if self.progress is not None:
            self.progress = self._latest
