"""A real sshd for tests, on 127.0.0.1: keys and settings of its own, ended by its own process id."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))

needs_sshd = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="OpenSSH's sshd and ssh are not installed"
)

_SETTINGS = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv {environment}
{more}
"""
_CLIENT = """
Host *
  User {user}
  IdentityFile "{folder}/user_key"
  IdentitiesOnly yes
  UserKnownHostsFile "{folder}/known_hosts"
  GlobalKnownHostsFile /dev/null
"""


class Server:
    """An sshd that can be stopped and started again on its port, and the client's settings to reach it.

    Attributes:
        host: how a place names it.
        config: an ssh_config with the key it takes and the host key it has.
        home: the home folder of whoever logs in.
    """

    def __init__(self, folder: Path, *, more: str = "") -> None:
        self.folder = folder
        self.home = folder / "home of a writer"
        self.home.mkdir(parents=True)
        self.port = _free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.config = folder / "ssh_config"
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("host_key", "user_key"):
            _keygen(folder / name)
        (folder / "authorized_keys").write_bytes((folder / "user_key.pub").read_bytes())
        self.config.write_text(_CLIENT.format(user=getpass.getuser(), folder=folder))
        self.know()

    def know(self) -> None:
        """Let the client know the host key as it is."""
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def forget(self) -> None:
        """Let the client know no host key."""
        (self.folder / "known_hosts").write_text("")

    def change_key(self) -> None:
        """Give the server another host key, as another machine has it."""
        for path in (self.folder / "host_key", self.folder / "host_key.pub"):
            path.unlink()
        _keygen(self.folder / "host_key")
        self.restart()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        settings = self.folder / "sshd_config"
        # Quoted: the home folder's name has spaces.
        environment = f'"HOME={self.home}"'
        settings.write_text(
            _SETTINGS.format(port=self.port, folder=self.folder, environment=environment, more=self._more)
        )
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        assert SSHD is not None
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(settings)], stderr=log)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self._process.poll() is None, (self.folder / "sshd.log").read_text()
            time.sleep(0.02)
        raise AssertionError("sshd does not listen")

    def stop(self) -> None:
        """End it and the connections it holds, as a network does that is gone."""
        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            # Jobs have left: their supervisor leads a session of its own, and init is its parent.
            held = psutil.Process(self._process.pid).children(recursive=True)
            for process in [item for item in held if item.name().startswith("sshd")]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def masters(self) -> list[int]:
        """Return the process ids of the client's masters that hold a connection to this server."""
        found = []
        for process in psutil.process_iter(["name", "cmdline"]):
            words = " ".join(process.info["cmdline"] or [])
            if process.info["name"] == "ssh" and (str(self.config) in words or f"-p {self.port} " in words):
                found.append(process.pid)
            elif process.info["name"] == "ssh" and "[mux]" in words:
                with suppress(psutil.Error):
                    if any(item.raddr and item.raddr.port == self.port for item in process.net_connections()):
                        found.append(process.pid)
        return found

    def end_masters(self) -> None:
        """End the client's masters with kill -9."""
        for pid in self.masters():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
