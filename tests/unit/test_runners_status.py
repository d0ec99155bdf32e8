import pytest

from runners.places.base import Poll
from runners.status import status_of

RUNNING, GONE, UNKNOWN = Poll("running"), Poll("gone"), Poll("unknown")


def ended(code):
    return Poll("ended", code)


@pytest.mark.parametrize(
    ("types", "poll", "expected"),
    [
        ((), None, "submitted"),
        ((), UNKNOWN, "submitted"),
        ((), RUNNING, "starting"),
        (("started", "heartbeat"), RUNNING, "starting"),
        (("started", "phase"), RUNNING, "running"),
        (("started", "phase"), UNKNOWN, "running"),
        (("started", "phase"), None, "running"),
        (("started", "phase", "finished"), ended(0), "finished"),
        (("started", "phase", "stopped"), ended(0), "stopped"),
        (("started", "error"), ended(1), "failed"),
        ((), ended(127), "failed"),
        (("started", "phase"), ended(139), "failed"),
        (("started", "phase"), GONE, "killed"),
        ((), GONE, "killed"),
    ],
)
def test_the_status_follows_from_events_and_process(types, poll, expected):
    assert status_of(types=types, stop_requested=False, poll=poll) == expected


@pytest.mark.parametrize("code", [129, 130, 137, 143, 0, None])
def test_a_process_that_ended_without_a_last_word_and_without_a_failure_of_its_own_was_killed(code):
    assert status_of(types=("started", "phase"), stop_requested=False, poll=ended(code)) == "killed"


def test_the_last_word_counts_for_more_than_the_exit_status():
    assert status_of(types=("finished",), stop_requested=True, poll=ended(1)) == "finished"
    assert status_of(types=("finished",), stop_requested=False, poll=GONE) == "finished"
    assert status_of(types=("error",), stop_requested=False, poll=RUNNING) == "failed"


@pytest.mark.parametrize(("types", "poll"), [((), RUNNING), (("phase",), RUNNING), (("phase",), UNKNOWN)])
def test_a_living_job_that_was_asked_to_stop_is_stopping(types, poll):
    assert status_of(types=types, stop_requested=True, poll=poll) == "stopping"


@pytest.mark.parametrize("types", [(), ("started", "phase"), ("phase", "stopped"), ("phase", "error")])
def test_a_job_that_its_place_starts_again_waits_whatever_its_last_word_was(types):
    assert status_of(types=types, stop_requested=False, poll=Poll("waiting")) == "submitted"
    assert status_of(types=types, stop_requested=True, poll=Poll("waiting")) == "stopping"
    assert status_of(types=(*types, "finished"), stop_requested=False, poll=Poll("waiting")) == "finished"


def test_a_job_that_was_taken_back_before_it_began_was_stopped():
    assert status_of(types=(), stop_requested=True, poll=GONE) == "stopped"


def test_a_job_that_died_after_it_was_asked_to_stop_was_killed():
    assert status_of(types=("phase",), stop_requested=True, poll=GONE) == "killed"
