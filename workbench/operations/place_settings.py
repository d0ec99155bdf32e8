"""The places that `workbench.toml` names beside this machine: one table `[places.NAME]` each."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from store import imported_runs
from workbench.operations.errors import ProjectError
from workbench.operations.ray_settings import RAY, RaySettings, ray_problems, resource_problems, via_problem
from workbench.operations.settings_file import replace_text, toml_value
from workbench.operations.settings_table import read_table
from workbench.operations.slurm_settings import SLURM, SlurmSettings, slurm_problems

LOCAL = "local"
SSH, BUNDLE = "ssh", "bundle"
KINDS = (SSH, SLURM, BUNDLE, RAY)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
# Nothing that a shell reads otherwise, and nothing that ssh takes for an option, also not in brackets.
_HOST = re.compile(r"\[?[^\s\"'\\`$;&|<>()\[\]-][^\s\"'\\`$;&|<>()]*")
# They go through two shells; a backslash means something else in each.
_FORBIDDEN = re.compile(r"[\\\n\r\0]")
_WHOLE = ("/", "~/")
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class SshSettings:
    """A host that is reached by SSH.

    Attributes:
        kind: `ssh`.
        host: a name of ~/.ssh/config, or `user@host`, either with `:port`.
        folder: where its runs lie there; `~/` is the home folder there.
        python: the interpreter there that runs the jobs, one with torch.
        nice: added to the job's niceness there, 0 to 19.
        ssh_config: a file to use in place of ~/.ssh/config; empty for that one.
        price_per_hour: in the author's own currency; 0 for nothing worth counting.
        largest_file_mib: so large a trace or a file of lines may be that is brought from there, in MiB.
        environment: set for the jobs, such as HF_HOME.
    """

    kind: str = "ssh"
    host: str = ""
    folder: str = "~/workbench"
    python: str = "python3"
    nice: int = 0
    ssh_config: str = ""
    price_per_hour: float = 0.0
    largest_file_mib: int = 256
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What it is reached by."""
        return self.host


@dataclass(frozen=True, kw_only=True)
class BundleSettings:
    """A folder that runs are put into for being carried by hand, to Colab or to any machine.

    Attributes:
        kind: `bundle`.
        folder: where bundles are put and their results looked for, such as a synced one; relative to the project.
        price_per_hour: in the author's own currency; 0 for nothing worth counting.
    """

    kind: str = BUNDLE
    folder: str = ""
    price_per_hour: float = 0.0

    @property
    def where(self) -> str:
        """What it is reached by."""
        return self.folder


HostSettings = SshSettings | SlurmSettings
PlaceSettings = HostSettings | BundleSettings | RaySettings


def read_places(data: Any, problems: list[str]) -> dict[str, PlaceSettings]:
    """Return the places by name; what does not hold is named."""
    if not isinstance(data, dict):
        problems.append("places: expected a table for each place, such as [places.gpu].")
        return {}
    found: dict[str, PlaceSettings] = {}
    for name, table in data.items():
        own = [] if (problem := name_problem(name)) is None else [f"places.{name}: {problem}"]
        if isinstance(table, dict) and table.get("kind") == BUNDLE:
            carried = read_table(BundleSettings, table, f"places.{name}.", own)
            if not own:
                place = found[name] = BundleSettings(**carried)
                own += [f"places.{name}.{problem}" for problem in place_problems(place)]
            problems += own
            continue
        if isinstance(table, dict) and table.get("kind") == RAY:
            found |= _read_ray(name, table, own)
            problems += own
            continue
        environment = table.get("environment", {}) if isinstance(table, dict) else {}
        rest = (
            {key: value for key, value in table.items() if key != "environment"} if isinstance(table, dict) else table
        )
        cls = SlurmSettings if isinstance(table, dict) and table.get("kind") == SLURM else SshSettings
        values = read_table(cls, rest, f"places.{name}.", own, tables=("environment",))
        own += [f"places.{name}.environment: {problem}" for problem in _environment_problems(environment)]
        if not own:
            made = found[name] = cls(**values, environment=environment)
            own += [f"places.{name}.{problem}" for problem in place_problems(made)]
        problems += own
    kinds = {name: table.get("kind", SSH) for name, table in data.items() if isinstance(table, dict)}
    for name, cluster in found.items():
        if isinstance(cluster, RaySettings) and (problem := via_problem(cluster.via, kinds)):
            problems.append(f"places.{name}.{problem}")
    return found


def _read_ray(name: str, table: dict[str, Any], problems: list[str]) -> dict[str, PlaceSettings]:
    """Return a cluster by its name, or nothing; what does not hold is named."""
    tables = ("environment", "resources")
    environment, resources = (table.get(key, {}) for key in tables)
    rest = {key: value for key, value in table.items() if key not in tables}
    values = read_table(RaySettings, rest, f"places.{name}.", problems, tables=tables)
    problems += [f"places.{name}.environment: {problem}" for problem in _environment_problems(environment)]
    problems += [f"places.{name}.resources: {problem}" for problem in resource_problems(resources)]
    if problems:
        return {}
    amounts = {key: float(amount) for key, amount in resources.items()}
    made = RaySettings(**values, environment=environment, resources=amounts)
    problems += [f"places.{name}.{problem}" for problem in place_problems(made)]
    return {name: made}


def name_problem(name: str) -> str | None:
    """Say what is wrong with the name of a place, or None."""
    if name in (LOCAL, imported_runs.PLACE):
        return f"{name} is taken: name it otherwise."
    if not _NAME.fullmatch(name):
        return "expected a name of lower-case letters, digits, - and _, such as gpu."
    return None


def place_problems(place: PlaceSettings) -> list[str]:
    """Return what does not hold in a place, each by its key."""
    if isinstance(place, BundleSettings):
        bad = not place.folder or re.search(r"[\n\r\0]", place.folder)
        return [f"folder: found {place.folder!r}, expected a folder here, such as ~/Drive/workbench."] if bad else []
    if isinstance(place, RaySettings):
        return ray_problems(place)
    problems = []
    if place.kind not in KINDS:
        near = difflib.get_close_matches(place.kind, KINDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(KINDS)}."
        problems.append(f"kind: found {place.kind!r}.{hint}")
    if not place.host:
        problems.append('host: missing. Give a name of ~/.ssh/config, or one such as "ada@203.0.113.7:22022".')
    elif not _HOST.fullmatch(place.host):
        problems.append(f"host: found {place.host!r}, expected a name such as gpu, ada@203.0.113.7 or ada@gpu:22022.")
    # From where a command begins there is nobody's business: only whole paths mean the same everywhere.
    if not place.folder.startswith(_WHOLE) or _FORBIDDEN.search(place.folder):
        problems.append(f"folder: found {place.folder!r}, expected a path from / or ~/ there, such as ~/workbench.")
    named = place.python and "/" not in place.python and not place.python.startswith(("-", "~"))
    if not (named or place.python.startswith(_WHOLE)) or _FORBIDDEN.search(place.python):
        problems.append(
            f"python: found {place.python!r}, expected a name such as python3, or a path from / or ~/ there."
        )
    if isinstance(place, SlurmSettings):
        problems += slurm_problems(place)
    elif not 0 <= place.nice <= 19:
        problems.append(f"nice: found {place.nice}, expected 0 to 19.")
    if place.largest_file_mib < 1:
        problems.append(f"largest_file_mib: found {place.largest_file_mib}, expected 1 or more.")
    return problems


def add_place(path: Path, name: str, place: PlaceSettings) -> None:
    """Write a place to the end of `workbench.toml`; every other byte stays.

    Raises:
        ProjectError: there is one of that name, what was given does not hold, or the file cannot be changed.
    """
    problems = [problem for problem in (name_problem(name), *place_problems(place)) if problem]
    if problems:
        raise ProjectError("\n".join(f"places.{name}: {problem}" for problem in problems))
    lines, tables = [f"[places.{name}]"], list[str]()
    for item in fields(place):
        value = getattr(place, item.name)
        if item.name in ("environment", "resources"):
            tables += ["", f"[places.{name}.{item.name}]"] if value else []
            tables += [f"{_key(key)} = {_toml(words)}" for key, words in value.items()]
        elif item.name in ("kind", "host") or value != item.default:
            lines.append(f"{item.name} = {_toml(value)}")
    try:
        text = path.read_bytes().decode("utf-8")
        standing = tomllib.loads(text.replace("\r\n", "\n")).get("places", {})
        if name in standing:
            raise ProjectError(f"{path}: there is a place {name} already. Change it there, or give another name.")
        kinds = {other: table.get("kind", SSH) for other, table in standing.items()}
        if isinstance(place, RaySettings) and (wrong := via_problem(place.via, kinds)):
            raise ProjectError(f"places.{name}.{wrong}")
        end = "\r\n" if "\r\n" in text else "\n"
        lines += tables
        gap = "" if not text or text.endswith("\n") else end
        replace_text(path, f"{text}{gap}{end}{end.join(lines)}{end}")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: cannot be read ({error}). Look at the file, and try again.") from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path}: not TOML ({error}). Mend the line it names.") from error


def _environment_problems(environment: object) -> list[str]:
    if not isinstance(environment, dict):
        return ['expected a table of names and texts, such as HF_HOME = "/data/hf".']
    return [
        f"{key}: found {value!r}, expected a name of letters, digits and _, and a text in quotes."
        for key, value in environment.items()
        if not _ENVIRONMENT.fullmatch(key) or not isinstance(value, str)
    ]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)


def _toml(value: float | int | str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return toml_value(value) if isinstance(value, int | str) else repr(value)
