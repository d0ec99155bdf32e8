"""Reading the files of lines that a job is given: whole or not at all, and the faulty line by its number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from runners.errors import RunDirError

T = TypeVar("T")


def read_rows(path: Path, take: Callable[[dict[str, Any]], T], *, kind: str, again: str) -> list[T]:
    """Read a JSONL file.

    Args:
        path: the file.
        take: makes a thing of a line's object; raises KeyError where a field is missing.
        kind: what a line is, with an article, for the error.
        again: what to do about a faulty file, a sentence.

    Raises:
        RunDirError: the file is missing, or a line is no such thing; the line is named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RunDirError(f"{path}: missing. {again}") from error
    taken = []
    # Not splitlines(): U+2028 and its like may stand unescaped inside a JSON string.
    for number, line in enumerate(text.rstrip("\n").split("\n") if text else [], start=1):
        try:
            taken.append(take(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise RunDirError(f"{path}:{number}: not {kind} ({error}). {again}") from error
    return taken
