"""Look a Ray cluster over before anything is sent: its version, its token, its machines, and the folder they share.

The decision to know: what a job would find is asked by a job. It is started as a run's would be, and writes what it
found into the shared folder, so a folder that is another one there is noticed before a run is lost in it.
"""

from __future__ import annotations

import contextlib
import secrets
import time
import urllib.parse
from typing import Any, Final

from runners.errors import PlaceError
from runners.places.ray import RayPlace
from runners.places.ray_client import Node
from runners.places.ray_words import amounts, cluster_words, has_room, unmet_words, waiting_words
from runners.places.ssh_client import CancelledError

# How long a job may take to begin and to look, in seconds: torch alone takes some, and a first start of Ray too.
_PATIENCE_S: Final = 120.0
_WAITS_S: Final = 45.0
_EVERY_S: Final = 0.5
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_NOTHING: Final = dict.fromkeys(("python", "system", "torch", "torch_error", "device", "memory_bytes", "free_bytes"))


def survey(place: RayPlace) -> dict[str, Any]:
    """Return what a cluster has, as `far_survey` tells it of a host, and what is wrong and what is odd with it.

    Raises:
        PlaceError: the cluster cannot be asked, and what to do.
    """
    cluster = place.cluster
    version = cluster.version()
    nodes = cluster.nodes()
    told: dict[str, Any] = {**_NOTHING, "cards": [], "missing": [], "problems": []}
    told["cluster"] = [f"Ray {version}", cluster_words(nodes)]
    told["warnings"] = _of_the_token(place)
    try:
        ready = place.far.ask("ready")
        told["problems"] += place.far.room_problems(ready["free_bytes"])
        found, waits = _probe(place, ready["machine"], nodes)
    except CancelledError:
        raise
    except PlaceError as error:
        told["problems"].append(str(error))
        return told
    if found is None:
        told["warnings"].append(waits)
        return {**told, "free_bytes": ready["free_bytes"]}
    told["cluster"].append(f"a job was started on {found['machine']}")
    machine = found["machine"]
    if found["missing"]:
        told["problems"].append(
            f"{machine}: {place.python} does not have {', '.join(found['missing'])}. Run `{place.python} -m pip "
            "install torch transformers peft safetensors tokenizers` on every machine of the cluster, or name another "
            "Python as `python` of this place."
        )
    elif (gpus := place.asked().get("GPU")) and found["device"] == "cpu":
        told["warnings"].append(f"{machine}: Ray gave a job {amounts({'GPU': gpus})}, and torch finds none there.")
    return {**told, **found}


def _of_the_token(place: RayPlace) -> list[str]:
    """Say who else could start jobs there."""
    url = place.cluster.url
    if place.cluster.is_open():
        return [
            f"{url} takes jobs without a token: whoever reaches this port can run any program on the cluster. Let "
            "nobody but you reach it, or start Ray with RAY_AUTH_MODE=token."
        ]
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _HERE:
        return [f"{url} is no https: whoever sits in between can read the token. An SSH tunnel would hide it."]
    return []


def _probe(place: RayPlace, machine: str, nodes: list[Node]) -> tuple[dict[str, Any] | None, str]:
    """Have a machine of the cluster look at itself; return what it found, or None and what it waits for.

    Raises:
        PlaceError: no job can run there, and why.
    """
    job, asked = f"workbench-check-{secrets.token_hex(8)}", place.asked()
    place.start(job, asked, "runners.places.probe", [place.folder, machine, job])
    began, fits = time.monotonic(), any(has_room(node, asked) for node in nodes)
    try:
        while True:
            told = place.cluster.job(job)
            found: dict[str, Any] | None = place.far.ask("probe", probe=job)["found"]
            if found is not None:
                return found, ""
            waited = time.monotonic() - began
            if told is None or (told.over and told.exit_code != 0):
                raise PlaceError(_failed(place, job))
            if told.status == "PENDING" and waited > (_WAITS_S if fits else _EVERY_S):
                if not fits:
                    raise PlaceError(unmet_words(asked, nodes))
                words = waiting_words(told, asked, nodes)
                return None, f"No job began within {_WAITS_S:.0f} s: what is on its machine is not known. {words}"
            if waited > _PATIENCE_S:
                raise PlaceError(
                    f"{place.far.name}: what a job wrote into {place.folder} was not seen at {place.far.folder} within "
                    f"{_PATIENCE_S:.0f} s. Is it the same folder on both sides?"
                )
            time.sleep(_EVERY_S)
    except PlaceError:
        with contextlib.suppress(PlaceError):
            place.cluster.stop(job)
        raise


def _failed(place: RayPlace, job: str) -> str:
    told = place.cluster.job(job)
    if told is None:
        return f"{place.cluster.url}: it has forgotten the job that looked. Check once more."
    said = place.end_words(told)
    with contextlib.suppress(PlaceError):
        last = [line for line in place.cluster.logs(job).splitlines() if line.strip()][-1:]
        said += f" Its log ends with: {last[0].strip()[:300]}" if last else ""
    return said
