"""The options of `places add` that a Slurm cluster has and no other place, or only the other cluster."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from workbench.operations.slurm_settings import SlurmSettings

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--slurm", "login", metavar="HOST", help="In place of a host: the login node of a Slurm cluster."),
    click.option("--partition", help="Slurm: what takes the jobs. What is left out is the cluster's own choice."),
    click.option("--account", help="Slurm: what the time is counted to."),
    click.option("--time-limit", metavar="TIME", help="Slurm: of one job, such as 4:00:00."),
    click.option("--memory", metavar="SIZE", help="Slurm: of the node, such as 32G."),
    click.option("--constraint", help="Slurm: features that the node must have."),
    click.option("--sbatch", "extra", multiple=True, metavar="OPTION", help="Slurm: one more, such as --qos=long."),
)
_OWN = ("partition", "account", "time_limit", "memory", "constraint")


@dataclass(frozen=True, kw_only=True)
class SlurmOptions:
    """What was given of a Slurm cluster.

    Attributes:
        login: its login node.
        given: the settings that were named, by name.
    """

    login: str
    given: Mapping[str, Any]

    def settings(
        self,
        *,
        folder: str,
        python: str,
        ssh_config: str,
        price_per_hour: float,
        largest_file_mib: int,
        environment: Mapping[str, str],
    ) -> SlurmSettings:
        """Return them with those that other places have too."""
        return SlurmSettings(
            host=self.login,
            folder=folder,
            python=python,
            ssh_config=ssh_config,
            price_per_hour=price_per_hour,
            largest_file_mib=largest_file_mib,
            environment=environment,
            **self.given,
        )


def slurm_options(function: F) -> F:
    """Give a command the options of a Slurm cluster as `slurm`; None where no cluster was named.

    It stands above the options of the other cluster, of which it takes `--gpus` and `--cpus` for its own.
    """

    @functools.wraps(function)
    def wrapped(*arguments: Any, login: str | None, extra: tuple[str, ...], **named: Any) -> Any:
        given = {name: value for name in _OWN if (value := named.pop(name)) is not None}
        if extra:
            given["extra"] = extra
        if login is None:
            if given:
                first = next(iter(given)).replace("_", "-").replace("extra", "sbatch")
                raise click.UsageError(f"--{first} is of a Slurm cluster: give --slurm HOST with it.")
            return function(*arguments, slurm=None, **named)
        gpus, cpus = named["gpus"], named["cpus"]
        if cpus is not None and not cpus.isdecimal():
            raise click.UsageError(f"--cpus {cpus}: write a whole number of processors.")
        given |= {} if gpus is None else {"gpus": gpus}
        given |= {} if cpus is None else {"cpus": int(cpus)}
        found = SlurmOptions(login=login, given=given)
        return function(*arguments, slurm=found, **{**named, "gpus": None, "cpus": None})

    decorated: Any = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
