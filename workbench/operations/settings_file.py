"""Change one line of `workbench.toml` and leave every other byte, comments and all, as the author wrote it.

The line is looked for as people write TOML; whether it was the right one is not guessed but checked: the new file must
say what the old one said, with the one value changed, or nothing is written.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.operations.errors import ProjectError
from workbench.operations.replacing import replace_file

_HEADER = re.compile(r"[ \t]*\[\[?[ \t]*([^\[\]]+?)[ \t]*\]\]?[ \t]*(?:#.*)?$")
# A value as far as a comment behind it: quoted strings may hold a `#`.
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"'\n])*?"""


def change_setting(path: Path, table: str, key: str, value: bool | int | str) -> None:
    """Set a key of a table, or of the top where the table is empty; a key that is not there yet is added.

    Raises:
        ProjectError: the file cannot be read or written, is not TOML, or is written in a way that was not understood.
    """
    old = _read(path)
    wanted = _with(_loads(path, old), table, key, value)
    new = with_setting(old, table, key, value)
    if not _says(new, wanted):
        name = f"{table}.{key}" if table else key
        raise ProjectError(
            f"{path}: {name} is written in a way the program cannot change without touching other lines. Set it there "
            f"to {toml_value(value)} by hand."
        )
    replace_text(path, new)


def remove_settings(path: Path, names: Sequence[tuple[str, str]]) -> None:
    """Take the lines of some keys out, each given by its table and name; every other line stays.

    Raises:
        ProjectError: the file cannot be read or written, is not TOML, or is written in a way that was not understood.
    """
    old = _read(path)
    wanted, new = _loads(path, old), old
    for table, key in names:
        inside = wanted.get(table) if table else wanted
        if isinstance(inside, dict):
            inside.pop(key, None)
        new = without_setting(new, table, key)
    if not _says(new, wanted):
        said = ", ".join(f"{table}.{key}" if table else key for table, key in names)
        raise ProjectError(
            f"{path}: {said} cannot be taken out without touching other lines, as it is written there. Take it out by "
            "hand."
        )
    replace_text(path, new)


def with_setting(text: str, table: str, key: str, value: bool | int | str) -> str:
    """Return the text of a settings file with one line changed or added."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    begin, end = _table(lines, table)
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    if begin is None:
        head = text if not text or text.endswith(("\n", "\r")) else text + end_of_line
        return f"{head}{end_of_line}[{table}]{end_of_line}{key} = {toml_value(value)}{end_of_line}"
    assignment = _assignment(key)
    for number in range(begin, end):
        found = assignment.match(lines[number])
        if found:
            lines[number] = f"{found[1]}{toml_value(value)}{found[2]}"
            return "".join(lines)
    # Behind the last line of the table that says something, so that comments about the next table stay with it.
    last = max(
        (n for n in range(begin, end) if lines[n].strip() and not lines[n].lstrip().startswith("#")), default=begin - 1
    )
    if last >= 0 and not lines[last].endswith(("\n", "\r")):
        lines[last] += end_of_line
    lines.insert(last + 1, f"{key} = {toml_value(value)}{end_of_line}")
    return "".join(lines)


def without_setting(text: str, table: str, key: str) -> str:
    """Return the text of a settings file without the line of a key, if it has one."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    begin, end = _table(lines, table)
    assignment = _assignment(key)
    return "".join(
        line
        for number, line in enumerate(lines)
        if begin is None or not (begin <= number < end and assignment.match(line))
    )


def _assignment(key: str) -> re.Pattern[str]:
    return re.compile(rf"([ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=[ \t]*){_VALUE}([ \t]*(?:#.*)?\r?\n?)\Z")


def _table(lines: list[str], table: str) -> tuple[int | None, int]:
    """Return the lines of a table, without its header; None for one that has no header."""
    begin: int | None = None if table else 0
    for number, line in enumerate(lines):
        header = _HEADER.match(line.rstrip("\r\n"))
        if header and begin is not None:
            return begin, number
        if header and header[1].strip("\"'") == table:
            begin = number + 1
    return begin, len(lines)


def _with(data: dict[str, Any], table: str, key: str, value: bool | int | str) -> dict[str, Any]:
    inside = data.setdefault(table, {}) if table else data
    if isinstance(inside, dict):
        inside[key] = value
    return data


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: cannot be read ({error}). Look at the file, and try again.") from error


def _says(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(_universal(text)) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _loads(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_universal(text))
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path}: not TOML ({error}). Mend the line it names.") from error


def _universal(text: str) -> str:
    return text.replace("\r\n", "\n")


def toml_value(value: bool | int | str) -> str:
    """Return a value as TOML writes it."""
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped too.
    return (
        str(value).lower()
        if isinstance(value, bool | int)
        else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    )


def replace_text(path: Path, text: str) -> None:
    """Replace a settings file as a whole, or not at all.

    Raises:
        ProjectError: it cannot be written.
    """
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise ProjectError(f"{path}: cannot be written ({error.strerror}). Look at its permissions.") from error
