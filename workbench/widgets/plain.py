"""Texts of others as plain text: control characters are shown, never obeyed, and columns are measured in cells."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

# C0 but for newline and tab, DEL, C1, and the marks that turn the direction of the text around.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"‹{code:04x}›"
