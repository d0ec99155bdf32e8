"""What `workbench.toml` says of a Slurm cluster: how its login node is reached, and what a run asks for there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runners.places.slurm_request import SlurmRequest, request_problems

SLURM = "slurm"


@dataclass(frozen=True, kw_only=True)
class SlurmSettings:
    """A Slurm cluster, whose login node is reached by SSH.

    Attributes:
        kind: `slurm`.
        host: the login node: a name of ~/.ssh/config, or `user@host`, either with `:port`.
        folder: where its runs lie there and on every node; `~/` is the home folder there.
        python: the interpreter that runs the jobs, one with torch; the same path on every node.
        ssh_config: a file to use in place of ~/.ssh/config; empty for that one.
        partition: that takes the job; empty for the cluster's own choice, as for all that follow.
        account: that the time is counted to.
        time_limit: of a job, as sbatch takes it, such as `4:00:00`.
        gpus: how many, such as `1`, or of which kind, such as `a100:2`.
        cpus: processors.
        memory: of the node, such as `32G`.
        constraint: features that the node must have.
        extra: more options of sbatch, each a whole one such as `--qos=long`.
        stop_before_s: how long before its time limit a job is asked to stop, so that it leaves a checkpoint.
        price_per_hour: in the author's own currency; 0 for nothing worth counting.
        largest_file_mib: so large a trace or a file of lines may be that is brought from there, in MiB.
        environment: set for the jobs and for Slurm's commands, such as HF_HOME.
    """

    kind: str = SLURM
    host: str = ""
    folder: str = "~/workbench"
    python: str = "python3"
    ssh_config: str = ""
    partition: str = ""
    account: str = ""
    time_limit: str = ""
    gpus: str = ""
    cpus: int = 0
    memory: str = ""
    constraint: str = ""
    extra: tuple[str, ...] = ()
    stop_before_s: int = 120
    price_per_hour: float = 0.0
    largest_file_mib: int = 256
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What it is reached by."""
        return self.host

    @property
    def request(self) -> SlurmRequest:
        """What a job asks for."""
        return SlurmRequest(
            partition=self.partition,
            account=self.account,
            time_limit=self.time_limit,
            gpus=self.gpus,
            cpus=self.cpus,
            memory=self.memory,
            constraint=self.constraint,
            extra=self.extra,
            stop_before_s=self.stop_before_s,
        )


def slurm_problems(place: SlurmSettings) -> list[str]:
    """Return what does not hold in what is asked of a cluster, each by its key."""
    return request_problems(place.request)
