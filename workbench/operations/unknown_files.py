"""What is said of a table or of JSON lines in a folder that no form claims: broken, or of another form.

A broken one is a problem, since it may well hold what the author meant to bring in. A whole one of other columns or
keys is somebody else's, and is named among what was left out. Only the beginning is looked at.
"""

from __future__ import annotations

import json
from pathlib import Path

from curation.counted import counted
from curation.csv_rows import csv_rows
from curation.discover import os_problem
from curation.errors import EssayError, Problem
from curation.textfile import decode
from workbench.operations.intake import Intake

_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_BYTES = 200_000
_NAMED = 8
_LONGEST = 30


class _BrokenError(Exception):
    """A file that cannot be read as what its ending says."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def tell_unknown(intake: Intake, path: Path) -> None:
    """Say what was found in a file that no form claims, and what to do; of other endings nothing is said."""
    suffix = path.suffix.lower()
    if suffix not in (*_LINES, *_TABLES):
        return
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES)
        if len(data) == _BYTES:
            data = data[: data.rfind(b"\n") + 1]
        text = decode(path, data).removeprefix("\ufeff")
        left = _of_lines(text) if suffix in _LINES else _of_table(text, "\t" if suffix == ".tsv" else "")
    except OSError as error:
        intake.problem(os_problem(path, error))
    except EssayError as error:
        intake.problem(error.problem)
    except _BrokenError as error:
        intake.problem(Problem(str(path), error.line, str(error)))
    else:
        intake.leave_out(Problem(str(path), 1, left))


def _of_lines(text: str) -> str:
    keys: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _BrokenError(
                number, f"is not JSON ({error}). Write one object a line with prompt and completion, and import again."
            ) from error
        keys = keys or (list(row) if isinstance(row, dict) else [])
    found = f"has the keys {_listed(keys)}" if keys else "holds no objects"
    return f"{found}, which are no pairs, and was left out. For pairs, name two of the keys prompt and completion."


def _of_table(text: str, delimiter: str) -> str:
    first = text.partition("\n")[0]
    delimiter = delimiter or max(",;\t", key=first.count)

    def broken(line: int, why: str) -> None:
        raise _BrokenError(line, f"cannot be read as a table ({why}). Mend the quotes of this row, and import again.")

    names: list[str] = []
    for line, row in csv_rows(text, broken, delimiter=delimiter, strict=True):
        if row and not names:
            names = row
        elif row and len(row) != len(names):
            raise _BrokenError(
                line,
                f"has {counted(len(row), 'column')}, the first line {len(names)} ({_listed(names)}). Mend the row, and "
                "for pairs name two of the columns prompt and completion.",
            )
    found = f"has the columns {_listed(names)}" if names else "holds no rows"
    return f"{found}, which are no pairs and no notes, and was left out. For pairs, name two prompt and completion."


def _listed(names: list[str]) -> str:
    shown = [name.strip() if len(name.strip()) <= _LONGEST else name.strip()[:_LONGEST] + "…" for name in names]
    return ", ".join(shown[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
