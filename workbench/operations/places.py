"""Which place a run goes to: the one spot that knows them all by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from runners.places.base import Place
from runners.places.local import LocalPlace
from store import imported_runs
from workbench.operations.errors import WorkbenchError
from workbench.operations.place_settings import (
    BUNDLE,
    LOCAL,
    BundleSettings,
    HostSettings,
    PlaceSettings,
    SshSettings,
)
from workbench.operations.project import Project
from workbench.operations.ray_settings import RaySettings
from workbench.operations.slurm_settings import SlurmSettings

if TYPE_CHECKING:
    from runners.places.by_hand import BundlePlace
    from runners.places.ray import RayPlace
    from runners.places.ssh import SshPlace


NEAR = (LOCAL, imported_runs.PLACE)
"""Where what runs write is here at once."""

# A fourth of a processor beside one process that does not step back.
_SESSION_NICE = 5


def place_names(project: Project) -> tuple[str, ...]:
    """Return the places a run can be sent to: this machine, then those that the settings name."""
    return (LOCAL, *project.settings.places)


def is_remote(name: str) -> bool:
    """Say whether the runs of a place are written elsewhere and copied here."""
    return name not in NEAR


def place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> Place:
    """Return a place by name.

    Args:
        project: whose settings name it.
        name: of the place.
        cancelled: asked a few times a second while a far host is asked; what goes on is given up then.

    Raises:
        WorkbenchError: there is none of that name.
    """
    if name == LOCAL:
        local = project.settings.local
        return LocalPlace(python=local.python or sys.executable, nice=local.nice)
    if is_carried(project, name):
        return bundle_place(project, name, cancelled=cancelled)
    return asked_place(project, name, cancelled=cancelled)


def asked_place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> SshPlace | RayPlace:
    """Return a place elsewhere that a program reaches: a host, or a cluster.

    Raises:
        WorkbenchError: there is none of that name, or its runs are carried by hand.
    """
    if isinstance(settings_of(project, name), RaySettings):
        return ray_place(project, name, cancelled=cancelled)
    return ssh_place(project, name, cancelled=cancelled)


def session_place(project: Project) -> Place:
    """Return this machine for a session: it steps back for the author's keys, and not for all else as a run does.

    She waits for its answers, and as far back as a run it would get none of a machine that has other work.
    """
    local = project.settings.local
    return LocalPlace(python=local.python or sys.executable, nice=min(local.nice, _SESSION_NICE))


def is_carried(project: Project, name: str) -> bool:
    """Say whether the runs of a place are carried there by hand."""
    return name in carried_places(project)


def carried_places(project: Project) -> set[str]:
    """Return the places whose runs are carried there by hand."""
    return {name for name, found in project.settings.places.items() if found.kind == BUNDLE}


def queued_places(project: Project) -> set[str]:
    """Return the places that start a run when they can, and may start it again by themselves."""
    return {name for name, found in project.settings.places.items() if isinstance(found, SlurmSettings)}


def bundle_place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> BundlePlace:
    """Return a place whose runs are carried by hand.

    Raises:
        WorkbenchError: there is none of that name.
    """
    # Imported here: it is a part of the program that most runs do without.
    from runners.places.by_hand import BundlePlace

    found = settings_of(project, name)
    if not isinstance(found, BundleSettings):
        raise WorkbenchError(f"{name} is reached by ssh: nothing is carried there by hand.")
    return BundlePlace(name, project.root / Path(found.folder).expanduser(), cancelled=cancelled)


def ssh_place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> SshPlace:
    """Return a place that is reached by SSH: a host, or the login node of a cluster.

    Raises:
        WorkbenchError: there is none of that name.
    """
    # Imported here: it is a part of the program that most runs do without.
    from runners.places.ssh import SshPlace
    from runners.places.ssh_client import Destination

    found = settings_of(project, name)
    if not isinstance(found, SshSettings | SlurmSettings):
        raise WorkbenchError(f"Runs of {name} are carried by hand: no host can be asked.")
    if isinstance(found, SlurmSettings):
        from runners.places.slurm import SlurmPlace

        return SlurmPlace(
            name,
            Destination(host=found.host, config=_ssh_config(project, found)),
            request=found.request,
            folder=found.folder,
            python=found.python,
            environment=found.environment,
            largest_file_bytes=found.largest_file_mib << 20,
            cancelled=cancelled,
        )
    return SshPlace(
        name,
        Destination(host=found.host, config=_ssh_config(project, found)),
        folder=found.folder,
        python=found.python,
        nice=found.nice,
        environment=found.environment,
        largest_file_bytes=found.largest_file_mib << 20,
        cancelled=cancelled,
    )


def _ssh_config(project: Project, found: HostSettings) -> Path | None:
    return project.root / Path(found.ssh_config).expanduser() if found.ssh_config else None


def ray_place(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> RayPlace:
    """Return a Ray cluster.

    Raises:
        WorkbenchError: there is none of that name.
    """
    # Imported here: it is a part of the program that most runs do without.
    from runners.places.far_host import FarHost
    from runners.places.here import Here
    from runners.places.ray import RayPlace
    from runners.places.ray_client import RayClient, TokenSource
    from runners.places.ssh_client import Destination, Reach

    found = settings_of(project, name)
    if not isinstance(found, RaySettings):
        raise WorkbenchError(f"{name} is no Ray cluster.")
    reach: Reach = Here(host=name)
    python = sys.executable
    if found.via:
        host = settings_of(project, found.via)
        assert isinstance(host, SshSettings), "as the settings were read"
        reach, python = Destination(host=host.host, config=_ssh_config(project, host)), host.python
    token_file = project.root / Path(found.token_file).expanduser() if found.token_file else None
    return RayPlace(
        name,
        RayClient(found.url, TokenSource(variable=found.token_env, file=token_file), cancelled=cancelled),
        FarHost(
            destination=reach, folder=found.mounted or found.folder, python=python, cancelled=cancelled, shared=True
        ),
        folder=found.folder,
        python=found.python,
        gpus=found.gpus,
        cpus=found.cpus,
        resources=found.resources,
        environment=found.environment,
        largest_file_bytes=found.largest_file_mib << 20,
    )


def settings_of(project: Project, name: str) -> PlaceSettings:
    """Return what the settings say of a place.

    Raises:
        WorkbenchError: they name none so.
    """
    if name not in project.settings.places:
        # Another program may have added it since this one began.
        project.read_settings_again()
    found = project.settings.places.get(name)
    if found is None:
        raise WorkbenchError(
            f"No place named {name!r}. Known: {', '.join(place_names(project))}. `workbench places add {name} --host "
            "HOST` adds a host, `--slurm HOST` or `--ray URL` a cluster, `--bundle FOLDER` a folder for runs that are "
            "carried by hand."
        )
    return found


def price_per_hour(project: Project, name: str) -> float:
    """Return what an hour at a place costs, in the author's own currency; 0 where that is not said."""
    if name == LOCAL:
        return project.settings.local.price_per_hour
    found = project.settings.places.get(name)
    return found.price_per_hour if found else 0.0
