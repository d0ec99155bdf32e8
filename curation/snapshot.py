r"""A frozen dataset: its pairs in order, the bytes of its files, and the hash that names it.

The files are those of `docs/run-directory.md`. The same words have the same hash on every machine: white space around
a prompt or response only serves editing and is left out; `normalised` makes line ends `\n` and composes letters with
their accents (Unicode NFC), since editors on macOS and Windows write both otherwise without showing it. Nothing else is
changed: look-alikes, quotation marks and spaces inside are the author's. A dataset that was frozen is never normalised
again, so its files stay what they were.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from curation.errors import CurationError

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class SnapshotPair:
    """A pair as a dataset holds it.

    Attributes:
        prompt: without white space around it.
        response: likewise.
        tier: rewrite, thesis, continuation or note.
        source: slug of the essay.
        split: train or holdout.
    """

    prompt: str
    response: str
    tier: Tier
    source: str
    split: Split

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", self.prompt.strip())
        object.__setattr__(self, "response", self.response.strip())

    @cached_property
    def id(self) -> str:
        """The sha256 of the canonical JSON of the five fields."""
        fields = {
            "prompt": self.prompt,
            "response": self.response,
            "source": self.source,
            "split": self.split,
            "tier": self.tier,
        }
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return _sha256(self._encoded(canonical))

    def line(self) -> bytes:
        """Return the pair's line in `train.jsonl` or `holdout.jsonl`."""
        row = {
            "id": self.id,
            "prompt": self.prompt,
            "response": self.response,
            "tier": self.tier,
            "source": self.source,
            "split": self.split,
        }
        return self._encoded(json.dumps(row, ensure_ascii=False) + "\n")

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise CurationError(
                f"A pair of {self.source} holds half a character (a lone surrogate), which no file can hold: "
                f"{self.response[:40]!a}. Delete it from the pair."
            ) from error


def normalised(pair: SnapshotPair) -> SnapshotPair:
    """Return a pair with line ends and accented letters in the one form that is frozen."""
    return replace(
        pair,
        prompt=_one_form(pair.prompt),
        response=_one_form(pair.response),
        source=unicodedata.normalize("NFC", pair.source),
    )


def _one_form(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


@dataclass(frozen=True)
class Snapshot:
    """A dataset's pairs, files and name.

    Attributes:
        pairs: each once, sorted by id, train first.
        train_jsonl: bytes of `train.jsonl`.
        holdout_jsonl: bytes of `holdout.jsonl`.
        manifest_json: bytes of `manifest.json`.
        content_hash: sha256 of the two files' bytes, train first, tagged `sha256:`.
    """

    pairs: tuple[SnapshotPair, ...]
    train_jsonl: bytes
    holdout_jsonl: bytes
    manifest_json: bytes
    content_hash: str


def freeze(pairs: Iterable[SnapshotPair]) -> Snapshot:
    """Freeze pairs into a dataset; equal ones are kept once, and their order does not matter.

    Raises:
        CurationError: a split is neither train nor holdout, a side of a pair is empty, or a text is not valid Unicode.
    """
    by_id = {}
    for pair in pairs:
        if pair.split not in ("train", "holdout"):
            raise CurationError(f"A pair of {pair.source} has the split {pair.split!r}. It is train or holdout.")
        if not pair.prompt or not pair.response:
            side = "response" if pair.prompt else "prompt"
            raise CurationError(f"A pair of {pair.source} has an empty {side}. Write it, or reject the pair.")
        by_id[pair.id] = pair
    ordered = [by_id[pair_id] for pair_id in sorted(by_id)]
    train = [pair for pair in ordered if pair.split == "train"]
    holdout = [pair for pair in ordered if pair.split == "holdout"]
    train_jsonl, holdout_jsonl = (b"".join(pair.line() for pair in side) for side in (train, holdout))
    content_hash = _sha256(train_jsonl + holdout_jsonl)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "content_hash": content_hash,
        "train": len(train),
        "holdout": len(holdout),
    }
    return Snapshot(
        pairs=(*train, *holdout),
        train_jsonl=train_jsonl,
        holdout_jsonl=holdout_jsonl,
        manifest_json=(json.dumps(manifest) + "\n").encode(),
        content_hash=content_hash,
    )


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
