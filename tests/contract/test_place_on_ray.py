"""The suite that all places pass, and what only a real Ray does: it runs where WORKBENCH_TEST_RAY names one."""

import tempfile
from pathlib import Path

import psutil
import pytest

from runners.places.base import Poll
from runners.places.ray_check import survey
from runners.places.ray_client import TokenSource
from runners.rundir import RunDir
from runners.spec import RunSpec
from tests.contract import place_suite
from tests.contract.place_suite import (
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
    wait_until,
)
from tests.contract.ray_cluster import RayCluster, needs_ray
from tests.contract.test_place_ray import CHECKPOINTS_AT_THE_END, VARIABLE, ray_place

pytestmark = needs_ray


@pytest.fixture(scope="module")
def cluster():
    # Ray's sockets have 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        cluster = RayCluster(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


@pytest.fixture(autouse=True)
def settings(cluster, monkeypatch):
    monkeypatch.setenv(VARIABLE, cluster.token)
    # A job begins after two seconds, a machine is lost after twenty, and this one has other work.
    monkeypatch.setattr(place_suite, "PATIENCE_S", 120.0)
    monkeypatch.setattr(place_suite.wait_until, "__defaults__", (120.0,))


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / 'the "cluster\'s" übung $HOME'
    path.mkdir()
    return path


@pytest.fixture
def kit(tmp_path, cluster, shared):
    path = tmp_path / 'Ada\'s "first" $HOME übung' / "runs" / f"s-{tmp_path.name}"
    run_dir = RunDir.create(path, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    return Kit(place=lambda code: ray_place(cluster, shared, code), run_dir=run_dir)


class TestOnRay(PlaceSuite):
    """The suite that all places pass, on a real Ray."""


def test_a_check_finds_what_is_there(cluster, shared):
    told = survey(ray_place(cluster, shared))
    assert told["cluster"][0].startswith("Ray 2.")
    assert "2 GPUs, 2 CPUs" in told["cluster"][1]
    assert "1 GPU, 1 CPU, 1 box2" in told["cluster"][1]
    assert told["problems"] == []
    # The GPUs are pretended.
    assert "torch finds none there" in told["warnings"][0]


def test_a_wrong_token_is_refused_and_a_missing_one_is_asked_for(cluster, shared, monkeypatch):
    assert "it wants a token" in ray_place(cluster, shared, token=TokenSource()).check()[0]
    monkeypatch.setenv(VARIABLE, "wrong")
    assert "it refused the token" in ray_place(cluster, shared).check()[0]


def test_what_no_machine_has_waits_with_its_reason_until_it_is_taken_back(kit, cluster, shared):
    place = ray_place(cluster, shared, job(FINISHES), gpus=8)
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    found = place.look(kit.run_dir, handle)
    assert found == Poll("waiting")
    assert "Waiting for 8 GPUs, 1 CPU of one machine, and none has that. The cluster has 2 machines" in found.note
    place.stop(kit.run_dir, handle)
    assert place.look(kit.run_dir, handle) == Poll("gone")
    assert status(kit, place, attempt, handle) == "stopped"


def test_jobs_wait_for_a_gpu_and_one_that_was_taken_back_never_begins(kit, cluster, shared, tmp_path):
    kits = [kit]
    for number in range(2):
        run_dir = RunDir.create(
            tmp_path / f"s{number}-{tmp_path.name}", RunSpec(name="s", task="sample"), prompts_jsonl=b"{}\n"
        )
        kits.append(Kit(place=lambda code: ray_place(cluster, shared, code, gpus=2, cpus=0), run_dir=run_dir))
    first, second = kits[1:]
    place, attempt, handle = start(first, WORKS_UNTIL_STOPPED)
    wait_for(first, place, attempt, "phase")
    place, waits_attempt, waits = start(second, FINISHES)
    found = place.look(second.run_dir, waits)
    assert found == Poll("waiting")
    assert "It may be waiting for resources" in found.note
    place.kill(waits)
    place.stop(first.run_dir, handle)
    # Ray starts it nonetheless, and ends it; which of the two ends it first is not known.
    wait_until(lambda: place.cluster.job(waits.data["job"]).over)
    assert place.poll(waits) in (Poll("gone"), Poll("ended", 137))
    assert types(second, place, waits_attempt) == []


def test_a_stop_from_ray_s_own_dashboard_leaves_time_for_a_checkpoint(kit, cluster, shared):
    slow = CHECKPOINTS_AT_THE_END.replace("folder.mkdir", "time.sleep(6)\n    folder.mkdir")
    place, attempt, handle = start(kit, slow)
    wait_for(kit, place, attempt, "phase")
    place.cluster.stop(handle.data["job"])
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert status(kit, place, attempt, handle) == "stopped"
    assert kit.run_dir.checkpoint_steps() == [7]


def test_a_machine_that_is_lost_leaves_no_job_behind(kit, cluster, shared):
    place = ray_place(cluster, shared, job(CHECKPOINTS_AT_THE_END), resources={"box2": 1})
    attempt = kit.run_dir.new_attempt()
    handle = place.submit(kit.run_dir, attempt)
    wait_for(kit, place, attempt, "phase")
    (pid,) = [event["pid"] for event in events(kit, place, attempt) if event["type"] == "started"]
    cluster.kill_second()
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert events(kit, place, attempt)[-1]["reason"] == "the signal SIGTERM"
    assert kit.run_dir.checkpoint_steps() == [7]
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: place.cluster.job(handle.data["job"]).status == "FAILED")
    assert "node" in place.cluster.job(handle.data["job"]).message
    wait_until(lambda: len(cluster.nodes()) == 1)
    cluster.start_second()


def test_a_head_that_is_started_anew_has_forgotten_the_job_and_its_folder_has_not(kit, cluster, shared):
    place, attempt, handle = start(kit, CHECKPOINTS_AT_THE_END)
    wait_for(kit, place, attempt, "phase")
    cluster.stop()
    cluster.start()
    assert place.cluster.job(handle.data["job"]) is None
    wait_until(lambda: place.poll(handle) == Poll("ended", 0))
    assert status(kit, place, attempt, handle) == "stopped"
    assert kit.run_dir.checkpoint_steps() == [7]
