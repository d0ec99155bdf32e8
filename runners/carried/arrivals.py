"""Where carried results lie when they arrive: a folder that is synced, or archives that were downloaded.

Both are read the same way and nothing is ever unpacked as a whole: a file is opened by the name that a manifest gives
it. The decision to know: links are never followed, in a folder or in an archive, so what is read is what was carried.
"""

from __future__ import annotations

import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from runners.carried.manifest import MANIFEST_BYTES, Manifest, manifest_name, manifest_number
from runners.errors import CarriedError

UNREADABLE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What opening a damaged archive, or reading a file of one or of a folder, can raise."""

# More than this is no archive of results: a run has a few thousand files.
_MOST_FILES = 200_000


class NoManifestError(CarriedError):
    """An archive that says of no run that it is its results; a part of a folder that came as several, perhaps."""


class Arrival(Protocol):
    """Results that can be read."""

    @property
    def name(self) -> str:
        """What it is called in sentences."""

    def manifests(self) -> list[int]:
        """Return the numbers of the manifests that are here, the newest first."""

    def size(self, name: str) -> int | None:
        """Return the bytes of a file; None where it is not here, or is no file."""

    def open(self, name: str) -> BinaryIO:
        """Open a file.

        Raises:
            One of `UNREADABLE`: it cannot be read.
        """


def read_manifest(arrival: Arrival, number: int) -> Manifest:
    """Read one of its manifests.

    Raises:
        CarriedError: it is none.
    """
    name = manifest_name(number)
    try:
        with arrival.open(name) as file:
            data = file.read(MANIFEST_BYTES + 1)
        if len(data) > MANIFEST_BYTES:
            raise CarriedError(f"{arrival.name}: {name} is larger than any manifest. Nothing was taken in.")
        found = Manifest.from_json(data.decode("utf-8"), f"{arrival.name}: {name}")
    except UNREADABLE as error:
        raise CarriedError(f"{arrival.name}: {name} cannot be read ({error}).") from error
    if found.number != number:
        raise CarriedError(f"{arrival.name}: {name} says that it is number {found.number}. Nothing was taken in.")
    return found


class Folder:
    """Results in a folder, which may be synced and so half here."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self._path)

    def manifests(self) -> list[int]:
        """Return the numbers of the manifests that are here, the newest first."""
        try:
            names = [path.name for path in self._path.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((number for name in names if (number := manifest_number(name)) is not None), reverse=True)

    def size(self, name: str) -> int | None:
        """Return the bytes of a file; a link is none, wherever it leads."""
        path = self._path
        try:
            for part in name.split("/"):
                path = path / part
                found = path.lstat()
                if stat.S_ISLNK(found.st_mode):
                    return None
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def open(self, name: str) -> BinaryIO:
        """Open a file; a link is refused."""
        if self.size(name) is None:
            raise FileNotFoundError(f"{name}: not here, or no file")
        return os.fdopen(os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")


class Archives:
    """Results in one zip, or spread over several, as a large folder is when it is downloaded.

    They may lie in a folder of the archive: what counts is the folder that the manifest stands in.
    """

    def __init__(self, archives: Sequence[zipfile.ZipFile], paths: Sequence[Path]) -> None:
        self._name = ", ".join(path.name for path in paths)
        self._entries: dict[str, tuple[zipfile.ZipFile, zipfile.ZipInfo]] = {}
        for archive, path in zip(archives, paths, strict=True):
            if len(archive.infolist()) > _MOST_FILES:
                raise CarriedError(f"{path}: holds {len(archive.infolist()):,} files, more than any run has.")
            for info in archive.infolist():
                # One without a name, which `is_dir` of Python 3.11 does not expect, is no file of anything.
                if not info.filename or info.is_dir():
                    continue
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise CarriedError(
                        f"{path}: {info.filename[:200]!r} is a link, which no results have. Nothing was taken in; pack "
                        "the results again."
                    )
                if info.filename in self._entries and not _same(self._entries[info.filename][1], info):
                    raise CarriedError(f"{path}: {info.filename[:200]!r} is in it twice, and not the same.")
                self._entries[info.filename] = (archive, info)
        roots = {name[: -len(last)] for name in self._entries if manifest_number(last := name.rpartition("/")[2])}
        if not roots:
            raise NoManifestError(
                f"{self._name}: no results of a run, since there is no manifest in it. Bring the results.zip that "
                "`python run.py` or the notebook's last cell packs, or the downloaded folder `results`."
            )
        if len(roots) > 1:
            raise CarriedError(f"{self._name}: holds the results of {len(roots)} runs. Bring them one by one.")
        self._root = roots.pop()

    @property
    def name(self) -> str:
        """The archives' names."""
        return self._name

    def manifests(self) -> list[int]:
        """Return the numbers of the manifests that are here, the newest first."""
        names = [name.removeprefix(self._root) for name in self._entries if name.startswith(self._root)]
        return sorted((number for name in names if (number := manifest_number(name)) is not None), reverse=True)

    def size(self, name: str) -> int | None:
        """Return the bytes that a file has unpacked, as the archive says."""
        found = self._entries.get(self._root + name)
        return None if found is None else found[1].file_size

    def open(self, name: str) -> BinaryIO:
        """Open a file inside its archive."""
        found = self._entries.get(self._root + name)
        if found is None:
            raise FileNotFoundError(f"{name}: not in it")
        return cast(BinaryIO, found[0].open(found[1]))


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[Arrival]:
    """Open what was brought: one folder of results, or zips.

    Raises:
        CarriedError: there is no such file, or it is no zip, or not of results.
    """
    if len(paths) == 1 and paths[0].is_dir():
        inner = paths[0] / "results"
        yield Folder(inner if inner.is_dir() else paths[0])
        return
    with ExitStack() as stack:
        archives = []
        for path in paths:
            try:
                archives.append(stack.enter_context(zipfile.ZipFile(path)))
            except FileNotFoundError as error:
                raise CarriedError(f"{path}: no such file. Look at its name, and bring it again.") from error
            except UNREADABLE as error:
                raise CarriedError(
                    f"{path}: no zip that can be read ({error}). If it is still being downloaded, wait for its end; "
                    "else download it again."
                ) from error
        yield Archives(archives, paths)


def _same(one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
    return (one.file_size, one.CRC) == (other.file_size, other.CRC)
