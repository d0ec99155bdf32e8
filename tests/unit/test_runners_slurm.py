"""What Slurm prints, read and told; and what a run asks it for."""

from __future__ import annotations

import pytest

from runners.places.slurm_request import SlurmRequest, request_problems
from runners.places.slurm_words import complaint, could_start, fields_of, not_begun, over, submitted_id, waits, words_of

# As scontrol 22.05 prints one job, but for the fields that each test gives.
LINE = (
    "JobId=42 JobName=s1.1 UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A Priority=4294901751 Nice=0 Account=(null) "
    "QOS=(null) JobState={state} Reason={reason} Dependency=(null) Requeue=1 Restarts={restarts} BatchFlag=1 Reboot=0 "
    "ExitCode={code} RunTime=00:01:29 TimeLimit=00:10:00 TimeMin=N/A SubmitTime=2026-11-24T19:06:43 "
    "EligibleTime=2026-11-24T19:06:43 AccrueTime=2026-11-24T19:06:43 StartTime={start} EndTime={end} Deadline=N/A "
    "SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-24T19:06:44 Scheduler=Main Partition=main "
    "AllocNode:Sid=localhost:1914 ReqNodeList=(null) ExcNodeList=(null) NodeList={nodes} BatchHost=n1 NumNodes=1 "
    "NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,node=1,billing=1 Socks/Node=* "
    'Command=(null) WorkDir=/home/ada/a JobState=FAILED "x" StdErr=/home/ada/o.42 Power= TresPerNode=gres:gpu:a100:1 '
)


def job(state: str, **given: str) -> dict[str, str]:
    usual = {"reason": "None", "restarts": "0", "code": "0:0", "start": "Unknown", "end": "Unknown", "nodes": "n1"}
    return fields_of(LINE.format(state=state, **(usual | given)))


def test_the_fields_of_a_job_are_read_and_a_folder_with_the_name_of_a_field_is_not_taken_for_it() -> None:
    fields = job("RUNNING")
    assert fields["JobState"] == "RUNNING"
    assert fields["TRES"] == "cpu=1,node=1,billing=1"
    assert fields["ReqB:S:C:T"] == "0:0:*:*"
    assert fields["TresPerNode"] == "gres:gpu:a100:1"
    assert fields_of("PartitionName=main AllowGroups=ALL State=UP MaxTime=02:00:00")["MaxTime"] == "02:00:00"
    assert fields_of("No such thing") == {}


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("42\n", ("42", "")),
        ("42;paper\n", ("42", "paper")),
        ("You have used 3 of 100 hours.\n\n42\n", ("42", "")),
        ("Submitted batch job 42\n", None),
        ("", None),
    ],
)
def test_the_number_of_a_job_is_read_below_what_a_site_prints(printed: str, expected: tuple[str, str] | None) -> None:
    assert submitted_id(printed) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            "sbatch: error: invalid partition specified: nope\n"
            "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
            "invalid partition specified: nope",
        ),
        ("allocation failure: Requested node configuration is not available\n",) * 2,
        ("sbatch: unrecognized option '--bogus=foo'\nTry \"sbatch --help\" for more information\n",) * 2,
        (
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\n",
            "Batch job submission failed: Unable to contact slurm controller (connect failure)",
        ),
        ("", "it does not say why"),
    ],
)
def test_what_sbatch_refuses_a_job_for_is_told_without_its_head(printed: str, expected: str) -> None:
    head = expected.removeprefix("allocation failure: ").removeprefix("sbatch: ").partition("\n")[0]
    assert complaint(printed) == head


def test_when_a_job_could_start_is_read_and_what_a_newer_slurm_prints_is_told_as_it_is() -> None:
    printed = "sbatch: Job 2 to start at 2026-11-24T19:00:17 using 1 processors on nodes n[1-2] in partition main\n"
    assert could_start(printed) == "it could start at 2026-11-24 19:00 on n[1-2]"
    assert could_start("It would start.\n") == "It would start."


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"reason": "Priority"}, "Waiting for resources: Priority, other jobs go first."),
        (
            {"reason": "Resources", "start": "2026-11-24T21:30:00"},
            "Waiting for resources: Resources, none are free yet; it may start at 2026-11-24 21:30.",
        ),
        ({"reason": "None"}, "Waiting for resources."),
        ({"reason": "QOSGrpCpuLimit"}, "Waiting for resources: QOSGrpCpuLimit."),
        (
            {"reason": "BeginTime", "restarts": "1"},
            "Waiting for resources to go on where its last node left it: BeginTime, Slurm lets some time pass before "
            "it starts a job again.",
        ),
        ({"reason": "JobHeldUser"}, "Held on the cluster: JobHeldUser. `scontrol release 42` there lets it go on."),
        (
            {"reason": "PartitionTimeLimit"},
            "It will not start as it is: PartitionTimeLimit. Stop it, change what this place asks for, and resume it.",
        ),
    ],
)
def test_a_job_that_waits_says_what_for(given: dict[str, str], note: str) -> None:
    said = words_of(job("PENDING", **given))
    assert said.state == "waiting"
    assert said.note == note
    assert waits(job("PENDING", **given))


@pytest.mark.parametrize(
    ("state", "given", "expected", "note"),
    [
        ("RUNNING", {"end": "2026-11-24T21:30:00"}, ("running", None), "runs on n1, until 2026-11-24 21:30 at most."),
        ("COMPLETING", {}, ("running", None), "is ending on n1."),
        ("SUSPENDED", {}, ("running", None), "is suspended on n1."),
        # Nothing that is not known to be an end is taken for one.
        ("A_NEW_STATE", {}, ("running", None), "is A_NEW_STATE on n1."),
        ("COMPLETED", {}, ("ended", 0), ""),
        ("FAILED", {"code": "3:0", "reason": "NonZeroExitCode"}, ("ended", 3), "failed: NonZeroExitCode."),
        ("FAILED", {"code": "0:53", "reason": "JobLaunchFailure"}, ("ended", 181), "failed: JobLaunchFailure."),
        ("CANCELLED", {"code": "0:15"}, ("gone", None), "was cancelled on the cluster, not from here. Resume the run"),
        ("TIMEOUT", {"code": "0:15"}, ("gone", None), "was cut off at its time limit of 00:10:00: give this place a"),
        ("OUT_OF_MEMORY", {"code": "0:125"}, ("gone", None), "needed more memory than it may have: give this place"),
        ("NODE_FAIL", {"code": "1:0"}, ("gone", None), "was lost with its node n1, and the cluster does not start it"),
        ("PREEMPTED", {}, ("gone", None), "had to make room for another job. Resume the run: it goes on"),
    ],
)
def test_how_a_job_stands_is_told(
    state: str, given: dict[str, str], expected: tuple[str, int | None], note: str
) -> None:
    said = words_of(job(state, **given))
    assert (said.state, said.exit_code) == expected
    assert note in said.note
    assert over(job(state)) is (expected[0] != "running")


def test_a_job_that_never_saw_its_folder_asks_whether_the_nodes_share_it() -> None:
    told = not_begun(job("FAILED", reason="JobLaunchFailure"), "/home/ada/workbench")
    assert "failed on n1 before it could begin (JobLaunchFailure). Is /home/ada/workbench a folder that" in told


def test_what_is_not_asked_for_is_left_to_the_cluster() -> None:
    assert SlurmRequest().options() == ["--nodes=1", "--ntasks=1", "--requeue", "--signal=B:USR1@120"]


def test_what_is_asked_for_is_an_option_each_and_the_author_s_own_come_last() -> None:
    asked = SlurmRequest(
        partition="gpu; rm -rf ~",
        account="paper",
        time_limit="1-12:00:00",
        gpus="a100:2",
        cpus=8,
        memory="64G",
        constraint="a|b",
        extra=("--qos=long", "--comment=it's $mine"),
        stop_before_s=300,
    )
    assert asked.options()[3:] == [
        "--signal=B:USR1@300",
        "--partition=gpu; rm -rf ~",
        "--account=paper",
        "--time=1-12:00:00",
        "--gres=gpu:a100:2",
        "--cpus-per-task=8",
        "--mem=64G",
        "--constraint=a|b",
        "--qos=long",
        "--comment=it's $mine",
    ]
    assert (asked.gpu_count, asked.gpu_kind) == (2, "a100")
    assert SlurmRequest(gpus="3").gpu_count == 3
    assert "--gres" not in " ".join(SlurmRequest(gpus="0").options())


def test_every_fault_of_what_is_asked_for_is_named() -> None:
    asked = SlurmRequest(
        partition="-p x",
        account="two words",
        time_limit="four hours",
        gpus="many",
        cpus=-1,
        memory="32 GB",
        constraint="a\nb",
        extra=("-q long", "--output=x", "--arr=1-9", "--qos=a\n#SBATCH"),
        stop_before_s=1,
    )
    found = request_problems(asked)
    assert [problem.partition(":")[0] for problem in found] == [
        "partition", "account", "constraint", "time_limit", "gpus", "cpus", "memory", "stop_before_s", *["extra"] * 4,
    ]  # fmt: skip
    assert "'--output=x' is set by the workbench (--output). Leave it out." in found[-3]
    assert "(--array)" in found[-2]


@pytest.mark.parametrize("option", ["--qos=long", "--nodelist=n1", "--exclusive", "--mem-per-cpu=4G", "--no-requeue"])
def test_other_options_of_sbatch_are_taken_as_they_are(option: str) -> None:
    assert request_problems(SlurmRequest(extra=(option,))) == []


@pytest.mark.parametrize(("limit", "seconds"), [("2", 120), ("2:30", 150), ("0:02:30", 150), ("0-1", 3600)])
def test_a_job_is_not_asked_to_stop_before_it_began(limit: str, seconds: int) -> None:
    assert request_problems(SlurmRequest(time_limit=limit, stop_before_s=seconds - 1)) == []
    (problem,) = request_problems(SlurmRequest(time_limit=limit, stop_before_s=seconds))
    assert f"time_limit: {limit} is no longer than the {seconds} seconds" in problem


@pytest.mark.parametrize("limit", ["30", "4:00:00", "2-00", "1-12:30", "90:00"])
def test_times_as_sbatch_takes_them_are_taken(limit: str) -> None:
    assert request_problems(SlurmRequest(time_limit=limit)) == []
