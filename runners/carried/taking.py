"""Take carried results into a run directory: verified by their hashes, whole or not at all, and twice the same as once.

The decision to know: nothing is unpacked. The run directory decides where a file lies, by a name that was checked, and
everything new is read, hashed and laid aside before the first byte of it is put into place. What stands here already
must be what was carried: where it is not, nothing is touched.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from runners.carried.arrivals import UNREADABLE, Arrival, Folder, read_manifest
from runners.carried.manifest import BLOCK_BYTES, Manifest, checkpoint_of, copied, is_known, manifest_name
from runners.errors import CarriedError, NotAllHereError
from runners.events import read_last_lines, read_lines
from runners.rundir import RunDir, sha256_of

_ASIDE: Final = ".arriving"
_TAKEN: Final = ".taken"
# Stays free on the disk, whatever arrives.
ROOM_BYTES: Final = 256 << 20
_OF_THE_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was taken in.

    Attributes:
        manifest: the state it was taken from.
        files: how many files of it were new here; 0 where all stood already.
    """

    manifest: Manifest
    files: int


def newest(arrival: Arrival, run_dir: RunDir) -> Manifest:
    """Return the newest manifest of which every file is here.

    Raises:
        NotAllHereError: of each, a part is still to come.
        CarriedError: there is none, or it is of another run or another spec.
    """
    missing: NotAllHereError | None = None
    unreadable: CarriedError | None = None
    spec = sha256_of(run_dir.spec_json)
    for number in arrival.manifests():
        try:
            found = read_manifest(arrival, number)
            require_same(found, run_dir.path.name, spec, arrival.name)
            require_all(found, arrival)
        except NotAllHereError as error:
            missing = missing or error
        except CarriedError as error:
            unreadable = unreadable or error
        else:
            return found
    raise (
        missing
        or unreadable
        or CarriedError(f"{arrival.name}: no results yet. They are there once the run was started where it is carried.")
    )


def require_same(found: Manifest, run: str, spec: str, where: str) -> None:
    """Refuse results of another run, or of another spec.

    Args:
        found: what was carried.
        run: the name of the run they should be of.
        spec: the hash of its `spec.json`.
        where: they were found.

    Raises:
        CarriedError: they are.
    """
    if found.run != run:
        raise CarriedError(
            f"{where}: these are results of the run {found.run[:200]}, not of {run}. Nothing was taken "
            "in; bring them to their own run."
        )
    if found.spec != spec:
        raise CarriedError(
            f"{where}: these results are of another spec than {run} has here. Nothing was taken in; "
            "bring the ones of the bundle that was made for it."
        )


def require_all(found: Manifest, arrival: Arrival) -> None:
    """See that every file is here with its size; what is in it is compared while it is read.

    Raises:
        NotAllHereError: some are not.
    """
    here = sum(arrival.size(name) == entry.size for name, entry in found.files.items())
    if here < len(found.files):
        raise NotAllHereError(
            f"{arrival.name}: not all has arrived: {here} of {len(found.files)} files. Wait until all are here, and "
            "look again.",
            here,
            len(found.files),
        )


def take_in(arrival: Arrival, run_dir: RunDir, *, cancelled: Callable[[], bool] = lambda: False) -> Taken:
    """Take the newest whole state into a run directory.

    Args:
        arrival: what was brought.
        run_dir: whose results they are to be.
        cancelled: asked between files; nothing is taken in then.

    Raises:
        NotAllHereError: a part is still to come; nothing was taken in.
        CarriedError: they are not this run's, damaged, too large, or other than what stands here.
    """
    found = newest(arrival, run_dir)
    aside = run_dir.path / _ASIDE
    try:
        shutil.rmtree(aside, ignore_errors=True)
        _require_room(found, run_dir)
        reading = _Reading(arrival, found, aside, cancelled)
        pruned = _pruned(run_dir)
        whole = [name for name in found.whole() if not _stands(run_dir, name, pruned)]
        for name in whole:
            reading.lay_aside(name, [name])
        grown: list[str] = []
        older = False
        for file, shards in found.growing().items():
            reading.lay_aside(file, shards)
            here, brought = _sizes(run_dir.path / file, aside / file)
            if not _same_beginning(run_dir.path / file, aside / file, min(here, brought)):
                raise CarriedError(
                    f"{arrival.name}: {file} of these results is other than what stands here. The run was carried on "
                    "from two machines at once. Nothing was taken in; bring what the other one packed."
                )
            older = older or here > brought
            grown += [file] if brought > here else []
        _put_in_place(run_dir, aside, whole, grown)
        if not older:
            _tell(found, run_dir)
        _write(run_dir.path / _TAKEN, f"{found.number}\n")
    except OSError as error:
        raise CarriedError(
            f"{run_dir.path}: the results could not be taken in ({error}). What stood here stands; bring them again."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Taken(manifest=found, files=len(whole) + len(grown))


@dataclass(frozen=True)
class _Reading:
    """Lays files of an arrival aside, each compared with the hash that its manifest names."""

    arrival: Arrival
    manifest: Manifest
    aside: Path
    cancelled: Callable[[], bool]

    def lay_aside(self, file: str, parts: Sequence[str]) -> None:
        """Write parts behind one another to a file aside.

        Raises:
            CarriedError: one is damaged, or it was given up.
            OSError: the disk did not take it.
        """
        target = self.aside / file
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as to:
            for name in parts:
                if self.cancelled():
                    raise CarriedError(f"{self.arrival.name}: given up. Nothing was taken in.")
                entry = self.manifest.files[name]
                try:
                    source = self.arrival.open(name)
                except UNREADABLE as error:
                    raise self._damaged(name, str(error)) from error
                with source:
                    found = _copied(source, entry.size, to)
                if found != entry.sha256:
                    raise self._damaged(name, f"found {found}, expected {entry.sha256}")

    def _damaged(self, name: str, why: str) -> CarriedError:
        return CarriedError(
            f"{self.arrival.name}: {name} is damaged ({why}). Nothing was taken in. Wait until the folder is synced, "
            "or download or pack the results again."
        )


def _copied(source: BinaryIO, size: int, to: BinaryIO) -> str:
    """Copy a file aside; one that cannot be read has no hash."""
    try:
        return copied(source, size, to)
    except OSError as error:
        if error.errno in _OF_THE_DISK:
            raise
        return f"a file that cannot be read: {error}"
    except UNREADABLE as error:
        return f"a file that cannot be read: {error}"


def _sizes(here: Path, brought: Path) -> tuple[int, int]:
    return (here.stat().st_size if here.exists() else 0), brought.stat().st_size


def _same_beginning(one: Path, other: Path, size: int) -> bool:
    if size == 0:
        return True
    with one.open("rb") as first, other.open("rb") as second:
        while size > 0:
            block = first.read(min(BLOCK_BYTES, size))
            if not block or block != second.read(len(block)):
                return False
            size -= len(block)
    return True


def _stands(run_dir: RunDir, name: str, pruned: Container[str]) -> bool:
    """Say whether a trace or a checkpoint is here, or was here until its rule deleted it."""
    if name.startswith("checkpoints/"):
        folder = checkpoint_of(name)
        return (run_dir.path / folder).is_dir() or folder in pruned
    return (run_dir.path / name).exists()


def _pruned(run_dir: RunDir) -> set[str]:
    """Return the checkpoints that the job says it deleted, as far as is known here."""
    found = set()
    for number in run_dir.attempts():
        for event in read_lines(run_dir.events(number), 0)[0]:
            if event.get("type") == "pruned":
                found.add(str(event.get("path")))
    return found


def _require_room(found: Manifest, run_dir: RunDir) -> None:
    needed = sum(entry.size for name, entry in found.files.items() if not (run_dir.path / name).exists())
    free = shutil.disk_usage(run_dir.path).free
    if needed + ROOM_BYTES > free:
        raise CarriedError(
            f"{run_dir.path}: these results take {needed >> 20:,} MiB, and {free >> 20:,} MiB are free. Nothing was "
            "taken in. Make room, and bring them again."
        )


def _put_in_place(run_dir: RunDir, aside: Path, whole: Sequence[str], grown: Sequence[str]) -> None:
    """Rename in what was laid aside. Events come last: what they tell of is here then."""
    checkpoints = sorted({name.split("/")[1] for name in whole if name.startswith("checkpoints/")})
    if checkpoints:
        run_dir.checkpoints.mkdir(exist_ok=True)
    for name in checkpoints:
        (aside / "checkpoints" / name).rename(run_dir.checkpoints / name)
    for name in (*(item for item in whole if not item.startswith("checkpoints/")), *grown):
        target = run_dir.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (aside / name).replace(target)


def _tell(found: Manifest, run_dir: RunDir) -> None:
    """Write what the manifest says of the best checkpoint and of ends, and drop the checkpoints deleted by rule."""
    for attempt in found.attempts():
        run_dir.attempt(attempt).mkdir(parents=True, exist_ok=True)
    if found.best is not None:
        run_dir.checkpoints.mkdir(exist_ok=True)
        _write(run_dir.best_json, json.dumps(found.best) + "\n")
    for attempt, code in found.ends.items():
        _write(run_dir.rc(attempt), f"{code}\n")
    for name in _pruned(run_dir):
        if is_known(f"{name}/x") and (run_dir.path / name).is_dir():
            shutil.rmtree(run_dir.path / name, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def has_finished(run_dir: RunDir, attempt: int) -> bool:
    """Say whether an attempt wrote that it has finished, which is its last word: its last lines are read."""
    return any(event.get("type") == "finished" for event in read_last_lines(run_dir.events(attempt)))


def taken_number(run_dir: RunDir) -> int | None:
    """Return the number of the manifest that was taken in last; None before the first."""
    try:
        return int((run_dir.path / _TAKEN).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def require_newest(folder: Path, run: str, spec: str) -> Manifest | None:
    """Return the newest manifest of a folder, for whoever goes on from there; None where there is none.

    Args:
        folder: of results.
        run: as for `require_same`.
        spec: likewise.

    Raises:
        CarriedError: a part of it is still to come, it is damaged, or it is not of this run.
    """
    arrival = Folder(folder)
    numbers = arrival.manifests()
    if not numbers:
        return None
    found = read_manifest(arrival, numbers[0])
    require_same(found, run, spec, arrival.name)
    try:
        require_all(found, arrival)
    except NotAllHereError as error:
        raise CarriedError(
            f"{error} If they never come, delete {manifest_name(found.number)} there: the run then goes on from the "
            "state before."
        ) from error
    return found
