"""Text files as they lie on the disk: UTF-8 or a fault with its line, and nothing half-read."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

from curation.discover import MAX_BYTES, os_problem, too_large, unfit
from curation.errors import EssayError, Problem

_BOM = b"\xef\xbb\xbf"
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_WIDE_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SAMPLE_BYTES = 4096
# What people call them; `iconv` of Linux and of macOS knows the names they stand by.
_NAMES = {"ISO-8859-1": "Latin-1", "WINDOWS-1252": "Windows-1252", "MACINTOSH": "Mac Roman"}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_MARKS = "‘’“”–—…•«»°£€§·\u00a0"
# A time so young may stand for two states of a file, since some file systems count in steps of two seconds.
_YOUNG_NS = 2_500_000_000


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
        EssayError: they are no UTF-8, or hold NUL characters; the message names the likely encoding, and for a file
            on the disk the command that converts it.
    """
    wide = _wide(data)
    if wide:
        message = f"is {wide}, not UTF-8. {_convert(path, wide)}"
        raise EssayError(Problem(str(path), 1, message))
    body = data[len(_BOM) :] if data.startswith(_BOM) else data
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        found = f"is not UTF-8: byte 0x{data[offset]:02x} at offset {offset}"
        # A file that begins with UTF-8's own mark is UTF-8 that something else was put into.
        encoding = _one_byte_encoding(body) if body is data else ""
        if encoding:
            message = f"{found}, most likely {_NAMES.get(encoding, encoding)}. {_convert(path, encoding)}"
        else:
            message = (
                f"{found}, and UTF-8 elsewhere: two encodings were mixed. Write that character anew in your editor, "
                "save the file as UTF-8, and import it again."
            )
        raise EssayError(Problem(str(path), data.count(b"\n", 0, offset) + 1, message)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = "holds NUL characters, so it is not a text. Export it as Markdown or plain text, and import that."
        raise EssayError(Problem(str(path), line, message))
    return text


def settled_ns(written_ns: int) -> int:
    """Return a file's time of last change, or 0 where it is so young that it tells no two states of the file apart."""
    return written_ns if time.time_ns() - written_ns > _YOUNG_NS else 0


def _wide(data: bytes) -> str:
    """Return which encoding of two or four bytes a character these are, or nothing."""
    for mark, name in _WIDE_MARKS:
        if data.startswith(mark):
            return name
    # Without a mark: of Western texts every other byte is zero.
    head = data[:_SAMPLE_BYTES]
    for name, zeros, letters in (("UTF-16LE", head[1::2], head[::2]), ("UTF-16BE", head[::2], head[1::2])):
        if len(zeros) >= 2 and zeros.count(0) * 10 >= len(zeros) * 7 and letters.count(0) * 10 < len(letters):
            return name
    return ""


def _one_byte_encoding(data: bytes) -> str:
    """Return the likely encoding of a text that is no UTF-8, by how its letters look; nothing where most of it is."""
    as_utf8 = data.decode("utf-8", "surrogateescape")
    # A run of bytes above 127 that happens to be UTF-8 is rare in any other encoding.
    if sum("\udc80" <= letter <= "\udcff" for letter in as_utf8) < sum(
        letter > "\x7f" and not "\udc80" <= letter <= "\udcff" for letter in as_utf8
    ):
        return ""
    latin = not re.search(rb"[\x80-\x9f]", data)
    oddities = {name: _oddity(data, name) for name in ("WINDOWS-1252", "MACINTOSH")}
    likely = min(oddities, key=lambda name: oddities[name])
    return "ISO-8859-1" if likely == "WINDOWS-1252" and latin else likely


def _oddity(data: bytes, encoding: str) -> int:
    """Count what no author writes: signs that are neither letters nor her marks, and capitals right after a letter."""
    text = data.decode({"WINDOWS-1252": "cp1252", "MACINTOSH": "mac_roman"}[encoding], "replace")
    odd = 0
    for found in _BEYOND_ASCII.finditer(text):
        letter, before = found[0], text[max(0, found.start() - 1) : found.start()]
        fits = letter in _MARKS or (letter.isalpha() and not (letter.isupper() and before.islower()))
        odd += not fits
    return odd


def _convert(path: Path, encoding: str) -> str:
    """Say how to make a file UTF-8; what lies inside of another file has no command."""
    if not path.is_file():
        return "Save it as UTF-8 in your editor, and import it again."
    name, kept = shlex.quote(str(path)), shlex.quote(f"{path}.old")
    return (
        f"Convert it, keeping the old one: `mv {name} {kept} && iconv -f {encoding} -t UTF-8 {kept} > {name}` (or save "
        "it as UTF-8 in your editor), and import it again."
    )
