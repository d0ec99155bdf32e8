"""A real Ray cluster for tests, of two machines that are processes here: ended by their own process ids.

`WORKBENCH_TEST_RAY` names its `ray`, which lies in an environment of its own. docs/places.md says how to run these
tests; outside a network namespace of its own, Ray binds more addresses than 127.0.0.1.
"""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress

import psutil
import pytest

RAY = os.environ.get("WORKBENCH_TEST_RAY")

needs_ray = pytest.mark.skipif(RAY is None, reason="WORKBENCH_TEST_RAY does not name the `ray` of a real Ray")

_PATIENCE_S = 120.0


class RayCluster:
    """A head with two pretended GPUs and a second machine with one, and `box2`."""

    def __init__(self, folder):
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.port, self._gcs_port, self._agent_port = (_free_port() for _ in range(3))
        self._starts = 0
        self._head = self._second = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self._starts += 1
        self._head = self._ray(
            "--head",
            f"--port={self._gcs_port}",
            "--dashboard-host=127.0.0.1",
            f"--dashboard-port={self.port}",
            "--num-cpus=2",
            "--num-gpus=2",
            f"--temp-dir={self.folder}/{self._starts}",
        )
        self._until(lambda: len(self.nodes()) == 1)
        self.start_second()

    def start_second(self):
        self._second = self._ray(
            f"--address=127.0.0.1:{self._gcs_port}",
            f"--dashboard-agent-listen-port={self._agent_port}",
            "--num-cpus=1",
            "--num-gpus=1",
            '--resources={"box2":1}',
        )
        self._until(lambda: len(self.nodes()) == 2)

    def kill_second(self):
        """Kill the second machine's raylet, as a machine that crashes; what it started may live on."""
        for process in psutil.Process(self._second.pid).children(recursive=True):
            if process.name() == "raylet":
                process.kill()

    def stop(self):
        """End both machines, the second one first."""
        for started in (self._second, self._head):
            if started is not None:
                _end(started)
        self._second = self._head = None

    def nodes(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/nodes?view=summary", headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            rows = json.loads(answer.read())["data"]["summary"] if answer.status == 200 else []
            return [row for row in rows if row["raylet"].get("state") == "ALIVE"]
        except (OSError, http.client.HTTPException, KeyError, ValueError):
            return []
        finally:
            connection.close()

    def _ray(self, *arguments):
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "PYTHON"))},
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        common = ["--block", "--node-ip-address=127.0.0.1", "--object-store-memory=100000000", "--disable-usage-stats"]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "ray.log").open("ab") as log:
            return subprocess.Popen(
                [RAY, "start", *arguments, *common],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _until(self, true):
        deadline = time.monotonic() + _PATIENCE_S
        while not true():
            assert self._head.poll() is None, (self.folder / "ray.log").read_text()
            assert time.monotonic() < deadline, (self.folder / "ray.log").read_text()
            time.sleep(0.3)


def _end(started):
    """End what was started and all that is Ray's of what came of it, by TERM and then by KILL."""
    tree = []
    with suppress(psutil.NoSuchProcess):
        tree = list(_of_ray(psutil.Process(started.pid)))
    with suppress(ProcessLookupError):
        started.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        started.wait(15)
    for process in psutil.wait_procs(tree, timeout=3)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    started.wait()


def _of_ray(process):
    """Yield a process and what came of it, but for what jobs started: it is on its own once Ray is gone."""
    yield process
    with suppress(psutil.NoSuchProcess):
        if "JobSupervisor" not in " ".join(process.cmdline()[:1]):
            for child in process.children():
                yield from _of_ray(child)


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
