"""Essays and notes as they lie in a folder: which files there are, and each one's text, title and slug.

The text of an essay is the file's text to the letter, so that every offset made from it stays true; only a byte order
mark is left out. A file that cannot be read is a `Problem` that names it, and never stops the others.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from curation.errors import EssayError, Problem
from curation.front_matter import front_matter_end, read_front_matter
from curation.markdown import count_words, plain
from curation.paragraphs import paragraphs

Kind = Literal["essay", "note"]

SUFFIXES = (".md", ".markdown", ".txt")
MAX_BYTES = 20_000_000
# Shorter pieces are notes, unless the author says otherwise.
NOTE_WORDS = 350

_BOM = b"\xef\xbb\xbf"
_DATE_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d[-_ ]+(?=\S)")
_SLUG_LENGTH = 60


@dataclass(frozen=True)
class Essay:
    """One piece of writing.

    Attributes:
        path: the file, as it was named.
        slug: short name made from the file's name; the source group of its pairs.
        kind: essay or note.
        title: from the front matter, the first heading, or the file's name.
        text: the file's text with its own line ends, without a byte order mark.
        file_bytes: size of the file, a byte order mark included.
        front_matter: what it says, as JSON values.
    """

    path: Path
    slug: str
    kind: Kind
    title: str
    text: str
    file_bytes: int
    front_matter: dict[str, Any]


@dataclass(frozen=True)
class Discovery:
    """The Markdown files found, in order, and what stood in the way of others."""

    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def slugify(text: str) -> str:
    """Return a short lower-case name of letters, digits and hyphens; `untitled` where nothing is left."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "").replace("'", ""))
    plain_letters = "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()
    slug = re.sub(r"[\W_]+", "-", plain_letters).strip("-")
    if len(slug) > _SLUG_LENGTH:
        shorter = slug[: _SLUG_LENGTH + 1].rpartition("-")[0]
        slug = (shorter or slug)[:_SLUG_LENGTH].strip("-")
    return slug or "untitled"


def discover(paths: Sequence[Path]) -> Discovery:
    """Find the Markdown files that some paths name or hold.

    Hidden files and folders are passed over, linked folders are followed once, and a file reached twice is listed once.
    """
    found = Discovery()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            found.problems.append(_os_problem(path, error))
            continue
        if stat.S_ISDIR(status.st_mode):
            before = len(found.files) + len(found.problems)
            for file, file_status in _walk(path, status, (), seen, found.problems):
                _add(file, file_status, seen, found)
            if len(found.files) + len(found.problems) == before:
                message = f"holds no new {', '.join(SUFFIXES)} files. Name the folder that your essays lie in."
                found.problems.append(Problem(str(path), None, message))
        elif path.suffix.lower() not in SUFFIXES:
            message = f"is not Markdown ({', '.join(SUFFIXES)}). Export it as Markdown or plain text, and import that."
            found.problems.append(Problem(str(path), None, message))
        else:
            _add(path, status, seen, found)
    return found


def _add(path: Path, status: os.stat_result, seen: set[tuple[int, int]], found: Discovery) -> None:
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    problem = _unfit(path, status)
    if problem is None:
        found.files.append(path)
    else:
        found.problems.append(problem)


def _walk(
    folder: Path,
    status: os.stat_result,
    above: tuple[tuple[int, int], ...],
    seen: set[tuple[int, int]],
    problems: list[Problem],
) -> Iterator[tuple[Path, os.stat_result]]:
    here = (status.st_dev, status.st_ino)
    if here in above:
        message = "is a link that leads back to a folder above it, and was passed over. Remove the link."
        problems.append(Problem(str(folder), None, message))
        return
    if here in seen:
        return
    seen.add(here)
    try:
        names = sorted((entry.name for entry in os.scandir(folder)), key=lambda name: (name.casefold(), name))
    except OSError as error:
        problems.append(_os_problem(folder, error))
        return
    for name in names:
        path = folder / name
        if name.startswith("."):
            continue
        try:
            inner = path.stat()
        except OSError as error:
            # A dangling link that would be no essay anyway is none of ours.
            if path.suffix.lower() in SUFFIXES or error.errno == errno.ELOOP:
                problems.append(_os_problem(path, error))
            continue
        if stat.S_ISDIR(inner.st_mode):
            yield from _walk(path, inner, (*above, here), seen, problems)
        elif path.suffix.lower() in SUFFIXES:
            yield path, inner


def read_essay(path: Path, *, kind: Kind | None = None) -> Essay:
    """Read one file.

    Args:
        path: the file.
        kind: what it is; None makes a note of what lies in a folder `notes` or has fewer than 350 words.

    Raises:
        EssayError: it is not there, not a file, over 20 MB, not UTF-8, or holds no text.
    """
    try:
        problem = _unfit(path, path.stat())
        if problem is not None:
            raise EssayError(problem)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise EssayError(_os_problem(path, error)) from error
    if len(data) > MAX_BYTES:
        raise EssayError(_too_large(path, len(data)))
    text = _decode(path, data)
    if not text[front_matter_end(text) :].strip("\ufeff\u200b \t\r\n"):
        message = "holds no text. Write in it, or leave it out of the folder."
        raise EssayError(Problem(str(path), None, message))
    front_matter = read_front_matter(text)
    stem = _DATE_PREFIX.sub("", path.stem)
    return Essay(
        path=path,
        slug=slugify(stem),
        kind=kind or _kind(path, text),
        title=_title(text, front_matter) or re.sub(r"[-_\s]+", " ", stem).strip() or path.name,
        text=text,
        file_bytes=len(data),
        front_matter=front_matter,
    )


def _decode(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "is UTF-16, not UTF-8. Save it as UTF-8 in your editor, and import it again."
        raise EssayError(Problem(str(path), 1, message))
    body = data.removeprefix(_BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        message = (
            f"is not UTF-8: byte 0x{data[offset]:02x} at offset {offset}. Save it as UTF-8 in your editor "
            "(files from Windows are often Windows-1252), and import it again."
        )
        raise EssayError(Problem(str(path), data.count(b"\n", 0, offset) + 1, message)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = "holds NUL characters, so it is not a text. Export it as Markdown or plain text, and import that."
        raise EssayError(Problem(str(path), line, message))
    return text


def _kind(path: Path, text: str) -> Kind:
    if path.absolute().parent.name.casefold() in ("notes", "note"):
        return "note"
    return "note" if count_words(text[front_matter_end(text) :]) < NOTE_WORDS else "essay"


def _title(text: str, front_matter: dict[str, Any]) -> str:
    named = front_matter.get("title")
    if isinstance(named, str | int | float) and str(named).strip():
        return " ".join(str(named).split())
    for block in paragraphs(text):
        # A heading further down is one of a section, and no title.
        if block.kind in ("prose", "quote", "verse", "list"):
            break
        if block.kind == "heading":
            return " ".join(plain(text, block).replace("*", "").split())
    return ""


def _unfit(path: Path, status: os.stat_result) -> Problem | None:
    if stat.S_ISDIR(status.st_mode):
        return Problem(str(path), None, "is a folder. Name a file in it, or import the folder.")
    if not stat.S_ISREG(status.st_mode):
        return Problem(str(path), None, "is not an ordinary file. Name a Markdown file.")
    return _too_large(path, status.st_size) if status.st_size > MAX_BYTES else None


def _too_large(path: Path, size: int) -> Problem:
    limit = MAX_BYTES // 1_000_000
    message = (
        f"has {size / 1e6:.1f} MB, more than the {limit} MB an essay may have. Split it into pieces, or move it away."
    )
    return Problem(str(path), None, message)


def _os_problem(path: Path, error: OSError) -> Problem:
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
