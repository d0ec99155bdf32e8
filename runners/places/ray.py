"""A Ray cluster: jobs go in by its HTTP, and come back through the folder that its machines share.

The decision to know: Ray says whether a job waits, runs or is over, and the folder says what it wrote and how it ended.
Where Ray has forgotten a job, or cannot be asked, the folder alone is believed.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runners.errors import PlaceError, UnreachableError
from runners.places import keeper, mirror
from runners.places.alone import alone
from runners.places.base import Handle, Poll, read_job, require_own, write_job
from runners.places.far_host import FarHost
from runners.places.mirrored import Mirrored
from runners.places.package import package
from runners.places.ray_client import Job, RayClient
from runners.places.ray_words import ended_words, waiting_words
from runners.places.ssh_client import sh_path
from runners.rundir import RunDir
from runners.spec import RunSpec

# A keeper that is silent for so long is gone, in seconds. What a network folder tells may be a minute old.
QUIET_S: Final = 120.0
# Longer than a keeper waits for the last checkpoint of its job.
_STOP_WAIT: Final = {"RAY_JOB_STOP_WAIT_TIME_S": f"{keeper.GRACE_S + 20:.0f}"}
_NO_FOLDER: Final = 92


class RayPlace(Mirrored):
    """Runs jobs on a Ray cluster."""

    remote = True

    def __init__(
        self,
        name: str,
        cluster: RayClient,
        far: FarHost,
        *,
        folder: str,
        python: str = "python3",
        gpus: float = 1.0,
        cpus: float = 1.0,
        resources: Mapping[str, float] | None = None,
        environment: Mapping[str, str] | None = None,
        largest_file_bytes: int = mirror.LARGEST_BYTES,
        command: Sequence[str] | None = None,
    ) -> None:
        """Prepare a place; nothing is asked yet.

        Args:
            name: of the place in settings and handles.
            cluster: takes the jobs.
            far: who sees the shared folder: this machine, or a host that is reached by SSH.
            folder: the shared folder by its path on the cluster's machines.
            python: the interpreter there that runs the jobs, one with torch.
            gpus: for each process of a run.
            cpus: likewise.
            resources: of the cluster's own, likewise, such as {"L4": 1}.
            environment: set for the jobs; the cluster shows it to whoever may look at it.
            largest_file_bytes: so large a trace or a file of lines may be that is brought.
            command: what to run instead of `python -m runners`; run directory and attempt are added to it.
        """
        self.name = name
        self.cluster = cluster
        self.far = far
        self.folder = folder.rstrip("/")
        self.python = python
        self._each = {"GPU": gpus, "CPU": cpus, **(resources or {})}
        self._environment = dict(environment or {})
        self.largest = largest_file_bytes
        self._command = list(command) if command is not None else None

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Say what keeps a job from being handed in: the cluster, its token, the shared folder and its room."""
        if spec is not None and spec.task == "session":
            return [f"{self.name}: a session runs on this machine only: its questions are not sent. Choose local."]
        try:
            self.cluster.version()
            told = self.far.ask("ready")
        except PlaceError as error:
            return [str(error)]
        return self.far.room_problems(told["free_bytes"])

    def asked(self, spec: RunSpec | None = None) -> dict[str, float]:
        """Return how much of what a job asks for; one of several processes that many times as much."""
        processes = spec.train.world_size if spec is not None and spec.train is not None else 1
        return {name: amount * processes for name, amount in self._each.items() if amount}

    def start(self, job: str, asked: Mapping[str, float], module: str, arguments: Sequence[str]) -> None:
        """Hand in a job that carries out a module of this package there.

        Raises:
            PlaceError: it was refused, or it is not known whether it arrived.
        """
        home = shlex.quote(f"{self.folder}/packages/{package()[0]}")
        words = " ".join([sh_path(self.python), "-m", module, *map(shlex.quote, arguments)])
        entrypoint = f'cd {home} 2>/dev/null || exit {_NO_FOLDER}; PYTHONSAFEPATH=1 PYTHONPATH="$PWD" exec {words}'
        self.cluster.submit(job, entrypoint, asked, {**self._environment, **_STOP_WAIT})

    def survey(self) -> dict[str, Any]:
        """Return what the cluster has, as `far_survey` tells it of a host, and what keeps a job from running there.

        Raises:
            PlaceError: it cannot be asked, and what to do.
        """
        # Imported here: it is a part that only a check needs.
        from runners.places.ray_check import survey

        return survey(self)

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        """Put what the job needs into the shared folder, and hand in the job of an attempt whose folder stands.

        Raises:
            PlaceError: the folder cannot be asked, or the cluster does not take the job; nothing runs.
        """
        run = run_dir.path.name
        told = self.far.ask("wanted", run=run, files={})
        if not told["stands"]:
            mirror.send(run_dir, self.far)
        # Nobody looks between the handle and the start: what is not handed in yet would count as gone.
        with alone(run_dir, "lines"):
            if (standing := self._standing(run_dir, attempt)) is not None:
                return standing
            asked = self.asked(run_dir.spec())
            job = f"{re.sub(r'[^A-Za-z0-9.-]', '-', run)}-{attempt:03d}-{secrets.token_hex(4)}"
            data = {"machine": told["machine"], "run": run, "attempt": attempt, "job": job, "asked": asked}
            handle = Handle(place=self.name, data=data)
            arguments = [self.folder, run, str(attempt), told["machine"], *(self._command or ())]
            self.far.ask("prepare", run=run, attempt=attempt, machine=told["machine"])
            write_job(run_dir, attempt, handle)
            try:
                self.start(job, asked, "runners.places.keeper", arguments)
            except UnreachableError:
                # Whether it arrived is not known; a name that is taken is not taken twice.
                self.start(job, asked, "runners.places.keeper", arguments)
        return handle

    def poll(self, handle: Handle) -> Poll:
        """Say how the job is; `unknown` where neither the cluster nor the folder tells it."""
        require_own(handle, self.name)
        try:
            told = self.far.ask("look", run=handle.data["run"], machine=handle.data["machine"], kept=_attempt(handle))
            return self._judged(handle, told["record"], self._job(handle))
        except PlaceError:
            return Poll("unknown")

    def look(self, run_dir: RunDir, handle: Handle) -> Poll:
        """Say how the job is, and bring the lines and traces it wrote up to then, also where Ray cannot be asked.

        Raises:
            UnreachableError: the cluster or the folder cannot be asked now.
            PlaceError: it answers, but not about this run; or the handle is of another place.
        """
        require_own(handle, self.name)
        with alone(run_dir, "lines"):
            # The cluster is asked first: what a job wrote before it ended is then sure to be among what comes.
            job = self._job(handle)
            machine = handle.data["machine"]
            told = mirror.pull_lines(run_dir, self.far, machine=machine, largest=self.largest, kept=_attempt(handle))
            poll = self._judged(handle, told["record"], job)
            if poll.state in ("ended", "gone") and not told["record"]["ended"]:
                self._bring_log(run_dir, handle)
            return poll

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        """Write the stop file, there and then here; a job that still waits is taken back.

        Raises:
            PlaceError: the folder cannot be asked; nothing was done.
        """
        require_own(handle, self.name)
        self.far.ask("stop", run=handle.data["run"], attempt=_attempt(handle), machine=handle.data["machine"])
        run_dir.request_stop()
        with contextlib.suppress(UnreachableError):
            if (job := self.cluster.job(handle.data["job"])) is not None and job.status == "PENDING":
                self.kill(handle)

    def kill(self, handle: Handle) -> None:
        """Have the job's keeper end it; where no keeper answers, Ray is told to.

        Raises:
            PlaceError: the folder cannot be asked; nothing was done.
        """
        require_own(handle, self.name)
        told = self.far.ask("end", run=handle.data["run"], attempt=_attempt(handle), machine=handle.data["machine"])
        age_s = told["record"]["beat_age_s"]
        if age_s is None or age_s > QUIET_S:
            with contextlib.suppress(UnreachableError):
                self.cluster.stop(handle.data["job"])

    def _standing(self, run_dir: RunDir, attempt: int) -> Handle | None:
        """Return the handle of an attempt whose job is not over, so that handing in twice starts one job."""
        handle = read_job(run_dir, attempt)
        if handle is None or handle.place != self.name or handle.data["attempt"] != attempt:
            return None
        return handle if self.poll(handle).state in ("waiting", "running") else None

    def _job(self, handle: Handle) -> Job | PlaceError | None:
        """Ask the cluster; what keeps it from answering is told once the folder was looked at."""
        try:
            return self.cluster.job(handle.data["job"])
        except PlaceError as error:
            return error

    def _judged(self, handle: Handle, record: Mapping[str, Any], job: Job | PlaceError | None) -> Poll:
        """Say how a job is, from what the folder and the cluster say.

        Raises:
            PlaceError: the cluster cannot be asked, and the folder does not tell the end.
        """
        if record["ended"]:
            return Poll("ended", record["exit_code"])
        if isinstance(job, PlaceError):
            raise job
        age_s = record["beat_age_s"]
        lives = age_s is not None and age_s < QUIET_S
        if job is None:
            if lives:
                return Poll("running", note="Ray was started anew and knows nothing of it; its folder says it lives.")
            heard = "it never began" if age_s is None else f"it is silent for {age_s / 60:.0f} minutes"
            return Poll("gone", note=f"Ray was started anew and knows nothing of it; by its folder, {heard}.")
        if job.status == "PENDING":
            if record["killed"]:
                return Poll("gone", note="It was taken back before it began.")
            return Poll("waiting", note=waiting_words(job, handle.data["asked"], self.cluster.nodes()))
        if job.status == "RUNNING":
            return Poll("running")
        if job.exit_code is not None:
            return Poll("ended", job.exit_code, note=self.end_words(job))
        if lives:
            return Poll("running", note=f"{ended_words(job)} It is asked to make a checkpoint and to end.")
        return Poll("gone", note=ended_words(job))

    def end_words(self, job: Job) -> str:
        """Say how a job ended that left no word of its own, and what to do."""
        if job.exit_code == _NO_FOLDER:
            return (
                f"The machine that took it does not see {self.folder}, or not what was put there from here. Mount the "
                "folder on every machine of the cluster, under this path."
            )
        if job.exit_code == keeper.ANOTHER_FOLDER:
            return (
                f"{self.folder} on the machine that took it is another folder than the one its run was put into. Mount "
                "one folder on every machine of the cluster, under this path."
            )
        if job.exit_code in (126, 127):
            return f"The machine that took it has no {self.python}. Name its Python as `python` of this place."
        return "" if job.exit_code == 0 else ended_words(job)

    def _bring_log(self, run_dir: RunDir, handle: Handle) -> None:
        """Keep what Ray has of the output of a job that came to no log of its own."""
        path = run_dir.log(_attempt(handle))
        if path.exists():
            return
        with contextlib.suppress(PlaceError):
            path.write_text(self.cluster.logs(handle.data["job"]), encoding="utf-8")


def _attempt(handle: Handle) -> int:
    return int(handle.data["attempt"])
