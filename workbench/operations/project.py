"""One folder is one project: `workbench.toml`, `workbench.db`, `runs/`, `backups/`, and the essay folders it names.

A `Project` may be used from any thread: each thread gets a database connection of its own, opened when first asked.
"""

from __future__ import annotations

import contextlib
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.cleaning_rules import CLEAN, RULES, Cleaning
from curation.rules import DEFAULT, Rules
from store.database import Database
from store.migrating import is_behind
from workbench.operations.errors import NoProjectError, ProjectError
from workbench.operations.place_settings import PlaceSettings, add_place, read_places
from workbench.operations.rubric_settings import DEFAULT as RUBRIC
from workbench.operations.rubric_settings import Criterion, read_rubric, rubric_table
from workbench.operations.rule_settings import rules_table
from workbench.operations.settings_table import read_table

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
{rubric}
[local]
# The interpreter that runs jobs on this machine; empty for the one that runs the workbench.
python = ""
# How far a local job steps back for everything else on this machine: 0 not at all, 19 as far as it can.
nice = 15
# What an hour of this machine costs you, in your own currency; 0 for nothing worth counting.
price_per_hour = 0.0

# Other machines that jobs can be sent to: `workbench places add NAME --host HOST` writes a table [places.NAME] here.
"""

_CLEANING = """\
# What goes of an essay when pairs are proposed from it: true lets it go, false leaves it as it is written. The file
# itself is never changed. `workbench essays clean NAME` shows what goes, line by line.
[cleaning]
"""

_TABLES = ("cleaning", "local", "places", "rubric", "rules")

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
    rubric: tuple[Criterion, ...] = RUBRIC
    local: LocalSettings = LocalSettings()
    places: Mapping[str, PlaceSettings] = field(default_factory=dict)


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
                _TEMPLATE.format(
                    essays=listed,
                    model=model,
                    cleaning=_cleaning_table(),
                    rules=rules_table(),
                    rubric=rubric_table(),
                ),
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

    @property
    def is_behind(self) -> bool:
        """Whether an earlier version wrote the database, so that opening it takes a while; asked before `db`."""
        return is_behind(self.root / DATABASE_FILE)

    def change_setting(self, table: str, key: str, value: bool | int | str) -> None:
        """Change one setting in `workbench.toml`, its comments kept, and read the settings again.

        Raises:
            ProjectError: the file cannot be read or written, or the value does not hold.
        """
        from workbench.operations.settings_file import change_setting

        change_setting(self.root / SETTINGS_FILE, table, key, value)
        self.settings = read_settings(self.root / SETTINGS_FILE)

    def add_place(self, name: str, place: PlaceSettings) -> None:
        """Write a place into `workbench.toml`, and read the settings again.

        Raises:
            ProjectError: there is one of that name, or what was given does not hold.
        """
        add_place(self.root / SETTINGS_FILE, name, place)
        self.settings = read_settings(self.root / SETTINGS_FILE)

    def read_settings_again(self) -> None:
        """Take in what another program wrote into `workbench.toml`; settings that do not hold are left as they were."""
        with contextlib.suppress(ProjectError):
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
    local = read_table(LocalSettings, data.pop("local", {}), "local.", problems)
    cleaning = read_table(Cleaning, data.pop("cleaning", {}), "cleaning.", problems)
    rules = Rules(**read_table(Rules, data.pop("rules", {}), "rules.", problems))
    problems += [f"rules.{problem}" for problem in rules.problems()]
    places = read_places(data.pop("places", {}), problems)
    rubric = read_rubric(data.pop("rubric", None), problems)
    top = read_table(Settings, data, "", problems, tables=_TABLES)
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
    return Settings(
        **top,
        local=LocalSettings(**local),
        places=places,
        cleaning=Cleaning(**cleaning),
        rules=rules,
        rubric=rubric,
    )


def _cleaning_table() -> str:
    lines = [f"# {words}\n{name} = true\n" for name, words in RULES.items()]
    return _CLEANING + "".join(lines)


def _toml_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
