"""The files of an export, in a zip or in the folder it was unpacked to: read one by one, to a limit, never unpacked.

Only what is asked for by name is ever opened, so lists of other people's addresses in an export stay shut.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from curation.counted import counted
from curation.discover import os_problem
from curation.errors import EssayError, Problem

# Far beyond any export of texts; a bomb unpacks to more.
MAX_TOTAL_BYTES = 500_000_000
_MOST_NAMED = 5


class ExportError(EssayError):
    """An export that is read no further: what came in of it stays."""


class Archive(Protocol):
    """Files by name, relative to the export's own folder, with `/` between folders."""

    names: Collection[str]
    problems: list[Problem]

    def shown(self, name: str) -> str:
        """Return how a file is named to people."""

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return a file's bytes.

        Raises:
            EssayError: it is larger, encrypted or damaged, or cannot be read.
            ExportError: nothing more may be read.
        """

    def __enter__(self) -> Archive:
        """Keep it open."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


def open_archive(path: Path, landmark: str) -> Archive:
    """Open an export.

    Args:
        path: a zip, or a folder.
        landmark: a file every such export has; its folder is the export's own.

    Raises:
        EssayError: it cannot be read, or holds no such file.
    """
    return Folder(path, landmark) if path.is_dir() else Zip(path, landmark)


def zip_names(path: Path) -> list[str]:
    """Return the names in a zip; of what is none, or damaged, nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


class Folder:
    """An export that was unpacked."""

    def __init__(self, path: Path, landmark: str) -> None:
        self.problems: list[Problem] = []
        self._path = path
        try:
            inside = {entry.name: entry.is_dir() for entry in os.scandir(path)}
            names = {name for name, folder in inside.items() if not folder}
            for folder in sorted(name for name, is_folder in inside.items() if is_folder):
                names |= {f"{folder}/{entry.name}" for entry in os.scandir(path / folder)}
        except OSError as error:
            raise EssayError(os_problem(path, error)) from error
        if landmark not in names:
            raise EssayError(_no_landmark(path, landmark))
        self.names: Collection[str] = names

    def shown(self, name: str) -> str:
        """Return how a file is named to people."""
        return str(self._path / name)

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return a file's bytes; see `Archive`."""
        try:
            with (self._path / name).open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as error:
            raise EssayError(os_problem(self._path / name, error)) from error
        if len(data) > max_bytes:
            raise EssayError(_too_large(self.shown(name), max_bytes))
        return data

    def __enter__(self) -> Folder:
        """Keep it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it: nothing is held open."""


class Zip:
    """An export as it was downloaded."""

    def __init__(self, path: Path, landmark: str) -> None:
        self._path = path
        self._read_bytes = 0
        self.problems: list[Problem] = []
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise EssayError(os_problem(path, error)) from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            message = f"is not a readable zip ({error}). Download the export again, or leave the file out."
            raise EssayError(Problem(str(path), None, message)) from error
        try:
            self._infos = self._within(landmark)
        except EssayError:
            self._zip.close()
            raise
        self.names: Collection[str] = self._infos.keys()

    def shown(self, name: str) -> str:
        """Return how a file is named to people."""
        return f"{self._path}/{self._infos[name].filename if name in self._infos else name}"

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return a file's bytes; see `Archive`."""
        info = self._infos[name]
        shown = self.shown(name)
        if info.flag_bits & 0x1:
            message = "is encrypted. Unpack the zip with its password, and import the folder."
            raise EssayError(Problem(shown, None, message))
        try:
            with self._zip.open(info) as file:
                # Declared sizes can lie: what is read is what counts.
                data = file.read(max_bytes + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            message = f"is damaged inside the zip ({error}). Download the export again."
            raise EssayError(Problem(shown, None, message)) from error
        self._read_bytes += len(data)
        if self._read_bytes > MAX_TOTAL_BYTES:
            message = (
                f"unpacks to more than the {MAX_TOTAL_BYTES // 1_000_000} MB that are read of a zip. Unpack it, look "
                "at what it holds, and import the folder."
            )
            raise ExportError(Problem(str(self._path), None, message))
        if len(data) > max_bytes:
            raise EssayError(_too_large(shown, max_bytes))
        return data

    def _within(self, landmark: str) -> dict[str, zipfile.ZipInfo]:
        """Return the files in the landmark's folder, by their names in it."""
        safe: dict[str, zipfile.ZipInfo] = {}
        outside: list[str] = []
        for info in self._zip.infolist():
            name = info.filename.replace("\\", "/")
            parts = PurePosixPath(name).parts
            if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
                outside.append(info.filename)
            elif not info.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith("."):
                safe["/".join(parts)] = info
        for name in outside[:_MOST_NAMED]:
            message = f"holds the name {name!r}, which leads out of the zip. That file was not touched."
            self.problems.append(Problem(str(self._path), None, message))
        if len(outside) > _MOST_NAMED:
            message = f"holds {counted(len(outside) - _MOST_NAMED, 'more such name')}."
            self.problems.append(Problem(str(self._path), None, message))
        marks = [name for name in safe if name.rpartition("/")[2] == landmark]
        if not marks:
            raise EssayError(_no_landmark(self._path, landmark))
        root = min(marks, key=lambda name: (name.count("/"), name)).removesuffix(landmark)
        return {name.removeprefix(root): info for name, info in safe.items() if name.startswith(root)}

    def __enter__(self) -> Zip:
        """Keep it open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._zip.close()


def _no_landmark(path: Path, landmark: str) -> Problem:
    message = f"holds no {landmark}, so it is no export that is known. Name the downloaded zip, or its folder."
    return Problem(str(path), None, message)


def _too_large(shown: str, max_bytes: int) -> Problem:
    message = f"has more than the {max_bytes / 1e6:g} MB that are read. Look at what it holds, or leave it out."
    return Problem(shown, None, message)
