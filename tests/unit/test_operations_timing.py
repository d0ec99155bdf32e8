"""What a run will take: of its steps, its validations and its samples, by what an earlier run measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store import canaries, datasets, runs, samples
from tests.journeys.builders import BASE_RUN, make_reviewed_project
from workbench.operations import launching
from workbench.operations.project import Project
from workbench.operations.timing import duration, expected_sampling, expected_time, parts_in_words, sampling_in_words

STEP_S = 2.0


@pytest.fixture
def project(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose first run tells two seconds a step, and half a second for a pair and a mask."""
    made = make_reviewed_project(tmp_path / "voice", runs_made=1)
    metric, latest = runs.metric, runs.latest_events

    def told(db, run, name):
        return [(step, STEP_S) for step in range(1, 5)] if name == "seconds" else metric(db, run, name)

    def said(db, run, **asked):
        events = latest(db, run, **asked)
        for event in events:
            if event.type == "validation":
                event.data.update(pairs=4, seconds=10.0)
        return events

    monkeypatch.setattr(runs, "metric", told)
    monkeypatch.setattr(runs, "latest_events", said)
    return made


def draft(project: Project, **changes: object) -> launching.Draft:
    return launching.change(
        project,
        launching.draft(project, parent=BASE_RUN),
        {"train.max_steps": 100, "train.eval_every_steps": 0, "train.sample_every_steps": 0, "train.probe_pairs": 0}
        | {"train.sample_at_steps": [], "train.gradient_accumulation_steps": 1}
        | {name.replace("__", "."): value for name, value in changes.items()},
    )


def test_the_time_of_all_steps_scales_with_the_rows_of_a_step(project):
    one, two = (expected_time(project, draft(project, train__gradient_accumulation_steps=n)) for n in (1, 2))
    assert one is not None
    assert two is not None
    assert two.training_s == pytest.approx(2 * one.training_s)


def test_validation_counts_pairs_masks_and_how_often_it_is_done(project):
    held = datasets.rows(project.db)[0].holdout_pairs
    assert held
    twice = expected_time(project, draft(project))
    often = expected_time(project, draft(project, train__eval_every_steps=20))
    more = expected_time(project, draft(project, train__eval_draws=10))
    assert twice.validation_s == pytest.approx(held * 5 * 0.5 * 2)  # before the first step, after the last
    assert often.validation_s == pytest.approx(held * 5 * 0.5 * 6)  # and at 20, 40, 60, 80
    assert more.validation_s == pytest.approx(2 * twice.validation_s)


def test_samples_count_the_base_only_where_it_was_not_sampled_before(project):
    took = [row.seconds for row in samples.of_run(project.db, BASE_RUN, "adapter")]
    prompts = len(canaries.rows(project.db))
    known = expected_time(project, draft(project))
    new = expected_time(project, draft(project, sampling__seed=99))
    per_prompt = draft(project).spec.sampling.samples_per_prompt
    assert known.sampling_s == pytest.approx(took[0] * prompts * per_prompt)
    assert new.sampling_s == pytest.approx(2 * known.sampling_s)


def test_samples_of_a_sampler_that_was_not_measured_are_not_known(project):
    block = draft(project)
    sampling = replace(block.spec.sampling, sampler="autoregressive")
    assert expected_time(project, replace(block, spec=replace(block.spec, sampling=sampling))).sampling_s is None


def test_half_the_steps_take_half_the_time_to_sample(project):
    whole = draft(project, sampling__seed=99, sampling__steps=96, sampling__max_new_tokens=96)
    half = draft(project, sampling__seed=99, sampling__steps=48, sampling__max_new_tokens=96)
    assert expected_time(project, half).sampling_s == pytest.approx(expected_time(project, whole).sampling_s / 2)


def test_a_run_of_an_older_version_told_no_time_of_its_validations(project, monkeypatch):
    monkeypatch.setattr(runs, "latest_events", lambda *_, **__: [])
    found = expected_time(project, draft(project))
    assert found.validation_s is None
    assert "validation not known" in parts_in_words(found)
    assert found.whole_s == pytest.approx(found.training_s + found.sampling_s)


def test_a_sample_run_takes_what_its_samples_took_before_and_says_where_that_is_not_known(project):
    took = [row.seconds for row in samples.of_run(project.db, BASE_RUN, "adapter")]
    assert set(took) == {1.9}
    drafted = launching.draft(project, task="sample", adapter_run=BASE_RUN)
    found = expected_sampling(project, drafted)
    assert found is not None
    assert (found.prompts, found.samples) == (3, 6)
    assert found.whole_s == pytest.approx(6 * 1.9)
    assert sampling_in_words(found) == (
        f"6 samples of 3 prompts: about 11 s and loading the model (1.9 s each, by {BASE_RUN})."
    )
    twice = launching.change(project, drafted, {"sampling.steps": 192, "sampling.samples_per_prompt": 1})
    assert expected_sampling(project, twice).whole_s == pytest.approx(3 * 2 * 1.9)
    other = launching.change(project, drafted, {"model.device": "cuda"})
    assert "how long they take is not known yet" in sampling_in_words(expected_sampling(project, other))
    assert expected_sampling(project, draft(project)) is None


def test_the_cost_is_of_all_that_is_known(project, monkeypatch):
    local = replace(project.settings.local, price_per_hour=3.6)
    monkeypatch.setattr(project, "settings", replace(project.settings, local=local))
    found = expected_time(project, draft(project))
    assert found.cost == pytest.approx(found.whole_s / 1000)


@pytest.mark.parametrize(("seconds", "said"), [(45, "45 s"), (170, "3 min"), (7200, "2.0 h")])
def test_a_duration_is_said_as_people_say_it(seconds, said):
    assert duration(seconds) == said
