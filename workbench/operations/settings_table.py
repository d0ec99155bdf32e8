"""Read a table of `workbench.toml` into the fields of a dataclass; unknown keys and wrong types are named at once."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotes",
    tuple: "a list",
}


def read_table(
    cls: type[Any], data: Any, prefix: str, problems: list[str], *, tables: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values of a table by name; those that do not hold are left out and named.

    Args:
        cls: a dataclass, every field with a default, whose type a value must have; None stands for a text.
        data: as it was read.
        prefix: the table's name and a dot, or nothing for the top.
        problems: takes a sentence for each.
        tables: fields that are tables of their own, and read elsewhere.
    """
    if not isinstance(data, dict):
        problems.append(f"{prefix.rstrip('.')}: expected a table.")
        return {}
    defaults = {field.name: field.default for field in fields(cls) if field.name not in tables}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in defaults:
            near = difflib.get_close_matches(key, [*defaults, *tables], n=1)
            problems.append(
                f"{prefix}{key}: no such setting." + (f" Did you mean {near[0]!r}?" if near else " Delete it.")
            )
            continue
        value = tuple(value) if isinstance(value, list) else value
        if isinstance(defaults[key], float) and type(value) is int:
            value = float(value)
        expected = str if defaults[key] is None else type(defaults[key])
        if type(value) is not expected:
            problems.append(f"{prefix}{key}: found {value!r}, expected {_KINDS.get(expected, expected.__name__)}.")
            continue
        values[key] = value
    return values
