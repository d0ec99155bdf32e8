"""Which round of a blind test is opened, and at which of its texts; no widget is touched here, only data asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.screens.blind_lines import BlindView, Earlier

if TYPE_CHECKING:
    from workbench.operations.blind import BlindTest
    from workbench.operations.project import Project


def ask_blind(project: Project, run: str | None, number: int | None) -> BlindView:
    """Return a page of the blind test.

    Args:
        project: whose.
        run: whose adapter; None for the newest that can be tested.
        number: of a round whose result is to be shown; None or another number for the round that is being read, or the
            page that begins one.
    """
    from workbench.operations import blind, blind_result
    from workbench.operations.errors import WorkbenchError

    run = run or next(iter(blind.testable_runs(project)), None)
    if run is None:
        return BlindView(
            run="",
            problem="No run that was launched here has samples of its adapter yet. Launch one: press 4, then r.",
        )
    try:
        name = blind.tested_run(project, run)
    except WorkbenchError as error:
        return BlindView(run=run, problem=str(error))
    rounds = blind.rounds(project, name)
    told = [(row, blind_result.told(project, row)) for row in rounds if row.revealed_at is not None]
    earlier = tuple(
        Earlier(
            number=row.number,
            day=row.created_at[:10],
            said="no result: its texts were changed" if isinstance(tally, str) else blind_result.short(tally),
            counts=not isinstance(tally, str),
        )
        for row, tally in told
    )
    view = BlindView(run=name, earlier=earlier, how=blind_result.HOW)
    if any(item.counts and item.number == number for item in earlier):
        found = blind_result.result(project, name, number)
        return replace(view, result=found, said=tuple(blind_result.sentences(found)))
    if rounds and rounds[-1].revealed_at is None:
        return replace(view, test=blind.round_of(project, name, rounds[-1].number))
    return view


def first_open(test: BlindTest, start: int) -> int:
    """Return the index of the next text without an answer, from one on and around; past the end when all have one."""
    count = len(test.texts)
    order = [*range(start, count), *range(min(start, count))]
    return next((index for index in order if test.texts[index].answer is None), count)


def touched_text(before: BlindTest, after: BlindTest) -> int | None:
    """Return the index of the first text of which something else is said than before; None if there is none."""
    pairs = enumerate(zip(before.texts, after.texts, strict=True))
    return next((index for index, (old, new) in pairs if old != new), None)
