"""Where the files of a model lie: with the program, in a folder, or in the hub's local cache.

The cache is read by its documented layout (`models--org--name/refs` and `snapshots`), since the library that writes it
is not loaded in the terminal's process, and need not be installed there. Nothing here touches the network.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

Where = Literal["embedded", "folder", "cache", "nowhere"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """A model and where its files lie.

    Attributes:
        model: `embedded`, a folder as it was named, or a repository's id.
        revision: the commit it is pinned to, or the one that is in the cache; None for what has none.
        pinned: whether the project names that commit.
        where: what kind of place it is.
        folder: the place; None for nowhere.
    """

    model: str
    revision: str | None
    pinned: bool
    where: Where
    folder: Path | None

    @property
    def tokenizer(self) -> Path | None:
        """Its `tokenizer.json`, if it is here."""
        path = self.folder / "tokenizer.json" if self.folder else None
        return path if path and path.is_file() else None

    @property
    def has_weights(self) -> bool:
        """Whether weights lie beside it; in the cache they may be of this commit only."""
        if self.folder is None:
            return False
        try:
            return any(path.suffix in _WEIGHTS and path.exists() for path in self.folder.iterdir())
        except OSError:
            return False

    def config(self) -> dict[str, Any]:
        """Return its `config.json`; empty where there is none, or it is none."""
        try:
            data = json.loads((self.folder / "config.json").read_text(encoding="utf-8")) if self.folder else None
        except (OSError, ValueError):
            data = None
        return data if isinstance(data, dict) else {}


def split_entry(entry: str) -> tuple[str, str | None]:
    """Split an entry of the settings, `id@commit` or a plain name, into the model and its commit."""
    model, at, commit = entry.rpartition("@")
    return (model, commit) if at and _COMMIT.fullmatch(commit) else (entry, None)


def is_commit(revision: str) -> bool:
    """Say whether a revision is a commit's whole hash, and not the name of a branch or tag."""
    return _COMMIT.fullmatch(revision) is not None


def find_model(entry: str, root: Path) -> ModelFiles:
    """Find a model's files.

    Args:
        entry: an entry of the settings; see `split_entry`.
        root: the project's folder, which a folder's name is relative to.
    """
    model, commit = split_entry(entry)
    if model == "embedded":
        folder = Path(str(files("runners") / "embedded"))
        return ModelFiles(model=model, revision=None, pinned=False, where="embedded", folder=folder)
    folder = root / Path(model).expanduser()
    if folder.is_dir():
        return ModelFiles(model=model, revision=None, pinned=False, where="folder", folder=folder)
    revision, snapshot = find_snapshot(model, commit)
    return ModelFiles(
        model=model,
        revision=revision,
        pinned=commit is not None,
        where="cache" if snapshot else "nowhere",
        folder=snapshot,
    )


def find_snapshot(model_id: str, revision: str | None) -> tuple[str | None, Path | None]:
    """Return the commit and the folder of a repository in the local cache.

    Args:
        model_id: such as `GSAI-ML/LLaDA-8B-Base`.
        revision: a commit; None for the one that `main` stood at when it was last fetched, else the newest here.
    """
    stored = cache_folder() / f"models--{model_id.replace('/', '--')}"
    snapshots = stored / "snapshots"
    commit = revision
    if commit is None:
        try:
            commit = (stored / "refs" / "main").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            commit = None
        if not commit or not (snapshots / commit).is_dir():
            commit = _newest(snapshots)
    if commit is None or "/" in commit or not (snapshots / commit).is_dir():
        return revision, None
    return commit, snapshots / commit


def cache_folder() -> Path:
    """Return the hub's cache, by the variables that its library reads."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(os.path.expandvars(named)).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(os.path.expandvars(home)).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def _newest(snapshots: Path) -> str | None:
    try:
        found = [(path.stat().st_mtime, path.name) for path in snapshots.iterdir() if path.is_dir()]
    except OSError:
        return None
    return max(found)[1] if found else None
