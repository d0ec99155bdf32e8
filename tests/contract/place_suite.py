"""What every place must do, as tests. A place's own file subclasses `PlaceSuite` and gives the fixture `kit`.

The jobs are tiny Python programs that write their run directory by the same modules as the real job.
"""

import json
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass

from runners.events import read_lines
from runners.places.base import Handle, Place, Poll, read_job
from runners.rundir import RunDir
from runners.status import status_of

PATIENCE_S = 30.0
ALIVE = ("waiting", "running")

# Every job below starts with this; its process id stands in its first event.
PRELUDE = """
import os, signal, sys, time
from pathlib import Path
from runners.rundir import RunDir
from runners.tasks.reporter import Reporter
run_dir, attempt = RunDir(Path(sys.argv[1])), int(sys.argv[3])
reporter = Reporter(run_dir, attempt, heartbeat_s=0.05)
reporter.emit("started", {"pid": os.getpid(), "host": "h", "python": "p", "versions": {}, "device": "cpu", "task": "t"})
"""
WORKS_UNTIL_STOPPED = """
with reporter:
    reporter.phase("sample")
    while not reporter.stop_requested():
        time.sleep(0.02)
    reporter.last_word("stopped", {"reason": reporter.stop_reason})
"""
FINISHES = """
with reporter:
    reporter.phase("sample")
    print("to standard output: voilà", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    reporter.last_word("finished", {"seconds": 0.1})
"""
ENDS_WITH_3 = "sys.exit(3)"
DIES_IN_A_LINE = """
reporter.phase("sample")
reporter.sample(of="base", step=0, prompt="p", index=0, seed=1, text="stands", token_ids=[1], tokens=1, seconds=0.1)
for path in (run_dir.events(attempt), run_dir.samples):
    with path.open("ab") as file:
        file.write(b'{"torn": "li')
os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass(frozen=True)
class Kit:
    """What a place's file gives: a way to make the place run a program, and an empty run directory.

    `place(code)` must build a new object each time: a place remembers nothing but handles.
    """

    place: Callable[[str], Place]
    run_dir: RunDir


def job(code):
    return PRELUDE + textwrap.dedent(code)


def wait_until(true, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not (answer := true()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return answer


def start(kit, code):
    place = kit.place(job(code))
    attempt = kit.run_dir.new_attempt()
    return place, attempt, place.submit(kit.run_dir, attempt)


def events(kit, place, attempt):
    place.pull(kit.run_dir)
    return read_lines(kit.run_dir.events(attempt), 0)[0]


def types(kit, place, attempt):
    return [event["type"] for event in events(kit, place, attempt)]


def wait_for(kit, place, attempt, type):
    wait_until(lambda: type in types(kit, place, attempt))


def wait_for_end(place, handle):
    return wait_until(lambda: poll if (poll := place.poll(handle)).state not in ALIVE else None)


def status(kit, place, attempt, handle):
    poll = place.poll(handle)
    return status_of(types=types(kit, place, attempt), stop_requested=kit.run_dir.stop_requested(), poll=poll)


class PlaceSuite:
    def test_a_place_that_is_ready_has_no_problems(self, kit):
        assert kit.place(job(FINISHES)).check() == []

    def test_a_job_that_finishes_leaves_events_log_and_exit_status_0(self, kit):
        place, attempt, handle = start(kit, FINISHES)
        assert wait_for_end(place, handle) == Poll("ended", 0)
        assert types(kit, place, attempt)[-1] == "finished"
        assert status(kit, place, attempt, handle) == "finished"
        log = kit.run_dir.log(attempt).read_text(encoding="utf-8")
        assert "to standard output: voilà" in log
        assert "to standard error" in log

    def test_a_job_that_fails_leaves_its_exit_status(self, kit):
        place, attempt, handle = start(kit, ENDS_WITH_3)
        assert wait_for_end(place, handle) == Poll("ended", 3)
        assert status(kit, place, attempt, handle) == "failed"

    def test_a_program_that_cannot_be_carried_out_fails_and_the_log_says_why(self, kit):
        place, attempt, handle = start(kit, "this is no Python")
        assert wait_for_end(place, handle).exit_code not in (0, None)
        place.pull(kit.run_dir)
        assert "SyntaxError" in kit.run_dir.log(attempt).read_text(encoding="utf-8")

    def test_a_job_runs_until_it_is_asked_to_stop_and_then_ends_with_0(self, kit):
        place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
        wait_for(kit, place, attempt, "phase")
        assert place.poll(handle) == Poll("running")
        assert status(kit, place, attempt, handle) == "running"
        place.stop(kit.run_dir, handle)
        assert wait_for_end(place, handle) == Poll("ended", 0)
        assert events(kit, place, attempt)[-1]["reason"] == "the stop file"
        assert status(kit, place, attempt, handle) == "stopped"

    def test_a_job_is_found_again_by_its_handle_as_json_from_a_new_object(self, kit):
        place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
        wait_for(kit, place, attempt, "phase")
        again = Handle(place=handle.place, data=json.loads(json.dumps(handle.data)))
        fresh = kit.place(job(WORKS_UNTIL_STOPPED))
        assert fresh.poll(again) == Poll("running")
        fresh.stop(kit.run_dir, again)
        assert wait_for_end(fresh, again) == Poll("ended", 0)

    def test_the_handle_stands_in_the_attempt_as_it_was_given(self, kit):
        place, attempt, handle = start(kit, FINISHES)
        assert read_job(kit.run_dir, attempt) == handle
        wait_for_end(place, handle)

    def test_a_job_that_is_killed_is_over_and_what_it_wrote_stands(self, kit):
        place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
        wait_for(kit, place, attempt, "heartbeat")
        place.kill(handle)
        wait_for_end(place, handle)
        assert status(kit, place, attempt, handle) == "killed"
        assert types(kit, place, attempt)[:2] == ["started", "phase"]
        place.kill(handle)

    def test_a_job_that_dies_by_kill_9_in_the_middle_of_a_line_was_killed_and_the_lines_before_stand(self, kit):
        place, attempt, handle = start(kit, DIES_IN_A_LINE)
        wait_for_end(place, handle)
        assert status(kit, place, attempt, handle) == "killed"
        assert types(kit, place, attempt) == ["started", "phase"]
        samples, offset = read_lines(kit.run_dir.samples, 0)
        assert [sample["text"] for sample in samples] == ["stands"]
        assert offset < kit.run_dir.samples.stat().st_size

    def test_an_attempt_after_a_kill_goes_on_in_the_same_files(self, kit):
        place, _, handle = start(kit, DIES_IN_A_LINE)
        wait_for_end(place, handle)
        second = """
        same = {"of": "base", "step": 0, "prompt": "p", "seed": 1, "token_ids": [], "tokens": 0, "seconds": 0}
        reporter.sample(index=0, text="repeated", **same)
        reporter.sample(index=1, text="new", **same)
        reporter.last_word("finished", {"seconds": 0.1})
        """
        place, attempt, handle = start(kit, second)
        assert wait_for_end(place, handle) == Poll("ended", 0)
        assert types(kit, place, attempt) == ["started", "finished"]
        samples, _ = read_lines(kit.run_dir.samples, 0)
        assert [(sample["text"], sample["attempt"]) for sample in samples] == [("stands", 1), ("new", 2)]

    def test_a_job_ends_by_itself_once_a_newer_attempt_is_started(self, kit):
        place, first, old = start(kit, WORKS_UNTIL_STOPPED)
        wait_for(kit, place, first, "phase")
        place, second, new = start(kit, WORKS_UNTIL_STOPPED)
        assert wait_for_end(place, old) == Poll("ended", 0)
        assert events(kit, place, first)[-1]["reason"] == "a newer attempt, number 2, was started"
        wait_for(kit, place, second, "phase")
        assert place.poll(new) == Poll("running")
        place.kill(new)
        wait_for_end(place, new)

    def test_an_attempt_that_is_started_twice_is_not_over_because_it_once_ended(self, kit):
        place, attempt, handle = start(kit, ENDS_WITH_3)
        wait_for_end(place, handle)
        again = kit.place(job(WORKS_UNTIL_STOPPED))
        handle = again.submit(kit.run_dir, attempt)
        wait_for(kit, again, attempt, "phase")
        assert again.poll(handle) == Poll("running")
        assert [event["seq"] for event in events(kit, again, attempt)][:3] == [1, 2, 3]
        again.stop(kit.run_dir, handle)
        wait_for_end(again, handle)
