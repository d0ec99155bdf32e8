import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from runners.errors import PlaceError
from runners.places.base import Handle, Poll
from runners.places.local import LocalPlace
from runners.rundir import RunDir
from runners.spec import RunSpec
from tests.contract.place_suite import (
    FINISHES,
    WORKS_UNTIL_STOPPED,
    Kit,
    PlaceSuite,
    events,
    job,
    start,
    status,
    wait_for,
    wait_for_end,
    wait_until,
)

SUBMITS = """
import json, sys
from pathlib import Path
from runners.places.local import LocalPlace
from runners.rundir import RunDir
place = LocalPlace(command=[sys.executable, "-c", sys.argv[2]])
print(json.dumps(place.submit(RunDir(Path(sys.argv[1])), 1).data), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def kit(tmp_path):
    # Spaces, quotes and letters beyond ASCII, as a writer's folders have them.
    path = tmp_path / 'Ada\'s "first" $HOME übung' / "runs" / "s1"
    run_dir = RunDir.create(path, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    yield Kit(place=lambda code: LocalPlace(command=[sys.executable, "-c", code]), run_dir=run_dir)
    run_dir.request_stop()


class TestLocalPlace(PlaceSuite):
    """The suite that all places pass, on this machine."""


@pytest.mark.parametrize("end", ["quits", "is killed"])
def test_a_job_outlives_the_program_that_started_it(kit, end):
    kit.run_dir.new_attempt()
    program = subprocess.Popen(
        [sys.executable, "-c", SUBMITS, str(kit.run_dir.path), job(WORKS_UNTIL_STOPPED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    handle = Handle(place="local", data=json.loads(program.stdout.readline()))
    if end == "is killed":
        program.kill()
    program.communicate()
    place = LocalPlace()
    wait_for(kit, place, 1, "phase")
    assert place.poll(handle) == Poll("running")
    place.stop(kit.run_dir, handle)
    assert wait_for_end(place, handle) == Poll("ended", 0)


def test_a_job_is_in_a_session_of_its_own_and_nicer_than_the_program(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    pid = events(kit, place, attempt)[0]["pid"]
    assert os.getsid(pid) == handle.data["pid"] != os.getsid(0)
    assert psutil.Process(pid).nice() == min(19, os.nice(0) + 15)
    # Linux may heed niceness within a session only, and shares out among sessions by this.
    shared_out = Path(f"/proc/{pid}/autogroup")
    assert not shared_out.exists() or shared_out.read_text().endswith("nice 15\n")
    place.kill(handle)


def test_a_hangup_does_not_end_a_job(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    os.killpg(handle.data["pid"], signal.SIGHUP)
    before = len(events(kit, place, attempt))
    wait_until(lambda: len(events(kit, place, attempt)) > before + 2)
    assert place.poll(handle) == Poll("running")
    place.kill(handle)


def test_a_term_to_the_whole_group_is_a_polite_stop_and_the_exit_status_is_kept(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "heartbeat")
    os.killpg(handle.data["pid"], signal.SIGTERM)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    assert events(kit, place, attempt)[-1]["reason"] == "the signal SIGTERM"
    assert status(kit, place, attempt, handle) == "stopped"


def test_a_job_that_a_term_ends_leaves_the_signal_as_its_exit_status(kit):
    place, attempt, handle = start(kit, "reporter.phase('sample'); time.sleep(60)")
    wait_for(kit, place, attempt, "phase")
    os.killpg(handle.data["pid"], signal.SIGTERM)
    assert wait_for_end(place, handle) == Poll("ended", 128 + signal.SIGTERM)
    assert status(kit, place, attempt, handle) == "killed"


def test_a_job_killed_alone_leaves_the_signal_as_its_exit_status(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    os.kill(events(kit, place, attempt)[0]["pid"], signal.SIGKILL)
    assert wait_for_end(place, handle) == Poll("ended", 128 + signal.SIGKILL)
    assert status(kit, place, attempt, handle) == "killed"


def test_a_job_whose_supervisor_was_killed_still_runs_and_can_be_killed(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    os.kill(handle.data["pid"], signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(handle.data["pid"]))
    assert place.poll(handle) == Poll("running")
    place.kill(handle)
    assert wait_for_end(place, handle) == Poll("gone")
    assert status(kit, place, attempt, handle) == "killed"


def test_a_job_that_ended_but_was_not_reaped_does_not_run(kit):
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    started_at = psutil.Process(zombie.pid).create_time()
    wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    data = {"pid": zombie.pid, "started_at": started_at, "booted_at": psutil.boot_time()}
    handle = Handle("local", {**data, "run_dir": str(kit.run_dir.path), "rc": str(kit.run_dir.rc(1))})
    assert LocalPlace().poll(handle) == Poll("gone")
    zombie.wait()


def test_another_process_with_the_same_number_is_not_taken_for_the_job_and_never_killed(kit):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    data = {"pid": other.pid, "started_at": psutil.Process(other.pid).create_time() - 3600}
    handle = Handle(
        "local",
        {
            **data,
            "booted_at": psutil.boot_time(),
            "run_dir": str(kit.run_dir.path),
            "rc": str(kit.run_dir.rc(1)),
        },
    )
    place = LocalPlace()
    assert place.poll(handle) == Poll("gone")
    place.kill(handle)
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_job_is_found_again_after_the_clock_was_set(kit):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    hour = 3600.0
    shifted = {
        **handle.data,
        "started_at": handle.data["started_at"] - hour,
        "booted_at": handle.data["booted_at"] - hour,
    }
    assert place.poll(Handle("local", shifted)) == Poll("running")
    place.kill(handle)


def test_a_handle_of_another_place_is_refused():
    with pytest.raises(PlaceError, match="'ray'"):
        LocalPlace().poll(Handle("ray", {}))


def test_a_job_runs_where_the_program_lies_whatever_the_working_directory_is(kit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for folder in (tmp_path, kit.run_dir.path):
        (folder / "runners.py").write_text("raise SystemExit('the wrong runners')")
    place, _, handle = start(kit, FINISHES)
    assert wait_for_end(place, handle) == Poll("ended", 0)


def test_a_run_directory_that_vanished_is_named(kit, tmp_path):
    with pytest.raises(PlaceError, match="no-such-run: the job could not be started"):
        LocalPlace().submit(RunDir(tmp_path / "no-such-run"), 1)


def test_the_real_command_is_the_job_of_this_package(kit):
    kit.run_dir.prompts_jsonl.write_bytes(b"changed\n")
    place = LocalPlace()
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    assert wait_for_end(place, handle) == Poll("ended", 1)
    assert [event["type"] for event in events(kit, place, attempt)] == ["started", "error"]
    assert status(kit, place, attempt, handle) == "failed"
    assert "prompts.jsonl: changed" in kit.run_dir.log(attempt).read_text(encoding="utf-8")


def test_a_python_that_is_not_there_or_lacks_torch_is_named_before_anything_is_started(tmp_path):
    assert "cannot be started" in LocalPlace(python=str(tmp_path / "python")).check()[0]
    other = tmp_path / "python-without-torch"
    other.write_text("#!/bin/sh\necho asked torch peft\n")
    other.chmod(0o755)
    (problem,) = LocalPlace(python=str(other)).check()
    assert "does not have torch, peft. Run pip install '.[train]' (in the workbench's source folder) with it" in problem
    other.write_text("#!/bin/sh\necho 'no Python here' >&2\nexit 3\n")
    assert "is no working Python (no Python here)" in LocalPlace(python=str(other)).check()[0]
