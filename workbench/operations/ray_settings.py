"""A Ray cluster as `workbench.toml` names it: its address, the folder its machines share, and what a job asks for."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

RAY = "ray"
_FORBIDDEN = re.compile(r"[\\\n\r\0]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESOURCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")


@dataclass(frozen=True, kw_only=True)
class RaySettings:
    """A Ray cluster that takes jobs by its HTTP.

    Attributes:
        kind: `ray`.
        url: of its dashboard, such as `http://head:8265`.
        folder: which all its machines share, by its path there.
        mounted: the same folder by its path on this machine, or on the host of `via`; empty for the same path.
        via: a place of the kind `ssh` whose host sees the folder; empty where it is mounted on this machine.
        python: the interpreter there that runs the jobs, one with torch.
        gpus: that a job asks for, for each process of its run.
        cpus: likewise.
        resources: of the cluster's own, likewise, such as {"L4": 1}.
        token_env: the variable of this program's environment that holds the token; empty for none.
        token_file: the file that holds it; empty for none.
        price_per_hour: in the author's own currency; 0 for nothing worth counting.
        largest_file_mib: so large a trace or a file of lines may be that is brought from there, in MiB.
        environment: set for the jobs, such as HF_HOME; the cluster shows it to whoever may look at it.
    """

    kind: str = RAY
    url: str = ""
    folder: str = ""
    mounted: str = ""
    via: str = ""
    python: str = "python3"
    gpus: float = 1.0
    cpus: float = 1.0
    resources: Mapping[str, float] = field(default_factory=dict)
    token_env: str = ""
    token_file: str = ""
    price_per_hour: float = 0.0
    largest_file_mib: int = 256
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What it is reached by."""
        return self.url


def ray_problems(place: RaySettings) -> list[str]:
    """Return what does not hold in a cluster, each by its key."""
    problems = [*_url_problems(place.url)]
    if not place.folder.startswith("/") or _FORBIDDEN.search(place.folder):
        problems.append(
            f"folder: found {place.folder!r}, expected the folder that the cluster's machines share, by its whole path "
            "there, such as /shared/workbench."
        )
    whole = ("/", "~/") if place.via else ("/",)
    if place.mounted and (not place.mounted.startswith(whole) or _FORBIDDEN.search(place.mounted)):
        where = f"on the host of {place.via}" if place.via else "on this machine"
        problems.append(f"mounted: found {place.mounted!r}, expected a whole path {where}.")
    named = place.python and "/" not in place.python and not place.python.startswith(("-", "~"))
    if not (named or place.python.startswith(("/", "~/"))) or _FORBIDDEN.search(place.python):
        problems.append(
            f"python: found {place.python!r}, expected a name such as python3, or a path from / or ~/ there."
        )
    problems += [
        f"{name}: found {amount:g}, expected a number from 0."
        for name, amount in (("gpus", place.gpus), ("cpus", place.cpus))
        if not 0 <= amount < float("inf")
    ]
    if not place.gpus and not place.cpus and not place.resources:
        problems.append("gpus, cpus: a job that asks for nothing is started on the head. Ask for a CPU.")
    if place.largest_file_mib < 1:
        problems.append(f"largest_file_mib: found {place.largest_file_mib}, expected 1 or more.")
    if place.token_env and place.token_file:
        problems.append("token_env, token_file: name one of them.")
    if place.token_env and not _VARIABLE.fullmatch(place.token_env):
        # What stands there may be the token itself: it is not shown.
        problems.append("token_env: expected the name of a variable that holds the token, such as RAY_AUTH_TOKEN.")
    return problems


def resource_problems(resources: object) -> list[str]:
    """Return what does not hold in a table of a cluster's own resources."""
    if not isinstance(resources, dict):
        return ["expected a table of names and numbers, such as L4 = 1."]
    return [
        f"{name}: found {amount!r}, expected a name of the cluster's own and a number above 0."
        for name, amount in resources.items()
        if not _RESOURCE.fullmatch(name)
        or name in ("CPU", "GPU")
        or isinstance(amount, bool)
        or not isinstance(amount, int | float)
        or not 0 < amount < float("inf")
    ]


def via_problem(via: str, kinds: Mapping[str, str]) -> str | None:
    """Say what is wrong with the place whose host a cluster's folder is seen by, or None.

    Args:
        via: its name; empty where the folder is mounted here.
        kinds: of all places, by name.
    """
    if not via or kinds.get(via) == "ssh":
        return None
    hosts = [name for name, kind in kinds.items() if kind == "ssh"]
    known = f"Known: {', '.join(hosts)}." if hosts else "Add one with `workbench places add NAME --host HOST`."
    return f"via: found {via!r}, expected a place that is reached by SSH. {known}"


def _url_problems(url: str) -> list[str]:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urllib.parse.urlsplit(""), None
    if parts.username or parts.password:
        return ["url: it holds a name or a password, and this file is no place for one. Leave them out."]
    odd = parts.query or parts.fragment or re.search(r"[\s\0]", url) or port == 0
    if parts.scheme not in ("http", "https") or not parts.hostname or odd:
        return [f"url: found {url!r}, expected the address of its dashboard, such as http://head:8265."]
    return []
