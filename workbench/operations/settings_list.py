"""Change the list of models in `workbench.toml`, which may span lines, and leave all else as the author wrote it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from workbench.operations.errors import ProjectError

_LIST = re.compile(r"^models[ \t]*=[ \t]*\[[^\[\]]*\][ \t]*", re.MULTILINE)
_MODEL = re.compile(r"^model[ \t]*=.*\n", re.MULTILINE)
_TABLE = re.compile(r"^\[", re.MULTILINE)


def write_models(path: Path, models: Sequence[str]) -> None:
    """Replace the list of models.

    Raises:
        ProjectError: the file cannot be read or written, or is written in a way that cannot be changed safely.
    """
    # JSON's strings and lists are TOML's too, as far as names of models go.
    line = f"models = {json.dumps(list(models), ensure_ascii=False)}"
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            text = opened.read()
        before = tomllib.loads(text.replace("\r\n", "\n"))
        changed = _changed(text, line, "\r\n" if "\r\n" in text else "\n")
        if tomllib.loads(changed.replace("\r\n", "\n")) != before | {"models": list(models)}:
            raise ProjectError(f"{path}: its list of models could not be changed here. Write it yourself: {line}")
        written = path.with_name(f"{path.name}.new")
        with written.open("w", encoding="utf-8", newline="") as opened:
            opened.write(changed)
        written.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: cannot be changed ({error}). Write this line into it yourself: {line}") from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path}: not TOML ({error}). Mend the line it names.") from error


def _changed(text: str, line: str, end: str) -> str:
    table = _TABLE.search(text)
    top = table.start() if table else len(text)
    if found := _LIST.search(text, 0, top):
        return text[: found.start()] + line + text[found.end() :]
    if found := _MODEL.search(text, 0, top):
        return text[: found.end()] + line + end + text[found.end() :]
    return line + end + text
