"""A real Slurm cluster for tests, on 127.0.0.1: two nodes, a key and ports of its own, ended by its process ids."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_PROGRAMS = {name: shutil.which(name, path=_PATH) for name in ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")}

needs_slurm = pytest.mark.skipif(
    None in _PROGRAMS.values(),
    reason=f"Slurm and MUNGE: {', '.join(name for name, found in _PROGRAMS.items() if found is None)} not installed",
)

PATIENCE_S = 30

_SETTINGS = """
ClusterName=paper
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,sched_interval=1
ReturnToService=2
SlurmdTimeout=4
SlurmctldTimeout=5
MessageTimeout=3
KillWait=2
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=500 Gres=gpu:a100:2 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=500 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=2:00:00 DefaultTime=10 State=UP
PartitionName=short Nodes=n2 MaxTime=5 State=UP
"""


class Cluster:
    """A cluster that can be asked what its commands say.

    Attributes:
        folder: where all of it lies.
        environment: what its commands need to find it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start it, and wait until both nodes take jobs."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        # Its munge refuses a key that others may read.
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        ports = _free_ports(3)
        host = socket.gethostname().partition(".")[0]
        settings = _SETTINGS.format(host=host, user=getpass.getuser(), folder=self.folder, ports=ports)
        (self.folder / "slurm.conf").write_text(settings)
        (self.folder / "gres.conf").write_text(self._gpus())
        munge = [f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in ("pid-file", "log-file", "seed-file")]
        files = [f"--key-file={key}", f"--socket={self.folder}/munge.sock", *munge]
        self._start("munged", ["--foreground", "--force", *files])
        self._wait(lambda: (self.folder / "munge.sock").exists(), "munged")
        self.start_controller()
        for node in ("n1", "n2"):
            self.start_node(node)
        self._wait(lambda: self.says("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * 3, "slurm")

    def start_controller(self, *options: str) -> None:
        """Start the controller; with `-c` it knows nothing of what was."""
        self._start("slurmctld", ["-D", *options])
        self._wait(lambda: "is UP" in self.says("scontrol", "ping"), "slurmctld")

    def start_node(self, name: str) -> None:
        """Start a node."""
        self._start("slurmd", ["-D", "-N", name], name)

    def end(self, name: str) -> None:
        """End one of its processes, as a machine does that is gone: `slurmctld`, `n1` or `n2`."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def says(self, *command: str) -> str:
        """Return what one of its commands prints."""
        environment = os.environ | self.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout

    def start_now(self, number: str) -> None:
        """Let a job that was requeued not wait for the two minutes that Slurm lets pass otherwise."""
        # Before its old process has ended, it has no time yet.
        self._wait(lambda: "PENDING" in self.says("squeue", "--noheader", f"--jobs={number}", "--format=%T"), "requeue")
        self.says("scontrol", "update", f"JobId={number}", "StartTime=now")

    def stop(self) -> None:
        """End it and what runs on it."""
        if "slurmctld" in self._processes:
            self.says("scancel", "--user", getpass.getuser())
            with suppress(AssertionError):
                self._wait(lambda: not self.says("squeue", "--noheader").strip(), "scancel")
        for name in reversed(list(self._processes)):
            self._processes[name].send_signal(signal.SIGTERM)
            try:
                self._processes[name].wait(5)
            except subprocess.TimeoutExpired:
                self._processes[name].kill()
                self._processes[name].wait()
        self._processes.clear()

    def _start(self, program: str, arguments: list[str], name: str | None = None) -> None:
        found = _PROGRAMS[program]
        assert found is not None
        with (self.folder / f"{name or program}.out").open("ab") as log:
            self._processes[name or program] = subprocess.Popen(
                [found, *arguments], env=os.environ | self.environment, stdout=log, stderr=log
            )

    def _wait(self, true: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            told = "\n".join(path.read_text() for path in self.folder.glob("*.out"))
            assert time.monotonic() < end, f"{what} does not come up:\n{told}"
            time.sleep(0.05)

    def _gpus(self) -> str:
        """Return settings that pretend two GPUs on the first node: files that nobody opens, where they can be made."""
        for number in range(2):
            try:
                os.mknod(self.folder / f"gpu{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            except OSError:
                return "NodeName=n1 Name=gpu Type=a100 Count=2\n"
        return f"NodeName=n1 Name=gpu Type=a100 File={self.folder}/gpu[0-1]\n"


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Give a cluster that is ended with the test."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [int(item.getsockname()[1]) for item in sockets]
    finally:
        for item in sockets:
            item.close()
