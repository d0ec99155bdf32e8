"""Verdicts as counts with exact intervals; and that a masked review is not unmasked by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runners.intervals import share
from store import annotations, program, samples
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project
from workbench.operations import reviewing
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_verdicts import Tally
from workbench.operations.experiment_words import short_tally, verdict_words
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def judge(project: Project, run: str, *verdicts: reviewing.Verdict, masked: bool = False) -> None:
    view = reviewing.review(project, run)
    for item, verdict in zip(view.comparisons, verdicts):
        reviewing.judge(project, item, verdict, masked=masked)


def tally(project: Project, run: str, other: str | None = None) -> Tally:
    verdicts = Records.read(project).verdicts
    found = verdicts.against_base(run) if other is None else verdicts.between(run, other)
    assert found is not None
    return found


def test_verdicts_are_counted_from_the_runs_side_with_an_exact_interval(project: Project) -> None:
    judge(project, SECOND_RUN, "right", "right", "left", "tie", "both bad")
    found = tally(project, SECOND_RUN)
    assert (found.better, found.worse, found.ties, found.both_bad) == (2, 1, 1, 1)
    assert (found.judged, found.pairs) == (5, 6)
    assert found.share == share(2, 3)
    words = " ".join(verdict_words(found))
    assert "better than the base in 2, the base better in 1, ties 1, both bad 1" in words
    assert "exact 95 % 9 % to 100 %" in words
    assert short_tally(found) == "2:1 of 5"


def test_nothing_is_said_of_runs_without_samples_or_verdicts(project: Project) -> None:
    found = tally(project, BASE_RUN)
    assert found.share is None
    assert verdict_words(found) == ["None of 6 pairs of samples judged."]
    assert Records.read(project).verdicts.between(BASE_RUN, SECOND_RUN) is None


def test_a_masked_review_that_goes_on_has_no_tally(project: Project) -> None:
    program.remember(project.db, reviewing.MASKED, True)
    judge(project, SECOND_RUN, "right", "left", "right", masked=True)
    found = tally(project, SECOND_RUN)
    assert found.withheld
    assert (found.better, found.worse, found.ties, found.both_bad, found.share) == (0, 0, 0, 0, None)
    assert Records.read(project).verdicts.told() == ([], 3)
    assert short_tally(found) == "?:? of 3"
    judge(project, BASE_RUN, "left", "left", "left")
    assert tally(project, SECOND_RUN, BASE_RUN).withheld


@pytest.mark.parametrize(("masked", "how"), [(3, "all of them"), (2, "2 of them"), (0, "none of them")])
def test_a_masked_review_that_goes_on_tells_how_many_were_judged_masked(
    project: Project, masked: int, how: str
) -> None:
    program.remember(project.db, reviewing.MASKED, True)
    for index, item in enumerate(reviewing.review(project, SECOND_RUN).comparisons[:3]):
        reviewing.judge(project, item, "right", masked=index < masked)
    (words,) = verdict_words(tally(project, SECOND_RUN))
    assert words.startswith(f"3 of 6 pairs of samples judged, {how} masked: who was better is said when")


def test_the_tally_comes_with_the_last_verdict_or_when_names_are_shown(project: Project) -> None:
    program.remember(project.db, reviewing.MASKED, True)
    judge(project, SECOND_RUN, *["right"] * 5, masked=True)
    assert tally(project, SECOND_RUN).withheld
    program.remember(project.db, reviewing.MASKED, False)
    assert not tally(project, SECOND_RUN).withheld
    program.remember(project.db, reviewing.MASKED, True)
    judge(project, SECOND_RUN, *["right"] * 6, masked=True)
    found = tally(project, SECOND_RUN)
    assert (found.better, found.masked, found.withheld) == (6, 6, False)


def test_two_runs_are_compared_by_what_each_was_against_the_same_samples_of_the_base(project: Project) -> None:
    judge(project, BASE_RUN, "left", "left", "tie", "right", "both bad")
    judge(project, SECOND_RUN, "right", "left", "right", "left", "tie", "right")
    found = tally(project, SECOND_RUN, BASE_RUN)
    assert not found.direct
    assert (found.better, found.worse, found.ties, found.judged) == (2, 1, 2, 5)
    other_way = tally(project, BASE_RUN, SECOND_RUN)
    assert (other_way.better, other_way.worse) == (1, 2)
    assert "Not read side by side" in verdict_words(found)[0]


def test_two_runs_that_were_read_side_by_side_are_compared_by_that(project: Project) -> None:
    mine, theirs = (samples.of_run(project.db, run, "adapter") for run in (SECOND_RUN, BASE_RUN))
    for index, verdict in enumerate(("left", "left", "right", "tie")):
        annotations.set_verdict(project.db, mine[index].id, theirs[index].id, verdict, False)  # type: ignore[arg-type]
    found = tally(project, SECOND_RUN, BASE_RUN)
    assert (found.direct, found.better, found.worse, found.ties) == (True, 2, 1, 1)
    assert tally(project, BASE_RUN, SECOND_RUN).better == 1


def test_too_few_verdicts_are_said_to_be_what_chance_could_give(project: Project) -> None:
    judge(project, SECOND_RUN, "right", "right", "right", "right")
    assert "Chance alone could give this." in verdict_words(tally(project, SECOND_RUN))[-1]
    judge(project, SECOND_RUN, *["right"] * 6)
    assert "more often than chance" in verdict_words(tally(project, SECOND_RUN))[-1]
