"""Follow the runs beside the terminal program: what jobs wrote here, and on far hosts, comes into the store.

Every second the collector folds what stands in the run directories. From far hosts that is brought by `Pulling`, which
begins with the first run there: a project whose runs are all of this machine never starts a thread for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.screens.shell import Shell, sentence_of

if TYPE_CHECKING:
    from runners.places.contact import Contact
    from workbench.operations.collecting import CollectReport
    from workbench.operations.project import Project
    from workbench.pulling import Pulling

COLLECT_S = 1.0
"""How often runs that are not over are looked at, in seconds."""


class Following:
    """Who follows the runs of one project."""

    def __init__(
        self,
        app: Shell,
        project: Project,
        *,
        collected: Callable[[CollectReport], None],
        unreached: Callable[[str], object],
    ) -> None:
        """Make it; `tick` is to be called every `COLLECT_S`.

        Args:
            app: says on its screen what cannot be collected.
            project: whose runs.
            collected: takes, on the event loop, what came in, when anything did.
            unreached: takes, in a thread, why a far host cannot be asked.
        """
        self._unreached = unreached
        self._app = app
        self._project = project
        self._collected = collected
        self._busy = False
        self._stopped = False
        self._contacts: dict[str, Contact] = {}
        self._pulling: Pulling | None = None

    async def tick(self) -> None:
        """Collect once, unless that still goes on."""
        if self._busy:
            return
        self._busy = True
        try:
            report, contacts = await asyncio.to_thread(self._collect)
        except Exception as error:  # noqa: BLE001 - the worker boundary
            if self._app.is_running:
                self._app.say(sentence_of(error), "error")
            return
        finally:
            self._busy = False
        # Closing the program takes the widgets away before it ends this.
        if not self._app.is_running:
            return
        if contacts:
            self._pull()
        for problem in report.problems:
            self._app.say(problem, "warning")
        if report.changed or contacts != self._contacts:
            self._contacts = contacts
            self._collected(report)

    def wake(self) -> None:
        """Ask the far hosts at once: something was launched, stopped or resumed there."""
        if self._pulling is not None:
            self._pulling.wake()

    def stop(self) -> None:
        """End it."""
        self._stopped = True
        if self._pulling is not None:
            self._pulling.stop()

    def _collect(self) -> tuple[CollectReport, dict[str, Contact]]:
        """Fold what stands here; return also what far hosts said last of the runs of which not all is here."""
        from workbench.operations.collecting import collect
        from workbench.operations.pulling import far_runs

        report = collect(self._project, far="nothing")
        # When it was reached last changes all the time, and is shown nowhere.
        return report, {run.name: replace(run.contact, reached_at=None) for run in far_runs(self._project)}

    def _pull(self) -> None:
        if self._stopped or self._pulling is not None:
            return
        from workbench.pulling import Pulling

        self._pulling = Pulling(self._project, failed=self._unreached)
        self._pulling.start()
