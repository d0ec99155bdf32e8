"""The login node's half of a Slurm place and a node's half, with Slurm's answers as they are told to be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from runners.errors import PlaceError
from runners.places import far_slurm, slurm_commands, slurm_node
from runners.rundir import RunDir
from runners.spec import RunSpec
from tests.contract.place_suite import wait_until


class Slurm:
    """Answers `scontrol`, `squeue`, `sbatch` and `scancel`.

    Attributes:
        asked: which command was run, each time.
        fields: what scontrol tells of job 42; None for a job that it does not know.
        away: whether nothing answers.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fields: dict[str, str] | None = {"JobState": "RUNNING", "NodeList": "n1"}
        self.name = "s1.1"
        self.away = False

    def run(self, command: Sequence[str], *, sent: str = "", timeout_s: float = 1.0) -> CompletedProcess[str]:
        self.asked.append(command[0])
        if self.away:
            error = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
            return CompletedProcess(command, 1, "", error)
        if command[0] == "scontrol" and self.fields is None:
            return CompletedProcess(command, 1, "", "slurm_load_jobs error: Invalid job id specified\n")
        if command[0] == "scontrol":
            assert self.fields is not None
            line = " ".join(f"{key}={value}" for key, value in self.fields.items())
            return CompletedProcess(command, 0, f"JobId=42 JobName={self.name} {line} WorkDir=/x\n", "")
        return CompletedProcess(command, 0, "42\n" if command[0] == "sbatch" else "", "")


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> Slurm:
    made = Slurm()
    for module in (far_slurm, slurm_commands):
        monkeypatch.setattr(module, "run", made.run)
    return made


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    folder = tmp_path / "place" / "runs" / "s1"
    made = RunDir.create(folder, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    made.new_attempt()
    return made


@pytest.fixture
def submitted(run_dir: RunDir, slurm: Slurm) -> RunDir:
    """A run whose first attempt is job 42 and has begun."""
    far_slurm.submit(run_dir, 1, ["--nodes=1"], ["job"], {})
    run_dir.pid(1).write_text("7")
    slurm.asked.clear()
    return run_dir


def state(run_dir: RunDir, **more: float) -> tuple[str, int | None]:
    told = far_slurm.state(run_dir, 1, **more)
    return told["state"], told["exit_code"]


def test_a_job_that_is_looked_at_often_is_asked_about_seldom(submitted: RunDir, slurm: Slurm) -> None:
    assert [state(submitted) for _ in range(5)] == [("running", None)] * 5
    assert slurm.asked == ["scontrol"]
    assert state(submitted, fresh_s=0) == ("running", None)
    assert slurm.asked == ["scontrol"] * 2
    # What stands in its folder tells that it has gone on.
    submitted.rc(1).write_text("0\n")
    assert state(submitted) == ("ended", 0)
    assert slurm.asked == ["scontrol"] * 3


def test_a_controller_that_does_not_answer_is_left_alone_for_a_while_and_says_nothing_of_a_job(
    submitted: RunDir, slurm: Slurm
) -> None:
    slurm.away = True
    assert [state(submitted) for _ in range(5)] == [("unknown", None)] * 5
    assert slurm.asked == ["scontrol"]
    with pytest.raises(PlaceError, match=r"Slurm does not answer .*connect failure.* Nothing was done"):
        far_slurm.kill(submitted, 1)
    with pytest.raises(PlaceError, match=r"Slurm does not answer .* Nothing was started"):
        far_slurm.submit(submitted, 1, [], ["job"], {})
    slurm.away = False
    assert state(submitted, fresh_s=0) == ("running", None)


def test_a_job_that_ended_as_told_once_is_over_for_good_and_slurm_is_not_asked_again(
    submitted: RunDir, slurm: Slurm
) -> None:
    slurm.fields = {"JobState": "TIMEOUT", "TimeLimit": "00:10:00", "ExitCode": "0:15"}
    assert state(submitted) == ("gone", None)
    slurm.fields = None
    assert state(submitted, fresh_s=0) == ("gone", None)
    assert "time limit of 00:10:00" in far_slurm.state(submitted, 1)["note"]
    assert slurm.asked == ["scontrol"]


def test_a_number_that_is_another_job_s_by_now_tells_nothing_and_is_not_killed(submitted: RunDir, slurm: Slurm) -> None:
    slurm.name = "another"
    assert state(submitted) == ("gone", None)
    assert "Slurm knows job 42 no more" in far_slurm.state(submitted, 1)["note"]
    far_slurm.kill(submitted, 1)
    assert "scancel" not in slurm.asked


def test_a_forgotten_job_s_log_tells_what_slurm_did_to_it(submitted: RunDir, slurm: Slurm) -> None:
    slurm.fields = None
    submitted.log(1).write_text("step 3\nslurmstepd-n1: error: *** JOB 42 ON n1 CANCELLED DUE TO TIME LIMIT ***\n")
    assert "Its log ends with: slurmstepd-n1: error: *** JOB 42" in far_slurm.state(submitted, 1)["note"]


def test_the_last_files_of_a_job_that_has_just_ended_are_awaited(submitted: RunDir, slurm: Slurm) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime())
    slurm.fields = {"JobState": "COMPLETED", "EndTime": now, "ExitCode": "0:0"}
    assert state(submitted) == ("running", None)
    submitted.rc(1).write_text("0\n")
    assert state(submitted) == ("ended", 0)


def test_a_job_that_failed_before_it_began_asks_for_a_shared_folder(submitted: RunDir, slurm: Slurm) -> None:
    submitted.pid(1).unlink()
    slurm.fields = {"JobState": "FAILED", "Reason": "JobLaunchFailure", "ExitCode": "0:53", "NodeList": "n1"}
    assert state(submitted) == ("ended", 181)
    assert "a folder that the nodes share" in far_slurm.state(submitted, 1)["note"]


def test_a_job_that_is_started_again_waits_until_its_new_attempt_stands_and_is_then_told_by_that(
    submitted: RunDir, slurm: Slurm
) -> None:
    # What the first attempt left does not end the job.
    submitted.rc(1).write_text("0\n")
    slurm.fields = {"JobState": "RUNNING", "Restarts": "1"}
    assert state(submitted) == ("waiting", None)
    submitted.attempt(2).mkdir()
    row = {"job": "42", "name": "s1.1", "base": 1}
    slurm_node.slurm_json(submitted, 2).write_text(json.dumps(row))
    submitted.pid(2).write_text("7")
    told = far_slurm.state(submitted, 1, fresh_s=0)
    assert (told["state"], told["attempt"]) == ("running", 2)
    with pytest.raises(PlaceError, match="attempt 2 was started there by Slurm itself"):
        far_slurm.submit(submitted, 1, [], ["job"], {})


def test_a_job_that_was_taken_back_while_it_waited_to_start_again_is_not_told_as_another_s_doing(
    submitted: RunDir, slurm: Slurm
) -> None:
    slurm.fields = {"JobState": "PENDING", "Reason": "BeginTime", "Restarts": "1"}
    far_slurm.stop(submitted, 1)
    assert slurm.asked[-1] == "scancel"
    slurm.fields = {"JobState": "CANCELLED", "Restarts": "1", "ExitCode": "0:0"}
    assert far_slurm.state(submitted, 1) == {"state": "gone", "exit_code": None, "note": "", "attempt": 1}


def node(run_dir: RunDir, code: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start a node's half of attempt 1, as a batch script does."""
    words = [sys.executable, "-m", "runners.places.slurm_node", str(run_dir.path), "1", "s1.1"]
    found = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "SLURM_JOB_ID": "42", **environment}
    return subprocess.Popen([*words, sys.executable, "-c", code], env=found)


SLEEPS = "import time; print('begun', flush=True); time.sleep(60)"


def begun(run_dir: RunDir, attempt: int = 1) -> None:
    wait_until(lambda: run_dir.log(attempt).exists() and "begun" in run_dir.log(attempt).read_text())


def test_a_node_writes_how_its_job_ended_and_which_job_it_was(run_dir: RunDir) -> None:
    assert node(run_dir, "import sys; sys.exit(3)").wait() == 3
    assert run_dir.rc(1).read_text() == "3\n"
    assert json.loads(slurm_node.slurm_json(run_dir, 1).read_text()) == {"job": "42", "name": "s1.1", "base": 1}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGUSR2, 137), (signal.SIGTERM, 143)])
def test_a_node_hands_on_what_ends_a_job(run_dir: RunDir, number: signal.Signals, status: int) -> None:
    process = node(run_dir, SLEEPS)
    begun(run_dir)
    process.send_signal(number)
    assert process.wait() == status
    assert run_dir.rc(1).read_text() == f"{status}\n"


def test_a_node_whose_time_is_nearly_up_asks_its_job_to_stop_and_says_why(run_dir: RunDir) -> None:
    process = node(run_dir, SLEEPS)
    begun(run_dir)
    process.send_signal(signal.SIGUSR1)
    wait_until(run_dir.stop_requested)
    assert run_dir.stop_reason(1).read_text().startswith("the time limit of Slurm job 42 is near")
    assert process.poll() is None
    process.send_signal(signal.SIGUSR2)
    process.wait()


def test_a_node_that_starts_a_job_again_makes_the_next_attempt_and_only_one_node_does(run_dir: RunDir) -> None:
    said = "import os; print(os.environ['RUNNERS_NOTICE'])"
    assert node(run_dir, said, SLURM_RESTART_COUNT="1").wait() == 0
    assert "Slurm started job 42 again (restart 1)" in run_dir.log(2).read_text()
    assert json.loads(slurm_node.slurm_json(run_dir, 2).read_text())["base"] == 1
    # The author has resumed the run meanwhile: that attempt is hers.
    before = run_dir.log(2).read_text()
    assert node(run_dir, said, SLURM_RESTART_COUNT="1").wait() == 0
    assert run_dir.log(2).read_text() == before
