"""Count pairs in a child process, and ask it whatever needs a large tokenizer.

One child a project answers one question at a time; a long count is asked for in slices, so that a question about the
pair on the screen waits for no more than one of them.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store import token_counts
from workbench.operations.child import environment
from workbench.operations.errors import ChildError
from workbench.operations.over import Over
from workbench.operations.project import Project
from workbench.operations.targets import Target, targets

SLICE = 200
"""Pairs in one question; they take about a tenth of a second for each model."""


class CountingError(ChildError):
    """The child process that counts tokens could not be started, or ended."""


class _Child:
    """The child process of one project; it starts with the first question."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question; one asks after the other."""
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = ""
            if not line:
                self._end()
                raise CountingError("The process that counts tokens ended by itself. Try again; nothing is lost.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CountingError(str(answer["error"]))
        return answer

    def end(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()
        self._process = None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workbench.operations.counting_job", str(self._root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise CountingError(f"{sys.executable}: cannot be started to count tokens ({error.strerror}).") from error
        return self._process


_children: dict[Path, _Child] = {}
_children_lock = threading.Lock()


def ask_child(project: Project, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the project's child process; it goes on until `end_child`, or until this process ends.

    Raises:
        CountingError: it could not be started, ended, or answers with an error.
    """
    with _children_lock:
        child = _children.setdefault(project.root, _Child(project.root))
    return child.ask(question)


def end_child(project: Project) -> None:
    """End the project's child process, if it has one."""
    with _children_lock:
        child = _children.pop(project.root, None)
    if child is not None:
        child.end()


@dataclass(frozen=True)
class ChildCounter:
    """Counts texts for one model in the child process; see `curation.tokens.TokenCounter`."""

    project: Project
    target: Target
    exact: bool

    @property
    def name(self) -> str:
        """The model's name."""
        return self.target.files.model

    def count(self, text: str) -> int:
        """Return the number of tokens."""
        question = {"do": "count texts", "entry": self.target.entry, "texts": [text]}
        return int(ask_child(self.project, question)["counts"][0])


def count_pairs(
    project: Project,
    ids: Sequence[int] | None = None,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Count pairs for every target model, as far as they are not counted yet; return how many counts were made.

    Args:
        project: the project.
        ids: which pairs; None for all.
        progress: told how many pairs are done, of how many.
        cancelled: asked between slices; what was counted stays.

    Raises:
        CountingError: the child process could not be started, or ended.
    """
    chosen = targets(project)
    if ids is None:
        ids = token_counts.uncounted_ids(project.db, [item.fingerprint for item in chosen])
    entries = [item.entry for item in chosen]
    made = 0
    for start in range(0, len(ids), SLICE):
        if cancelled():
            break
        progress(start, len(ids), "tokens")
        asked = {"do": "count pairs", "entries": entries, "ids": list(ids[start : start + SLICE])}
        made += int(ask_child(project, asked)["counted"])
    return made


def limits(project: Project) -> tuple[tuple[str, int], ...]:
    """Return what `PairFilter.over` takes: each target model's fingerprint with the longest pair that is taken."""
    return tuple((item.fingerprint, item.limit) for item in targets(project))


def over_count(project: Project) -> int:
    """Return how many pairs are over the limit of any target model, as far as they are counted."""
    return token_counts.over_count(project.db, limits(project))


def over_any_limit(project: Project) -> Over:
    """Find out how many pairs are over a limit; where little is uncounted, it is counted first.

    Raises:
        CountingError: the child process could not be started, or ended.
    """
    missing = uncounted(project)
    if missing > SLICE:
        return Over(uncounted=missing)
    if missing:
        count_pairs(project)
    return Over(found=over_count(project))


def uncounted(project: Project) -> int:
    """Return how many pairs are not counted for every target model yet."""
    return len(token_counts.uncounted_ids(project.db, [item.fingerprint for item in targets(project)]))
