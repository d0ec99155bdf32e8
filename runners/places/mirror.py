"""The copy here of a run directory that is written on a far host: what grew is appended, what is whole is renamed in.

The decision to know: where a file of lines goes on is read from the copy itself, never kept in a state of its own. So a
pull that was cut, or done twice, or by two programs, ends in the same bytes. A torn last line is fetched again: the job
may have cut it off.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runners.errors import PlaceError
from runners.events import end_of_last_line, read_lines
from runners.places.base import read_job
from runners.places.far_files import LOOK_BYTES, blocks_of_file, checkpoint_files, safe, sha256_of, trace_names
from runners.places.far_host import FarHost
from runners.rundir import RunDir

# How far the checkpoints of a run have come: bytes that are here, and in all.
ProgressCall = Callable[[int, int], None]

# A host is not trusted with more than these names.
_GROWS = re.compile(r"samples\.jsonl|attempts/\d+/(events\.jsonl|log\.txt)")
_TRACE = re.compile(r"[^/.][^/]*\.json")
_CHECKPOINT = re.compile(r"step-\d+")
# Stays free on the disk here, whatever a host has.
ROOM_BYTES = 256 << 20
LARGEST_BYTES = 256 << 20
"""So large a trace or a file of lines may be that is brought, unless the place says otherwise: jobs write less."""
# Of a sha256, as digits.
_HASH_BYTES = 64


def known_sizes(run_dir: RunDir) -> dict[str, int]:
    """Return how many bytes of each file that grows are here for good."""
    sizes: dict[str, int] = {}
    for number in run_dir.attempts():
        sizes[_name(run_dir, run_dir.events(number))] = _whole(run_dir.events(number))
        log = run_dir.log(number)
        sizes[_name(run_dir, log)] = log.stat().st_size if log.exists() else 0
    sizes[_name(run_dir, run_dir.samples)] = _whole(run_dir.samples)
    return sizes


def pull_lines(
    run_dir: RunDir,
    far: FarHost,
    *,
    machine: str | None,
    largest: int = LARGEST_BYTES,
    heard: Callable[[Mapping[str, Any]], None] = lambda told: None,
    **question: Any,
) -> dict[str, Any]:
    """Bring lines and traces; return what the host said of the job the first time it was asked.

    Args:
        run_dir: the run.
        far: the host.
        machine: which alone may answer; None for any.
        largest: the bytes that a trace or a file of lines may have.
        heard: takes each answer before what came with it is written.
        question: what else is asked.
    """
    said: dict[str, Any] | None = None
    while True:
        run, sizes = run_dir.path.name, known_sizes(run_dir)
        with far.asked("look", run=run, sizes=sizes, machine=machine, **question) as (told, conversation):
            heard(told)
            files = told.get("files", ())
            require_continued(files, sizes, largest=largest)
            came = [(name, offset, b"".join(conversation.read(size))) for name, offset, size in files]
        # A sample names its trace: that comes first.
        pull_traces(run_dir, far, told["traces"], machine=machine, largest=largest)
        for name, offset, data in came:
            append(run_dir, name, offset, data)
        said = said or told
        if not told["more"]:
            return said


def send(run_dir: RunDir, far: FarHost) -> None:
    """Send what the job needs, but for files that came already when an earlier sending was cut.

    Raises:
        PlaceError: the host cannot be asked, or refused a file.
    """
    run, files = run_dir.path.name, shipped(run_dir)
    told = described(files)
    wanted = far.ask("wanted", run=run, files=told)["wanted"]
    rows, paths = [(name, *told[name]) for name in wanted], [files[name] for name in wanted]
    far.ask("put", run=run, files=rows, send=lambda: blocks_of(paths))


def machine_of(run_dir: RunDir) -> str | None:
    """Return the machine that the newest attempt was started on; None before the first."""
    latest = run_dir.latest_attempt()
    handle = None if latest is None else read_job(run_dir, latest)
    return None if handle is None else str(handle.data["machine"])


def require_continued(
    files: Iterable[tuple[str, int, int]], sizes: Mapping[str, int], *, largest: int = LARGEST_BYTES
) -> None:
    """Refuse what does not go on where a file ends here, is too large, or is more than one look brings.

    Args:
        files: name, offset and bytes, as a host tells them.
        sizes: how many bytes of each it was told are here.
        largest: the bytes that a file may have in all.

    Raises:
        PlaceError: something does; nothing of it was read.
    """
    for name, offset, size in files:
        if offset != sizes.get(name, 0) or size < 0:
            raise PlaceError(f"{name!r} does not go on where it ends here. What came of it was left out.")
        _require_size(name, offset + size, largest)
    if (brought := sum(size for _, _, size in files)) > LOOK_BYTES:
        raise PlaceError(f"{brought >> 20:,} MiB at once are more than a look brings. What came was left out.")


def append(run_dir: RunDir, name: str, offset: int, data: bytes) -> None:
    """Go on with a file from an offset; what stood behind it was a torn line."""
    if not _GROWS.fullmatch(name):
        raise PlaceError(f"{name!r} is no file that a job goes on with. What came of it was left out.")
    path = run_dir.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(data)


def pull_traces(
    run_dir: RunDir, far: FarHost, count: int, *, machine: str | None, largest: int = LARGEST_BYTES
) -> None:
    """Bring the traces that are not here.

    Args:
        run_dir: the run.
        far: its host.
        count: how many the host has.
        machine: only that one answers.
        largest: the bytes that one may have.

    Raises:
        PlaceError: the host cannot be asked, or has what no job writes; the traces before that are here.
    """
    known = trace_names(run_dir)
    while len(known) < count:
        with far.asked("traces", run=run_dir.path.name, known=sorted(known), machine=machine) as (told, conversation):
            run_dir.traces.mkdir(exist_ok=True)
            for name, size in told["traces"]:
                if not _TRACE.fullmatch(name) or name in known or size < 0:
                    raise PlaceError(f"{name!r} is no trace that was asked for. What came of it was left out.")
                _require_size(f"traces/{name}", size, largest)
                _require_room(run_dir, size, "traces")
                path = run_dir.traces / name
                aside = path.with_name(f".{path.name}.part")
                aside.write_bytes(b"".join(conversation.read(size)))
                aside.replace(path)
                known.add(name)
        if not told["traces"]:
            return


def pull_checkpoints(run_dir: RunDir, far: FarHost, progress: ProgressCall, *, machine: str | None) -> bool:
    """Bring every checkpoint that stands there and not here; return whether all are here now.

    One that the job deleted by rule goes here too. A checkpoint that came in part goes on where it ended.

    Raises:
        PlaceError: the host cannot be asked, a file did not arrive as it is there, or there is no room for them here.
    """
    with far.asked("checkpoints", run=run_dir.path.name, machine=machine) as (told, _):
        standing = {name: files for name, files in told["checkpoints"].items() if _CHECKPOINT.fullmatch(name)}
    _drop_pruned(run_dir, standing)
    here = {run_dir.checkpoint(step).name for step in run_dir.checkpoint_steps()}
    # The newest first: it is what a review or a resume wants.
    wanted = [name for name in sorted(standing, reverse=True) if name not in here]
    size = sum(sum(standing[name].values()) for name in wanted)
    if wanted:
        came = sum(path.stat().st_size for path in run_dir.checkpoints.glob(".step-*.coming/**/*") if path.is_file())
        _require_room(run_dir, size - came, "checkpoints")
    tally = _Tally(size, progress)
    whole = True
    for name in wanted:
        whole = _pull_checkpoint(run_dir, far, name, standing[name], tally) and whole
    if told["best"] is not None:
        run_dir.checkpoints.mkdir(exist_ok=True)
        aside = run_dir.checkpoints / ".best.json.part"
        aside.write_text(told["best"], encoding="utf-8")
        aside.replace(run_dir.best_json)
    return whole


class _Tally:
    """How far the checkpoints have come."""

    def __init__(self, total: int, progress: ProgressCall) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def came(self, size: int) -> None:
        self._done += size
        self._progress(self._done, self._total)


def _pull_checkpoint(run_dir: RunDir, far: FarHost, name: str, files: Mapping[str, int], tally: _Tally) -> bool:
    """Bring one checkpoint; return False where the job deleted it meanwhile."""
    aside = run_dir.checkpoints / f".{name}.coming"
    for file, size in files.items():
        if not _pull_file(far, run_dir.path.name, f"checkpoints/{name}/{file}", safe(aside, file), size, tally):
            shutil.rmtree(aside, ignore_errors=True)
            return False
    # What a cut pull of an earlier checkpoint of this name left does not belong to it.
    for path in aside.rglob("*"):
        if path.is_file() and path.relative_to(aside).as_posix() not in files:
            path.unlink()
    aside.rename(run_dir.checkpoints / name)
    return True


def _pull_file(far: FarHost, run: str, name: str, path: Path, size: int, tally: _Tally) -> bool:
    """Bring one file, from where it ends here; return False where it is gone there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    offset = path.stat().st_size if path.exists() else 0
    if offset > size:
        path.unlink()
        offset = 0
    with far.asked("read", run=run, name=name, offset=offset) as (told, conversation):
        if "gone" in told:
            return False
        if told["bytes"] != size - offset:
            raise PlaceError(
                f"{far.name}: {name} has {offset + told['bytes']:,} bytes there, and {size:,} were told of. Nothing of "
                "it was read; it is looked at anew."
            )
        digest = hashlib.sha256()
        with path.open("ab") as file:
            for block in blocks_of_file(path, offset):
                digest.update(block)
            tally.came(offset)
            for block in conversation.read(told["bytes"]):
                digest.update(block)
                file.write(block)
                tally.came(len(block))
        expected = b"".join(conversation.read(_HASH_BYTES)).decode("ascii")
    if digest.hexdigest() != expected:
        path.unlink()
        raise PlaceError(f"{far.name}: {name} did not arrive as it is there. It is fetched anew.")
    return True


def _require_size(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise PlaceError(
            f"{name} has {-(-size >> 20):,} MiB there, and a file of no more than {largest >> 20:,} MiB is brought: a "
            "job writes less. It stays there, and comes once `largest_file_mib` of this place in workbench.toml is "
            "raised."
        )


def _require_room(run_dir: RunDir, size: int, what: str) -> None:
    free = shutil.disk_usage(run_dir.path).free
    if size + ROOM_BYTES > free:
        raise PlaceError(
            f"{run_dir.path}: {size >> 20:,} MiB of {what} are still to come, and {free >> 20:,} MiB are free. Make "
            "room, and they come."
        )


def _drop_pruned(run_dir: RunDir, standing: Collection[str]) -> None:
    """Delete the checkpoints that the job says it deleted, and that do not stand there.

    What it says is read only where there are such that do not.
    """
    here = {run_dir.checkpoint(step).name for step in run_dir.checkpoint_steps()}
    for number in run_dir.attempts() if here.difference(standing) else ():
        for event in read_lines(run_dir.events(number), 0)[0]:
            name = Path(str(event.get("path"))).name
            if event.get("type") == "pruned" and name in here and name not in standing:
                shutil.rmtree(run_dir.checkpoints / name, ignore_errors=True)
    for left in run_dir.checkpoints.glob(".step-*.coming") if run_dir.checkpoints.is_dir() else ():
        if left.name.removeprefix(".").removesuffix(".coming") not in standing:
            shutil.rmtree(left, ignore_errors=True)


def shipped(run_dir: RunDir) -> dict[str, Path]:
    """Return the files a host needs to carry out a run, by name: the terminal's half, and the newest checkpoint.

    The checkpoint is for a host that has none: a run goes on there that was begun on one that is gone.
    """
    files = [run_dir.spec_json, *run_dir.submitted(), *(path for path in (run_dir.samples,) if path.exists())]
    steps = run_dir.checkpoint_steps()
    for name in checkpoint_files(run_dir).get(run_dir.checkpoint(steps[-1]).name, ()) if steps else ():
        files.append(run_dir.checkpoint(steps[-1]) / name)
    return {_name(run_dir, path): path for path in files}


def described(files: Mapping[str, Path]) -> dict[str, tuple[int, str]]:
    """Return size and sha256 of files by name."""
    return {name: (path.stat().st_size, sha256_of(path)) for name, path in files.items()}


def blocks_of(paths: Iterable[Path]) -> Iterator[bytes]:
    """Yield the bytes of files, one after the other."""
    for path in paths:
        yield from blocks_of_file(path, path.stat().st_size)


def _whole(path: Path) -> int:
    return end_of_last_line(path) if path.exists() else 0


def _name(run_dir: RunDir, path: Path) -> str:
    return path.relative_to(run_dir.path).as_posix()
