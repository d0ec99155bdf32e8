"""Real training on a real Slurm cluster: made to give way, killed, gone on with; in the end the same to the bit."""

import json
import sys
from dataclasses import replace

import pytest

from runners.places.base import newest_job
from runners.places.slurm import SlurmPlace
from runners.places.slurm_request import SlurmRequest
from runners.places.ssh_client import Destination
from tests.contract.place_suite import wait_until
from tests.contract.slurm_cluster import needs_slurm, running_cluster
from tests.contract.ssh_server import Server, needs_sshd
from tests.torch.helpers import TRAIN, carry_out, events, losses, make_run, samples, train_spec

pytestmark = [needs_sshd, needs_slurm]

PATIENCE_S = 150


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path / "slurm") as cluster:
        yield cluster


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "ssh")
    server.start()
    yield server
    server.stop()
    server.end_masters()


@pytest.fixture
def place(server, cluster):
    return SlurmPlace(
        "uni",
        Destination(host=server.host, config=server.config),
        request=SlurmRequest(gpus="a100:1", time_limit="30"),
        folder="~/a workbench",
        python=sys.executable,
        environment=cluster.environment | {"OMP_NUM_THREADS": "1"},
    )


def wait_for_step(place, run_dir, attempt, step):
    def there():
        poll = place.look(run_dir, newest_job(run_dir))
        told = [row["step"] for row in events(run_dir, "metric") if row["attempt"] == attempt]
        assert poll.state in ("waiting", "running"), run_dir.log(run_dir.latest_attempt()).read_text()
        return max(told, default=0) >= step

    wait_until(there, PATIENCE_S)


def test_a_run_that_gave_way_and_was_killed_ends_with_the_same_losses_and_samples(
    tiny, tmp_path, place, server, cluster
):
    recipe = replace(TRAIN, max_steps=80, checkpoint_every_steps=5, warmup_steps=5)
    far, here = (make_run(tmp_path / name, train_spec(tiny, train=recipe)) for name in ("far away", "here"))
    assert place.check(far.spec()) == []
    place.submit(far, far.new_attempt())
    wait_for_step(place, far, 1, 8)
    there = server.home / "a workbench" / "runs" / far.path.name
    number = json.loads((there / "attempts" / "001" / "slurm.json").read_text())["job"]
    cluster.says("scontrol", "requeue", number)
    cluster.start_now(number)
    wait_for_step(place, far, 2, 20)
    place.kill(newest_job(far))
    wait_until(lambda: place.look(far, newest_job(far)).state in ("ended", "gone"), PATIENCE_S)
    place.submit(far, far.new_attempt())
    wait_until(lambda: place.look(far, newest_job(far)).state == "ended", PATIENCE_S)
    place.pull(far)
    assert [row["attempt"] for row in events(far, "started")] == [1, 2, 3]
    assert [row["attempt"] for row in events(far, "warning") if "Slurm started" in row["message"]] == [2]
    assert [row["attempt"] for row in events(far, "finished")] == [3]
    carry_out(here)
    assert losses(far) == losses(here)
    assert samples(far, "adapter") == samples(here, "adapter")
    last = max(far.checkpoint_steps())
    weights = "adapter/adapter_model.safetensors"
    assert (far.checkpoint(last) / weights).read_bytes() == (here.checkpoint(last) / weights).read_bytes()
