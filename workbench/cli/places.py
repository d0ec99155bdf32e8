"""The commands about places: list them, check what a host has, add one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.cli.ray_options import RayOptions, ray_options
from workbench.cli.slurm_options import SlurmOptions, slurm_options
from workbench.operations import place_checks
from workbench.operations.clock import clock
from workbench.operations.forecasting import in_words
from workbench.operations.place_settings import BundleSettings, PlaceSettings, SshSettings
from workbench.operations.project import SETTINGS_FILE, Project

# Options of `places add` that say something of a host.
_OF_A_HOST = ("folder", "python", "nice", "ssh_config", "largest_file_mib", "environment")
_NOT_OF_A_CLUSTER = ("nice", "ssh_config")


@click.group()
def places_command() -> None:
    """Where runs go: list the places, check a host, add one."""


@places_command.command("list")
@json_option
@with_project
def places_list(project: Project, as_json: bool) -> None:
    """List the places with what was found there last; no host is asked."""
    reports = place_checks.place_reports(project)
    rows = [[item.name, item.kind, item.host, _card(item), _checked(item)] for item in reports]
    rows[0][-1] = "–"
    emit(reports, as_json, table(["place", "kind", "host", "has", "checked"], rows))
    for item in reports:
        for why in (item.failure,) if item.failure else (*item.problems, *item.warnings):
            say(why)
    if len(reports) == 1:
        say("Only this machine. Add a host with `workbench places add NAME --host HOST`, a cluster with `--ray URL`.")


@places_command.command("check")
@click.argument("name")
@json_option
@with_project
def places_check(project: Project, name: str, as_json: bool) -> None:
    """Ask a place what it has and what is missing; exit 1 when no job can run there."""
    report = place_checks.check_place(project, name)
    cluster: list[list[object]] = [["" if number else "cluster", line] for number, line in enumerate(report.cluster)]
    rows: list[list[object]] = [
        ["host", report.host],
        *cluster,
        ["system", report.system],
        ["python", report.python],
        ["torch", report.torch],
        ["runs on", _card(report)],
        ["memory", in_words(report.memory_bytes) if report.memory_bytes else None],
        ["free disk", in_words(report.free_bytes) if report.free_bytes is not None else None],
    ]
    emit(report, as_json, table(["", "found"], [row for row in rows if row[1] is not None]))
    for words in (*report.problems, *report.warnings):
        say(words)
    if not report.ready:
        sys.exit(1)
    say(f"{name} is ready. Send a run there with: workbench run --place {name}")


@places_command.command("add")
@click.argument("name")
@click.option("--host", help="A name of ~/.ssh/config, or user@host, either with :port.")
@click.option("--bundle", metavar="FOLDER", help="In place of a host: a folder for runs that are carried by hand.")
@click.option("--folder", help=f"Where runs lie there: {SshSettings.folder} on a host; of a cluster, what it shares.")
@click.option("--python", default=SshSettings.python, show_default=True, help="The interpreter there, with torch.")
@click.option("--nice", default=SshSettings.nice, show_default=True, help="How far a job steps back there, 0 to 19.")
@click.option("--ssh-config", default="", help="A file to use in place of ~/.ssh/config.")
@click.option("--price-per-hour", default=0.0, help="What an hour there costs you.")
@click.option(
    "--largest-file-mib",
    default=SshSettings.largest_file_mib,
    show_default=True,
    help="So large a trace or a file of lines may be that is brought from there.",
)
@click.option("--env", "environment", multiple=True, metavar="NAME=VALUE", help="Set for the jobs, such as HF_HOME.")
@slurm_options
@ray_options
@json_option
@with_project
def places_add(
    project: Project,
    name: str,
    host: str | None,
    bundle: str | None,
    folder: str | None,
    python: str,
    nice: int,
    ssh_config: str,
    price_per_hour: float,
    largest_file_mib: int,
    environment: tuple[str, ...],
    ray: RayOptions | None,
    slurm: SlurmOptions | None,
    as_json: bool,
) -> None:
    """Add a host, a cluster, or a folder for runs that are carried by hand, to workbench.toml."""
    if sum(given is not None for given in (host, slurm, bundle, ray)) != 1:
        raise click.UsageError("Give either --host HOST, --slurm HOST, --ray URL or --bundle FOLDER.")
    if bundle is not None and (unfit := _given(_OF_A_HOST)):
        raise click.UsageError(f"{', '.join(unfit)}: only for a host. A run that is carried by hand knows none of it.")
    if ray is not None and (unfit := _given(_NOT_OF_A_CLUSTER)):
        raise click.UsageError(f"{', '.join(unfit)}: only for a host that is reached by SSH.")
    if slurm is not None and _given(["nice"]):
        raise click.UsageError("--nice: on a cluster Slurm shares out the nodes. Leave it out.")
    pairs = [item.partition("=") for item in environment]
    for key, equals, _ in pairs:
        if not equals:
            raise click.UsageError(f"--env {key}: write NAME=VALUE.")
    settings: PlaceSettings
    if bundle is not None:
        settings = BundleSettings(folder=bundle, price_per_hour=price_per_hour)
    elif ray is not None:
        settings = ray.settings(
            folder=folder or "",
            python=python,
            price_per_hour=price_per_hour,
            largest_file_mib=largest_file_mib,
            environment={key: value for key, _, value in pairs},
        )
    else:
        reached: dict[str, Any] = {
            "folder": folder or SshSettings.folder,
            "python": python,
            "ssh_config": ssh_config,
            "price_per_hour": price_per_hour,
            "largest_file_mib": largest_file_mib,
            "environment": {key: value for key, _, value in pairs},
        }
        settings = slurm.settings(**reached) if slurm else SshSettings(host=host or "", **reached, nice=nice)
    project.add_place(name, settings)
    emit({"place": name, **vars(settings)}, as_json, [name])
    say(f"Written into {SETTINGS_FILE}. Next: workbench places check {name}")


def _given(names: Sequence[str]) -> list[str]:
    """Return those of some options that were given, as they are written."""
    ctx = click.get_current_context()
    return [
        option.opts[0]
        for option in ctx.command.params
        if option.name in names and ctx.get_parameter_source(option.name) is not ParameterSource.DEFAULT
    ]


def _card(report: place_checks.PlaceReport) -> str | None:
    """Say in a few words what a job runs on there."""
    if report.cards:
        first, size = report.cards[0]
        more = f"{len(report.cards)} x " if len(report.cards) > 1 else ""
        return f"{more}{first}, {in_words(size)}"
    return {"mps": "Apple's GPU", "cpu": "no GPU"}.get(report.device or "")


def _checked(report: place_checks.PlaceReport) -> str:
    """Say when a place was checked last, and what became of it."""
    if report.failing_since:
        return f"no answer since {clock(report.failing_since)}"
    if not report.checked_at:
        return "not checked"
    return clock(report.checked_at) + ("" if report.ready else ", not ready")
