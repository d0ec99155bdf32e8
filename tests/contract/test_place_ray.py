import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runners.errors import PlaceError, UnreachableError
from runners.places import ray
from runners.places.base import Handle, Poll, read_job
from runners.places.far_host import FarHost
from runners.places.here import Here
from runners.places.ray import RayPlace
from runners.places.ray_check import survey
from runners.places.ray_client import RayClient, TokenSource
from runners.places.ssh_client import Destination
from runners.rundir import RunDir
from runners.spec import LoraSpec, RunSpec, SessionSpec, TrainSpec
from tests.contract.place_suite import (
    ENDS_WITH_3,
    FINISHES,
    WORKS_UNTIL_STOPPED,
    Kit,
    PlaceSuite,
    events,
    job,
    start,
    status,
    types,
    wait_for,
    wait_for_end,
    wait_until,
)
from tests.contract.ray_stand_in import TOKEN, RayStandIn
from tests.contract.ssh_server import Server, needs_sshd

VARIABLE = "WORKBENCH_TEST_RAY_TOKEN"


CHECKPOINTS_AT_THE_END = """
with reporter:
    reporter.phase("train")
    while not reporter.stop_requested():
        time.sleep(0.02)
    folder = run_dir.checkpoint(7) / "adapter"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"w" * 100_000)
    reporter.checkpoint(7, folder.parent)
    reporter.last_word("stopped", {"reason": reporter.stop_reason})
"""
# Keeps an attempt as the machine of a cluster does, with little patience.
KEEPS = """
import os, sys
from pathlib import Path
from runners.places import keeper
from runners.rundir import RunDir
keeper.GRACE_S = 0.5
sys.exit(keeper.keep(RunDir(Path(sys.argv[1])), 1, [sys.executable, "-c", sys.argv[2]], os.getppid()))
"""


def ray_place(cluster, shared, code=None, *, token=None, reach=None, folder=None, python=sys.executable, **more):
    return RayPlace(
        "ray",
        RayClient(cluster.url, token or TokenSource(variable=VARIABLE)),
        FarHost(destination=reach or Here(host="ray"), folder=str(shared), python=sys.executable, shared=True),
        folder=str(folder or shared),
        python=str(python),
        command=None if code is None else [sys.executable, "-c", code],
        **more,
    )


@pytest.fixture
def shared(tmp_path):
    # Spaces, quotes and letters beyond ASCII: what is mounted may be named by anybody.
    path = tmp_path / 'the "cluster\'s" übung $HOME'
    path.mkdir()
    return path


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, TOKEN)
    cluster = RayStandIn(tmp_path / "ray")
    yield cluster
    cluster.close()


@pytest.fixture
def kit(tmp_path, cluster, shared):
    path = tmp_path / 'Ada\'s "first" $HOME übung' / "runs" / f"s-{tmp_path.name}"
    run_dir = RunDir.create(path, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    return Kit(place=lambda code: ray_place(cluster, shared, code), run_dir=run_dir)


class TestRayPlace(PlaceSuite):
    """The suite that all places pass, over what a Ray cluster answers."""


def job_of(cluster, handle):
    return cluster.jobs[handle.data["job"]]


def files_with(text, *folders):
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert found
    return [path for path in found if text.encode() in path.read_bytes()]


def test_what_is_asked_for_is_what_the_place_says_for_each_process_of_the_run(cluster, shared):
    place = ray_place(cluster, shared, gpus=0.5, cpus=2, resources={"box2": 1}, environment={"HF_HOME": "/data"})
    assert place.asked() == {"GPU": 0.5, "CPU": 2, "box2": 1}
    place = ray_place(cluster, shared, gpus=1, cpus=0)
    train = TrainSpec(world_size=2)
    spec = RunSpec(name="r", task="train", train=train, lora=LoraSpec(), dataset_hash="sha256:" + 64 * "0")
    assert place.asked(spec) == {"GPU": 2}


def test_a_job_is_handed_in_with_its_resources_and_its_environment(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES), resources={"box2": 1}, environment={"HF_HOME": "/data"})
    handle = place.submit(kit.run_dir, kit.run_dir.new_attempt())
    (body,) = [body for method, path, _, body in cluster.requests if (method, path) == ("POST", "/api/jobs/")]
    assert body["submission_id"] == handle.data["job"]
    assert (body["entrypoint_num_gpus"], body["entrypoint_num_cpus"]) == (1.0, 1.0)
    assert body["entrypoint_resources"] == {"box2": 1}
    assert body["runtime_env"] == {"env_vars": {"HF_HOME": "/data", "RAY_JOB_STOP_WAIT_TIME_S": "120"}}
    wait_for_end(place, handle)


def test_the_token_is_sent_and_stands_nowhere(kit, cluster, shared):
    says = "print('environment', dict(os.environ), flush=True)\n" + FINISHES
    place, attempt, handle = start(kit, says)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    place.pull(kit.run_dir)
    assert {token for _, _, token, _ in cluster.requests} == {TOKEN}
    assert "environment" in kit.run_dir.log(attempt).read_text()
    assert files_with(TOKEN, kit.run_dir.path, shared) == []


def test_a_job_that_waits_says_what_it_asks_for_and_what_the_cluster_has(kit, cluster, shared):
    cluster.held = True
    place, attempt, handle = start(kit, FINISHES)
    found = place.look(kit.run_dir, handle)
    assert found == Poll("waiting")
    assert found.note == (
        "Waiting for 1 GPU, 1 CPU of one machine. The cluster has 2 machines: head (2 GPUs, 2 CPUs), box2 (1 GPU, 1 "
        "CPU, 1 box2). Ray says: Job has not started yet. It may be waiting for resources (CPUs, GPUs, memory, custom "
        "resources) to become available. It may be waiting for the runtime environment to be set up."
    )
    assert status(kit, place, attempt, handle) == "submitted"
    cluster.release()
    assert wait_for_end(place, handle) == Poll("ended", 0)


def test_a_job_that_no_machine_has_room_for_is_told_to_be_one(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES), gpus=8)
    handle = place.submit(kit.run_dir, kit.run_dir.new_attempt())
    found = place.look(kit.run_dir, handle)
    assert found == Poll("waiting")
    assert found.note.startswith("Waiting for 8 GPUs, 1 CPU of one machine, and none has that. The cluster has 2 mach")


def test_a_job_that_ray_gave_up_waiting_for_is_over_and_says_so(kit, cluster, shared):
    cluster.held = True
    place, attempt, handle = start(kit, FINISHES)
    cluster.give_up(handle.data["job"])
    found = place.look(kit.run_dir, handle)
    assert found == Poll("gone")
    assert "failed to start within 900.0 seconds" in found.note


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_a_job_that_is_taken_back_while_it_waits_never_begins(kit, cluster, shared, way):
    cluster.held = True
    place, attempt, handle = start(kit, FINISHES)
    if way == "stop":
        place.stop(kit.run_dir, handle)
    else:
        place.kill(handle)
    found = place.look(kit.run_dir, handle)
    assert (found, found.note) == (Poll("gone"), "It was taken back before it began.")
    assert status(kit, place, attempt, handle) == {"stop": "stopped", "kill": "killed"}[way]
    # Ray starts it nonetheless once there is room.
    cluster.release()
    wait_until(lambda: job_of(cluster, handle).status == "FAILED")
    assert types(kit, place, attempt) == []
    assert place.poll(handle) == Poll("ended", 137)


def test_while_ray_cannot_be_asked_lines_come_and_nothing_is_taken_for_over(kit, cluster, shared):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    cluster.stop()
    assert place.poll(handle) == Poll("unknown")
    before = len(kit.run_dir.events(attempt).read_bytes().splitlines())

    def lines():
        with pytest.raises(UnreachableError, match=r"127.0.0.1:\d+: it refused the connection"):
            place.look(kit.run_dir, handle)
        return len(kit.run_dir.events(attempt).read_bytes().splitlines())

    wait_until(lambda: lines() > before)
    # Its folder is enough to stop it, and tells its end.
    place.stop(kit.run_dir, handle)
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert place.look(kit.run_dir, handle) == Poll("ended", 0)
    assert types(kit, place, attempt)[-1] == "stopped"
    cluster.start()


def test_a_head_that_was_started_anew_has_forgotten_its_jobs_and_their_folder_tells_of_them(
    kit, cluster, shared, monkeypatch
):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    cluster.forget()
    found = place.look(kit.run_dir, handle)
    assert (found, found.note) == (
        Poll("running"),
        "Ray was started anew and knows nothing of it; its folder says it lives.",
    )
    with monkeypatch.context() as patched:
        patched.setattr(ray, "QUIET_S", 0.0)
        found = place.look(kit.run_dir, handle)
        assert found == Poll("gone")
        assert "knows nothing of it; by its folder, it is silent for" in found.note
    place.stop(kit.run_dir, handle)
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert status(kit, place, attempt, handle) == "stopped"


def test_a_job_that_never_came_to_ray_is_gone(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES))
    cluster.instead["/api/jobs/"] = (400, "TypeError: entrypoint_num_gpus must be a number, got <class 'str'>\n")
    attempt = kit.run_dir.new_attempt()
    with pytest.raises(PlaceError, match=r"refused the job \(TypeError: entrypoint_num_gpus must be a number"):
        place.submit(kit.run_dir, attempt)
    cluster.instead.clear()
    found = place.look(kit.run_dir, read_job(kit.run_dir, attempt))
    assert (found, "it never began" in found.note) == (Poll("gone"), True)


def test_a_job_whose_machine_was_lost_makes_a_checkpoint_ends_and_holds_no_gpu(kit, cluster, shared):
    place, attempt, handle = start(kit, CHECKPOINTS_AT_THE_END)
    wait_for(kit, place, attempt, "phase")
    # As where nothing reaps what is orphaned: what Ray started is dead, and the rest lives.
    cluster.lose(handle.data["job"])
    found = place.look(kit.run_dir, handle)
    if found == Poll("running"):
        assert "The actor died because its node has died" in found.note
        assert "actor_id" not in found.note
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert events(kit, place, attempt)[-1]["reason"] == "the signal SIGTERM"
    assert kit.run_dir.checkpoint_steps() == [7]
    assert status(kit, place, attempt, handle) == "stopped"


def test_a_machine_that_is_gone_with_all_on_it_leaves_a_job_that_is_gone(kit, cluster, shared, monkeypatch):
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    wait_for(kit, place, attempt, "phase")
    pid = int(RunDir(shared / "runs" / kit.run_dir.path.name).pid(attempt).read_text())
    (job_pid,) = [event["pid"] for event in events(kit, place, attempt) if event["type"] == "started"]
    for number in (pid, job_pid):
        os.kill(number, 9)
    cluster.lose(handle.data["job"])
    assert place.poll(handle) == Poll("running")
    monkeypatch.setattr(ray, "QUIET_S", 0.0)
    found = place.poll(handle)
    assert (found, "node was terminated unexpectedly" in found.note) == (Poll("gone"), True)
    assert status(kit, place, attempt, handle) == "killed"


def test_a_stop_by_ray_itself_is_polite_and_has_time_for_a_checkpoint(kit, cluster, shared):
    place, attempt, handle = start(kit, CHECKPOINTS_AT_THE_END)
    wait_for(kit, place, attempt, "phase")
    place.cluster.stop(handle.data["job"])
    assert wait_for_end(place, handle) == Poll("ended", 0)
    assert status(kit, place, attempt, handle) == "stopped"
    place.pull(kit.run_dir)
    assert (kit.run_dir.checkpoint(7) / "adapter" / "weights").stat().st_size == 100_000


def test_a_job_that_does_not_end_when_asked_is_ended_by_its_keeper(kit):
    run_dir = kit.run_dir
    run_dir.new_attempt()
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n" + (
        "time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    keeper = subprocess.Popen([sys.executable, "-c", KEEPS, str(run_dir.path), deaf], env=environment)
    wait_until(lambda: run_dir.log(1).exists() and "deaf" in run_dir.log(1).read_text())
    keeper.terminate()
    assert keeper.wait() == 137
    assert run_dir.rc(1).read_text() == "137\n"


def test_a_command_that_cannot_be_started_leaves_its_exit_status(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES))
    place._command = [str(shared / "no python")]
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    assert wait_for_end(place, handle) == Poll("ended", 127)
    place.pull(kit.run_dir)
    assert "no python: cannot be started (No such file or directory)." in kit.run_dir.log(attempt).read_text()


def test_a_machine_that_does_not_see_the_folder_or_sees_another_is_named_and_its_words_are_brought(
    kit, cluster, shared, tmp_path
):
    there = tmp_path / "there"
    for make, words in ((False, "does not see"), (True, "is another folder than the one")):
        if make:
            shutil.copytree(shared, there)
            (there / "machine").write_text("another")
        place = ray_place(cluster, shared, job(FINISHES), folder=there)
        attempt = kit.run_dir.new_attempt()
        handle = place.submit(kit.run_dir, attempt)
        wait_for_end(place, handle)
        found = place.look(kit.run_dir, handle)
        assert found.state == "ended"
        assert words in found.note
        assert str(there) in found.note
        assert f"Running entrypoint for job {handle.data['job']}" in kit.run_dir.log(attempt).read_text()
        assert status(kit, place, attempt, handle) == "failed"


def test_a_python_that_is_not_on_the_machine_is_named(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES), python="/no/such/python")
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    wait_for_end(place, handle)
    found = place.look(kit.run_dir, handle)
    assert (found, "has no /no/such/python" in found.note) == (Poll("ended", 127), True)


def test_a_job_that_ends_badly_says_what_ray_says_without_its_log(kit, cluster, shared):
    place, attempt, handle = start(kit, ENDS_WITH_3)
    wait_for_end(place, handle)
    wait_until(lambda: job_of(cluster, handle).status == "FAILED")
    RunDir(shared / "runs" / kit.run_dir.path.name).rc(attempt).unlink()
    found = place.look(kit.run_dir, handle)
    assert (found, found.note) == (Poll("ended", 3), "Ray says: Job entrypoint command failed with exit code 3.")


def test_a_submission_whose_answer_was_lost_starts_one_job(kit, cluster, shared, monkeypatch):
    plain, calls = RayClient.submit, []

    def lost(self, *arguments):
        plain(self, *arguments)
        calls.append(arguments)
        if len(calls) == 1:
            raise UnreachableError("it closed the connection")

    monkeypatch.setattr(RayClient, "submit", lost)
    place, attempt, handle = start(kit, WORKS_UNTIL_STOPPED)
    assert (len(calls), len(cluster.jobs)) == (2, 1)
    wait_for(kit, place, attempt, "phase")
    assert place.submit(kit.run_dir, attempt) == handle
    assert len(cluster.jobs) == 1
    place.kill(handle)
    assert wait_for_end(place, handle) == Poll("ended", 137)


def test_a_shared_folder_that_is_not_mounted_is_never_made(kit, cluster, shared):
    shared.rmdir()
    (problem,) = ray_place(cluster, shared).check()
    assert problem == (
        f"ray: there is no folder {shared}. Mount what the machines of the cluster share, or make the folder, if it is "
        "new."
    )
    assert not shared.exists()
    with pytest.raises(PlaceError, match="there is no folder"):
        start(kit, FINISHES)


def test_another_folder_under_the_same_path_says_nothing_of_a_job(kit, cluster, shared):
    place, attempt, handle = start(kit, FINISHES)
    wait_for_end(place, handle)
    (shared / "machine").write_text("another")
    assert place.poll(handle) == Poll("unknown")
    with pytest.raises(PlaceError, match="is another machine now"):
        place.look(kit.run_dir, handle)


def test_a_session_is_refused_before_anything_is_asked(cluster, shared):
    (problem,) = ray_place(cluster, shared).check(RunSpec(name="s", task="session", session=SessionSpec()))
    assert "a session runs on this machine only" in problem
    assert cluster.requests == []


def test_every_way_a_cluster_does_not_answer_says_what_to_do(cluster, shared, tmp_path, monkeypatch):
    def said(token=None):
        (problem,) = ray_place(cluster, shared, token=token).check()
        assert TOKEN not in problem
        return problem

    assert "it wants a token. Name where it stands as `token_env` or `token_file`" in said(TokenSource())
    monkeypatch.setenv(VARIABLE, "wrong")
    assert "it refused the token" in said()
    monkeypatch.setenv(VARIABLE, "")
    assert f"${VARIABLE} is to hold the token of the cluster and is not set" in said()
    monkeypatch.setenv(VARIABLE, f"{TOKEN}\nX-Other: 1")
    assert f"${VARIABLE} holds no token" in said()
    file = tmp_path / "token"
    assert f"{file}: the token of the cluster cannot be read (No such file or directory)" in said(
        TokenSource(file=file)
    )
    file.write_text(f"{TOKEN}\n")
    assert ray_place(cluster, shared, token=TokenSource(file=file)).check() == []
    monkeypatch.setenv(VARIABLE, TOKEN)
    for status_, body, words in (
        (302, "", "is no Ray dashboard that takes jobs (it answered with status 302)"),
        (404, "404: Not Found", "is no Ray dashboard"),
        (200, "<html>", "(it answered b'<html>')"),
        (500, "Traceback\nTimeoutError: no agent\n", "it cannot answer now (TimeoutError: no agent)"),
    ):
        cluster.instead["/api/version"] = (status_, body)
        assert words in said()
    cluster.instead.clear()
    cluster.stop()
    assert "it refused the connection: no Ray dashboard listens there" in said()
    cluster.start()


def test_what_speaks_another_language_is_no_ray(cluster, shared, monkeypatch):
    wrong = RayClient("http://nowhere.invalid:8265", TokenSource())
    with pytest.raises(UnreachableError, match="no machine of that name was found"):
        wrong.version()
    secure = RayClient(cluster.url.replace("http:", "https:"), TokenSource())
    with pytest.raises(PlaceError, match="Try http in its place"):
        secure.version()


def test_a_check_finds_version_machines_and_what_a_job_would_run_on(cluster, shared, tmp_path):
    bare = tmp_path / "bare python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    told = survey(ray_place(cluster, shared, python=bare))
    assert told["cluster"][:2] == [
        "Ray 2.60.0",
        "2 machines: head (2 GPUs, 2 CPUs), box2 (1 GPU, 1 CPU, 1 box2)",
    ]
    assert told["cluster"][2].startswith("a job was started on ")
    assert "does not have torch, transformers, peft. Run `" in told["problems"][0]
    assert told["warnings"] == []
    assert told["free_bytes"] > 0
    assert list((shared / "probes").iterdir()) == []


def test_a_port_that_takes_jobs_from_anybody_is_told_to_be_one(cluster, shared, tmp_path):
    cluster.token = None
    cluster.held = True
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("runners.places.ray_check._WAITS_S", 0.0)
        told = survey(ray_place(cluster, shared))
    assert told["warnings"][0].startswith(
        f"{cluster.url} takes jobs without a token: whoever reaches this port can run"
    )
    assert told["warnings"][1].startswith("No job began within 0 s")
    assert told["problems"] == []


def test_a_check_of_a_cluster_without_room_or_with_another_folder_says_so(cluster, shared, tmp_path):
    (problem,) = survey(ray_place(cluster, shared, gpus=8))["problems"]
    assert "A job asks for 8 GPUs, 1 CPU of one machine, and none has that." in problem
    (problem,) = survey(ray_place(cluster, shared, folder=tmp_path / "nowhere"))["problems"]
    assert f"does not see {tmp_path / 'nowhere'}" in problem
    shared_away = ray_place(cluster, tmp_path / "not mounted")
    told = survey(shared_away)
    assert told["cluster"][0] == "Ray 2.60.0"
    assert "there is no folder" in told["problems"][0]


@needs_sshd
def test_the_folder_may_be_seen_by_a_host_that_is_reached_by_ssh(tmp_path, cluster, shared):
    server = Server(tmp_path / "ssh")
    server.start()
    try:
        run_dir = RunDir.create(tmp_path / "runs" / "s9", RunSpec(name="s9", task="sample"), prompts_jsonl=b"{}\n")
        reach = Destination(host=server.host, config=server.config)
        kit = Kit(place=lambda code: ray_place(cluster, shared, code, reach=reach), run_dir=run_dir)
        place, attempt, handle = start(kit, CHECKPOINTS_AT_THE_END)
        wait_for(kit, place, attempt, "phase")
        place.stop(run_dir, handle)
        assert wait_for_end(place, handle) == Poll("ended", 0)
        place.pull(run_dir)
        assert run_dir.checkpoint_steps() == [7]
        server.stop()
        with pytest.raises(UnreachableError, match="it refused the connection: no SSH server"):
            place.look(run_dir, handle)
        assert place.poll(handle) == Poll("unknown")
    finally:
        server.stop()
        server.end_masters()


def test_a_handle_of_another_place_is_refused(cluster, shared):
    with pytest.raises(PlaceError, match="'slurm'"):
        ray_place(cluster, shared).poll(Handle("slurm", {}))
