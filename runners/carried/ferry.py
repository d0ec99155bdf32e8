"""Carry what a job writes out of its run directory into the folder of results, and never change a file there.

The decision to know: the job works on the machine's own disk, where it may append, rename and delete. What it wrote is
copied out in rounds. A round copies what is new and ends with a manifest; what no manifest names any more goes last.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runners.carried.arrivals import Folder, read_manifest
from runners.carried.manifest import (
    SHARD_BYTES,
    Entry,
    Manifest,
    checkpoint_of,
    copied,
    manifest_name,
    shard_name,
)
from runners.errors import CarriedError
from runners.events import utc_now
from runners.places.supervisor import exit_status
from runners.rundir import RunDir, sha256_of

# Besides the newest: a folder that is half synced may not have all that the newest names.
_KEPT_MANIFESTS: Final = 2
_WRITER: Final = ".writer"


class AnotherWriterError(CarriedError):
    """Another machine carries this run on: whoever finds that ends its own job."""


class Ferry:
    """Carries one run directory into one folder of results."""

    def __init__(self, run_dir: RunDir, results: Path) -> None:
        """Go on where the newest manifest ends; the run directory must be its writer's, or have been made from it."""
        self._run_dir, self._results = run_dir, results
        self._writer = writer_of(run_dir) or secrets.token_hex(8)
        (run_dir.path / _WRITER).write_text(self._writer, encoding="ascii")
        results.mkdir(parents=True, exist_ok=True)
        numbers = Folder(results).manifests()
        standing = read_manifest(Folder(results), numbers[0]) if numbers else None
        self._number = standing.number if standing else 0
        self._files: dict[str, Entry] = dict(standing.files) if standing else {}
        self._sizes: dict[str, int] = {}
        if standing:
            for file, shards in standing.growing().items():
                self._sizes[file] = sum(standing.files[name].size for name in shards)
        self._told: tuple[Any, ...] | None = (dict(standing.ends), standing.best) if standing else None

    def carry(self) -> bool:
        """Copy what is new and write a manifest; return whether anything was.

        Raises:
            AnotherWriterError: another machine has written a newer manifest.
            OSError: the folder does not take it; what was carried before stands, and the next round tries again.
        """
        self._require_own()
        files, sizes = dict(self._files), dict(self._sizes)
        # What an event tells of, such as a sample, must not come after it: how far the events go is seen first, and
        # they are carried last.
        spoken = {path: path.stat().st_size for number in self._run_dir.attempts() if (path := self._events(number))}
        self._carry_checkpoints(files)
        self._carry_traces(files)
        for path, end in {self._run_dir.samples: None, **dict.fromkeys(self._logs()), **spoken}.items():
            self._carry_lines(path, end, files, sizes)
        told = (self._ends(), self._best())
        if files == self._files and told == self._told:
            return False
        found = Manifest(
            run=self._run_dir.path.name,
            spec=sha256_of(self._run_dir.spec_json),
            number=self._number + 1,
            writer=self._writer,
            at=utc_now(),
            ends=told[0],
            best=told[1],
            files=files,
        )
        self._write(manifest_name(found.number), found.to_json().encode("utf-8"))
        gone = self._files.keys() - files.keys()
        self._number, self._files, self._sizes, self._told = found.number, files, sizes, told
        self._tidy(gone)
        return True

    def _require_own(self) -> None:
        numbers = Folder(self._results).manifests()
        if numbers and numbers[0] > self._number:
            raise AnotherWriterError(
                f"{self._results}: another machine carries this run on (manifest {numbers[0]} is not of this one). "
                "This one ends here."
            )

    def _events(self, number: int) -> Path | None:
        path = self._run_dir.events(number)
        return path if path.exists() else None

    def _logs(self) -> list[Path]:
        return [self._run_dir.log(number) for number in self._run_dir.attempts()]

    def _carry_lines(self, path: Path, end: int | None, files: dict[str, Entry], sizes: dict[str, int]) -> None:
        """Carry what a file that grows holds beyond what was carried, as shards; of lines, only whole ones."""
        file = path.relative_to(self._run_dir.path).as_posix()
        begin = sizes.get(file, 0)
        try:
            with path.open("rb") as source:
                source.seek(begin)
                data = source.read() if end is None else source.read(max(0, end - begin))
        except FileNotFoundError:
            return
        if path.suffix == ".jsonl":
            data = data[: data.rfind(b"\n") + 1]
        number = self._last_shard(file)
        for part in _parts(data, lines=path.suffix == ".jsonl"):
            number += 1
            name = shard_name(file, number)
            files[name] = self._write(name, part)
        sizes[file] = begin + len(data)

    def _last_shard(self, file: str) -> int:
        """Return the highest number that stands there: a round that was cut leaves shards that no manifest names."""
        folder = self._results / shard_name(file, 1)
        names = [path.stem for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        return max((int(name) for name in names if name.isdecimal()), default=0)

    def _carry_traces(self, files: dict[str, Entry]) -> None:
        for path in sorted(self._run_dir.traces.glob("*.json")):
            name = path.relative_to(self._run_dir.path).as_posix()
            if name not in files and not path.name.startswith("."):
                files[name] = self._write(name, path.read_bytes())

    def _carry_checkpoints(self, files: dict[str, Entry]) -> None:
        """Carry the checkpoints that stand, and forget those that do not: one that is deleted meanwhile is left out."""
        standing = {f"checkpoints/{self._run_dir.checkpoint(step).name}" for step in self._run_dir.checkpoint_steps()}
        carried = {name: checkpoint_of(name) for name in files if name.startswith("checkpoints/")}
        for name, prefix in carried.items():
            if prefix not in standing:
                del files[name]
        for prefix in sorted(standing - set(carried.values())):
            came: dict[str, Entry] = {}
            try:
                for path in sorted((self._run_dir.path / prefix).rglob("*")):
                    if path.is_file():
                        name = path.relative_to(self._run_dir.path).as_posix()
                        came[name] = self._copy(name, path)
            except FileNotFoundError:
                if (self._run_dir.path / prefix).is_dir():
                    raise
                shutil.rmtree(self._results / prefix, ignore_errors=True)
                continue
            files.update(came)

    def _ends(self) -> Mapping[int, int]:
        ends = {number: exit_status(self._run_dir, number)[1] for number in self._run_dir.attempts()}
        return {number: code for number, code in ends.items() if code is not None}

    def _best(self) -> Mapping[str, Any] | None:
        try:
            return dict(json.loads(self._run_dir.best_json.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def _copy(self, name: str, path: Path) -> Entry:
        size = path.stat().st_size
        part = self._part(name)
        with path.open("rb") as source, part.open("wb") as to:
            found = Entry(size, copied(source, size, to))
            to.flush()
            os.fsync(to.fileno())
        part.replace(self._results / name)
        return found

    def _write(self, name: str, data: bytes) -> Entry:
        part = self._part(name)
        with part.open("wb") as to:
            found = Entry(len(data), copied(io.BytesIO(data), len(data), to))
            to.flush()
            os.fsync(to.fileno())
        part.replace(self._results / name)
        return found

    def _part(self, name: str) -> Path:
        target = self._results / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f".{target.name}.part")

    def _tidy(self, gone: set[str]) -> None:
        """Delete what no manifest names any more; a folder that keeps it for a while does no harm."""
        for name in gone:
            (self._results / name).unlink(missing_ok=True)
        for number in Folder(self._results).manifests():
            if number < self._number - _KEPT_MANIFESTS:
                (self._results / manifest_name(number)).unlink(missing_ok=True)


def writer_of(run_dir: RunDir) -> str | None:
    """Return who carries a work folder out; None for one that was never carried."""
    try:
        return (run_dir.path / _WRITER).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def _parts(data: bytes, *, lines: bool) -> list[bytes]:
    """Cut into parts of at most a shard's size, lines only behind their end; a longer line is a part of its own."""
    parts = []
    while data:
        end = len(data)
        if end > SHARD_BYTES:
            end = SHARD_BYTES
            if lines:
                end = data.rfind(b"\n", 0, SHARD_BYTES) + 1 or data.find(b"\n") + 1
        parts.append(data[:end])
        data = data[end:]
    return parts
