"""Every command with a key of its own: what the classes of screens and widgets declare, by the names of the bindings.

All of them are imported for it, which takes part of a second: only the list of keys asks, and a program whose author
has keys of her own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys, _character_to_key, key_to_character
from textual.screen import Screen

import workbench.screens
import workbench.widgets
from workbench.operations.own_keys import Command, KeysError, OwnKeys, checked, keys_path, read_keys

_MODIFIERS = frozenset({"ctrl", "shift", "alt", "meta", "super", "hyper"})
_NAMED = frozenset(key.value for key in Keys)


def every_command() -> list[Command]:
    """Return all commands that keys can be given to, in the order of their names."""
    from workbench.app import WorkbenchApp

    for package in (workbench.screens, workbench.widgets):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    found: dict[str, Binding] = {}
    places: dict[str, set[str]] = {}
    classes = [kind for kind in _below(DOMNode) if kind.__module__.startswith("workbench")]
    screens = [kind for kind in classes if issubclass(kind, Screen)]
    for kind in classes:
        for binding in _bindings(kind):
            assert binding.id is not None
            found.setdefault(binding.id, binding)
            # The keys of the program, and those of a list or a text, are heard on every screen.
            everywhere = kind is WorkbenchApp or not issubclass(kind, Screen)
            places.setdefault(binding.id, set()).update(s.__name__ for s in (screens if everywhere else [kind]))
    return [
        Command(
            id=name,
            keys=tuple(key.strip() for key in binding.key.split(",")),
            words=binding.tooltip or binding.description,
            places=frozenset(places[name]),
        )
        for name, binding in sorted(found.items())
    ]


def own_keys() -> OwnKeys:
    """Return the author's keys as Textual names them, and what is wrong with the file."""
    path = keys_path()
    try:
        said = read_keys(path)
    except KeysError as error:
        return OwnKeys(keys={}, problems=(str(error),))
    if not said:
        return OwnKeys(keys={})
    known: dict[str, list[str]] = {}
    problems: list[str] = []
    for name, keys in said.items():
        try:
            known[name] = [named(key) for key in keys]
        except KeysError as error:
            problems.append(f"{path}: {name}: {error}")
    found = checked(path, known, every_command())
    return OwnKeys(keys=found.keys, problems=(*problems, *found.problems))


def own_keymap() -> tuple[dict[str, str], str]:
    """Return the author's keys as an app takes them, and what is wrong with her file, in sentences.

    Where there is no file, nothing is imported for it.
    """
    if not keys_path().exists():
        return {}, ""
    own = own_keys()
    return {name: ",".join(keys) for name, keys in own.keys.items()}, " ".join(own.problems)


def named(key: str) -> str:
    """Return the name that Textual has for a key, which may be given as the character itself.

    Raises:
        KeysError: there is no such key.
    """
    *modifiers, base = ["+"] if key == "+" else key.split("+")
    name = _character_to_key(base) if len(base) == 1 else base.lower()
    known = len(base) == 1 or name in _NAMED or key_to_character(name) is not None
    if not known or not set(modifiers) <= _MODIFIERS:
        raise KeysError(
            f"{key!r} is no key. Write the character itself, such as y or ?, or a name such as enter, space, f5, "
            "ctrl+s, shift+tab."
        )
    return "+".join([*modifiers, name])


def _bindings(kind: type[DOMNode]) -> Iterator[Binding]:
    declared = kind._merged_bindings.key_to_bindings.values() if kind._merged_bindings else ()
    own = {binding.id: binding for bindings in declared for binding in bindings if binding.id}
    # As they were declared: merged ones stand with one key each.
    for base in reversed(kind.__mro__):
        for binding in base.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id in own:
                yield binding


def _below(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _below(inner)
