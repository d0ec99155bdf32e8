"""What a job needs beside Python: the same lower bounds as `pyproject.toml` has, which a test compares.

They stand here since a bundle is packed, and carried out, where no `pyproject.toml` is.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from typing import Final

from runners.spec import RunSpec

TRAIN: Final = ("torch>=2.8", "transformers>=5.17", "peft>=0.19", "safetensors>=0.5", "tokenizers>=0.21")
QUANT: Final = ("bitsandbytes>=0.46",)


def needs_of(spec: RunSpec) -> tuple[str, ...]:
    """Return what a run needs, such as `torch>=2.8`."""
    in_8_bits = spec.train is not None and spec.train.optim == "adamw_bnb_8bit"
    return (*TRAIN, *(QUANT if spec.model.quantization != "none" or in_8_bits else ()))


def missing(needs: Iterable[str]) -> list[str]:
    """Return those that this Python does not have, or has in an older version."""
    found = []
    for need in needs:
        name, _, bound = need.partition(">=")
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found.append(need)
            continue
        if _numbers(here) < _numbers(bound):
            found.append(need)
    return found


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release of a version as numbers: `2.13.0+cpu` is (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
