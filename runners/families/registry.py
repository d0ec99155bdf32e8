"""Which family a model belongs to, by its `config.json`, or by its id as long as that is all there is."""

from __future__ import annotations

import importlib
import json
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any, cast

from runners.errors import ModelError
from runners.families.base import Config, Family, Known, context, width


@cache
def families() -> tuple[Family, ...]:
    """Return every family of this folder, by name."""
    package = __name__.rpartition(".")[0]
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [importlib.import_module(f"{package}.{name}") for name in names if name not in ("base", "registry")]
    return tuple(cast(Family, module.FAMILY) for module in modules)


def family_of(config: Config) -> Family:
    """Return the family that a `config.json` belongs to.

    Raises:
        ModelError: none knows it.
    """
    for family in families():
        if family.recognises(config):
            return family
    known = ", ".join(family.title for family in families())
    raise ModelError(
        f"config.json: model_type {config.get('model_type')!r} is of no known family. Known: {known}. "
        "Choose a model of one of these."
    )


def read_config(folder: Path) -> dict[str, Any]:
    """Read a model folder's `config.json`; what it says of code to run is never followed.

    Raises:
        ModelError: it is missing, or no object.
    """
    path = folder / "config.json"
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}). A model folder holds config.json beside its weights."
        ) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: holds a {type(config).__name__}, expected an object. Fetch the model again.")
    return config


def known(model_id: str, config: Config | None = None) -> Known | None:
    """Return what is known of a model; None when neither its `config.json` nor its id is of a known family.

    Args:
        model_id: repository id or folder.
        config: its `config.json`, where it is here.
    """
    if config is None:
        name = model_id.lower()
        found = max(
            ((word, family) for family in families() for word in family.in_id if word in name),
            key=lambda pair: len(pair[0]),
            default=None,
        )
        if found is None:
            return None
        blocks = found[1].block_tokens
        return Known(family=found[1], block_tokens=blocks({}, model_id) if blocks else None)
    try:
        family = family_of(config)
    except ModelError:
        return None
    promised, size = context(config), width(config)
    if promised is not None and family.trained_tokens is not None:
        promised = min(promised, family.trained_tokens)
    return Known(
        family=family,
        context_tokens=promised,
        block_tokens=family.block_tokens(config, model_id) if family.block_tokens else None,
        small=size is not None and size < family.published_width,
    )
