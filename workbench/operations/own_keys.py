"""The author's own keys: a file of hers, for every project, that gives commands other keys by their names.

    [pairs]
    accept = "enter"
    reject = ["x", "delete"]

Here is where the file lies, how it is read and written, and what is wrong with it; which commands there are is told
from outside, since screens declare them.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.settings_file import change_setting, remove_settings

# Names the folder of the file where it is not to be the system's own.
FOLDER_VARIABLE = "WORKBENCH_CONFIG_DIR"
_HEADER = """\
# Keys of your own, for every project. `workbench keys` lists the names, `workbench keys reset` takes lines away.
"""


class KeysError(WorkbenchError):
    """A file of keys that cannot be read or written, or a key that cannot be given."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that keys can be given to.

    Attributes:
        id: its name, such as `pairs.accept`.
        keys: the keys it has without any file, as they are named in one.
        words: what it does.
        places: where its keys are heard: of two commands of one place, only one can have a key.
    """

    id: str
    keys: tuple[str, ...]
    words: str
    places: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class OwnKeys:
    """What the file says: keys by the command's id, and a sentence for each line that was left out."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()


def keys_path() -> Path:
    """Return where the author's keys are, or would be."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        return Path(folder).expanduser() / "keys.toml"
    from platformdirs import user_config_path

    return user_config_path("workbench", appauthor=False) / "keys.toml"


def read_keys(path: Path) -> dict[str, tuple[str, ...]]:
    """Return what the file says, unchecked; nothing where there is no file.

    Raises:
        KeysError: it cannot be read, or is not written as such a file is.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: cannot be read ({error}). All keys are as they are without it.") from error
    except tomllib.TOMLDecodeError as error:
        raise KeysError(f"{path}: not TOML ({error}). Mend the line it names; until then no key is changed.") from error
    return dict(_lines(path, data))


def checked(path: Path, said: Mapping[str, Sequence[str]], commands: Sequence[Command]) -> OwnKeys:
    """Take what the file says and leave out, with the reason, what cannot be.

    Args:
        path: the file, for the sentences.
        said: keys by the command's id, as they are named.
        commands: all there are.
    """
    known = {command.id: command for command in commands}
    problems: list[str] = []
    keys: dict[str, tuple[str, ...]] = {}
    for name, wanted in said.items():
        if name not in known:
            problems.append(f"{path}: {_no_command(name, known)}")
        else:
            keys[name] = tuple(wanted)
    # Of two that want one key, the line above has it.
    for name in reversed(list(keys)):
        if (other := _taken(known[name], keys, commands)) is not None:
            key, holder = other
            problems.append(
                f"{path}: {key} cannot be {name}, since it is {holder.id} ({holder.words}). Give that one another key "
                "in the same file, or choose a free one."
            )
            del keys[name]
    return OwnKeys(keys=keys, problems=tuple(problems))


def give_keys(
    path: Path, name: str, keys: Sequence[str], *, own: Mapping[str, Sequence[str]], commands: Sequence[Command]
) -> None:
    """Write keys for a command into the file, which is made where there is none.

    Args:
        path: the file.
        name: the command's id.
        keys: its keys from now on, as Textual names them.
        own: what counts of the file until now, named likewise.
        commands: all there are.

    Raises:
        KeysError: there is no such command, or one of the keys is another command's; nothing is written then.
        ProjectError: the file cannot be changed.
    """
    others = {other: given for other, given in own.items() if other != name}
    found = checked(path, {**others, name: keys}, commands)
    if name not in found.keys:
        raise KeysError(next(problem for problem in found.problems if name in problem))
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_HEADER, encoding="utf-8")
        except OSError as error:
            raise KeysError(f"{path}: cannot be written ({error.strerror}). Look at its permissions.") from error
    change_setting(path, *_place(name), ",".join(keys))


def take_back(
    path: Path,
    names: Sequence[str],
    *,
    said: Collection[str],
    own: Mapping[str, Sequence[str]],
    commands: Sequence[Command],
) -> None:
    """Take the lines of some commands out of the file, so that they have their own keys again.

    Args:
        path: the file.
        names: the commands' ids; lines that name no command can be taken out as well.
        said: the ids that the file names, whether they count or not.
        own: what counts of the file until now, keys as Textual names them.
        commands: all there are.

    Raises:
        KeysError: there is no such command, or a key it would have again is another's now; nothing is written then.
        NothingToDoError: one of them has no line in the file.
        ProjectError: the file cannot be changed.
    """
    known = {command.id: command for command in commands}
    for name in names:
        if name not in known and name not in said:
            sentence = _no_command(name, known)
            raise KeysError(sentence[0].upper() + sentence[1:])
        if name not in said:
            keys = " and ".join(known[name].keys)
            raise NothingToDoError(f"{name} has no keys of yours to be taken back: it is {keys}. Nothing was changed.")
    left = {name: keys for name, keys in own.items() if name not in names}
    for name in left:
        held = _taken(known[name], {other: tuple(keys) for other, keys in left.items()}, commands)
        if held is not None:
            key, other = held
            together = " ".join(dict.fromkeys([*names, name]))
            raise KeysError(
                f"{other.id} cannot have {key} again, since that is {name} now. Take both back: "
                f"`workbench keys reset {together}`."
            )
    remove_settings(path, [_place(name) for name in names])


def _no_command(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"there is no command {name}.{meant} `workbench keys` lists them."


def _place(name: str) -> tuple[str, str]:
    """Return the table and the key that a command's line has in the file."""
    table, _, key = name.rpartition(".")
    return table, key


def _lines(path: Path, data: Mapping[str, object]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for table, inside in data.items():
        entries = inside if isinstance(inside, dict) else {"": inside}
        for key, value in entries.items():
            name = f"{table}.{key}" if key else table
            listed = value.split(",") if isinstance(value, str) and value != "," else value
            wanted = [listed] if isinstance(listed, str) else listed
            if not isinstance(wanted, list) or not wanted or not all(isinstance(item, str) for item in wanted):
                raise KeysError(f'{path}: {name} is {value!r}. Write a key, such as "y", or a list of keys.')
            yield name, tuple(item if item == " " else item.strip() for item in wanted)


def _taken(
    command: Command, keys: Mapping[str, tuple[str, ...]], commands: Sequence[Command]
) -> tuple[str, Command] | None:
    """Return a key that was given to a command and is another's at one of its places, and that one."""
    for other in commands:
        if other.id == command.id or not other.places & command.places:
            continue
        # Two that share a key by themselves, such as those of a list and of a text, go on doing so.
        shared = set(other.keys) & set(command.keys)
        for key in keys[command.id]:
            if key in keys.get(other.id, other.keys) and key not in shared:
                return key, other
    return None
