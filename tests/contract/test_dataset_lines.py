"""Curation writes the lines and runners read them: one format, pinned from both sides."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from curation.snapshot import SnapshotPair, freeze
from runners.rundir import RunDir
from runners.spec import LoraSpec, RunSpec, TrainSpec

PAIRS = [
    SnapshotPair("Salt is old.", "Older than bread.\n\nOlder — “than” kings.", "continuation", "salt", "train"),
    SnapshotPair("The mud.", "It keeps.", "continuation", "mudflats", "holdout"),
    SnapshotPair("A clock", "stopped.", "note", "clock", "train"),
]


def test_a_line_holds_the_documented_fields_and_its_id_is_the_hash_of_the_others() -> None:
    for line in freeze(PAIRS).train_jsonl.decode().splitlines():
        row = json.loads(line)
        assert list(row) == ["id", "prompt", "response", "tier", "source", "split"]
        canonical = json.dumps(
            {key: value for key, value in row.items() if key != "id"},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        assert row["id"] == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def test_the_content_hash_is_that_of_both_files_train_first() -> None:
    frozen = freeze(PAIRS)
    digest = hashlib.sha256(frozen.train_jsonl + frozen.holdout_jsonl).hexdigest()
    assert frozen.content_hash == f"sha256:{digest}"
    assert json.loads(frozen.manifest_json) == {
        "schema_version": 1,
        "content_hash": f"sha256:{digest}",
        "train": 2,
        "holdout": 1,
    }


def test_the_hash_is_the_same_in_any_order_and_on_any_machine() -> None:
    golden = "sha256:7e4474859ee74420730a2f29479823f69666b8033ec23f4d7f95ba96b82d69b5"
    assert freeze(PAIRS).content_hash == golden
    assert freeze([*reversed(PAIRS), PAIRS[0]]).content_hash == golden


def test_a_run_directory_takes_the_files_and_vouches_for_them(tmp_path: Path) -> None:
    frozen = freeze(PAIRS)
    spec = RunSpec(name="r", task="train", train=TrainSpec(), lora=LoraSpec(), dataset_hash=frozen.content_hash)
    run_dir = RunDir.create(
        tmp_path / "r",
        spec,
        train_jsonl=frozen.train_jsonl,
        holdout_jsonl=frozen.holdout_jsonl,
        manifest_json=frozen.manifest_json,
        prompts_jsonl=b"",
    )
    run_dir.verify()
    assert run_dir.train_jsonl.read_bytes() == frozen.train_jsonl
