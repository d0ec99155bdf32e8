"""The rows of a CSV, each with the line it begins at: what tables of pairs, of notes and of posts have in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator


def csv_rows(
    text: str, broken: Callable[[int, str], None], *, delimiter: str = ",", strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV with their first lines, from 1, the header among them; nothing after a broken one.

    Args:
        text: the file's text.
        broken: called with the line of a row that cannot be read, and why.
        delimiter: between two columns.
        strict: name an unclosed quote instead of taking the rest of the file for one field.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            broken(line, str(error))
            return
        if cells is None:
            return
        yield line, cells
        # A quoted cell may hold line ends, so the next row begins where the reader stands.
        line = reader.line_num + 1
