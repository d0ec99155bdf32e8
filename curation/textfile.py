"""Text files as they lie on the disk: UTF-8 or a fault with its line, and nothing half-read."""

from __future__ import annotations

from pathlib import Path

from curation.discover import MAX_BYTES, os_problem, too_large, unfit
from curation.errors import EssayError, Problem

_BOM = b"\xef\xbb\xbf"


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """Return a file's text, with its own line ends, without a byte order mark.

    Raises:
        EssayError: it is not there, not a file, too large, or not UTF-8.
    """
    try:
        problem = unfit(path, path.stat(), max_bytes)
        if problem is not None:
            raise EssayError(problem)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise EssayError(os_problem(path, error)) from error
    if len(data) > max_bytes:
        raise EssayError(too_large(path, len(data), max_bytes))
    return decode(path, data)


def decode(path: Path, data: bytes) -> str:
    """Return the text that the bytes of a file are.

    Raises:
        EssayError: they are no UTF-8, or hold NUL characters.
    """
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
