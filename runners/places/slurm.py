"""A Slurm cluster, reached by `ssh` to its login node: a host where Slurm starts the job, when it can.

The decision to know: nothing but how a job is submitted, asked about and ended differs from a host, and that lies on
the login node (`far_slurm`). The folder of the runs is one that its nodes share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runners.places import mirror
from runners.places.base import Handle, read_job, write_job
from runners.places.slurm_request import SlurmRequest
from runners.places.ssh import SshPlace
from runners.places.ssh_client import Destination
from runners.rundir import RunDir
from runners.spec import RunSpec


class SlurmPlace(SshPlace):
    """Runs jobs on the nodes of a Slurm cluster."""

    def __init__(
        self,
        name: str,
        destination: Destination,
        *,
        request: SlurmRequest,
        folder: str = "~/workbench",
        python: str = "python3",
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        largest_file_bytes: int = mirror.LARGEST_BYTES,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare a place; nothing is asked yet.

        Args:
            name: of the place in settings and handles.
            destination: the login node.
            request: what a job asks for.
            folder: where its runs lie there, and on every node; `~/` is the home folder there.
            python: the interpreter that runs the jobs, one with torch; the same path on every node.
            environment: set for the jobs, and for Slurm's commands.
            command: what to run instead of `python -m runners`; run directory and attempt are added to it.
            largest_file_bytes: so large a trace or a file of lines may be that is brought.
            cancelled: asked a few times a second; what goes on is given up then.
        """
        super().__init__(
            name,
            destination,
            folder=folder,
            python=python,
            environment=environment,
            command=command,
            largest_file_bytes=largest_file_bytes,
            cancelled=cancelled,
        )
        self._request = request
        self._asks = {"slurm": request.options()}

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Say what keeps a job from running there; Slurm itself is asked whether it would take it."""
        wanted = 1 if spec is None or spec.train is None else spec.train.world_size
        given = self._request.gpu_count
        if wanted > 1 and given and given != wanted:
            return [
                f"{self.name}: the run is to have {wanted} processes, and this place asks for {given} GPU"
                f"{'' if given == 1 else 's'}. Make train.world_size and `gpus` of the place agree."
            ]
        return super().check(spec)

    def survey(self) -> dict[str, Any]:
        """Return what the login node has, and as `cluster` what Slurm tells of itself and of the partition.

        Raises:
            PlaceError: it cannot be asked, and what to do.
        """
        told = self.far.ask("survey", partition=self._request.partition, **self._asks)
        taken = [f"a job as asked for is taken; {told['taken']}"] if told["taken"] else []
        return {**told, "cluster": [*told["cluster"], *taken], "problems": self._problems(told, None)}

    def _problems(self, told: Mapping[str, Any], model: str | None) -> list[str]:
        refused = [
            f"{self.far.name}: Slurm does not take such a job: {said}. Change what this place asks for."
            for said in told["refused"]
        ]
        return [*refused, *super()._problems(told, model)]

    def _take_up(self, run_dir: RunDir, attempt: int | None, told: Mapping[str, Any]) -> None:
        there = told.get("attempt")
        if attempt is None or there is None or there <= attempt:
            return
        for number in range(attempt + 1, there + 1):
            run_dir.attempt(number).mkdir(exist_ok=True)
            if read_job(run_dir, number) is None:
                data = {"machine": told["machine"], "run": run_dir.path.name, "attempt": number}
                write_job(run_dir, number, Handle(place=self.name, data=data))
