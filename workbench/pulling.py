"""Bring what jobs write on far hosts, beside the terminal program: one thread a host, so that none waits for another.

Lines come every few seconds, and more seldom while all runs wait on a cluster. Checkpoints may take minutes and come in
a thread of their own, so the curve goes on meanwhile. A host that is away is asked more and more seldom; a run that was
just launched or stopped is asked about at once. The threads do nothing but read from their `ssh` and write files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from workbench.screens.shell import sentence_of

if TYPE_CHECKING:
    from workbench.operations.project import Project
    from workbench.operations.pulling import FarRun

# How often it is looked whether there are runs on hosts that nobody asks yet, in seconds.
_SEEK_S: Final = 2.0
# How often a host is asked, and how seldom at most while it is away, in seconds.
_EVERY_S: Final = 3.0
_SELDOM_S: Final = 30.0
# How seldom a cluster is, on which every run waits, in seconds: that may go on for days.
_QUEUED_S: Final = 15.0


def pause_s(before_s: float, *, failed: bool, queued: bool) -> float:
    """Return how long to leave a place alone now.

    Args:
        before_s: how long it was left alone last.
        failed: whether it could not be asked.
        queued: whether nothing runs there, and all waits to be started.
    """
    if failed:
        return min(_SELDOM_S, before_s * 2)
    return min(_QUEUED_S, before_s * 2) if queued else _EVERY_S


class Pulling:
    """Those who ask the hosts of one project."""

    def __init__(self, project: Project, *, failed: Callable[[str], object]) -> None:
        """Make it; `start` starts it.

        Args:
            project: whose runs.
            failed: takes, in a thread, why a host cannot be asked: once, until it is another reason.
        """
        self._project = project
        self._failed = failed
        self._stopped = threading.Event()
        self._hosts: dict[str, _Host] = {}
        self._thread = threading.Thread(target=self._seek, name="pull", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """End it; what is under way is given up, and goes on at the next start where it ended."""
        self._stopped.set()
        for host in list(self._hosts.values()):
            host.wake()

    def wake(self) -> None:
        """Ask at once: something was launched, stopped or resumed."""
        for host in list(self._hosts.values()):
            host.wake()

    def _seek(self) -> None:
        """Give every place with runs of which not all is here somebody who asks."""
        from workbench.operations.pulling import far_runs

        while not self._stopped.is_set():
            try:
                for name in {run.place for run in far_runs(self._project)}:
                    if name not in self._hosts or not self._hosts[name].is_alive:
                        self._hosts[name] = _Host(self._project, name, self._stopped, self._failed)
            except Exception as error:  # noqa: BLE001 - the worker boundary
                self._failed(sentence_of(error))
            self._stopped.wait(_SEEK_S)
        self._project.close()


class _Host:
    """Who asks one place, until all of its runs are here."""

    def __init__(self, project: Project, name: str, stopped: threading.Event, failed: Callable[[str], object]) -> None:
        self._project = project
        self._name = name
        self._stopped = stopped
        self._failed = failed
        self._woken = threading.Event()
        self._said: dict[str, str] = {}
        self._bringing: threading.Thread | None = None
        self._thread = threading.Thread(target=self._ask, name=f"pull {name}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still asks."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Ask at once."""
        self._woken.set()

    def _ask(self) -> None:
        wait_s = _EVERY_S
        try:
            while not self._stopped.is_set() and (runs := self._runs()):
                problem = self._round(runs)
                self._say("lines", problem)
                wait_s = pause_s(
                    wait_s, failed=bool(problem), queued=all(run.contact.state == "waiting" for run in runs)
                )
                if self._woken.wait(wait_s):
                    self._woken.clear()
                    wait_s = _EVERY_S
        except Exception as error:  # noqa: BLE001 - the worker boundary
            self._failed(sentence_of(error))
        finally:
            self._project.close()

    def _runs(self) -> list[FarRun]:
        from workbench.operations.pulling import far_runs

        return [run for run in far_runs(self._project) if run.place == self._name]

    def _round(self, runs: list[FarRun]) -> str:
        """Ask about every run; return why the host cannot be asked, or nothing."""
        from workbench.operations.pulling import look, lost_too

        for number, run in enumerate(runs):
            problem = look(self._project, run, cancelled=self._stopped.is_set)
            if self._stopped.is_set():
                return ""
            if problem is not None:
                # The others at once, without asking: each would wait as long.
                for other in runs[number + 1 :]:
                    lost_too(other, problem)
                return problem
            if self._bringing is None or not self._bringing.is_alive():
                self._bring(run)
        return ""

    def _bring(self, run: FarRun) -> None:
        """Bring the checkpoints of a run beside the lines, if there are any to bring."""
        if not run.wants_checkpoints(self._project):
            return

        def bring() -> None:
            from workbench.operations.pulling import pull_checkpoints

            try:
                problem = pull_checkpoints(self._project, run, cancelled=self._stopped.is_set)
                if not self._stopped.is_set():
                    self._say("checkpoints", problem or "")
            except Exception as error:  # noqa: BLE001 - the worker boundary
                self._failed(sentence_of(error))
            finally:
                self._project.close()

        self._bringing = threading.Thread(target=bring, name=f"pull {self._name} checkpoints", daemon=True)
        self._bringing.start()

    def _say(self, what: str, problem: str) -> None:
        """Say why something cannot be brought: once, until it is another reason or it could be."""
        if problem and problem not in self._said.values():
            self._failed(problem)
        self._said[what] = problem
