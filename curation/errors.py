"""The errors of curation, and the problem that names a file, a line and a remedy.

A fault in somebody's file is a value, not an exception, wherever others can still be read: it is collected as a
`Problem`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, where, and what to do.

    Attributes:
        path: the file or folder as it was named.
        line: line of the file, from 1; None where the whole file is meant.
        message: what was found, then what to do.
    """

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"


class CurationError(Exception):
    """Something curation was asked for cannot be done; the message says why and what to do."""


class EssayError(CurationError):
    """A file that cannot be read as an essay."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
