"""Which files some paths name or hold, and which form claims each; nothing is read here but names and sizes.

What a file is, is asked of a `Recogniser`, file by file and folder by folder: a folder that is claimed whole is not
walked. Lists of other people's addresses that lie in an export are never offered to anybody.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from curation.errors import Problem

SUFFIXES = (".md", ".markdown", ".txt")
MAX_BYTES = 20_000_000

# A folder that holds this file is a project; what lies in these folders of it the program wrote itself.
_PROJECT_FILE = "workbench.toml"
_WRITTEN_BY_US = frozenset(("exports", "runs", "backups", "cache"))
# A folder that holds this file is a Python environment: its texts are the licences of libraries.
_ENVIRONMENT_FILE = "pyvenv.cfg"

_PRIVATE = re.compile(r"(?:email_list.*\.csv|.*\.delivers\.csv|.*\.opens\.csv)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """A form's word that a file is its own.

    Attributes:
        form: the form's name.
        max_bytes: the largest file it reads.
    """

    form: str
    max_bytes: int = MAX_BYTES


class Recogniser(Protocol):
    """Says what a file or a folder is."""

    @property
    def suffixes(self) -> Collection[str]:
        """The endings, in small letters, of the files that are looked at."""

    def file(self, path: Path) -> Claim | None:
        """Claim an ordinary file of one of the suffixes, or leave it."""

    def folder(self, path: Path, names: Collection[str]) -> Claim | None:
        """Claim a folder whole, by the names in it, or leave it to be walked."""


class MarkdownOnly:
    """Takes every Markdown file as an essay."""

    suffixes: Collection[str] = SUFFIXES

    def file(self, path: Path) -> Claim | None:
        """Claim it."""
        return Claim("essays")

    def folder(self, path: Path, names: Collection[str]) -> Claim | None:
        """Leave it."""
        return None


@dataclass(frozen=True)
class Discovery:
    """What was found, in order, and what stood in the way of others.

    Attributes:
        files: files, and folders that were claimed whole.
        forms: the form that claims each of them.
        problems: what cannot be read.
        passed_over: folders that were not walked, relative to the path that holds them: hidden ones, what a project
            wrote itself, Python environments.
        unknown: files in folders, of an ending that is known, that no form claims.
    """

    files: list[Path] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)

    @property
    def length(self) -> int:
        """How many files were found or stand in the way."""
        return len(self.files) + len(self.problems)


_MARKDOWN_ONLY = MarkdownOnly()
_Id = tuple[int, int]


def discover(paths: Sequence[Path], recogniser: Recogniser = _MARKDOWN_ONLY) -> Discovery:
    """Find the files that some paths name or hold.

    Hidden files and folders, what a project wrote itself and Python environments are passed over, linked folders are
    followed once, and a file reached twice is listed once. What is named is read, whatever its name.
    """
    found = Discovery()
    seen: set[_Id] = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            found.problems.append(os_problem(path, error))
            continue
        if stat.S_ISDIR(status.st_mode):
            before = found.length
            for file, file_status in _walk(path, path, status, (), seen, found, recogniser):
                if not _add(file, file_status, seen, found, recogniser):
                    found.unknown.append(file)
            if found.length == before:
                message = f"holds no new {_listed(recogniser)} files. Name the folder that your essays lie in."
                found.problems.append(Problem(str(path), None, message))
        elif _PRIVATE.match(path.name):
            message = "is a list of other people's addresses, and is never read. Leave it out."
            found.problems.append(Problem(str(path), None, message))
        elif path.suffix.lower() not in recogniser.suffixes or not _add(path, status, seen, found, recogniser):
            known = path.suffix.lower() in recogniser.suffixes
            why = f"what is in this {path.suffix} is of no form that is known here" if known else _listed(recogniser)
            message = f"is nothing that can be imported ({why}). Export it as Markdown or plain text, and import that."
            found.problems.append(Problem(str(path), None, message))
    return found


def unfit(path: Path, status: os.stat_result, max_bytes: int = MAX_BYTES) -> Problem | None:
    """Return why a path is no file to read, or None."""
    if stat.S_ISDIR(status.st_mode):
        return Problem(str(path), None, "is a folder. Name a file in it, or import the folder.")
    if not stat.S_ISREG(status.st_mode):
        return Problem(str(path), None, "is not an ordinary file. Name a Markdown file.")
    return too_large(path, status.st_size, max_bytes) if status.st_size > max_bytes else None


def too_large(path: Path, size: int, max_bytes: int = MAX_BYTES) -> Problem:
    """Return the problem of a file that is larger than its form may be."""
    message = (
        f"has {size / 1e6:.1f} MB, more than the {max_bytes // 1_000_000} MB that are read. Split it into pieces, or "
        "move it away."
    )
    return Problem(str(path), None, message)


def os_problem(path: Path, error: OSError) -> Problem:
    """Return the problem of a path that the system does not let us read."""
    if error.errno == errno.ELOOP:
        message = "is a link that leads in a loop. Remove the link."
    elif isinstance(error, FileNotFoundError | NotADirectoryError):
        link = path.is_symlink()
        message = (
            "is a link that leads nowhere. Mend or remove it." if link else "is not there. Look at its name and folder."
        )
    elif isinstance(error, PermissionError):
        message = "may not be read by you. Change its permissions, or leave it out."
    else:
        message = f"cannot be read ({error.strerror or error}). Look at the disk it lies on, and import again."
    return Problem(str(path), None, message)


def written_by_us(names: Collection[str]) -> Collection[str]:
    """Return which names of a folder are passed over: where it is a project, the folders that the program writes."""
    return _WRITTEN_BY_US if _PROJECT_FILE in names else ()


def is_environment(folder: Path | str) -> bool:
    """Say whether a folder is a Python environment, whatever its name."""
    return (Path(folder) / _ENVIRONMENT_FILE).is_file()


def _listed(recogniser: Recogniser) -> str:
    return ", ".join(recogniser.suffixes)


def _add(path: Path, status: os.stat_result, seen: set[_Id], found: Discovery, recogniser: Recogniser) -> bool:
    """List a file, or its problem; return whether somebody claims it."""
    here = (status.st_dev, status.st_ino)
    if here in seen:
        return True
    # Nothing but an ordinary file may be opened to look what it is: a pipe would wait for ever.
    ordinary = stat.S_ISREG(status.st_mode)
    claim = recogniser.file(path) if ordinary else Claim("")
    if claim is None:
        return False
    seen.add(here)
    problem = unfit(path, status, claim.max_bytes)
    if problem is None:
        found.files.append(path)
        found.forms.append(claim.form)
    else:
        found.problems.append(problem)
    return True


def _walk(
    top: Path,
    folder: Path,
    status: os.stat_result,
    above: tuple[_Id, ...],
    seen: set[_Id],
    found: Discovery,
    recogniser: Recogniser,
) -> Iterator[tuple[Path, os.stat_result]]:
    here = (status.st_dev, status.st_ino)
    if here in above:
        message = "is a link that leads back to a folder above it, and was passed over. Remove the link."
        found.problems.append(Problem(str(folder), None, message))
        return
    if here in seen:
        return
    seen.add(here)
    try:
        names = sorted((entry.name for entry in os.scandir(folder)), key=lambda name: (name.casefold(), name))
    except OSError as error:
        found.problems.append(os_problem(folder, error))
        return
    claim = recogniser.folder(folder, names)
    if claim is not None:
        found.files.append(folder)
        found.forms.append(claim.form)
        return
    passed_over = written_by_us(names)
    for name in names:
        path = folder / name
        if name.startswith(".") or name in passed_over:
            if path.is_dir():
                found.passed_over.append(f"{path.relative_to(top)}/")
            continue
        if _PRIVATE.match(name):
            continue
        try:
            inner = path.stat()
        except OSError as error:
            # A dangling link that would be nothing of ours anyway is none of ours.
            if path.suffix.lower() in recogniser.suffixes or error.errno == errno.ELOOP:
                found.problems.append(os_problem(path, error))
            continue
        if stat.S_ISDIR(inner.st_mode) and is_environment(path):
            found.passed_over.append(f"{path.relative_to(top)}/")
        elif stat.S_ISDIR(inner.st_mode):
            yield from _walk(top, path, inner, (*above, here), seen, found, recogniser)
        elif path.suffix.lower() in recogniser.suffixes:
            yield path, inner
