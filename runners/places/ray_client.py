"""A Ray cluster asked by its own HTTP and JSON: no part of Ray has to be installed here.

The decision to know: a token is read when something is asked, sent to that one address, and stands in no message. An
answer that leads elsewhere is not followed.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from runners.errors import PlaceError, UnreachableError
from runners.places.ssh_client import CancelledError

JobStatus = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]

# The first job after a start of the head is answered after two seconds; a head with much to do takes longer.
_TIMEOUT_S: Final = 30.0
_ANSWER_BYTES: Final = 32 << 20
_JSON: Final = "application/json"
# Of every machine, and no reason for a job to wait.
_OF_ITS_OWN: Final = ("memory", "objectStoreMemory", "object_store_memory")


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """Where a cluster's token is read; it is kept nowhere else.

    Attributes:
        variable: of this program's environment; empty for none.
        file: None for none.
    """

    variable: str = ""
    file: Path | None = None

    def read(self) -> str | None:
        """Return the token; None where the cluster has none.

        Raises:
            PlaceError: it is not where it should be, or cannot be sent.
        """
        if self.variable:
            found, where = os.environ.get(self.variable, ""), f"${self.variable}"
            if not found.strip():
                raise PlaceError(
                    f"{where} is to hold the token of the cluster and is not set. Export it, and try again."
                )
        elif self.file is not None:
            where = str(self.file)
            try:
                found = self.file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                said = error.strerror if isinstance(error, OSError) else "not a text"
                raise PlaceError(f"{where}: the token of the cluster cannot be read ({said}).") from error
        else:
            return None
        token = found.strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise PlaceError(f"{where} holds no token: expected one line of letters and digits.")
        return token


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a cluster says of a job.

    Attributes:
        status: as Ray names it.
        message: Ray's own words about that.
        exit_code: of what it started; None while there is none.
    """

    status: JobStatus
    message: str
    exit_code: int | None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in ("PENDING", "RUNNING")


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of a cluster.

    Attributes:
        name: as its system names it.
        resources: how much it has of what jobs ask for, such as GPU and CPU.
    """

    name: str
    resources: Mapping[str, float] = field(default_factory=dict)


class RayClient:
    """Asks one cluster."""

    def __init__(self, url: str, token: TokenSource, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Prepare it; nothing is asked yet.

        Args:
            url: of the dashboard, such as `http://head:8265`.
            token: where it is read.
            cancelled: asked before each question; it is given up then.
        """
        self.url = url.rstrip("/")
        self._parts = urllib.parse.urlsplit(self.url)
        self._token = token
        self._cancelled = cancelled

    def version(self) -> str:
        """Return the version of Ray.

        Raises:
            PlaceError: it cannot be asked, and what to do.
        """
        return str(self._json("GET", "/api/version").get("ray_version", "of an unknown version"))

    def is_open(self) -> bool:
        """Say whether jobs are taken from anybody, without a token.

        Raises:
            PlaceError: it cannot be asked.
        """
        status, _ = self._ask("GET", "/api/version", anonymous=True)
        return status == http.client.OK

    def nodes(self) -> list[Node]:
        """Return the machines that are alive.

        Raises:
            PlaceError: it cannot be asked.
        """
        told = self._json("GET", "/nodes?view=summary")
        try:
            return [
                Node(name=str(row.get("hostname") or row["raylet"]["nodeName"]), resources=_resources(row["raylet"]))
                for row in told["data"]["summary"]
                if row["raylet"].get("state") == "ALIVE"
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._no_ray(f"the list of its machines has another form, {error!r}") from error

    def submit(self, job: str, entrypoint: str, asked: Mapping[str, float], environment: Mapping[str, str]) -> None:
        """Hand in a job; one that is there already is left as it is.

        Args:
            job: its name, which nobody else uses.
            entrypoint: for `/bin/sh` on the machine that takes it.
            asked: how much of what: GPU, CPU, and resources of the cluster's own.
            environment: set for it, and shown to whoever may look at the cluster.

        Raises:
            UnreachableError: whether it arrived is not known.
            PlaceError: it was refused.
        """
        body = {
            "entrypoint": entrypoint,
            "submission_id": job,
            "runtime_env": {"env_vars": dict(environment)},
            "entrypoint_num_cpus": asked.get("CPU", 0),
            "entrypoint_num_gpus": asked.get("GPU", 0),
            "entrypoint_resources": {key: value for key, value in asked.items() if key not in ("CPU", "GPU")},
        }
        status, data = self._ask("POST", "/api/jobs/", body)
        # Ray 2.60 tells a name that is taken by 500, an older one by 400.
        if status != http.client.OK and b"already exists" not in data:
            raise self._refused(status, data)

    def job(self, job: str) -> Job | None:
        """Return how a job is; None for one that the cluster does not know.

        Raises:
            PlaceError: it cannot be asked.
        """
        status, data = self._ask("GET", f"/api/jobs/{job}")
        if status == http.client.NOT_FOUND and b"does not exist" in data:
            return None
        told = self._read(status, data)
        try:
            code = told["driver_exit_code"]
            return Job(
                status=told["status"],
                message=str(told["message"] or ""),
                exit_code=None if code is None else int(code),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._no_ray(f"what it says of a job has another form, {error!r}") from error

    def logs(self, job: str) -> str:
        """Return what a job, and Ray for it, printed on its machine.

        Raises:
            PlaceError: it cannot be asked, or the machine is gone.
        """
        return str(self._json("GET", f"/api/jobs/{job}/logs").get("logs") or "")

    def stop(self, job: str) -> None:
        """Ask Ray to end a job: TERM, and later KILL. One that waits is ended only once it is started.

        Raises:
            PlaceError: it cannot be asked.
        """
        status, data = self._ask("POST", f"/api/jobs/{job}/stop")
        if status != http.client.NOT_FOUND:
            self._read(status, data)

    def _json(self, method: str, path: str) -> dict[str, Any]:
        return self._read(*self._ask(method, path))

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        if status != http.client.OK:
            raise self._refused(status, data)
        try:
            told = json.loads(data)
        except ValueError as error:
            raise self._no_ray(f"it answered {data[:40]!r}") from error
        if not isinstance(told, dict):
            raise self._no_ray(f"it answered {data[:40]!r}")
        return told

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, anonymous: bool = False
    ) -> tuple[int, bytes]:
        """Ask once; return status and answer."""
        if self._cancelled():
            raise CancelledError(f"{self.url}: given up, as you asked.")
        headers = {"Accept": _JSON}
        if not anonymous and (token := self._token.read()) is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = _JSON
        connection = self._connection()
        try:
            connection.request(method, self._parts.path + path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_ANSWER_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise PlaceError(
                f"{self.url}: its certificate is not trusted here ({error.verify_message}). Set SSL_CERT_FILE to the "
                "file of whoever signed it."
            ) from error
        except ConnectionRefusedError as error:
            raise UnreachableError(
                f"{self.url}: it refused the connection: no Ray dashboard listens there, or it is just starting."
            ) from error
        except socket.gaierror as error:
            raise UnreachableError(
                f"{self.url}: no machine of that name was found. Look at the name, or at your network."
            ) from error
        except TimeoutError as error:
            raise UnreachableError(f"{self.url}: no answer within {_TIMEOUT_S:.0f} s. Are you online?") from error
        except ssl.SSLError as error:
            raise PlaceError(f"{self.url}: does not speak https ({error.reason}). Try http in its place.") from error
        except http.client.RemoteDisconnected as error:
            raise UnreachableError(f"{self.url}: it closed the connection without an answer. Try again.") from error
        except http.client.HTTPException as error:
            raise self._no_ray(f"what it answers is no HTTP, {type(error).__name__}") from error
        except OSError as error:
            raise UnreachableError(f"{self.url}: it could not be reached ({error.strerror or error}).") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S)
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)

    def _refused(self, status: int, data: bytes) -> PlaceError:
        if status == http.client.UNAUTHORIZED:
            return PlaceError(
                f"{self.url}: it wants a token. Name where it stands as `token_env` or `token_file` of this place."
            )
        if status == http.client.FORBIDDEN:
            return PlaceError(
                f"{self.url}: it refused the token. The cluster's own is the text in RAY_AUTH_TOKEN, or in the file "
                "~/.ray/auth_token, on its head."
            )
        lines = data.decode("utf-8", errors="replace").strip().strip(".").strip().splitlines()
        last = lines[-1][:300] if lines else f"status {status}"
        if status in (http.client.BAD_REQUEST, http.client.UNPROCESSABLE_ENTITY):
            return PlaceError(f"{self.url}: it refused the job ({last}). Look at the settings of this place.")
        if status >= http.client.INTERNAL_SERVER_ERROR:
            return UnreachableError(f"{self.url}: it cannot answer now ({last}). Look at the log of its dashboard.")
        return self._no_ray(f"it answered with status {status}")

    def _no_ray(self, said: str) -> PlaceError:
        return PlaceError(
            f"{self.url}: is no Ray dashboard that takes jobs ({said}). Its address is what `ray start --head` "
            "printed, with port 8265 if nothing else was said."
        )


def _resources(raylet: Mapping[str, Any]) -> dict[str, float]:
    """Return what jobs can ask of a machine; what Ray has of its own for each is left out."""
    return {
        str(name).removeprefix("accelerator_type:"): float(amount)
        for name, amount in raylet.get("resourcesTotal", {}).items()
        if name not in _OF_ITS_OWN and not str(name).startswith("node:")
    }
