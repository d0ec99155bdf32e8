"""Any host that the author's OpenSSH client reaches: a detached process there, its run directory copied here.

The decision to know: a handle names the run and the machine, never a process id: the host finds its own process again.
So the handle is written before the job is started, and a program that is killed in between loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from runners.errors import PlaceError, UnreachableError
from runners.places import mirror
from runners.places.alone import alone
from runners.places.base import Handle, Poll, require_own, write_job
from runners.places.far_host import FarHost
from runners.places.mirrored import Mirrored
from runners.places.ssh_client import Destination
from runners.rundir import RunDir
from runners.spec import RunSpec

_INSTALL: Final = "pip install torch transformers peft safetensors tokenizers"


class SshPlace(Mirrored):
    """Runs jobs on a far host, reached by `ssh`."""

    remote = True

    def __init__(
        self,
        name: str,
        destination: Destination,
        *,
        folder: str = "~/workbench",
        python: str = "python3",
        nice: int = 0,
        environment: Mapping[str, str] | None = None,
        largest_file_bytes: int = mirror.LARGEST_BYTES,
        command: Sequence[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare a place; nothing is asked yet.

        Args:
            name: of the place in settings and handles.
            destination: the host.
            folder: where its runs lie there; `~/` is the home folder there.
            python: the interpreter there that runs the jobs, one with torch.
            nice: added to the job's niceness there, 0 to 19.
            environment: set for the jobs, such as HF_HOME.
            largest_file_bytes: so large a trace or a file of lines may be that is brought.
            command: what to run instead of `python -m runners`; run directory and attempt are added to it.
            cancelled: asked a few times a second; what goes on is given up then.
        """
        self.name = name
        self._nice = nice
        self.largest = largest_file_bytes
        self._command = list(command) if command is not None else None
        # What a host that is an engine's is asked for besides, at a check and at a start.
        self._asks: dict[str, Any] = {}
        self.far = FarHost(
            destination=destination,
            folder=folder,
            python=python,
            environment=environment or {},
            cancelled=cancelled,
        )

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Say what keeps a job from running there: the host, its Python, its packages, its disk, the model's folder."""
        if spec is not None and spec.task == "session":
            return [f"{self.name}: a session runs on this machine only: its questions are not sent. Choose local."]
        model = _folder_of(spec)
        try:
            told = self.far.ask("ready", model=model, **self._asks)
        except PlaceError as error:
            return [str(error)]
        return self._problems(told, model)

    def survey(self) -> dict[str, Any]:
        """Return what the host has, as `far_survey` tells it, and as `problems` what keeps a job from running there.

        Raises:
            PlaceError: it cannot be asked, and what to do.
        """
        told = self.far.ask("survey")
        return {**told, "problems": self._problems(told, None)}

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        """Send what the host has not, and start the job of an attempt whose folder stands.

        Raises:
            PlaceError: the host cannot be asked, refused a file or could not start it; nothing runs.
        """
        run = run_dir.path.name
        told = self.far.ask("wanted", run=run, files={})
        if not told["stands"]:
            mirror.send(run_dir, self.far)
        handle = Handle(
            place=self.name,
            data={"machine": told["machine"], "run": run, "attempt": attempt},
        )

        def start() -> None:
            self.far.ask("start", run=run, attempt=attempt, command=self._command, nice=self._nice, **self._asks)

        # Nobody looks between the handle and the start: what is not started yet would count as gone.
        with alone(run_dir, "lines"):
            write_job(run_dir, attempt, handle)
            try:
                start()
            except UnreachableError:
                # Whether it was started is not known; asked again, the host starts it once.
                start()
        return handle

    def poll(self, handle: Handle) -> Poll:
        """Say how the job's process is; `unknown` where the host cannot be asked."""
        require_own(handle, self.name)
        try:
            return _poll(self.far.ask("look", **handle.data))
        except PlaceError:
            return Poll("unknown")

    def look(self, run_dir: RunDir, handle: Handle) -> Poll:
        """Say how the job's process is, and bring the lines and traces it wrote up to then.

        Raises:
            UnreachableError: the host cannot be asked now.
            PlaceError: it answers, but not about this run; or the handle is of another place.
        """
        require_own(handle, self.name)
        with alone(run_dir, "lines"):
            return _poll(self.pull_lines(run_dir, handle.data["attempt"], handle.data["machine"]))

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        """Write the stop file, there and then here.

        Raises:
            PlaceError: the host cannot be asked; nothing was done.
        """
        require_own(handle, self.name)
        self.far.ask("stop", **handle.data)
        run_dir.request_stop()

    def kill(self, handle: Handle) -> None:
        """Send KILL to the job's process group there, if it is still the one that was started."""
        require_own(handle, self.name)
        self.far.ask("kill", **handle.data)

    def _problems(self, told: Mapping[str, Any], model: str | None) -> list[str]:
        problems = []
        if told["missing"] and self._command is None:
            problems.append(
                f"{self.far.name}: {self.far.python} does not have {', '.join(told['missing'])}. Run `{self._pip()}` "
                "here, or name another Python as `python` of this place."
            )
        problems += self.far.room_problems(told["free_bytes"])
        if not told["has_model"]:
            problems.append(
                f"{self.far.name}: there is no folder {model}. Copy the model there under the same path, or name its "
                "Hugging Face id: that is fetched there."
            )
        return problems

    def _pip(self) -> str:
        arguments = " ".join(["ssh", *self.far.destination.arguments()])
        return f"{arguments} {self.far.python} -m {_INSTALL}"


def _poll(told: Mapping[str, Any]) -> Poll:
    return Poll(told["state"], told["exit_code"], note=told.get("note", ""))


def _folder_of(spec: RunSpec | None) -> str | None:
    """Return the folder that a spec names its model by; None for the embedded one and for a repository's id."""
    return spec.model.id if spec is not None and spec.model.is_path else None
