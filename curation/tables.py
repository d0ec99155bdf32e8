"""Pairs as tables, read and written: CSV, and Parquet where pyarrow is installed.

The columns are the keys that `rows` knows. A CSV may part its columns by commas, semicolons or tabs: the one that makes
known names of its first line is taken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curation.counted import counted
from curation.csv_rows import csv_rows
from curation.errors import CurationError, Problem
from curation.filepair import FilePair
from curation.rows import RowReader

COLUMNS = ("prompt", "completion", "tier", "source", "split")

_KNOWN = frozenset({*COLUMNS, "response", "instruction", "input", "output", "text"})
# The csv module's own limit of 128 KB is below a long essay.
_LARGEST_FIELD = 100_000_000
_BATCH_ROWS = 1_000


def read_csv(text: str, path: str) -> tuple[list[FilePair], list[Problem]]:
    """Read pairs from a table whose first line names the columns; a row that is none is named."""
    reader = RowReader(path)
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        _read_rows(text, reader)
    finally:
        csv.field_size_limit(before)
    return reader.done(empty="holds no rows. Write a first line `prompt,completion`, then one pair a row.")


def _read_rows(text: str, reader: RowReader) -> None:
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=lambda mark: sum(name in _KNOWN for name in _names(first, mark)))
    names: list[str] | None = None

    def broken(line: int, why: str) -> None:
        reader.fault(
            line, f"cannot be read as CSV from here on ({why}). Mend the quotes of this row, and import again."
        )

    for line, row in csv_rows(text, broken, delimiter=delimiter, strict=True):
        if not row:
            continue
        if names is None:
            names = [name.strip().lower() for name in row]
            if not _KNOWN & set(names):
                columns = ", ".join(names)
                reader.fault(line, f"names the columns {columns}. Write prompt and completion among them.")
                return
        elif len(row) != len(names):
            reader.fault(
                line, f"has {counted(len(row), 'column')}, the first line {len(names)}. Quote texts that hold a comma."
            )
        else:
            reader.read(dict(zip(names, row)), line)


def _names(line: str, delimiter: str) -> list[str]:
    return [name.strip(' "\r').lower() for name in line.split(delimiter)]


def write_csv(pairs: Iterable[FilePair]) -> str:
    """Return pairs as CSV with every field quoted; its columns are those of `COLUMNS`."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        writer.writerow([pair.prompt, pair.response, pair.tier or "", pair.source or "", pair.split or ""])
    return written.getvalue()


def read_parquet(path: Path, name: str) -> tuple[list[FilePair], list[Problem]]:
    """Read pairs from a Parquet file, a thousand rows at a time; `line` is the row, from 1.

    Args:
        path: the file.
        name: as it is to be named in problems.

    Raises:
        CurationError: pyarrow is not installed.
    """
    pyarrow, parquet = _libraries(name)
    reader = RowReader(name)
    row = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for values in batch.to_pylist():
                    row += 1
                    reader.read(values, row)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        words = " ".join(str(error).split())
        reader.fault(None, f"cannot be read as Parquet after row {row} ({words}). Write the file again.")
    return reader.done(empty="holds no rows.")


def write_parquet(pairs: Iterable[FilePair], name: str) -> bytes:
    """Return pairs as a Parquet file; its columns are those of `COLUMNS`, with null for what is not known.

    Args:
        pairs: the pairs.
        name: the file, as it is to be named in an error.

    Raises:
        CurationError: pyarrow is not installed.
    """
    pyarrow, parquet = _libraries(name)
    # The schema stands by itself, so that a column of nothing but nulls is one of texts all the same.
    schema = pyarrow.schema([(column, pyarrow.string()) for column in COLUMNS])
    rows = [
        dict(zip(COLUMNS, (pair.prompt, pair.response, pair.tier, pair.source, pair.split), strict=True))
        for pair in pairs
    ]
    written = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), written)
    return written.getvalue()


def _libraries(name: str) -> tuple[Any, Any]:
    """Return pyarrow and its part for Parquet.

    Raises:
        CurationError: they are not installed.
    """
    try:
        # Loaded here alone: it takes longer than the rest of an import together.
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise CurationError(
            f"{name}: Parquet needs the library pyarrow, which is not installed here. "
            "Install it with `pip install 'voice-workbench[parquet]'`, or take CSV or JSON lines."
        ) from error
    return pyarrow, parquet
