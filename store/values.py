"""What may stand in a column: texts without lone surrogates, times in UTC, hashes that name their algorithm."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

_SURROGATES = re.compile("[\ud800-\udfff]")
_DATED = re.compile(r"\d{8}-\d{4}-(?=.)")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def storable(text: str) -> str:
    r"""Return the text with each lone surrogate replaced by U+FFFD; everything else, NUL included, is kept exactly.

    JSON may hold half of a pair (`"\ud800"`), and Linux file names may hold bytes that are no UTF-8: neither can be
    written to a database.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


def to_json(value: Any) -> str:
    """Return compact JSON that can be stored."""
    return storable(_ENCODER.encode(value))


def booleans(row: tuple[Any, ...], *columns: int) -> tuple[Any, ...]:
    """Return a row with some of its columns, which SQLite keeps as 0 and 1, as False and True."""
    return tuple(bool(value) if column in columns else value for column, value in enumerate(row))


def now() -> str:
    """Return the time as UTC ISO 8601 with milliseconds and `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_hash(text: str) -> str:
    """Return the sha256 of a storable text, tagged `sha256:`."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def undated(run: str) -> str:
    """Return a run's name without the time it begins with: the rest tells it apart."""
    begins = _DATED.match(run)
    return run[begins.end() :] if begins else run
