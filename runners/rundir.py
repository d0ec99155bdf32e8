"""The run directory: where each file of a run lies, and how the directory comes to be.

docs/run-directory.md describes it; this module alone knows the names. A run directory appears complete or not at all
(built beside its place, then renamed), and an attempt's number is taken by making its folder, which only one can do.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from runners.errors import RunDirError
from runners.spec import RunSpec

WEIGHTS = ("adapter", "model")
"""Names of the folder in a checkpoint that holds what was trained: an adapter, or a model trained in full."""

_LONGEST_PART = 60  # characters; with date and suffix a name stays far below the 255 bytes of a file system


@dataclass(frozen=True)
class RunDir:
    """One run directory, which may or may not exist yet."""

    path: Path

    @property
    def spec_json(self) -> Path:
        """What the run is to do; never edited."""
        return self.path / "spec.json"

    @property
    def manifest_json(self) -> Path:
        """Counts and content hash of the dataset."""
        return self.path / "dataset" / "manifest.json"

    @property
    def train_jsonl(self) -> Path:
        """The pairs to train on."""
        return self.path / "dataset" / "train.jsonl"

    @property
    def holdout_jsonl(self) -> Path:
        """The pairs to validate on."""
        return self.path / "dataset" / "holdout.jsonl"

    @property
    def prompts_jsonl(self) -> Path:
        """The canary prompts."""
        return self.path / "prompts.jsonl"

    @property
    def adapter(self) -> Path:
        """The adapter of a sample run or a session."""
        return self.path / "adapter"

    @property
    def samples(self) -> Path:
        """The samples of all attempts."""
        return self.path / "samples.jsonl"

    @property
    def traces(self) -> Path:
        """How each canvas was filled."""
        return self.path / "traces"

    @property
    def checkpoints(self) -> Path:
        """One folder a checkpoint."""
        return self.path / "checkpoints"

    @property
    def best_json(self) -> Path:
        """Which checkpoint is the best so far."""
        return self.checkpoints / "best.json"

    @property
    def requests(self) -> Path:
        """The numbered questions of a session, and its answers."""
        return self.path / "requests"

    @property
    def stop(self) -> Path:
        """The polite request to stop."""
        return self.path / "stop"

    def attempt(self, number: int) -> Path:
        """Return the folder of one attempt."""
        return self.path / "attempts" / f"{number:03d}"

    def job_json(self, attempt: int) -> Path:
        """Return the file in which the place says where the attempt runs."""
        return self.attempt(attempt) / "job.json"

    def contact_json(self, attempt: int) -> Path:
        """Return the file with what a far host said last."""
        return self.attempt(attempt) / "contact.json"

    def events(self, attempt: int) -> Path:
        """Return the file of the attempt's events."""
        return self.attempt(attempt) / "events.jsonl"

    def log(self, attempt: int) -> Path:
        """Return the file of what the job printed."""
        return self.attempt(attempt) / "log.txt"

    def pid(self, attempt: int) -> Path:
        """Return the file with the process id."""
        return self.attempt(attempt) / "pid"

    def rc(self, attempt: int) -> Path:
        """Return the file with the exit status, which is there once the job has ended."""
        return self.attempt(attempt) / "rc"

    def beat(self, attempt: int) -> Path:
        """Return the file that the keeper of a cluster's job touches for as long as it lives."""
        return self.attempt(attempt) / "beat"

    def kill(self, attempt: int) -> Path:
        """Return the file that tells the keeper of a cluster's job to end it at once."""
        return self.attempt(attempt) / "kill"

    def stop_reason(self, attempt: int) -> Path:
        """Return the file in which whoever asks the job to end may say why."""
        return self.attempt(attempt) / "stop_reason"

    def request_json(self, number: int) -> Path:
        """Return the file of a question."""
        return self.requests / f"{number:06d}.json"

    def answer_json(self, number: int) -> Path:
        """Return the file of the answer to a question."""
        return self.requests / f"{number:06d}.answer.json"

    def request_numbers(self, *, answered: bool | None = None) -> list[int]:
        """Return the numbers of all questions, in order; or of those that have their answer, or do not, by one look."""
        try:
            names = {entry.name for entry in self.requests.iterdir()}
        except FileNotFoundError:
            return []
        found = [re.fullmatch(r"(\d{6,})\.json", name) for name in names]
        numbers = sorted(int(match[1]) for match in found if match)
        if answered is None:
            return numbers
        return [number for number in numbers if (self.answer_json(number).name in names) is answered]

    def checkpoint(self, step: int) -> Path:
        """Return the folder of the checkpoint after an optimizer step."""
        return self.checkpoints / f"step-{step:06d}"

    def checkpoint_steps(self) -> list[int]:
        """Return the steps of all checkpoints, in order."""
        if not self.checkpoints.is_dir():
            return []
        found = [re.fullmatch(r"step-(\d{6,})", entry.name) for entry in self.checkpoints.iterdir()]
        return sorted(int(match[1]) for match in found if match)

    @staticmethod
    def weights(checkpoint: Path) -> Path:
        """Return the folder of a checkpoint that holds what was trained: an adapter, or a whole model."""
        # Runs of schema 1 kept their adapter beside the state.
        return next((folder for name in WEIGHTS if (folder := checkpoint / name).is_dir()), checkpoint)

    @staticmethod
    def create(
        path: Path,
        spec: RunSpec,
        *,
        prompts_jsonl: bytes | None = None,
        train_jsonl: bytes | None = None,
        holdout_jsonl: bytes | None = None,
        manifest_json: bytes | None = None,
        adapter: Path | None = None,
    ) -> RunDir:
        """Make a run directory at `path`; nothing is seen there before all of it is written.

        Args:
            path: where; its parents are made.
            spec: what the run is to do; the hashes of the files below are added to it.
            prompts_jsonl: the canary prompts, for the tasks `train` and `sample`.
            train_jsonl: the pairs to train on, for the task `train`.
            holdout_jsonl: the pairs to validate on, for the task `train`, or to measure, for the task `score`.
            manifest_json: counts and content hash of the dataset.
            adapter: folder to copy, for a sample or score run or a session of an adapter.

        Raises:
            RunDirError: something stands at `path` already, or a file that the spec needs was not given.
        """
        if spec.task == "train" and train_jsonl is None:
            raise RunDirError(f"{path}: the task is train, and no pairs were given. Freeze a dataset and hand it over.")
        if spec.task == "score" and holdout_jsonl is None:
            raise RunDirError(
                f"{path}: the task is score, and no held-out pairs were given. Freeze a dataset and hand it over."
            )
        if spec.task in ("train", "sample") and prompts_jsonl is None:
            raise RunDirError(f"{path}: no canary prompts were given. Freeze a set and hand it over.")
        if (spec.adapter is None) != (adapter is None):
            raise RunDirError(f"{path}: spec and files must both name an adapter, or neither.")
        if path.exists():
            raise _occupied(path)
        building = path.parent / f".{path.name}.{secrets.token_hex(4)}.building"
        built = RunDir(building)
        files = {
            built.manifest_json: manifest_json,
            built.train_jsonl: train_jsonl,
            built.holdout_jsonl: holdout_jsonl,
            built.prompts_jsonl: prompts_jsonl,
        }
        building.mkdir(parents=True)
        try:
            for file, data in files.items():
                if data is not None:
                    file.parent.mkdir(exist_ok=True)
                    file.write_bytes(data)
            if adapter is not None:
                shutil.copytree(adapter, built.adapter)
            (building / "attempts").mkdir()
            if spec.task == "session":
                built.requests.mkdir()
            hashes = {file.relative_to(building).as_posix(): sha256_of(file) for file in built.submitted()}
            built.spec_json.write_text(replace(spec, hashes=hashes).to_json(), encoding="utf-8", newline="\n")
            try:
                building.rename(path)
            except OSError as error:
                raise _occupied(path) if path.exists() else error from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return RunDir(path)

    def spec(self) -> RunSpec:
        """Read the spec.

        Raises:
            RunDirError: it is missing or not UTF-8.
            SpecError: it cannot be carried out; all problems at once.
        """
        try:
            return RunSpec.from_json(self.spec_json.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunDirError(
                f"{self.path}: no spec.json here, so this is no run directory. Name one, such as runs/NAME."
            ) from error
        except UnicodeDecodeError as error:
            raise RunDirError(f"{self.spec_json}: not UTF-8 at byte {error.start}. Launch the run again.") from error

    def verify(self) -> None:
        """Compare every submitted file with the hash the spec names for it.

        Raises:
            RunDirError: files that were changed, are missing or were never hashed; all of them at once.
        """
        spec = self.spec()
        needed = {
            "train": {"prompts.jsonl", "dataset/train.jsonl"},
            "sample": {"prompts.jsonl"},
            "score": {"dataset/holdout.jsonl"},
            "session": set[str](),
        }[spec.task]
        problems = [
            f"{self.spec_json}: names no hash of {name}. Launch the run again."
            for name in sorted(needed - set(spec.hashes))
        ]
        for name, expected in spec.hashes.items():
            file = self.path / name
            try:
                found = sha256_of(file)
            except FileNotFoundError:
                problems.append(f"{file}: missing. Put it back, or launch the run again.")
                continue
            if found != expected:
                problems.append(
                    f"{file}: changed since the run was launched (found {found}, expected {expected}). Put it back, "
                    "or launch the run again."
                )
        if problems:
            raise RunDirError("\n".join(problems))

    def attempts(self) -> list[int]:
        """Return the numbers of all attempts, in order."""
        try:
            names = [entry.name for entry in (self.path / "attempts").iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def latest_attempt(self) -> int | None:
        """Return the newest attempt's number, None before the first."""
        return max(self.attempts(), default=None)

    def require(self) -> None:
        """Make sure that there is a run directory.

        Raises:
            RunDirError: there is none.
        """
        if not self.spec_json.is_file():
            raise RunDirError(f"{self.path}: no spec.json here, so no attempt can be made. Name a run directory.")

    def new_attempt(self) -> int:
        """Take the next number by making its folder; two programs never get the same one.

        Raises:
            RunDirError: there is no run directory.
        """
        self.require()
        (self.path / "attempts").mkdir(exist_ok=True)
        number = (self.latest_attempt() or 0) + 1
        while True:
            try:
                self.attempt(number).mkdir()
            except FileExistsError:
                number += 1
            else:
                return number

    def request_stop(self) -> None:
        """Ask the job to end at its next step."""
        self.stop.touch()

    def stop_requested(self) -> bool:
        """Say whether the job was asked to end."""
        return self.stop.exists()

    def submitted(self) -> list[Path]:
        """Return the files that the spec vouches for, as far as they are there."""
        files = [self.train_jsonl, self.holdout_jsonl, self.prompts_jsonl]
        files += sorted(file for file in self.adapter.rglob("*") if file.is_file())
        return [file for file in files if file.exists()]


def run_name(now: datetime, model: str, words: str, random_hex: str) -> str:
    """Return a run's name, such as `20261123-1845-llada-lr5e-5-3f9c`: sortable, and fit for a directory."""
    parts = [re.sub(r"[^a-z0-9.]+", "-", part.lower()).strip("-.")[:_LONGEST_PART] for part in (model, words)]
    return "-".join([f"{now:%Y%m%d-%H%M}", *filter(None, parts), random_hex])


def sha256_of(file: Path) -> str:
    """Return the tagged hash of a file."""
    with file.open("rb") as opened:
        return "sha256:" + hashlib.file_digest(opened, "sha256").hexdigest()


def _occupied(path: Path) -> RunDirError:
    return RunDirError(f"{path}: something of that name stands there already. Give the run another name.")
