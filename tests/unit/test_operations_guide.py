"""The next step is the most useful one: reading first; canary prompts and a dataset once some tens are accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from store import canaries, datasets, pairs, runs
from store.edit_states import keep_part
from store.errors import DatabaseBusy, NotFound
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_curated_project, make_reviewed_project, make_smoke
from workbench.operations import guide, reviewing
from workbench.operations.project import Project
from workbench.widgets.tabs import SCREENS


@pytest.mark.parametrize(
    ("accepted", "proposed", "said"),
    [
        (1, 511, "1 accepted, 511 to read: read on with a"),
        (30, 511, "No canary prompts yet: write one with n"),
        (3, 0, "No canary prompts yet: write one with n"),
        (0, 511, "511 proposed: read and accept them with a"),
    ],
)
def test_reading_on_comes_before_canary_prompts_until_some_tens_are_accepted(
    tmp_path, monkeypatch: pytest.MonkeyPatch, accepted: int, proposed: int, said: str
) -> None:
    project: Project = make_curated_project(tmp_path / "voice")
    counts = replace(pairs.counts(project.db), accepted=accepted, accepted_train=accepted, proposed=proposed)
    monkeypatch.setattr(pairs, "counts", lambda db: counts)
    monkeypatch.setattr(canaries, "rows", lambda db: [])
    monkeypatch.setattr(datasets, "rows", lambda db: [])
    assert guide.next_step(project).text == said


def test_a_smoke_run_is_not_what_comes_next_and_a_stopped_run_can_go_on(tmp_path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=2)
    reviewed = guide.next_step(project).text
    assert SECOND_RUN in reviewed
    spec = runs.get(project.db, SECOND_RUN).spec_json
    make_smoke(project, SECOND_RUN)
    assert BASE_RUN in guide.next_step(project).text
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET spec_json = ? WHERE name = ?", (spec, SECOND_RUN))
    runs.set_status(project.db, SECOND_RUN, "stopped", None)
    step = guide.next_step(project)
    assert (step.screen, step.key) == ("runs", "R")
    assert SECOND_RUN in step.text


def test_who_stands_in_review_is_told_of_another_run_how_it_is_chosen(tmp_path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=2)
    step = guide.next_step(project)
    assert step.screen == "review"
    assert step.here.startswith(f"{SECOND_RUN} is to be judged")
    assert step.here.endswith("go there with O")
    assert step.text == f"{SECOND_RUN} has finished: review it with 5"
    guide.remember(project, "review.place", {"run": BASE_RUN, "slug": "shop-scales", "index": 0})
    assert guide.next_step(project).text == f"{SECOND_RUN} has finished: review it with 5, then O"


@pytest.mark.parametrize(("runs_made", "screen", "key"), [(1, "runs", "r"), (2, "experiments", "6")])
def test_once_two_runs_are_judged_their_difference_comes_next(tmp_path, runs_made: int, screen: str, key: str) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=runs_made)
    newest = runs.rows(project.db)[-1].name
    for item in reviewing.review(project, newest).comparisons:
        reviewing.judge(project, item, "tie", masked=False)
    step = guide.next_step(project)
    assert (step.screen, step.key) == (screen, key)
    assert step.text.startswith(f"{newest} is judged")


def test_where_all_that_is_accepted_is_held_out_nobody_is_told_to_accept_what_is_not_there(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project: Project = make_curated_project(tmp_path / "voice")
    counts = replace(pairs.counts(project.db), accepted=3, accepted_train=0, proposed=0)
    monkeypatch.setattr(pairs, "counts", lambda db: counts)
    step = guide.next_step(project)
    assert (step.text, step.screen) == ("Every accepted pair is held out: let an essay train with h", "essays")


def test_an_edit_that_is_undone_in_part_is_gone_on_with_on_every_screen(tmp_path) -> None:
    project: Project = make_curated_project(tmp_path / "voice")
    with project.db.transaction() as connection:
        keep_part(connection, 1, 1, back=True)
    step = guide.next_step(project)
    assert step.key == "u"
    assert {step.screen, *step.also} == {name for name, _key, _title in SCREENS}


def test_what_a_killed_program_left_is_taken_in_whole_or_kept_for_the_next_start(tmp_path) -> None:
    project: Project = make_curated_project(tmp_path / "voice")

    def take_and(error: BaseException | None) -> str | None:
        def take(kept: dict[str, Any]) -> str:
            guide.remember(project, "taken", kept["text"])
            if error is not None:
                raise error
            return str(kept["text"])

        guide.remember(project, "note", {"text": "salt"})
        guide.remember(project, "taken", None)
        return guide.take_in(project, "note", take)

    for cut in (KeyboardInterrupt(), DatabaseBusy("Busy.")):
        with pytest.raises(type(cut)):
            take_and(cut)
        assert (guide.recall(project, "note"), guide.recall(project, "taken")) == ({"text": "salt"}, None)
    # What cannot be kept is not tried again at every start.
    with pytest.raises(NotFound):
        take_and(NotFound("The pair is gone."))
    assert (guide.recall(project, "note"), guide.recall(project, "taken")) == (None, None)
    assert take_and(None) == "salt"
    assert (guide.recall(project, "note"), guide.recall(project, "taken")) == (None, "salt")
    assert guide.take_in(project, "note", lambda kept: "twice") is None
