"""What a far host does with files: take them in, verified; say what grew; read a part of one out.

The decision to know: nothing is taken for whole before its hash was compared, and a run directory appears complete or
not at all. A sending that was cut goes on at the first file that is not there yet.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from runners.errors import PlaceError
from runners.rundir import RunDir

BLOCK_BYTES: Final = 1 << 20
# What one look brings at most; the next one, at once, brings the rest.
LOOK_BYTES: Final = 8 << 20


def safe(root: Path, name: str) -> Path:
    """Return the file that a relative name means; one that leads elsewhere is refused."""
    if name.startswith("/") or ".." in Path(name).parts:
        raise PlaceError(f"{name!r} lies outside the run directory. Nothing was done with it.")
    return root / name


def building(folder: Path, run: str) -> Path:
    """Return where a run directory is put together."""
    return folder / "runs" / f".{run}.building"


def stands(folder: Path, run: str) -> bool:
    """Say whether the directory of a run stands, and so all that was sent for it."""
    return safe(folder / "runs", run).is_dir()


def wanted(folder: Path, run: str, files: Mapping[str, Sequence[object]]) -> list[str]:
    """Return which of the files of a run are still to be sent.

    Args:
        folder: of the place.
        run: its name.
        files: size and sha256 by name, relative to the run directory.
    """
    aside = building(folder, run)
    return [
        name
        for name, (size, sha256) in files.items()
        if not (path := safe(aside, name)).is_file() or path.stat().st_size != size or sha256_of(path) != sha256
    ]


def take_in(folder: Path, run: str, files: Sequence[tuple[str, int, str]], sent: BinaryIO) -> None:
    """Write files as they come, and let the run directory appear once all are there.

    Raises:
        PlaceError: one did not arrive as it was sent.
    """
    aside = building(folder, run)
    for name, size, sha256 in files:
        path = safe(aside, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        digest = hashlib.sha256()
        with part.open("wb") as file:
            for block in _blocks(sent, size):
                digest.update(block)
                file.write(block)
        if part.stat().st_size != size or digest.hexdigest() != sha256:
            raise PlaceError(f"{name} did not arrive whole. Nothing was started; launch again.")
        part.replace(path)
    (aside / "attempts").mkdir(parents=True, exist_ok=True)
    there = folder / "runs" / run
    if not there.exists():
        aside.rename(there)


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def grown(run_dir: RunDir, sizes: Mapping[str, int]) -> tuple[list[tuple[str, int, bytes]], bool]:
    """Return what the files that only grow hold beyond what is known: name, offset, bytes; and whether there is more.

    Args:
        run_dir: the run directory.
        sizes: how many bytes are known of each, by name.
    """
    attempts = run_dir.attempts()
    # What an event tells of, such as the last sample, must not come after it: how far the events go is seen first, and
    # they are read last.
    spoken = {path: path.stat().st_size for number in attempts if (path := run_dir.events(number)).exists()}
    ends = {run_dir.samples: None, **spoken, **dict.fromkeys(map(run_dir.log, attempts))}
    found: list[tuple[str, int, bytes]] = []
    room = LOOK_BYTES
    for path, end in ends.items():
        name = path.relative_to(run_dir.path).as_posix()
        offset = sizes.get(name, 0)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read(room + 1 if end is None else max(0, min(room + 1, end - offset)))
        except FileNotFoundError:
            continue
        if len(data) > room:
            return [*found, (name, offset, data[:room])], True
        room -= len(data)
        if data:
            found.append((name, offset, data))
    return found, False


def traces_but(run_dir: RunDir, known: Iterable[str]) -> list[tuple[str, bytes]]:
    """Return the traces that are not known, as many as one look brings: name and bytes."""
    found: list[tuple[str, bytes]] = []
    room = LOOK_BYTES
    for name in sorted(trace_names(run_dir) - set(known)):
        data = (run_dir.traces / name).read_bytes()
        room -= len(data)
        found.append((name, data))
        if room < 0:
            break
    return found


def trace_names(run_dir: RunDir) -> set[str]:
    """Return the names of the traces that are whole."""
    folder = run_dir.traces
    return {path.name for path in folder.iterdir() if path.suffix == ".json"} if folder.is_dir() else set()


def checkpoint_files(run_dir: RunDir) -> dict[str, dict[str, int]]:
    """Return the size of every file of every checkpoint that stands, by the checkpoint's name and its own."""
    folders = [run_dir.checkpoint(step) for step in run_dir.checkpoint_steps()]
    return {
        folder.name: {
            path.relative_to(folder).as_posix(): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        for folder in folders
    }


def read_out(path: Path, offset: int) -> Iterator[bytes]:
    """Yield a file's bytes from an offset on, and last the sha256 of the whole file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = path.stat().st_size
        for block in _blocks(file, offset):
            digest.update(block)
        for block in _blocks(file, size - offset):
            digest.update(block)
            yield block
    yield digest.hexdigest().encode("ascii")


def free_bytes(folder: Path) -> int:
    """Return how much room there is for a folder that may not stand yet."""
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(standing).free


def blocks_of_file(path: Path, size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file."""
    with path.open("rb") as file:
        yield from _blocks(file, size)


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(BLOCK_BYTES, size))):
        size -= len(block)
        yield block
