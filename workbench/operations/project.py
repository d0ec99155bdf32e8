"""One folder is one project: `workbench.toml`, `workbench.db`, `runs/`, `backups/`, and the essay folders it names.

A `Project` may be used from any thread: each thread gets a database connection of its own, opened when first asked.
"""

from __future__ import annotations

import difflib
import threading
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from curation.cleaning_rules import CLEAN, RULES, Cleaning
from curation.rules import DEFAULT, Rules
from store.database import Database
from workbench.operations.errors import NoProjectError, ProjectError
from workbench.operations.rule_settings import rules_table

SETTINGS_FILE = "workbench.toml"
DATABASE_FILE = "workbench.db"

_TEMPLATE = """\
# The settings of this project. Every line may be left out; the values shown are the ones used then.

# Folders of essays, relative to this file.
essays = {essays}

# The model that pairs are counted for and runs start from: "embedded", a folder, or a Hugging Face id.
model = "{model}"

# Further models that pairs are counted for; `workbench models add` writes them here, pinned as "id@commit".
models = []

# The budget of a proposed pair, in tokens of that model: of the response, and of the text before it.
response_tokens = 200
context_tokens = 160

# The longest pair a training run takes, in tokens: prompt, response and EOS together.
max_length = 512

{cleaning}
{rules}
[local]
# The interpreter that runs jobs on this machine; empty for the one that runs the workbench.
python = ""
# How far a local job steps back for everything else on this machine: 0 not at all, 19 as far as it can.
nice = 15
# What an hour of this machine costs you, in your own currency; 0 for nothing worth counting.
price_per_hour = 0.0
"""

_CLEANING = """\
# What goes of an essay when pairs are proposed from it: true lets it go, false leaves it as it is written. The file
# itself is never changed. `workbench essays clean NAME` shows what goes, line by line.
[cleaning]
"""

_TABLES = ("cleaning", "local", "rules")

_GITIGNORE = "# Everything here is private until you say otherwise.\n*\n"


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """The place `local`: its interpreter (None for our own), its niceness, 0 to 19, and the price of an hour."""

    python: str | None = None
    nice: int = 15
    price_per_hour: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `workbench.toml` says; see the template for units."""

    essays: tuple[str, ...] = ()
    model: str = "embedded"
    models: tuple[str, ...] = ()
    response_tokens: int = 200
    context_tokens: int = 160
    max_length: int = 512
    cleaning: Cleaning = CLEAN
    rules: Rules = DEFAULT
    local: LocalSettings = LocalSettings()


class Project:
    """An open project folder.

    Attributes:
        root: the folder, absolute.
        settings: as read when the project was opened, or when the program changed one.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self._connections = threading.local()

    @classmethod
    def create(cls, root: Path, *, essays: tuple[str, ...] = (), model: str = "embedded") -> Project:
        """Make a project in a folder, which may hold files already; an existing project is opened as it is."""
        root = root.resolve()
        root.mkdir(parents=True, exist_ok=True)
        settings_path = root / SETTINGS_FILE
        if not settings_path.exists():
            listed = "[" + ", ".join(_toml_string(folder) for folder in essays) + "]"
            settings_path.write_text(
                _TEMPLATE.format(essays=listed, model=model, cleaning=_cleaning_table(), rules=rules_table()),
                encoding="utf-8",
            )
        ignore = root / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_GITIGNORE, encoding="utf-8")
        (root / "runs").mkdir(exist_ok=True)
        project = cls(root, read_settings(settings_path))
        assert project.db
        return project

    @classmethod
    def open(cls, start: Path) -> Project:
        """Open the project in `start` or in the nearest folder above it.

        Raises:
            NoProjectError: there is none.
            ProjectError: its settings cannot be read.
        """
        start = start.resolve()
        for folder in (start, *start.parents):
            if (folder / SETTINGS_FILE).is_file():
                return cls(folder, read_settings(folder / SETTINGS_FILE))
        raise NoProjectError(
            f"{start}: no {SETTINGS_FILE} here or in a folder above. Make a project with `workbench init`."
        )

    @property
    def db(self) -> Database:
        """The calling thread's connection."""
        database: Database | None = getattr(self._connections, "database", None)
        if database is None:
            database = Database.open(self.root / DATABASE_FILE)
            self._connections.database = database
        return database

    def change_setting(self, table: str, key: str, value: bool | int | str) -> None:
        """Change one setting in `workbench.toml`, its comments kept, and read the settings again.

        Raises:
            ProjectError: the file cannot be read or written, or the value does not hold.
        """
        from workbench.operations.settings_file import change_setting

        change_setting(self.root / SETTINGS_FILE, table, key, value)
        self.settings = read_settings(self.root / SETTINGS_FILE)

    def close(self) -> None:
        """Close the calling thread's connection."""
        database: Database | None = getattr(self._connections, "database", None)
        if database is not None:
            database.close()
            self._connections.database = None

    @property
    def runs_folder(self) -> Path:
        """Where run directories are made."""
        return self.root / "runs"

    def relative(self, path: Path) -> str:
        """Return a path as the store keeps it: relative to the project where it lies inside, else absolute."""
        path = path.resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def absolute(self, stored: str) -> Path:
        """Return the file a stored path names."""
        return self.root / stored


def read_settings(path: Path) -> Settings:
    """Read `workbench.toml`.

    Raises:
        ProjectError: it cannot be read, is not TOML, or holds an unknown key or a wrong value; all of them at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"{path}: cannot be read ({error}). Restore it, or delete it and run `workbench init`."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path}: not TOML ({error}). Mend the line it names.") from error
    problems: list[str] = []
    local = _read_table(LocalSettings, data.pop("local", {}), "local.", problems)
    cleaning = _read_table(Cleaning, data.pop("cleaning", {}), "cleaning.", problems)
    rules = Rules(**_read_table(Rules, data.pop("rules", {}), "rules.", problems))
    problems += [f"rules.{problem}" for problem in rules.problems()]
    top = _read_table(Settings, data, "", problems)
    if not isinstance(top.get("essays", ()), tuple):
        problems.append('essays: expected a list of folders, such as ["essays"].')
    models = top.get("models", ())
    if not isinstance(models, tuple) or not all(isinstance(name, str) and name for name in models):
        problems.append('models: expected a list of names, such as ["gpt2", "models/llada"].')
    if not 0 <= local.get("nice", 15) <= 19:
        problems.append(f"local.nice: found {local['nice']}, expected 0 to 19.")
    problems += [
        f"{name}: found {top[name]}, expected {low} or more."
        for name, low in (("response_tokens", 20), ("context_tokens", 10), ("max_length", 32))
        if top.get(name, low) < low
    ]
    if problems:
        raise ProjectError("\n".join(f"{path}: {problem}" for problem in problems))
    if local.get("python") == "":
        local["python"] = None
    return Settings(**top, local=LocalSettings(**local), cleaning=Cleaning(**cleaning), rules=rules)


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotes",
    tuple: "a list",
}


def _read_table(cls: type[Any], data: Any, prefix: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        problems.append(f"{prefix.rstrip('.')}: expected a table.")
        return {}
    defaults = {field.name: field.default for field in fields(cls) if field.name not in _TABLES}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in defaults:
            near = difflib.get_close_matches(key, [*defaults, *_TABLES], n=1)
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


def _cleaning_table() -> str:
    lines = [f"# {words}\n{name} = true\n" for name, words in RULES.items()]
    return _CLEANING + "".join(lines)


def _toml_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
