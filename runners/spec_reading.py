"""Reading plain JSON data into dataclasses: every unknown key, wrong type and missing field is reported at once."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from dataclasses import fields
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from runners.errors import SpecError

T = TypeVar("T")

_ONE = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", dict: "an object"}
_MANY = {int: "whole numbers", float: "numbers", str: "texts"}


def from_dict(cls: type[T], data: Any) -> T:
    """Build the dataclass `cls` from plain JSON data.

    Raises:
        SpecError: an unknown key, a wrong type or a value out of range; all of them at once.
    """
    problems: list[str] = []
    built = _build(cls, data, "", problems)
    if problems:
        raise SpecError(problems)
    return typing.cast(T, built)


def _build(cls: Any, data: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(data, dict):
        problems.append(f"{path or 'spec'}: found {type(data).__name__}, expected an object.")
        return None
    hints = _hints(cls)
    known = [f.name for f in fields(cls)]
    values: dict[str, Any] = {}
    for key, value in data.items():
        where = f"{path}.{key}" if path else key
        if key not in hints:
            near = difflib.get_close_matches(key, known, n=1)
            problems.append(
                f"{where}: no such field." + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}.")
            )
            continue
        values[key] = _convert(hints[key], value, where, problems)
    for f in fields(cls):
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and f.name not in data:
            problems.append(f"{path + '.' if path else ''}{f.name}: missing. Add it.")
    if problems:
        return None
    try:
        return cls(**values)
    except SpecError as error:
        problems.extend(error.problems)
        return None


@lru_cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    """Return the types of a dataclass's fields; the library compiles each of them anew at every call."""
    return typing.get_type_hints(cls)


def _convert(hint: Any, value: Any, where: str, problems: list[str]) -> Any:
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if value is None and len(options) < len(get_args(hint)):
            return None
        return _convert(options[0], value, where, problems)
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where, problems)
    if origin is Literal:
        if value not in get_args(hint):
            problems.append(f"{where}: {_other(value, 'one of ' + ', '.join(map(str, get_args(hint))))}")
        return value
    if origin is tuple and isinstance(value, (list, tuple)) and all(_is(item, get_args(hint)[0]) for item in value):
        return tuple(value)
    if origin is dict and isinstance(value, dict):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is None and _is(value, hint):
        return value
    problems.append(f"{where}: {_other(value, _in_words(hint))}")
    return value


def _other(value: Any, kind: str) -> str:
    """Say that a value is not what it should be."""
    if value is None or value == "":
        return f"empty; give {kind}."
    return f"found {value!r}, expected {kind}."


def _in_words(hint: Any) -> str:
    """Say in words what a field takes."""
    if get_origin(hint) is tuple:
        return f"a list of {_MANY.get(get_args(hint)[0], 'values')}"
    return _ONE.get(get_origin(hint) or hint, str(hint))


def _is(value: Any, hint: type) -> bool:
    """Say whether a value is of a plain type; true is no number."""
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
