"""The options of `places add` that a Ray cluster has and no other place."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from workbench.operations.ray_settings import RaySettings

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--ray", "url", metavar="URL", help="In place of a host: a Ray cluster's dashboard, http://HEAD:8265."
    ),
    click.option("--mounted", metavar="FOLDER", help="Ray: the folder by its path here, or on the host of --via."),
    click.option("--via", metavar="PLACE", help="Ray: a place that is reached by SSH and sees the folder."),
    click.option(
        "--gpus",
        metavar="N",
        help="What a job asks for: of Ray for each process, 1 unless said; of Slurm in all, also by kind: a100:2.",
    ),
    click.option("--cpus", metavar="N", help="Likewise."),
    click.option("--resource", "resources", multiple=True, metavar="NAME=N", help="Ray: likewise, such as L4=1."),
    click.option("--token-env", metavar="VARIABLE", help="Ray: what holds the token when the workbench runs."),
    click.option("--token-file", metavar="FILE", help="Ray: what holds the token."),
)


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """What was given of a Ray cluster.

    Attributes:
        url: of its dashboard.
        given: the settings that were named, by name.
    """

    url: str
    given: Mapping[str, Any]

    def settings(
        self,
        *,
        folder: str,
        python: str,
        price_per_hour: float,
        largest_file_mib: int,
        environment: Mapping[str, str],
    ) -> RaySettings:
        """Return them with those that other places have too."""
        return RaySettings(
            url=self.url,
            folder=folder,
            python=python,
            price_per_hour=price_per_hour,
            largest_file_mib=largest_file_mib,
            environment=environment,
            **self.given,
        )


def ray_options(function: F) -> F:
    """Give a command the options of a Ray cluster as `ray`; None where no cluster was named."""

    @functools.wraps(function)
    def wrapped(*arguments: Any, url: str | None, resources: tuple[str, ...], **named: Any) -> Any:
        own = ("mounted", "via", "gpus", "cpus", "token_env", "token_file")
        given = {name: value for name in own if (value := named.pop(name)) is not None}
        for name in ("gpus", "cpus"):
            if url is not None and name in given:
                given[name] = _number(name, given[name])
        if resources:
            given["resources"] = dict(map(_amount, resources))
        if url is None and given:
            first = next(iter(given)).replace("_", "-").replace("resources", "resource")
            kind, way = ("", "--slurm HOST or ") if first in ("gpus", "cpus") else ("Ray ", "")
            raise click.UsageError(f"--{first} is of a {kind}cluster: give {way}--ray URL with it.")
        return function(*arguments, ray=None if url is None else RayOptions(url=url, given=given), **named)

    decorated: Any = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"--{name} {text}: Ray takes a number, such as 1.") from None


def _amount(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        return name, float(number if equals else "1")
    except ValueError:
        raise click.UsageError(f"--resource {text}: write NAME=N, such as L4=1.") from None
