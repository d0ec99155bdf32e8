"""What every command shares: the open project, `--json`, tables, and errors as sentences with exit code 1."""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from curation.errors import CurationError
from runners.errors import RunnersError
from store.errors import StoreError
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")

# The errors that are raised on purpose: their text is a sentence for the author, never a traceback.
_EXPECTED = (WorkbenchError, CurationError, StoreError, RunnersError)


def with_project(function: F) -> F:
    """Give a command the open project as first argument, and turn expected errors into exit code 1."""

    @functools.wraps(function)
    @click.pass_obj
    def wrapped(_folder: Path, /, *args: Any, **kwargs: Any) -> Any:
        with errors_as_sentences():
            project = Project.open(_folder)
            try:
                return function(project, *args, **kwargs)
            finally:
                project.close()

    return wrapped  # type: ignore[return-value]


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print an expected error on standard error and exit with 1."""
    try:
        yield
    except _EXPECTED as error:
        say(error.on_command_line if isinstance(error, WorkbenchError) else str(error))
        sys.exit(1)


def say(words: str) -> None:
    """Print words for the author, on standard error."""
    click.echo(visible(words), err=True)


def emit(data: Any, as_json: bool, lines: Sequence[str]) -> None:
    """Print data on standard output: as JSON where asked, else as lines."""
    if as_json:
        click.echo(json.dumps(plain(data), ensure_ascii=False, indent=2))
    else:
        for line in lines:
            click.echo(visible(line))


def plain(data: Any) -> Any:
    """Turn dataclasses, paths and tuples into what JSON knows."""
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {field.name: plain(getattr(data, field.name)) for field in dataclasses.fields(data)}
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple, set, frozenset)):
        return [plain(item) for item in data]
    if isinstance(data, Path):
        return str(data)
    return data


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lay rows out in aligned columns; numbers stand on the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headings), *cells]) for i in range(len(headings))]
    right = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(headings))]

    def lay(line: Sequence[str]) -> str:
        laid = [text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)]
        return "  ".join(laid).rstrip()

    return [lay(list(headings)), *(lay(line) for line in cells)]


def visible(text: str) -> str:
    """Show control characters instead of obeying them; line ends and tabs stay."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    code = ord(character)
    if character in "\n\t" or (code >= 0x20 and code != 0x7F and not 0x80 <= code < 0xA0):
        return character
    return chr(0x2400 + code) if code < 0x20 else ("␡" if code == 0x7F else f"\\x{code:02x}")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).replace("\n", " ")
