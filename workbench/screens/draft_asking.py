"""Asking the model for words in a draft, beside everything else: the author may type on, leave, or take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from runners.questions import Answer
    from workbench.operations.infilling import Gap, Given
    from workbench.operations.project import Project
    from workbench.operations.sessions import SessionView

SAMPLES = 3
"""How many answers are asked for at once."""


@dataclass(kw_only=True)
class Asking:
    """A question on its way.

    Attributes:
        gap: the place that is asked about.
        seed: of the first answer.
        tokens: how long the answers are; None for what fits the place.
        adapter_run: who writes; None for the base.
        taken_back: whether nobody waits for it any more.
    """

    gap: Gap
    seed: int
    tokens: int | None
    adapter_run: str | None
    taken_back: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with its answer."""

    asking: Asking
    session: str
    request: int
    given: Given
    answer: Answer


def ask_model(project: Project, asking: Asking, progress: ProgressCall, cancelled: CancelledCall) -> Asked | None:
    """Start the session where there is none, ask, and wait; None where it was taken back."""
    from workbench.operations import infilling, sessions

    progress(0, 0, "loading the model")
    name = sessions.start(project, adapter_run=asking.adapter_run)
    spec = sessions.spec_named(project, name)
    given = infilling.given(project, asking.gap, spec, tokens=asking.tokens, samples=SAMPLES, seed=asking.seed)
    request = sessions.put(project, name, given.question)

    def tell(view: SessionView) -> None:
        took = "" if view.seconds is None else f", {view.seconds:.1f} s the last time"
        progress(0, 0, f"{given.summary}{took}" if view.loaded else "loading the model")

    answer = sessions.wait_for(project, name, request, say=tell, cancelled=lambda: asking.taken_back or cancelled())
    if answer is None:
        return None
    return Asked(asking=asking, session=name, request=request, given=given, answer=answer)
