"""Front matter: where it ends, and what it says as plain JSON values.

YAML between `---` lines (Obsidian, Jekyll, Ghost) and TOML between `+++` lines (Hugo) are known. An author's front
matter is often not quite YAML (`title: Ellul: a life`); then its `key: value` lines are read one by one, so a colon
never costs her the title.
"""

from __future__ import annotations

import math
import re
import tomllib
from datetime import date, datetime, time
from typing import Any

import yaml

from curation.errors import CurationError

# YAML aliases can unfold into more values than memory holds; real front matter has some dozens.
_MOST_VALUES = 2_000
_DEEPEST = 12
_LONGEST = 64_000
_LINE_END = re.compile(r"\r\n|\r|\n")
_KEY = re.compile(r"^([\w][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(.*))?$")
_FENCES = {"---": ("---", "..."), "+++": ("+++",)}


class _TooMuchError(CurationError):
    """The values unfold beyond all measure."""


def front_matter_end(text: str) -> int:
    """Return the offset just behind the closing fence of the front matter, or 0 where there is none.

    A first line `---` with no `key:` line under it is a scene break, not front matter.
    """
    if text[:3] not in _FENCES:
        return 0
    closing = _FENCES[text[:3]]
    start = keys = 0
    while start <= len(text) and start < _LONGEST:
        found = _LINE_END.search(text, start)
        end = found.start() if found else len(text)
        line = text[start:end].rstrip()
        if start == 0:
            if line not in _FENCES:
                return 0
        elif line in closing:
            return start + len(line) if keys else 0
        elif _KEY.match(line) or (closing[0] == "+++" and "=" in line):
            keys += 1
        elif not keys and line and not line.startswith("#"):
            return 0
        if not found:
            return 0
        start = found.end()
    return 0


def read_front_matter(text: str) -> dict[str, Any]:
    """Return what the front matter of a text says, as JSON values; dates become ISO strings."""
    end = front_matter_end(text)
    if not end:
        return {}
    body = "\n".join(_LINE_END.split(text[:end])[1:-1])
    try:
        loaded = tomllib.loads(body) if text.startswith("+++") else yaml.safe_load(body)
        if isinstance(loaded, dict):
            return {str(key): _json_value(value, [0], 0) for key, value in loaded.items()}
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError, _TooMuchError):
        return _line_by_line(body)
    return _line_by_line(body)


def _line_by_line(body: str) -> dict[str, Any]:
    matches = (_KEY.match(line) for line in body.split("\n"))
    return {match[1].strip(): (match[2] or "").strip().strip("\"'") for match in matches if match}


def _json_value(value: Any, seen: list[int], depth: int) -> Any:
    seen[0] += 1
    if seen[0] > _MOST_VALUES or depth > _DEEPEST:
        raise _TooMuchError("the front matter unfolds into too many values")
    if isinstance(value, dict):
        return {str(key): _json_value(item, seen, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json_value(item, seen, depth + 1) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
