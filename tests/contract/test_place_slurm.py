"""A Slurm cluster over SSH: the suite that all places pass, and what only an engine does, on a real cluster."""

import json
import sys

import psutil
import pytest

from runners.errors import PlaceError
from runners.places.base import Poll, read_job
from runners.places.slurm import SlurmPlace
from runners.places.slurm_request import SlurmRequest
from runners.places.ssh_client import Destination
from runners.rundir import RunDir
from runners.spec import LoraSpec, RunSpec, TrainSpec
from tests.contract.place_suite import (
    DIES_IN_A_LINE,
    FINISHES,
    WORKS_UNTIL_STOPPED,
    Kit,
    PlaceSuite,
    events,
    start,
    status,
    types,
    wait_for,
    wait_for_end,
    wait_until,
)
from tests.contract.slurm_cluster import needs_slurm, running_cluster
from tests.contract.ssh_server import Server, needs_sshd

pytestmark = [needs_sshd, needs_slurm]

# Slurm reads a per cent sign in the name of a log, and a shell all of the others.
FOLDER = 'Ada\'s "50%j" $(x) übung'


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ssh"))
    server.start()
    yield server
    server.stop()
    server.end_masters()


@pytest.fixture
def make(server, cluster):
    """Make a place on the cluster's login node, whose jobs ask for something and carry out some code."""

    def made(code=None, *, name="uni", environment=None, **wanted):
        return SlurmPlace(
            name,
            Destination(host=server.host, config=server.config),
            request=SlurmRequest(**wanted),
            folder=f"~/{FOLDER}",
            python=sys.executable,
            environment=cluster.environment | {"PATH": "/usr/sbin:/usr/bin:/bin"} | (environment or {}),
            command=None if code is None else [sys.executable, "-c", code],
        )

    return made


@pytest.fixture
def kit(tmp_path, make):
    path = tmp_path / "runs" / f"s-{tmp_path.name}"
    run_dir = RunDir.create(path, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    return Kit(place=make, run_dir=run_dir)


class TestSlurmPlace(PlaceSuite):
    """The suite that all places pass, over a real cluster."""


def there(server, kit):
    return RunDir(server.home / FOLDER / "runs" / kit.run_dir.path.name)


def number_of(server, kit, attempt=1):
    return json.loads((there(server, kit).attempt(attempt) / "slurm.json").read_text())["job"]


def forget_answers(server, kit):
    """Have Slurm asked anew, not only when what it said is some seconds old."""
    for path in (server.home / FOLDER).rglob("slurm.s*.json"):
        path.unlink(missing_ok=True)


def look_anew(server, kit, place):
    """Ask how the newest attempt is, past what Slurm said a moment ago."""
    forget_answers(server, kit)
    return place.look(kit.run_dir, read_job(kit.run_dir, kit.run_dir.latest_attempt()))


def test_a_job_that_waits_says_what_for_and_is_neither_lost_nor_begun_and_stopping_takes_it_back(
    kit, make, server, cluster
):
    other = kit.run_dir.path.parent / "other"
    RunDir.create(other, RunSpec(name="s2", task="sample"), prompts_jsonl=b"{}\n")
    holds = Kit(place=lambda code: make(code, gpus="a100:2"), run_dir=RunDir(other))
    holder, first, held = start(holds, WORKS_UNTIL_STOPPED)
    wait_for(holds, holder, first, "phase")
    assert "on n1" in (told := holder.poll(held).note)
    assert number_of(server, holds) in told
    place = make(FINISHES, gpus="1")
    handle = place.submit(kit.run_dir, kit.run_dir.new_attempt())
    wait_until(lambda: "Resources" in look_anew(server, kit, place).note)
    poll = place.look(kit.run_dir, handle)
    assert poll.state == "waiting"
    assert poll.note.startswith("Waiting for resources: Resources, none are free yet")
    assert status(kit, place, 1, handle) == "submitted"
    place.stop(kit.run_dir, handle)
    assert wait_for_end(place, handle) == Poll("gone")
    assert status(kit, place, 1, handle) == "stopped"
    assert place.poll(handle).note == ""
    holder.stop(holds.run_dir, held)
    assert wait_for_end(holder, held) == Poll("ended", 0)


def test_a_job_gets_the_gpus_it_asked_for_and_what_the_place_sets(kit, make):
    code = "print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['SECRET'], flush=True)\n" + FINISHES
    kit = Kit(place=lambda code: make(code, gpus="2", environment={"SECRET": "a 'b' $c"}), run_dir=kit.run_dir)
    place, attempt, handle = start(kit, code)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    place.pull(kit.run_dir)
    assert "0,1 a 'b' $c\n" in kit.run_dir.log(attempt).read_text()


def test_a_job_that_the_cluster_starts_again_is_a_new_attempt_that_says_so_and_is_followed(kit, server, cluster):
    place, attempt, handle = start(kit, "print(os.environ.get('RUNNERS_NOTICE'), flush=True)\n" + WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    cluster.says("scontrol", "requeue", number_of(server, kit))
    wait_until(lambda: look_anew(server, kit, place).state == "waiting")
    assert events(kit, place, 1)[-1]["reason"] == "the signal SIGTERM"
    assert status(kit, place, 1, handle) == "submitted"
    cluster.start_now(number_of(server, kit))
    wait_until(lambda: look_anew(server, kit, place).state == "running" and kit.run_dir.latest_attempt() == 2)
    wait_for(kit, place, 2, "phase")
    again = read_job(kit.run_dir, 2)
    assert again.data == {**handle.data, "attempt": 2}
    assert "\nNone\n" in kit.run_dir.log(1).read_text()
    assert "(restart 1): its node failed, or it had to make room" in kit.run_dir.log(2).read_text()
    assert place.poll(again) == Poll("running")
    # Whoever knows the first attempt only is told of the same job.
    assert place.poll(handle) == Poll("running")
    place.stop(kit.run_dir, again)
    assert wait_for_end(place, again) == Poll("ended", 0)
    assert status(kit, place, 2, again) == "stopped"
    # An attempt that nobody here knows yet is not started over.
    with pytest.raises(PlaceError, match="attempt 2 was started there by Slurm itself"):
        place.submit(kit.run_dir, 1)


def test_a_node_that_dies_gives_its_job_to_another_one(kit, server, cluster):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    node = cluster.says("squeue", "--noheader", f"--jobs={number_of(server, kit)}", "--format=%N").strip()
    cluster.end(node)
    batch = psutil.Process(int(there(server, kit).pid(attempt).read_text()))
    # Slurm's own process first, so that it tells nobody.
    for process in [batch.parent(), *batch.children(recursive=True), batch]:
        process.kill()
    # As an administrator says, or Slurm itself once the node has not answered for long enough.
    cluster.says("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=power")
    wait_until(lambda: look_anew(server, kit, place).state == "waiting")
    cluster.start_now(number_of(server, kit))
    wait_until(lambda: look_anew(server, kit, place).state == "running" and kit.run_dir.latest_attempt() == 2)
    wait_for(kit, place, 2, "phase")
    assert types(kit, place, 1)[-1] != "stopped"
    cluster.start_node(node)
    cluster.says("scontrol", "update", f"NodeName={node}", "State=RESUME")
    place.kill(read_job(kit.run_dir, 2))
    assert wait_for_end(place, read_job(kit.run_dir, 2)) == Poll("ended", 137)


def test_a_job_whose_time_is_nearly_up_stops_politely_and_says_why(kit, server, cluster):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    # What Slurm does by --signal; it looks at the limits of its jobs twice a minute.
    cluster.says("scancel", "--batch", "--signal=USR1", number_of(server, kit))
    assert wait_for_end(place, handle) == Poll("ended", 0)
    assert events(kit, place, attempt)[-1]["reason"].startswith("the time limit of Slurm job")
    assert status(kit, place, attempt, handle) == "stopped"
    assert "goes on from there when the run is resumed" in place.poll(handle).note
    second = place.submit(kit.run_dir, kit.run_dir.new_attempt())
    wait_for(kit, place, 2, "phase")
    assert place.poll(second) == Poll("running")
    place.kill(second)
    wait_for_end(place, second)
    assert place.poll(second).note == ""


def test_a_job_that_somebody_else_cancels_says_so_and_keeps_its_last_word(kit, server, cluster):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    cluster.says("scancel", number_of(server, kit))
    assert wait_for_end(place, handle) == Poll("ended", 0)
    wait_until(lambda: "was cancelled on the cluster, not from here" in look_anew(server, kit, place).note)
    assert status(kit, place, attempt, handle) == "stopped"


def test_what_slurm_has_forgotten_is_known_by_what_the_job_left(kit, server, cluster):
    place, attempt, handle = start(kit, FINISHES)
    wait_for_end(place, handle)
    cluster.end("slurmctld")
    forget_answers(server, kit)
    # A controller that does not answer says nothing of a job, and the lines come all the same.
    poll = place.look(kit.run_dir, handle)
    assert poll == Poll("unknown")
    assert "Slurm does not answer" in poll.note
    cluster.start_controller("-c")
    forget_answers(server, kit)
    assert place.poll(handle) == Poll("ended", 0)
    there(server, kit).rc(attempt).unlink()
    poll = place.poll(handle)
    assert poll == Poll("gone")
    assert "Slurm knows job" in poll.note
    wait_until(lambda: cluster.says("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * 3)


def test_a_job_whose_submission_was_not_answered_is_found_again_and_not_started_twice(kit, make, server):
    place = make("import time; time.sleep(30)", gpus="2")
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    path = there(server, kit).attempt(attempt) / "slurm.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps(known | {"job": ""}))
    assert place.submit(kit.run_dir, attempt) == handle
    assert json.loads(path.read_text())["job"] == known["job"]
    place.kill(handle)
    wait_for_end(place, handle)


def test_what_slurm_would_refuse_is_told_before_anything_is_sent(make):
    (problem,) = make(FINISHES, partition="no such 'one'").check()
    assert "Slurm does not take such a job: invalid partition specified: no such 'one'" in problem
    (problem,) = make(FINISHES, gpus="h100:1").check()
    assert "Requested node configuration is not available" in problem
    (problem,) = make(FINISHES, time_limit="nonsense").check()
    assert "Invalid --time specification" in problem
    two = RunSpec(name="s", task="train", train=TrainSpec(world_size=2), lora=LoraSpec(), dataset_hash="sha256:d")
    (problem,) = make(FINISHES, gpus="1").check(two)
    assert "2 processes, and this place asks for 1 GPU." in problem
    assert make(FINISHES, gpus="2").check(two) == []
    (problem,) = make(FINISHES, environment={"PATH": "/nowhere"}).check()
    assert "Slurm's sbatch is not found there" in problem


def test_a_survey_tells_the_version_the_partition_and_its_gpus(make):
    told = make(gpus="1", partition="main").survey()
    version, partition, *nodes, taken = told["cluster"]
    assert version.startswith("slurm")
    assert partition == "partition main: UP, at most 02:00:00 a job, 00:10:00 where nothing is asked"
    assert any("gpu:a100:2" in node for node in nodes), nodes
    assert any("no GPU" in node for node in nodes)
    assert taken.startswith("a job as asked for is taken; it could start at 20")
    assert taken.endswith(" on n1")


def test_a_job_that_is_refused_leaves_nothing_behind(kit, make, server, cluster):
    with pytest.raises(PlaceError, match="Slurm refuses the job: invalid partition specified: nowhere"):
        make(FINISHES, partition="nowhere").submit(kit.run_dir, kit.run_dir.new_attempt())
    assert cluster.says("squeue", "--noheader").strip() == ""
    place = make(FINISHES)
    assert place.poll(read_job(kit.run_dir, 1)).state == "gone"


def test_a_job_that_dies_in_a_line_is_told_as_its_process_ended_not_as_slurm_names_it(kit):
    place, attempt, handle = start(kit, DIES_IN_A_LINE)
    assert wait_for_end(place, handle) == Poll("ended", 137)
