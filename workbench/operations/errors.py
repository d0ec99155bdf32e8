"""The error tree of the workbench: what happened to what, what was found, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class WorkbenchError(Exception):
    """Base of every error an operation raises on purpose; its text is shown to the author as it stands.

    Attributes:
        on_command_line: what the command line says: the text, or where that names screens and keys, commands instead.
        pair_ids: pairs that stand in the way, to go to.
    """

    def __init__(self, text: str, *, on_command_line: str | None = None, pair_ids: Sequence[int] = ()) -> None:
        super().__init__(text)
        self.pair_ids = tuple(pair_ids)
        self.on_command_line = on_command_line or text


class ProjectError(WorkbenchError):
    """A folder that is no project, or a `workbench.toml` that cannot be read."""


class NoProjectError(ProjectError):
    """A folder in which, and above which, there is no project."""


class NothingToDoError(WorkbenchError):
    """An operation that would change nothing, with the reason."""


class LaunchError(WorkbenchError):
    """A run that cannot be launched as drafted."""


class ChildError(WorkbenchError):
    """A child process that could not be started, ended by itself, or says what went wrong."""


class UnknownModelError(WorkbenchError):
    """A name that is no model of the project, or a model that cannot be had."""


class WouldReplaceError(WorkbenchError):
    """Files in the way of an export that are not as an export of this project left them.

    Attributes:
        paths: those.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        super().__init__(
            f"{', '.join(map(str, self.paths))}: not as an export of this project left "
            f"{'it' if len(self.paths) == 1 else 'them'}, and would be lost. Nothing was written: name another place, "
            "or replace with `--force`."
        )
