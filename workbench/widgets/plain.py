"""Texts of others as plain text: control characters are shown, never obeyed, and columns are measured in cells."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

# C0 but for newline and tab, DEL, C1, and the marks that turn the direction of the text around.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# A path of two folders or more.
_PATH = re.compile(r"(?<!\S)(?:~|\.\.?)?(?:/[^/\s]+){2,}/?|(?<!\S)[^/\s]+(?:/[^/\s]+){2,}/?")
# What is left of the beginning of a sentence at least, in cells.
_LEAST_HEAD = 12
_WORD = re.compile(r"\S+")


def visible(text: str, *, tab: int = 4) -> str:
    """Show control characters instead of obeying them; tabs become spaces, line ends become newlines."""
    text = text.replace("\r\n", "\n").expandtabs(tab)
    return _CONTROL.sub(_shown, text)


def one_line(text: str) -> str:
    """Return a text on one line, its control characters visible."""
    return visible(" ".join(text.split()))


def cell(text: str, width: int, *, right: bool = False) -> str:
    """Lay a text into exactly `width` cells: padded, or cropped with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if right else text + padding


def sentence(text: str, width: int) -> str:
    """Lay a sentence into `width` cells and lose neither the key at its end nor the name of a file.

    Where it is too long, what it says a file lies in is cut from its left, then what stands before its last colon (a
    title, mostly) from its right. What stands behind that colon is cut only where it alone is too long.
    """
    shown = one_line(text)
    paths = sorted(_PATH.finditer(shown), key=lambda found: len(found.group()))
    if paths and (over := cell_len(shown) - width) > 0:
        path = paths[-1].group()
        left = _shorter(path, cell_len(path) - over)
        shown = shown[: paths[-1].start()] + left + shown[paths[-1].end() :]
    if cell_len(shown) <= width:
        return cell(shown, width)
    head, colon, tail = shown.rpartition(": ")
    if not colon:
        # "… was noted. u takes it back."
        head, colon, tail = shown.rpartition(". ")
    room = width - cell_len(colon + tail)
    return cell(cell(head, room) + colon + tail, width) if colon and room >= _LEAST_HEAD else cell(shown, width)


def _shorter(path: str, width: int) -> str:
    """Return the end of a path, from a folder of it on, and its last part at least."""
    parts = path.split("/")
    for first in range(1, len(parts)):
        left = "/".join(["…", *parts[first:]])
        if cell_len(left) <= width or not any(parts[first + 1 :]):
            return left
    return path


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"‹{code:04x}›"


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Break a text into lines of at most `width` cells, at spaces; return (start, end) of each line in the text.

    Newlines are kept as line ends. Spaces at a break belong to no line, so that offsets into the text stay usable.
    """
    width = max(1, width)
    lines: list[tuple[int, int]] = []
    position = 0
    for paragraph in text.split("\n"):
        _wrap_line(paragraph, position, width, lines)
        position += len(paragraph) + 1
    return lines


def lines_of(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` cells, its control characters visible; none where it is empty."""
    shown = visible(text)
    return [shown[start:end] for start, end in wrap(shown, width)] if text else []


def _wrap_line(text: str, offset: int, width: int, lines: list[tuple[int, int]]) -> None:
    plain_cells = text.isascii()
    start = end = used = 0
    empty = True
    for match in _WORD.finditer(text):
        word_start, word_end = match.span()
        gap = word_start - end if not empty else word_start - start
        cells = word_end - word_start if plain_cells else cell_len(match.group())
        if not empty and used + gap + cells > width:
            lines.append((offset + start, offset + end))
            start, used, gap = word_start, 0, 0
        while gap + cells > width:
            # A word longer than the line: cut it where the line is full.
            head = word_start + len(_fitting(text[word_start:word_end], max(1, width - used - gap)))
            lines.append((offset + start, offset + head))
            start = word_start = head
            used = gap = 0
            cells = cell_len(text[word_start:word_end])
        used += gap + cells
        end = word_end
        empty = False
    lines.append((offset + start, offset + max(start, end)))


def _fitting(word: str, width: int) -> str:
    used = 0
    for index, character in enumerate(word):
        used += cell_len(character)
        if used > width:
            return word[: max(1, index)]
    return word
