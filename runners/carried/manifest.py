"""What results that are carried look like: files that are written once each, and manifests that name them with hashes.

docs/run-directory.md describes it. The decision to know: no file of results is ever changed, because a folder that is
synced may never sync a file that is. What grows in a run directory is cut into numbered shards, manifests are numbered
too, and each is written after all it names. So the newest manifest of which everything is here is a state of the run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

from runners.errors import CarriedError

SCHEMA_VERSION: Final = 1
BLOCK_BYTES: Final = 1 << 20
# What a shard has at most.
SHARD_BYTES: Final = 8 << 20
_MANIFEST: Final = re.compile(r"manifest-(\d{6,})\.json")
# A manifest names a few thousand files at the most.
MANIFEST_BYTES: Final = 32 << 20

_EVENTS: Final = re.compile(r"(attempts/\d{3,}/events)/(\d{6,})(\.jsonl)")
_LOG: Final = re.compile(r"(attempts/\d{3,}/log)/(\d{6,})(\.txt)")
_SAMPLES: Final = re.compile(r"(samples)/(\d{6,})(\.jsonl)")
_GROWING: Final = (_SAMPLES, _LOG, _EVENTS)
_WHOLE: Final = re.compile(r"traces/[^/]+\.json|checkpoints/step-\d{6,}(/[^/]+)+")
# No part that is hidden, leads elsewhere, or means something else on another system.
_PART: Final = re.compile(r"[^.\s\\/:\x00-\x1f\x7f][^\\/:\x00-\x1f\x7f]{0,254}")
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """A file as a manifest names it.

    Attributes:
        size: in bytes.
        sha256: of its bytes, tagged.
    """

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A state of a run, as it was carried.

    Attributes:
        run: its name.
        spec: the hash of its `spec.json`.
        number: of this manifest, from 1.
        writer: the work folder that it was carried from.
        at: UTC.
        ends: the exit status of each attempt that has ended, by its number.
        best: what `checkpoints/best.json` says; None before there is one.
        files: every file of this state by name, relative to the folder of results.
    """

    run: str
    spec: str
    number: int
    writer: str
    at: str
    ends: Mapping[int, int]
    best: Mapping[str, Any] | None
    files: Mapping[str, Entry]

    def to_json(self) -> str:
        """Return the manifest's text."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "run": self.run,
            "spec": self.spec,
            "number": self.number,
            "writer": self.writer,
            "at": self.at,
            "ends": {str(attempt): code for attempt, code in sorted(self.ends.items())},
            "best": self.best,
            "files": {
                name: {"bytes": entry.size, "sha256": entry.sha256} for name, entry in sorted(self.files.items())
            },
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str, name: str) -> Manifest:
        """Read a manifest; a name that leads out of the run directory makes it no manifest.

        Raises:
            CarriedError: it is none, or of a later version.
        """
        try:
            data = json.loads(text)
            if data["schema_version"] != SCHEMA_VERSION:
                raise CarriedError(
                    f"{name}: of version {data['schema_version']}, and {SCHEMA_VERSION} is known here. Update the "
                    "workbench."
                )
            files = {str(key): Entry(_size(row["bytes"]), _hash(row["sha256"])) for key, row in data["files"].items()}
            found = Manifest(
                run=str(data["run"]),
                spec=_hash(data["spec"]),
                number=int(data["number"]),
                writer=str(data["writer"]),
                at=str(data["at"]),
                ends={int(attempt): int(code) for attempt, code in data["ends"].items()},
                best=None if data["best"] is None else dict(data["best"]),
                files=files,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CarriedError(f"{name}: no manifest of results ({type(error).__name__}: {error}).") from error
        strange = next((key for key in files if not is_known(key)), None)
        if strange is not None:
            raise CarriedError(
                f"{name}: names a file {strange[:200]!r}, which is none of a run's results. Nothing was taken in."
            )
        return found

    def growing(self) -> dict[str, list[str]]:
        """Return the shards of each file that grows, in order, by the file's name in a run directory.

        An event may tell of a sample, and a log of both: samples come first, events last.
        """
        found: dict[str, list[tuple[int, str]]] = {}
        for pattern in _GROWING:
            for name in sorted(self.files):
                if match := pattern.fullmatch(name):
                    found.setdefault(match[1] + match[3], []).append((int(match[2]), name))
        return {file: [name for _, name in sorted(shards)] for file, shards in found.items()}

    def whole(self) -> list[str]:
        """Return the files that are carried as they are: traces, and those of checkpoints."""
        return [name for name in sorted(self.files) if _WHOLE.fullmatch(name)]

    def attempts(self) -> set[int]:
        """Return the numbers of the attempts this state knows."""
        return {int(name.split("/")[1]) for name in self.files if name.startswith("attempts/")} | set(self.ends)


def is_known(name: str) -> bool:
    """Say whether a name is one that results can have: it then stays inside the folder it is laid into."""
    if not all(_PART.fullmatch(part) for part in name.split("/")):
        return False
    return any(pattern.fullmatch(name) for pattern in (*_GROWING, _WHOLE))


def checkpoint_of(name: str) -> str:
    """Return the folder of the checkpoint that a file belongs to, such as `checkpoints/step-000120`."""
    return "/".join(name.split("/")[:2])


def shard_name(file: str, number: int) -> str:
    """Return the name of a shard of a file such as `samples.jsonl`."""
    path = PurePosixPath(file)
    return f"{path.with_suffix('')}/{number:06d}{path.suffix}"


def manifest_name(number: int) -> str:
    """Return the name of a manifest."""
    return f"manifest-{number:06d}.json"


def manifest_number(name: str) -> int | None:
    """Return the number of the manifest that a name means; None for any other file."""
    match = _MANIFEST.fullmatch(name)
    return int(match[1]) if match else None


def copied(source: BinaryIO, size: int, to: BinaryIO | None) -> str:
    """Copy at most `size` bytes and return their tagged hash; of a source that has more, the hash is another one."""
    digest, left = hashlib.sha256(), size
    while left > 0 and (block := source.read(min(BLOCK_BYTES, left))):
        left -= len(block)
        digest.update(block)
        if to is not None:
            to.write(block)
    if left == 0 and source.read(1):
        digest.update(b"more")
    return "sha256:" + digest.hexdigest()


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value


def _hash(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is no hash")
    return value
