"""Essays and notes as they lie on the disk: each file's text, title and slug.

The text of an essay is the file's text to the letter, so that every offset made from it stays true; only a byte order
mark is left out. A file that cannot be read is a `Problem` that names it, and never stops the others.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from curation.discover import MAX_BYTES, os_problem, too_large, unfit
from curation.errors import EssayError, Problem
from curation.front_matter import front_matter_end, read_front_matter
from curation.markdown import count_words, plain
from curation.paragraphs import paragraphs
from curation.textfile import decode, settled_ns

Kind = Literal["essay", "note"]

# Shorter pieces are notes, unless the author says otherwise.
NOTE_WORDS = 350

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
        file_mtime_ns: when it was last written; 0 where that is so short ago that it tells no two states apart.
        front_matter: what it says, as JSON values.
    """

    path: Path
    slug: str
    kind: Kind
    title: str
    text: str
    file_bytes: int
    file_mtime_ns: int
    front_matter: dict[str, Any]


def slugify(text: str) -> str:
    """Return a short lower-case name of letters, digits and hyphens; `untitled` where nothing is left."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "").replace("'", ""))
    plain_letters = "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()
    slug = re.sub(r"[\W_]+", "-", plain_letters).strip("-")
    if len(slug) > _SLUG_LENGTH:
        shorter = slug[: _SLUG_LENGTH + 1].rpartition("-")[0]
        slug = (shorter or slug)[:_SLUG_LENGTH].strip("-")
    return slug or "untitled"


def read_essay(path: Path, *, kind: Kind | None = None) -> Essay:
    """Read one file.

    Args:
        path: the file.
        kind: what it is; None makes a note of what lies in a folder `notes` or has fewer than 350 words.

    Raises:
        EssayError: it is not there, not a file, over 20 MB, not UTF-8, or holds no text.
    """
    try:
        problem = unfit(path, path.stat())
        if problem is not None:
            raise EssayError(problem)
        with path.open("rb") as file:
            written_ns = os.fstat(file.fileno()).st_mtime_ns
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise EssayError(os_problem(path, error)) from error
    if len(data) > MAX_BYTES:
        raise EssayError(too_large(path, len(data)))
    text = decode(path, data)
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
        file_mtime_ns=settled_ns(written_ns),
        front_matter=front_matter,
    )


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
