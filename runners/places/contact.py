"""What is known of a job on a far host since it was last asked, kept beside the attempt: `contact.json`.

Whoever asks the host writes it; whoever computes the status or shows the run reads it, and so never waits for a host.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from runners.events import utc_now
from runners.places.alone import alone
from runners.places.base import Poll, State
from runners.rundir import RunDir


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The last answer of a host, and how it stands with asking it.

    Attributes:
        state: what it said of the process.
        exit_code: likewise; see `Poll`.
        note: what else it said of it; see `Poll`.
        reached_at: when it answered last; None before it did.
        lost_at: when asking it began to fail; None while it answers.
        problem: why it cannot be asked; empty while it answers.
        whole: whether the job is over and all that it wrote is here.
        coming_bytes: of checkpoints that are still to come; 0 when none is.
        awaited: of a run that is carried by hand, what is wrong with the results that are here, or still to come.
    """

    state: State = "unknown"
    exit_code: int | None = None
    note: str = ""
    reached_at: str | None = None
    lost_at: str | None = None
    problem: str = ""
    whole: bool = False
    coming_bytes: int = 0
    awaited: str = ""

    @property
    def poll(self) -> Poll:
        """What the place says of the job: what it said last, but for one that cannot be asked any more."""
        known = self.state in ("ended", "gone", "waiting") or not self.problem
        return Poll(self.state, self.exit_code) if known else Poll("unknown")


def read_contact(run_dir: RunDir, attempt: int) -> Contact:
    """Return what is known; nothing, where nobody asked yet or the file is broken."""
    try:
        return Contact(**json.loads(run_dir.contact_json(attempt).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return Contact()


def reached(run_dir: RunDir, attempt: int, poll: Poll) -> None:
    """Keep what a host answered."""

    def change(before: Contact) -> Contact:
        whole = before.whole and poll == Poll(before.state, before.exit_code)
        told: dict[str, Any] = {
            "state": poll.state,
            "exit_code": poll.exit_code,
            "note": poll.note,
            "reached_at": utc_now(),
            "whole": whole,
        }
        return replace(before, lost_at=None, problem="", awaited="", **told)

    _change(run_dir, attempt, change)


def lost(run_dir: RunDir, attempt: int, problem: str) -> None:
    """Keep that a host cannot be asked, why, and since when."""
    _change(run_dir, attempt, lambda was: replace(was, lost_at=was.lost_at or utc_now(), problem=problem))


def awaited(run_dir: RunDir, attempt: int, sentence: str) -> None:
    """Keep what of results that are carried by hand is still to come, or wrong."""
    if read_contact(run_dir, attempt).awaited != sentence:
        _change(run_dir, attempt, lambda was: replace(was, lost_at=None, problem="", awaited=sentence))


def given_up(run_dir: RunDir, attempt: int) -> None:
    """Keep that nobody will ask any more: its process counts as gone."""
    _change(
        run_dir, attempt, lambda was: replace(was, state="gone", exit_code=None, note="", whole=True, coming_bytes=0)
    )


def coming(run_dir: RunDir, attempt: int, size: int) -> None:
    """Keep how many bytes of the checkpoints are still to come."""
    _change(run_dir, attempt, lambda was: replace(was, coming_bytes=size))


def all_here(run_dir: RunDir, attempt: int) -> None:
    """Keep that the job is over and all that it wrote is here."""
    _change(run_dir, attempt, lambda was: replace(was, whole=True, coming_bytes=0))


def _change(run_dir: RunDir, attempt: int, change: Callable[[Contact], Contact]) -> None:
    path = run_dir.contact_json(attempt)
    with alone(run_dir, "contact"):
        aside = path.with_name(f".{path.name}.part")
        changed = change(read_contact(run_dir, attempt))
        aside.write_text(json.dumps(asdict(changed), ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)
