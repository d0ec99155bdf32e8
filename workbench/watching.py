"""Watch the project's essays beside the terminal program: what is saved in any editor comes in without a key.

Everything happens in a thread of its own, which begins after the first frame. A few files are read there; many, after
another branch was checked out say, by another process, since threads share one interpreter lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.screens.shell import sentence_of

if TYPE_CHECKING:
    from curation.watch import Watcher
    from workbench.operations.looking import LookReport
    from workbench.operations.project import Project

# What is read within the program's own process, in bytes: under 0.2 s of work.
_ASIDE_BYTES = 150_000
# How long closing the program waits for a look that is under way, in seconds.
_STOP_S = 0.5


class Watching:
    """The watcher of one project."""

    def __init__(
        self,
        project: Project,
        *,
        busy: Callable[[], bool],
        found: Callable[[LookReport], object],
        failed: Callable[[str], object],
    ) -> None:
        """Make one; `start` starts it.

        Args:
            project: whose essays.
            busy: says, in the watcher's thread, whether something else is reading files; then it waits.
            found: takes, in the watcher's thread, what was found, when there is anything.
            failed: takes, in the watcher's thread, the sentence of an error.
        """
        self._project = project
        self._busy = busy
        self._found = found
        self._failed = failed
        self._watcher: Watcher | None = None

    def start(self) -> None:
        """Begin to watch."""
        from curation.watch import Watcher
        from workbench.operations.looking import places

        self._watcher = Watcher(lambda: places(self._project), self._changed)
        self._watcher.start()

    def stop(self) -> None:
        """End watching."""
        if self._watcher is not None:
            self._watcher.stop(_STOP_S)

    def _changed(self, paths: frozenset[str]) -> bool:
        from workbench.operations.looking import bytes_to_read, look, look_aside

        if self._busy():
            return False
        try:
            if bytes_to_read(self._project, paths) > _ASIDE_BYTES:
                report = look_aside(self._project)
            else:
                report = look(self._project, only=paths)
        except Exception as error:  # noqa: BLE001 - the worker boundary
            self._failed(sentence_of(error))
            return True
        if report.anything:
            self._found(report)
        return True
