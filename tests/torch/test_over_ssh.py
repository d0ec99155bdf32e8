"""Real training over a real sshd: cut, killed, stopped, gone on with; in the end the same to the bit as here."""

import json
import sys
from dataclasses import replace

import pytest

from runners.places.base import Poll
from runners.places.ssh import SshPlace
from runners.places.ssh_client import Destination
from tests.contract.place_suite import wait_for_end, wait_until
from tests.contract.ssh_server import Server, needs_sshd
from tests.torch.helpers import TRAIN, carry_out, events, losses, make_run, samples, train_spec

pytestmark = needs_sshd

PATIENCE_S = 150


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "ssh")
    server.start()
    yield server
    server.stop()
    server.end_masters()


def ssh_place(server):
    destination = Destination(host=server.host, config=server.config)
    environment = {"OMP_NUM_THREADS": "1"}
    return SshPlace("gpu", destination, folder="~/a workbench", python=sys.executable, environment=environment)


def submit(server, run_dir):
    place = ssh_place(server)
    assert place.check(run_dir.spec()) == []
    return place, place.submit(run_dir, run_dir.new_attempt())


def wait_for_step(place, handle, run_dir, step):
    def there():
        assert place.look(run_dir, handle) == Poll("running"), run_dir.log(run_dir.latest_attempt()).read_text()
        return max(losses(run_dir), default=0) >= step

    wait_until(there, PATIENCE_S)


def test_a_run_that_was_cut_off_killed_and_stopped_ends_with_the_same_losses_and_samples(tiny, tmp_path, server):
    recipe = replace(TRAIN, max_steps=150, checkpoint_every_steps=5, warmup_steps=5)
    far, here = (make_run(tmp_path / name, train_spec(tiny, train=recipe)) for name in ("far away", "here"))
    place, handle = submit(server, far)
    wait_for_step(place, handle, far, 8)
    # The network is gone for a while; the job never notices.
    server.stop()
    assert place.poll(handle) == Poll("unknown")
    server.start()
    wait_for_step(place, handle, far, 20)
    place.kill(handle)
    wait_for_end(place, handle)
    place, handle = submit(server, far)
    wait_for_step(place, handle, far, 40)
    place.stop(far, handle)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    far.stop.unlink()
    place, handle = submit(server, far)
    assert wait_until(lambda: poll if (poll := place.look(far, handle)).state == "ended" else None, PATIENCE_S)
    place.pull(far)
    assert [row["attempt"] for row in events(far, "started")] == [1, 2, 3]
    assert [row["attempt"] for row in events(far, "finished")] == [3]
    carry_out(here)
    assert losses(far) == losses(here)
    assert samples(far, "adapter") == samples(here, "adapter")
    assert far.checkpoint_steps() == here.checkpoint_steps()
    assert json.loads(far.best_json.read_text())["step"] == json.loads(here.best_json.read_text())["step"]
    last = max(far.checkpoint_steps())
    weights = "adapter/adapter_model.safetensors"
    assert (far.checkpoint(last) / weights).read_bytes() == (here.checkpoint(last) / weights).read_bytes()
